"""The synaptic elements of a network as flat arrays, in and out of checkpoints.

They belong to the host whatever computes the network: a neuron's elements change at its spikes and
at the updates of the structure only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from snnlab.arrays.array_check import check_array
from snnlab.arrays.lesions import is_lesioned
from snnlab.arrays.schedule import NEVER
from snnlab.arrays.world import World
from snnlab.model.element_checks import homeostatic_rewirings
from snnlab.model.growth_curves import GaussianGrowth, GrowthCurve, LinearGrowth, SigmoidGrowth
from snnlab.model.network import Network

if TYPE_CHECKING:
    from snnlab.model.synaptic_elements import SynapticElements

__all__ = [
    "CURVES",
    "Elements",
    "check_elements",
    "export_elements",
    "grow_alike",
    "hold_lesioned",
    "kinds_of",
    "synaptic_elements",
    "take_over_elements",
    "with_new_growth",
]

CURVES: tuple[type[GrowthCurve], ...] = (LinearGrowth, GaussianGrowth, SigmoidGrowth)
"""Growth curves, in the order of `Elements.curve`."""

GROWTH_RATE, TAU_VACANT, FIRST, SECOND = range(4)
"""Columns of `Elements.numbers`; what the last two mean depends on the curve."""

_INT64, _FLOAT64 = np.dtype(np.int64), np.dtype(np.float64)


class Elements(NamedTuple):
    """The synaptic elements of all populations that have any, one population after the other.

    Parameters
    ----------
    population : (n_owners,) int64
        Which populations these are.
    first_id, size, base : (n_owners,) int64
        Global id of the first neuron; neurons; where their calcium begins.
    is_alive : flat bool
        Whether each neuron is not lesioned: the others neither grow nor find partners.
    is_here : flat bool
        Whether this rank computes the neuron: the calcium and the elements of others are unknown.
    calcium : (n_owners, 2) float64
        Time constant [ms] and what a spike adds.
    kind_start : (n_owners + 1,) int64
        Kinds of elements of each of them.
    curve, z_base : (n_kinds,) int64
        Number of the growth curve; where the elements of a kind begin.
    numbers : (n_kinds, 4) float64
        Growth rate [1/ms], `tau_vacant`, and two numbers of the curve: `eps`; centre and width of
        the Gaussian; `eps` and `psi`.
    Ca : flat float64
        Calcium of each neuron when it was last brought up to date.
    last : flat int64 [steps]
        When that was.
    z : flat float64
        Elements of each kind and neuron, then.
    done : (1,) int64
        Last step whose update of the structure has taken place.
    every : (1,) int64
        Steps between two updates; 0: there are none.
    """

    population: NDArray[np.int64]
    first_id: NDArray[np.int64]
    size: NDArray[np.int64]
    base: NDArray[np.int64]
    is_alive: NDArray[np.bool_]
    is_here: NDArray[np.bool_]
    calcium: NDArray[np.float64]
    kind_start: NDArray[np.int64]
    curve: NDArray[np.int64]
    z_base: NDArray[np.int64]
    numbers: NDArray[np.float64]
    Ca: NDArray[np.float64]
    last: NDArray[np.int64]
    z: NDArray[np.float64]
    done: NDArray[np.int64]
    every: NDArray[np.int64]

    def copy(self) -> Elements:
        """Return elements that change apart from these."""
        return self._replace(**{name: array.copy() for name, array in self._asdict().items()})

    def is_due(self, step: int) -> bool:
        """Whether the structure is to be updated at this step, and has not been."""
        every = int(self.every[0])
        return every > 0 and step % every == 0 and int(self.done[0]) < step

    def next_due(self, step: int) -> int:
        """Return the first step after `step` with an update; a late one if there are none."""
        every = int(self.every[0])
        return (step // every + 1) * every if every else NEVER


def kinds_of(network: Network) -> dict[tuple[str, str], int]:
    """Return (population, kind of element) -> its place among all kinds."""
    names = [(e.population, kind) for e in _in_order(network) for kind in e.elements]
    return {name: q for q, name in enumerate(names)}


def _update_steps(network: Network) -> int:
    """Return the steps between two updates of the structure; 0 if there are none."""
    every = (
        network.rewiring_steps_of(rewiring) for _, rewiring in homeostatic_rewirings(network)
        if network.rewiring_attempts_of(rewiring)
    )  # fmt: skip
    return next(every, 0)


def _in_order(network: Network) -> list[SynapticElements]:
    """By population, so that global ids ascend whatever the order of the description."""
    names = [p.name for p in network.populations]
    return sorted(network.synaptic_elements, key=lambda e: names.index(e.population))


def synaptic_elements(network: Network, owned: Sequence[slice]) -> Elements:
    """Allocate all synaptic elements, as they are at the start of a run without synapses.

    Parameters
    ----------
    network : Network
    owned : sequence of slice
        Which neurons of each population are here.
    """
    owners = _in_order(network)
    names = [p.name for p in network.populations]
    sizes = [network.population(e.population).size for e in owners]
    n_kinds = [len(e.elements) for e in owners]
    of_kinds = np.repeat(np.array(sizes, np.int64), n_kinds)
    population = np.array([names.index(e.population) for e in owners], np.int64)
    empty = Elements(
        population=population,
        first_id=np.array([network.first_id(e.population) for e in owners], np.int64),
        size=np.array(sizes, np.int64),
        base=_bases(np.array(sizes, np.int64))[:-1],
        is_alive=np.ones(sum(sizes), np.bool_),
        is_here=_are_here(sizes, [owned[k] for k in population.tolist()]),
        calcium=np.zeros((len(owners), 2)),
        kind_start=_bases(np.array(n_kinds, np.int64)),
        curve=np.zeros(of_kinds.size, np.int64),
        z_base=_bases(of_kinds)[:-1],
        numbers=np.zeros((of_kinds.size, 4)),
        Ca=np.zeros(sum(sizes)),
        last=np.zeros(sum(sizes), np.int64),
        z=np.zeros(int(of_kinds.sum())),
        done=np.full(1, -1, np.int64),
        every=np.zeros(1, np.int64),
    )
    return with_new_growth(empty, network)


def _are_here(sizes: Sequence[int], owned: Sequence[slice]) -> NDArray[np.bool_]:
    parts = [np.zeros(size, np.bool_) for size in sizes]
    for part, mine in zip(parts, owned, strict=True):
        part[mine] = True
    return np.concatenate([np.empty(0, np.bool_), *parts])


def _bases(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def with_new_growth(elements: Elements, network: Network) -> Elements:
    """Write the numbers of calcium and growth as they are in `network`."""
    q = 0
    for k, owner in enumerate(_in_order(network)):
        given = network.calcium_of(owner)
        elements.calcium[k] = given["tau_Ca"], given["beta_Ca"]
        growth = network.growth_of(owner)
        for kind, curve in owner.elements.items():
            elements.curve[q] = CURVES.index(type(curve))
            elements.numbers[q] = _numbers(type(curve), growth[kind])
            q += 1
    elements.every[:] = _update_steps(network)
    return elements


def _numbers(curve: type[GrowthCurve], p: Mapping[str, float]) -> tuple[float, ...]:
    shared = p["growth_rate"], p["tau_vacant"]
    if curve is GaussianGrowth:
        width = (p["eta"] - p["eps"]) / (2.0 * math.sqrt(math.log(2.0)))
        return *shared, (p["eta"] + p["eps"]) / 2.0, width
    return *shared, p["eps"], p.get("psi", 1.0)


def grow_alike(old: Network, new: Network) -> bool:
    """Whether all elements grow by the same numbers in both."""
    return old.synaptic_elements == new.synaptic_elements and all(
        (old.calcium_of(e), old.growth_of(e)) == (new.calcium_of(e), new.growth_of(e))
        for e in new.synaptic_elements
    )


# --- checkpoints ------------------------------------------------------------------------------


def export_elements(
    elements: Elements, network: Network, world: World
) -> dict[str, NDArray[np.generic]]:
    """Return the state of all synaptic elements, those of all ranks.

    Returns
    -------
    dict
        ``elements/<population>/Ca``: (n,) float64 and ``/step``: (n,) int64, calcium of each
        neuron and when it was last brought up to date; ``elements/<population>/z/<kind>``: (n,)
        float64, elements at that time.
    """
    arrays: dict[str, NDArray[np.generic]] = {}
    kinds = kinds_of(network)
    for k, owner in enumerate(_in_order(network)):
        mine = slice(elements.base[k], elements.base[k] + elements.size[k])
        is_here = elements.is_here[mine]
        arrays[f"elements/{owner.population}/Ca"] = world.gathered(elements.Ca[mine][is_here])
        arrays[f"elements/{owner.population}/step"] = world.gathered(elements.last[mine][is_here])
        for kind in owner.elements:
            at = elements.z_base[kinds[owner.population, kind]]
            values = elements.z[at : at + elements.size[k]]
            arrays[f"elements/{owner.population}/z/{kind}"] = world.gathered(values[is_here])
    return arrays


def take_over_elements(
    elements: Elements,
    network: Network,
    arrays: Mapping[str, NDArray[Any]],
    step: int,
    connected: NDArray[np.int64],
) -> None:
    """Give all synaptic elements the state that `arrays` hold; the others are new.

    Parameters
    ----------
    elements : Elements
    network : Network
    arrays : mapping
    step : int
        What is due at it has not been done.
    connected : flat int64
        Elements that have synapses now: new ones are at least so many.
    """
    elements.done[:] = step - 1
    kinds = kinds_of(network)
    for k, owner in enumerate(_in_order(network)):
        prefix, size = f"elements/{owner.population}", int(elements.size[k])
        mine = slice(elements.base[k], elements.base[k] + size)
        elements.Ca[mine] = network.calcium_of(owner)["Ca"]
        elements.last[mine] = step
        _copy_first(arrays.get(f"{prefix}/Ca"), elements.Ca[mine])
        _copy_first(arrays.get(f"{prefix}/step"), elements.last[mine])
        growth = network.growth_of(owner)
        for kind in owner.elements:
            at = elements.z_base[kinds[owner.population, kind]]
            start, bound = growth[kind]["z"], connected[at : at + size]
            whole = np.maximum(bound, math.floor(start))
            elements.z[at : at + size] = whole + (start - math.floor(start))
            _copy_first(arrays.get(f"{prefix}/z/{kind}"), elements.z[at : at + size])


def hold_lesioned(elements: Elements, network: Network, step: int) -> None:
    """Hold lesioned neurons at the calcium and the elements from which they started.

    Neurons that have recovered go on from there at `step`.
    """
    q = 0
    for k, owner in enumerate(_in_order(network)):
        is_held = is_lesioned(network.population(owner.population))
        mine = slice(elements.base[k], elements.base[k] + elements.size[k])
        elements.last[mine][~is_held & ~elements.is_alive[mine]] = step
        elements.is_alive[mine] = ~is_held
        elements.last[mine][is_held] = 0
        elements.Ca[mine][is_held] = network.calcium_of(owner)["Ca"]
        for numbers in network.growth_of(owner).values():
            at = elements.z_base[q]
            elements.z[at : at + elements.size[k]][is_held] = numbers["z"]
            q += 1


def _copy_first(kept: NDArray[Any] | None, into: NDArray[Any]) -> None:
    """Copy what there is of neurons that were there before."""
    if kept is not None:
        n = min(kept.shape[0], into.size)
        into[:n] = kept[:n]


def check_elements(network: Network, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Refuse arrays that are no state of the synaptic elements of `network`.

    Raises
    ------
    StateError
        An array is missing or has another shape or type.
    """
    for owner in network.synaptic_elements:
        prefix, shape = f"elements/{owner.population}", (network.population(owner.population).size,)
        check_array(arrays, f"{prefix}/Ca", shape, _FLOAT64)
        check_array(arrays, f"{prefix}/step", shape, _INT64)
        for kind in owner.elements:
            check_array(arrays, f"{prefix}/z/{kind}", shape, _FLOAT64)
