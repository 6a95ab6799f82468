"""What limits a figure, read from the phase timers of the run itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["limit", "shares"]

PHASES = ("update", "deliver", "plasticity", "record", "rewire", "other")


def shares(timings: Mapping[str, float]) -> dict[str, float]:
    """Return what part of the time each phase took; empty without timers."""
    total = sum(timings.values())
    return {phase: timings.get(phase, 0.0) / total for phase in PHASES} if total else {}


def limit(record: Mapping[str, Any]) -> str:
    """Return in words what took most of the time of a run, with the cost of one unit of it.

    Parameters
    ----------
    record : mapping
        A record of a run that is ok.

    Returns
    -------
    str
        Empty without timers.
    """
    figures = record["figures"]
    if not record["time_ms"]:
        rate = figures["n_synapses"] / max(figures["build_s"], 1e-9)
        gigabytes = rate * figures["bytes_per_synapse"] / 1e9
        return f"{rate / 1e6:.0f} M synapses/s drawn and placed, {gigabytes:.2f} GB/s written"
    part = shares(figures.get("timings", {}))
    if not part:
        return ""
    phase = max(part, key=lambda name: part[name])
    return f"{phase} {part[phase]:.0%}: {_COST[phase](record, figures['timings'][phase])}"


def _per_neuron_step(record: Mapping[str, Any], seconds: float) -> str:
    # The step is 0.1 ms in all models.
    updates = record["figures"]["n_neurons"] * record["time_ms"] / 0.1
    nanoseconds = 1e9 * seconds * record["threads"] / updates
    return f"{nanoseconds:.2f} ns a neuron and step on one thread; arithmetic, state in cache"


def _per_event(record: Mapping[str, Any], seconds: float) -> str:
    figures = record["figures"]
    if "n_events" not in figures:
        return _per_spike(record, seconds)
    nanoseconds = 1e9 * seconds * record["threads"] / max(figures["n_events"], 1)
    gigabytes = figures["n_events"] * figures["bytes_per_synapse"] / seconds / 1e9
    return (
        f"{nanoseconds:.2f} ns a synaptic event on one thread; {gigabytes:.1f} GB/s of synapses "
        "read, scattered over the ring"
    )


def _per_step(record: Mapping[str, Any], seconds: float) -> str:
    microseconds = 1e6 * seconds / (record["time_ms"] / 0.1)
    return f"{microseconds:.2f} us a step; waiting for the slowest thread or for a core"


def _per_spike(record: Mapping[str, Any], seconds: float) -> str:
    nanoseconds = 1e9 * seconds / max(record["figures"]["n_spikes"], 1)
    return f"{nanoseconds:.0f} ns a spike, on one thread"


def _per_call(record: Mapping[str, Any], seconds: float) -> str:
    # Rules are called every millisecond.
    return f"{1e6 * seconds / record['time_ms']:.1f} us a call of all rules"


_COST = {
    "update": _per_neuron_step,
    "deliver": _per_event,
    "plasticity": _per_event,
    "record": _per_spike,
    "rewire": _per_call,
    "other": _per_step,
}
