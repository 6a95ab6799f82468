"""What limits a figure, read from the phase timers of the run itself."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["PHASES", "limit", "shares"]

PHASES = ("update", "deliver", "plasticity", "record", "rewire", "communicate", "other")
"""Parts of the simulation in snnlab; the last is what no timer explains."""

_US, _NS = 1e6, 1e9


def shares(timings: Mapping[str, float]) -> dict[str, float]:
    """Return what part of the time each phase took; empty without timers.

    Parameters
    ----------
    timings : mapping
        Phase -> time [s].
    """
    total = sum(timings.values())
    return {phase: timings.get(phase, 0.0) / total for phase in PHASES} if total else {}


def parts(figures: Mapping[str, float]) -> dict[str, float]:
    """Return the times [s] of the parts of a simulation, with the rest as ``other``."""
    found = {
        path.partition("/")[2]: seconds for path, seconds in figures.items()
        if path.startswith("simulate/")
    }  # fmt: skip
    if not found:
        return {}
    return found | {"other": max(figures["simulate"] - sum(found.values()), 0.0)}


def limit(figures: Mapping[str, float], threads: int) -> str:
    """Return in words what took most of the time of a run, with the cost of one unit of it.

    Parameters
    ----------
    figures : mapping
        Of a `side_by_side.Timed`.
    threads : int

    Returns
    -------
    str
        Empty without timers.
    """
    if "simulate" not in figures:
        if not {"n_synapses", "bytes_per_synapse", "construct"} <= set(figures):
            return ""
        rate = figures["n_synapses"] / max(figures["construct"], 1e-9)
        gigabytes = rate * figures["bytes_per_synapse"] / 1e9
        return f"{rate / 1e6:.0f} M synapses/s drawn and placed, {gigabytes:.2f} GB/s written"
    timings = parts(figures)
    part = shares(timings)
    if not part:
        return ""
    phase = max(part, key=lambda name: part[name])
    return f"{phase} {part[phase]:.0%}{_cost(phase, figures, timings[phase], threads)}"


def _cost(phase: str, figures: Mapping[str, float], seconds: float, threads: int) -> str:
    n_steps = figures["model_time"] / figures["dt"] if figures.get("dt") else 0.0
    if phase == "update" and n_steps and figures.get("n_neurons"):
        each = _NS * seconds * threads / (n_steps * figures["n_neurons"])
        return f": {each:.2f} ns a neuron and step on one thread; arithmetic, state in cache"
    if phase in ("deliver", "plasticity") and figures.get("n_syn_events"):
        n = figures["n_syn_events"]
        pace = n * figures.get("bytes_per_synapse", 0.0) / seconds / 1e9
        each = _NS * seconds * threads / n
        return (
            f": {each:.2f} ns a synaptic event on one thread; {pace:.1f} GB/s of synapses read, "
            "scattered over the ring"
        )
    if phase == "rewire":
        return f": {_US * seconds / figures['model_time']:.1f} us for each ms of model time"
    if phase in ("other", "communicate") and n_steps:
        return f": {_US * seconds / n_steps:.2f} us a step; waiting for threads, ranks or a core"
    if phase == "record" and figures.get("n_spikes"):
        return f": {_NS * seconds / figures['n_spikes']:.0f} ns a spike, on one thread"
    return ""
