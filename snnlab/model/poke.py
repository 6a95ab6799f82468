"""A push from outside that makes neurons of a population fire."""

from __future__ import annotations

import math

from snnlab.errors import SpecError
from snnlab.model.edits import AddStimulus, Edit, RemoveStimulus, Several
from snnlab.model.network import Network, Population
from snnlab.model.stimuli import StepCurrent, Stimulus, Volley

__all__ = ["DURATION_MS", "poke", "poked"]

DURATION_MS = 5.0
"""How long a current flows, or spikes arrive."""

N_SPIKES = 10
"""Spikes that chosen neurons get; each is small beside what their synapses may add in one step, so
that the scale of their input stays as it is."""

REST_MV = 60.0
"""Distance of excitatory reversal potentials from the threshold, about."""

TAU_SYN_MS = 2.0
"""Time constant of synapses whose model does not name one, about."""

_NAME = "poke "


def poke(network: Network, population: str, t: float, neurons: range | None = None) -> Edit:
    """Return the edit that pushes neurons at time `t` [ms], at which it has to take effect.

    For 5 ms a current flows into a whole population, or spikes arrive at some of its neurons;
    earlier pokes, which are over, go at the same time.

    Parameters
    ----------
    network : Network
    population : str
    t : float [ms]
    neurons : range, optional
        Which of its neurons, in a row; default: all.

    Raises
    ------
    SpecError
        No such population or neurons, or neurons that nothing of this kind acts on.
    """
    target = network.population(population)
    taken = {s.name for s in network.stimuli}
    name = next(n for k in range(1, len(taken) + 2) if (n := f"{_NAME}{k}") not in taken)
    push: Stimulus = (
        _current(network, target, name, t)
        if neurons is None
        else _spikes(network, target, name, t, neurons)
    )
    over = [RemoveStimulus(s.name) for s in network.stimuli if _is_over(s, t)]
    return Several((*over, AddStimulus(push))) if over else AddStimulus(push)


def poked(edit: Edit) -> str:
    """Return whom an edit pokes, ``"exc 40 ... 89"``; empty if it is no poke."""
    last = edit.edits[-1] if isinstance(edit, Several) and edit.edits else edit
    push = last.stimulus if isinstance(last, AddStimulus) else None
    if push is None or not push.name.startswith(_NAME):
        return ""
    chosen = f" {push.first} ... {push.last}" if isinstance(push, Volley) else ""
    return f"{push.target}{chosen}"


def _is_over(stimulus: Stimulus, t: float) -> bool:
    if not stimulus.name.startswith(_NAME):
        return False
    if isinstance(stimulus, StepCurrent):
        return float(stimulus.stop) <= t
    return isinstance(stimulus, Volley) and max(stimulus.times, default=0.0) < t


def _current(network: Network, target: Population, name: str, t: float) -> StepCurrent:
    if target.model.is_source or "I_e" not in target.model.parameters:
        raise SpecError(
            f"Population {target.name!r}", "must have neurons that a current acts on",
            got=str(target.neuron), remedy="Poke the populations that it projects to.",
        )  # fmt: skip
    amplitude = _amplitude(_numbers(network, target))
    return StepCurrent(name, target.name, amplitude, t, t + DURATION_MS)


def _spikes(network: Network, target: Population, name: str, t: float, neurons: range) -> Volley:
    if not neurons or neurons.step != 1 or not 0 <= neurons[0] <= neurons[-1] < target.size:
        raise SpecError(
            "neurons", f"must be a range within 0 ... {target.size - 1} of {target.name!r}",
            got=repr(neurons),
        )  # fmt: skip
    receptor = next((r for r in target.model.receptors.items() if r[1].sign >= 0), None)
    if target.model.is_source or receptor is None or receptor[1].unit not in ("mV", "pA", "nS"):
        raise SpecError(
            f"Population {target.name!r}", "must have neurons that excitatory spikes act on",
            got=str(target.neuron), remedy="Poke the populations that it projects to.",
        )  # fmt: skip
    place, unit = receptor[0], receptor[1].unit
    weight = _weight(_numbers(network, target), place, unit)
    first = math.floor(t / network.dt + 1.0 + 1e-6)
    every = max(1, round(DURATION_MS / N_SPIKES / network.dt))
    times = tuple(round((first + k * every) * network.dt, 9) for k in range(N_SPIKES))
    return Volley(name, target.name, times, weight, neurons[0], neurons[-1], place)


def _numbers(network: Network, target: Population) -> dict[str, float]:
    return {k: v for k, v in network.parameters_of(target).items() if isinstance(v, float)}


def _distance(numbers: dict[str, float]) -> float:
    """From the lowest of rest and reset to well above the threshold [mV]."""
    low = min(numbers.get("V_reset", -70.0), numbers.get("E_L", 0.0))
    return abs(numbers.get("V_th", -50.0) - low) + 5.0


def _amplitude(numbers: dict[str, float]) -> float:
    """The current [pA] that covers twice that distance in the time that it flows."""
    return 2.0 * numbers.get("C_m", 250.0) * _distance(numbers) / DURATION_MS


def _weight(numbers: dict[str, float], receptor: str, unit: str) -> float:
    """What each spike has to add so that all of them together make a neuron fire."""
    if unit == "mV":
        return 2.0 * _distance(numbers) / N_SPIKES
    tau = next((numbers[k] for k in (f"tau_syn_{receptor}", "tau_syn") if k in numbers), TAU_SYN_MS)
    charge = _amplitude(numbers) * DURATION_MS / N_SPIKES
    return charge / tau / (REST_MV if unit == "nS" else 1.0)
