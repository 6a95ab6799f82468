"""Which synapses there are, where they come and go, as arrays that do not depend on threads."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.arrays.array_check import check_array
from snnlab.arrays.rewiring import (
    DONE_STEP,
    EVENT_FIELDS,
    N_EVENTS,
    REWIRING_FIELDS,
    Rewirings,
)
from snnlab.arrays.world import Places, World
from snnlab.build.connect import Connections
from snnlab.build.growing import Pairs, pairs_of, with_room
from snnlab.build.layout import Layout, Partitions
from snnlab.build.tables import TablePlan
from snnlab.errors import StateError
from snnlab.frames.structure import StructuralEvents

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from snnlab.arrays.built import Built
    from snnlab.model.network import Network

__all__ = [
    "check_structure",
    "export_structure",
    "given_pairs",
    "named_events",
    "take_events",
    "take_over_structure",
    "with_growing_rows",
]

_INT64 = np.dtype(np.int64)
_SOURCE, _POST = (REWIRING_FIELDS.index(name) for name in ("source", "post"))


def export_structure(
    built: Built, projections: Collection[str] | None = None, world: World | None = None
) -> dict[str, NDArray[np.generic]]:
    """Return the synapses of projections whose synapses come and go.

    Parameters
    ----------
    built : Built
    projections : collection of str, optional
        Which; default: all.
    world : World, optional
        Whose synapses; default: those of all ranks that hold the network.

    Returns
    -------
    dict
        ``structure/<projection>/pre`` and ``/post``: (n_synapses,) int64, neurons within their
        populations, ascending in `pre`, then `post`; ``last_spike/<population>``: (3,) int64, step
        of the last spike, random rank among those of this step, neuron; where rules ask for it.
    """
    arrays: dict[str, NDArray[np.generic]] = {}
    names = [p.name for p in built.network.populations]
    for k in built.connections.row_stop:
        projection = built.connections.plans[k].projections[0]
        if projections is not None and projection.name not in projections:
            continue
        post = names.index(projection.post)
        pairs = pairs_of(built.connections, k, post, built.layout, built.partitions)
        n_pre = built.network.population(projection.pre).size
        of_all = Places.by_key(world or built.world, pairs.pre, n_pre)
        arrays[f"structure/{projection.name}/pre"] = of_all.whole(pairs.pre)
        arrays[f"structure/{projection.name}/post"] = of_all.whole(pairs.post)
    for k in np.flatnonzero(built.rewirings.is_watched).tolist():
        last = built.rewirings.last_spike[:, k]
        order = np.lexsort((last[:, 1], -last[:, 0]))
        arrays[f"last_spike/{names[k]}"] = last[order[0]].copy()
    return arrays


def take_over_structure(built: Built, arrays: Mapping[str, NDArray[Any]], step: int) -> None:
    """Let rules go on at `step`: what is due then has not been done."""
    rewirings = built.rewirings
    rewirings.notes[:] = 0
    rewirings.notes[:, DONE_STEP] = step - 1
    rewirings.counts[:] = 0
    rewirings.replacing[:] = 0
    rewirings.last_spike[:] = -1
    for k, population in enumerate(built.network.populations):
        last = arrays.get(f"last_spike/{population.name}")
        if last is not None and rewirings.is_watched[k]:
            rewirings.last_spike[0, k] = last


def take_events(rewirings: Rewirings) -> NDArray[np.int64]:
    """Return what has happened since the last time, and forget it.

    Returns
    -------
    (n, 5) int64
        Columns `EVENT_FIELDS`, partition by partition.
    """
    lengths = rewirings.notes[:, N_EVENTS]
    parts = [events[:n] for events, n in zip(rewirings.events, lengths, strict=True)]
    found = np.concatenate([np.empty((0, len(EVENT_FIELDS)), np.int64), *parts])
    rewirings.notes[:, N_EVENTS] = 0
    return found


def named_events(built: Built, parts: Sequence[NDArray[np.int64]]) -> StructuralEvents:
    """Return what `take_events` returned as what frames hold, with global ids.

    They ascend in step, rewiring and target, and are in the order in which they happened to each
    target: that does not depend on partitions.
    """
    if not parts:
        return StructuralEvents.none()
    step, rewiring, is_formed, pre, post = np.concatenate(parts).T
    order = np.lexsort((post, rewiring, step))
    step, rewiring, is_formed, pre, post = (
        column[order] for column in (step, rewiring, is_formed, pre, post)
    )
    place = np.where(rewiring < 0, ~rewiring, rewiring)  # below 0 for lesions
    ends = built.rewirings.table[place][:, [_SOURCE, _POST]]
    first = built.layout.first_ids
    return StructuralEvents(
        step, rewiring.astype(np.int16), is_formed == 1, pre + first[ends[:, 0]],
        post + first[ends[:, 1]],
    )  # fmt: skip


def given_pairs(
    network: Network, plans: tuple[TablePlan, ...], arrays: Mapping[str, NDArray[Any]]
) -> dict[int, Pairs]:
    """Return the synapses that `arrays` hold: table -> pairs; the others are to be drawn."""
    found = {}
    for k, plan in enumerate(plans):
        name = plan.projections[0].name
        if network.is_rewired(name) and f"structure/{name}/pre" in arrays:
            found[k] = Pairs(arrays[f"structure/{name}/pre"], arrays[f"structure/{name}/post"])
    return found


def with_growing_rows(
    network: Network,
    connections: Connections,
    given: Mapping[int, Pairs],
    layout: Layout,
    partitions: Partitions,
) -> Connections:
    """Return the connections with rows that may grow where synapses come and go.

    Parameters
    ----------
    network : Network
    connections : Connections
        Tables in `given` are empty.
    given : mapping of int to Pairs
        Table -> its synapses; those of other tables stay as they were drawn.
    layout : Layout
    partitions : Partitions
    """
    names = [p.name for p in network.populations]
    listed: dict[int, tuple[Pairs, int]] = {}
    for k, plan in enumerate(connections.plans):
        projection = plan.projections[0]
        if network.is_rewired(projection.name):
            post = names.index(projection.post)
            drawn = k not in given
            pairs = pairs_of(connections, k, post, layout, partitions) if drawn else given[k]
            listed[k] = pairs, post
    return with_room(connections, listed, layout, partitions) if listed else connections


def check_structure(network: Network, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Refuse arrays that are no list of synapses of `network`.

    Raises
    ------
    StateError
        A list is missing, names neurons that are not there, or is not in order.
    """
    for name in dict.fromkeys(r.projection for r in network.rewirings):
        keys = [f"structure/{name}/{end}" for end in ("pre", "post")]
        n = arrays[keys[0]].shape[0] if keys[0] in arrays and arrays[keys[0]].ndim else 0
        for key in keys:
            check_array(arrays, key, (n,), _INT64)
        projection = network.projection(name)
        n_pre = network.population(projection.pre).size
        n_post = network.population(projection.post).size
        pre, post = (arrays[key] for key in keys)
        number = pre * n_post + post
        inside = (pre >= 0) & (pre < n_pre) & (post >= 0) & (post < n_post)
        if not (inside.all() and (np.diff(number) > 0).all()):
            raise StateError(
                f"Checkpoint: {keys[0]!r}", f"must be pairs of {n_pre} and {n_post} neurons, in "
                "order and each once", got="others",
                remedy="The file is not one that snnlab wrote, or it is damaged.",
            )  # fmt: skip
