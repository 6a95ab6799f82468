"""Where a time step is so long that a model that is not integrated exactly becomes inaccurate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snnlab.model.validation import corners

if TYPE_CHECKING:
    from snnlab.model.network import Network, Population

__all__ = ["STEPS_IN_A_TIME_CONSTANT", "coarse_steps"]

STEPS_IN_A_TIME_CONSTANT = 10
"""Fewest steps that fit into every time constant which a scheme approximates."""

_SLACK = 1e-9


def coarse_steps(network: Network) -> tuple[str, ...]:
    """Return what to say of every population whose model wants a shorter step.

    Such a network runs, and may be meant; it is no error. Models that are integrated exactly are
    never among them.

    Parameters
    ----------
    network : Network

    Returns
    -------
    tuple of str
        Three lines each: where, what the limit is and what it is now, what to try.
    """
    found = []
    for population in network.populations:
        shortest = _shortest(network, population)
        limit = STEPS_IN_A_TIME_CONSTANT * network.dt
        for name, value in shortest.items():
            if value < limit * (1.0 - _SLACK):
                found.append(
                    f"{population.neuron}.{name}: should be >= {STEPS_IN_A_TIME_CONSTANT} dt = "
                    f"{limit:g} ms (got {value:g} ms).\nPopulation {population.name!r} is not "
                    "integrated exactly: its results depend on dt.\n"
                    f"Make dt at most {value / STEPS_IN_A_TIME_CONSTANT:.4g} ms."
                )
    return tuple(found)


def _shortest(network: Network, population: Population) -> dict[str, float]:
    """The shortest that each approximated time constant may be in a neuron [ms]."""
    shortest: dict[str, float] = {}
    for values in corners(network.parameters_of(population)):
        for name, value in population.model.approximated(values).items():
            shortest[name] = min(value, shortest.get(name, value))
    return shortest
