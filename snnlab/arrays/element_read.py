"""Reading calcium and synaptic elements as they are now."""

from __future__ import annotations

from snnlab.arrays.built import Built
from snnlab.arrays.element_growth import bring_all
from snnlab.arrays.element_matching import connected_elements
from snnlab.arrays.synaptic_elements import kinds_of
from snnlab.frames.elements import ElementStates

__all__ = ["read_elements"]


def read_elements(built: Built, population: str, step: int) -> ElementStates:
    """Return calcium and elements of a population; this changes nothing of what follows.

    Where ranks hold the network together, all of them call this and get the whole.

    Parameters
    ----------
    built : Built
        Its elements have seen all spikes until `step`; its rows are those of now.
    population : str
        It has synaptic elements.
    step : int
    """
    now = built.elements.copy()
    bring_all(now, step, built.network.dt)
    world, kinds = built.world, kinds_of(built.network)
    connected = world.total(connected_elements(built))
    owner = built.network.elements_of(population)
    size = built.network.population(population).size
    first = {kind: int(now.z_base[kinds[population, kind]]) for kind in owner.elements}
    names = [built.network.populations[k].name for k in now.population]
    base = int(now.base[names.index(population)])
    is_here = now.is_here[base : base + size]
    return ElementStates(
        population,
        step,
        world.gathered(now.Ca[base : base + size][is_here]),
        {kind: world.gathered(now.z[at : at + size][is_here]) for kind, at in first.items()},
        {kind: connected[at : at + size] for kind, at in first.items()},
    )
