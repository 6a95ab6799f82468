"""The complete state of a run as arrays that do not depend on threads, and back.

Rewinding, editing the structure of a running network and moving it elsewhere all rest on this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.arrays.array_check import check_array
from snnlab.arrays.built import Built
from snnlab.arrays.element_matching import connected_elements
from snnlab.arrays.plastic_carry import export_plastic, take_over_plastic
from snnlab.arrays.populations import initial_state
from snnlab.arrays.structure_carry import check_structure, export_structure, take_over_structure
from snnlab.arrays.synaptic_elements import (
    check_elements,
    export_elements,
    take_over_elements,
)
from snnlab.arrays.world import World
from snnlab.model.network import Network, Population

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["check", "export", "export_rewired", "rescale_rings", "ring_slots", "take_over"]

_INT32_MAX = 2**31 - 1


def export(built: Built, step: int) -> dict[str, NDArray[np.generic]]:
    """Return the state of a network whose spikes have all been delivered to the rings.

    Where ranks hold the network together, all of them call this and get the whole.

    Returns
    -------
    dict
        ``state/<population>``: (n_states, n) real;
        ``ring/<population>``: (ring_slots, n_ports, n) int32, slot 0 is due in the next step;
        ``exponent/<population>``: (n_ports,) int64, of the fixed point;
        and what `export_plastic`, `export_structure` and `export_elements` return.
    """
    arrays = export_plastic(built) | export_structure(built)
    arrays |= export_elements(built.elements, built.network, built.world)
    for k, population in enumerate(built.network.populations):
        under_way = built.world.gathered(_under_way(built, k, step), axis=2)
        arrays[f"state/{population.name}"] = built.world.gathered(built.state(k), axis=1)
        arrays[f"ring/{population.name}"] = under_way
        arrays[f"exponent/{population.name}"] = np.array(built.port_exponents(population), np.int64)
    return arrays


def _under_way(built: Built, k: int, step: int) -> NDArray[np.int32]:
    """What is under way to the neurons of `k` here, due first first; copied once."""
    parts, n_slots = built.rings(k), built.sizes.ring_slots
    n_ports = len(built.network.populations[k].model.ports)
    copied = np.empty((n_slots, n_ports, sum(part.shape[2] for part in parts)), np.int32)
    n_late, first = step % n_slots, 0
    for part in parts:
        there = slice(first, first + part.shape[2])
        copied[: n_slots - n_late, :, there] = part[n_late:, :n_ports]
        copied[n_slots - n_late :, :, there] = part[:n_late, :n_ports]
        first = there.stop
    return copied


def export_rewired(
    built: Built, projections: Sequence[str], world: World
) -> dict[str, NDArray[np.generic]]:
    """Return what rules that rank the synapses of some projections see, as `export` does.

    Without what is under way, and without other projections and populations.

    Parameters
    ----------
    built : Built
    projections : sequence of str
        In the same order on all ranks.
    world : World
        Whose synapses: those of all ranks, or those that are here; neurons are those of all.
    """
    arrays = export_plastic(built, projections, world)
    arrays |= export_structure(built, projections, world)
    for name in projections:
        projection = built.network.projection(name)
        for end in (projection.pre, projection.post):
            k = built.network.population_index(end)
            arrays[f"state/{end}"] = built.world.gathered(built.state(k), axis=1)
    return arrays


def check(network: Network, arrays: Mapping[str, NDArray[Any]], dtype: np.dtype[Any]) -> None:
    """Refuse arrays that are not the state of `network` in this precision.

    Parameters
    ----------
    network : Network
    arrays : mapping
        What `export` made, from wherever it came; without any array it is the start of a run.
    dtype : dtype
        Type of the state in the engine.

    Raises
    ------
    StateError
        An array is missing or has another shape or type.
    """
    if not arrays:
        return
    check_structure(network, arrays)
    check_elements(network, arrays)
    slots = ring_slots(arrays)
    for population in network.populations:
        n, n_ports = population.size, len(population.model.ports)
        check_array(arrays, f"state/{population.name}", (len(population.model.states), n), dtype)
        check_array(arrays, f"ring/{population.name}", (slots, n_ports, n), np.dtype(np.int32))
        check_array(arrays, f"exponent/{population.name}", (n_ports,), np.dtype(np.int64))


def ring_slots(arrays: Mapping[str, NDArray[Any]]) -> int:
    """Return the number of steps that the longest ring in `arrays` reaches ahead."""
    rings = [arrays[name] for name in arrays if name.startswith("ring/")]
    return max((ring.shape[0] for ring in rings if ring.ndim), default=0)


def take_over(built: Built, arrays: Mapping[str, NDArray[Any]], step: int) -> None:
    """Give every population the state and the input under way that `arrays` hold for it.

    What `arrays` do not hold (a new population, neurons added at the end) starts fresh.
    """
    for k, population in enumerate(built.network.populations):
        owned = built.owned(k)
        values = initial_state(built.network, population, owned).astype(built.dtype)
        kept = arrays.get(f"state/{population.name}")
        if kept is not None and kept.shape[0] == values.shape[0]:
            known = kept[:, owned]
            values[:, : known.shape[1]] = known
        built.set_state(k, values)
    _take_over_rings(built, arrays, step)
    take_over_plastic(built, arrays, step)
    take_over_structure(built, arrays, step)
    connected = connected_elements(built)
    if connected.size:
        connected = built.world.total(connected)
    take_over_elements(built.elements, built.network, arrays, step, connected)


def rescale_rings(built: Built, old: Mapping[tuple[str, str], int]) -> None:
    """Bring what is under way from the exponents `old` to those of `built`, where it lies."""
    for k, population in enumerate(built.network.populations):
        for port, name in enumerate(population.model.ports):
            key = str(population.neuron), name
            shift = built.exponents[key] - old[key]
            for part in built.rings(k) if shift else ():
                part[:, port] = _rescaled(part[:, port], shift)


def _take_over_rings(built: Built, arrays: Mapping[str, NDArray[Any]], step: int) -> None:
    """Fill the rings from `arrays`, at the exponents of `built`."""
    built.memory.ring[:] = 0
    for k, population in enumerate(built.network.populations):
        ring = arrays.get(f"ring/{population.name}")
        if ring is not None and ring.shape[1] == len(population.model.ports):
            exponents = arrays[f"exponent/{population.name}"]
            _take_over_ring(built, k, population, ring, exponents, step)


def _take_over_ring(
    built: Built,
    k: int,
    population: Population,
    ring: NDArray[np.int32],
    exponents: NDArray[np.int64],
    step: int,
) -> None:
    slots = (step + np.arange(ring.shape[0])) % built.sizes.ring_slots
    first = built.owned(k).start
    for part in built.rings(k):
        n = min(part.shape[2], max(ring.shape[2] - first, 0))
        for port, exponent in enumerate(built.port_exponents(population)):
            shift = exponent - int(exponents[port])
            part[slots, port, :n] = _rescaled(ring[:, port, first : first + n], shift)
        first += part.shape[2]


def _rescaled(ring: NDArray[np.int32], shift: int) -> NDArray[np.int32]:
    """Fixed-point numbers at an exponent that is `shift` higher."""
    if shift == 0:
        return ring
    scaled = np.rint(np.ldexp(ring.astype(np.float64), shift))
    return np.clip(scaled, -_INT32_MAX, _INT32_MAX).astype(np.int32)
