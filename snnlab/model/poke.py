"""A push from outside that makes all neurons of a population fire once."""

from __future__ import annotations

from snnlab.errors import SpecError
from snnlab.model.edits import AddStimulus, Edit, RemoveStimulus, Several
from snnlab.model.network import Network
from snnlab.model.stimuli import StepCurrent

__all__ = ["DURATION_MS", "poke"]

DURATION_MS = 5.0
"""How long the current flows."""

_NAME = "poke "


def poke(network: Network, population: str, t: float) -> Edit:
    """Return the edit that pushes a population at time `t` [ms], at which it has to take effect.

    A current flows for 5 ms; earlier pokes, which are over, go at the same time.

    Parameters
    ----------
    network : Network
    population : str
    t : float [ms]

    Raises
    ------
    SpecError
        No such population, or neurons that no current acts on.
    """
    target = network.population(population)
    if target.model.is_source or "I_e" not in target.model.parameters:
        raise SpecError(
            f"Population {population!r}", "must have neurons that a current acts on",
            got=str(target.neuron), remedy="Poke the populations that it projects to.",
        )  # fmt: skip
    numbers = {k: v for k, v in network.parameters_of(target).items() if isinstance(v, float)}
    distance = abs(numbers.get("V_th", -50.0) - numbers.get("V_reset", -70.0)) + 5.0
    amplitude = 2.0 * numbers.get("C_m", 250.0) * distance / DURATION_MS
    over = [
        s for s in network.stimuli
        if s.name.startswith(_NAME) and isinstance(s, StepCurrent) and float(s.stop) <= t
    ]  # fmt: skip
    taken = {s.name for s in network.stimuli}
    name = next(n for k in range(1, len(taken) + 2) if (n := f"{_NAME}{k}") not in taken)
    new = AddStimulus(StepCurrent(name, population, amplitude, t, t + DURATION_MS))
    return Several((*(RemoveStimulus(s.name) for s in over), new)) if over else new
