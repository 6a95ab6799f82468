"""Synapses that the host lets come and go between two compiled calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.arrays.rewiring import REWIRING_FIELDS, Rewirings
from snnlab.arrays.rewiring_arrays import table_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from snnlab.arrays.built import Built
    from snnlab.arrays.world import World

__all__ = [
    "Changes", "count_changes", "events_of", "have_room", "owned_changes", "owners", "with_changes",
]  # fmt: skip

_START, _N_STATES, _POST = (
    REWIRING_FIELDS.index(name) for name in ("start_base", "n_states", "post")
)


@dataclass(frozen=True)
class Changes:
    """Synapses that go and come at one step, in order.

    Parameters
    ----------
    rewiring : (n,) int64
        Place of the rewiring in `Network.rewirings`.
    is_formed : (n,) bool
    pre, post : (n,) int64
        Neurons within their populations.
    weight : (n,) float64 [unit of the receptor]
        What those that come start from where synapses have weights of their own.
    """

    rewiring: NDArray[np.int64]
    is_formed: NDArray[np.bool_]
    pre: NDArray[np.int64]
    post: NDArray[np.int64]
    weight: NDArray[np.float64]

    def __len__(self) -> int:
        return int(self.pre.size)

    def chosen(self, which: NDArray[np.bool_]) -> Changes:
        """Return some of the changes."""
        return Changes(
            self.rewiring[which], self.is_formed[which], self.pre[which], self.post[which],
            self.weight[which],
        )  # fmt: skip

    def gathered(self, world: World) -> Changes:
        """Return the changes of all ranks, in their order."""
        return Changes(*(world.gathered(getattr(self, field.name)) for field in fields(self)))

    @staticmethod
    def joined(parts: Sequence[Changes]) -> Changes:
        """Return the changes of several parts, one after the other."""
        nothing = np.empty(0, np.int64)
        rewiring, is_formed, pre, post, weight = (
            np.concatenate([nothing.astype(dtype), *(getattr(part, name) for part in parts)])
            for name, dtype in (
                ("rewiring", np.int64), ("is_formed", np.bool_), ("pre", np.int64),
                ("post", np.int64), ("weight", np.float64),
            )
        )  # fmt: skip
        return Changes(rewiring, is_formed, pre, post, weight)


def owned_changes(built: Built, changes: Changes) -> Changes:
    """Return those changes whose targets are here."""
    is_here = np.zeros(len(changes), bool)
    for r in np.unique(changes.rewiring).tolist():
        mine, owned = changes.rewiring == r, built.owned(int(built.rewirings.table[r, _POST]))
        is_here[mine] = (changes.post[mine] >= owned.start) & (changes.post[mine] < owned.stop)
    return changes.chosen(is_here)


def owners(built: Built, changes: Changes) -> NDArray[np.int64]:
    """Return the partition that owns the target of each change."""
    part = np.zeros(len(changes), np.int64)
    for r in np.unique(changes.rewiring).tolist():
        mine = changes.rewiring == r
        _, high, _ = built.partitions.targets(built.layout, int(built.rewirings.table[r, _POST]))
        part[mine] = np.searchsorted(high, changes.post[mine], side="right")
    return part


def have_room(built: Built, changes: Changes, part: NDArray[np.int64]) -> bool:
    """Tell whether rows have room for all synapses that come, before any goes."""
    for r in np.unique(changes.rewiring[changes.is_formed]).tolist():
        mine = (changes.rewiring == r) & changes.is_formed
        k = table_of(built.connections, built.network.rewirings[r].projection)
        _, stop = built.connections.rows(k)
        needed = stop.copy()
        np.add.at(needed, (part[mine], changes.pre[mine]), 1)
        if (needed > built.connections.row_start[k][:, 1:]).any():
            return False
    return True


def events_of(changes: Changes, step: int) -> NDArray[np.int64]:
    """Return the changes of an update at `step` as `Rewirings.events`, shape (n, 5)."""
    steps = np.full(len(changes), step, np.int64)
    columns = steps, changes.rewiring, changes.is_formed, changes.pre, changes.post
    return np.column_stack([np.asarray(column, np.int64) for column in columns])


def count_changes(rewirings: Rewirings, changes: Changes) -> None:
    """Count them among what the rules have done."""
    counts = rewirings.counts[:, 0]  # of any partition
    for column, those in ((1, changes.is_formed), (2, ~changes.is_formed)):
        counts[:, column] += np.bincount(changes.rewiring[those], minlength=counts.shape[0])


def with_changes(
    built: Built, arrays: Mapping[str, NDArray[Any]], changes: Changes
) -> dict[str, NDArray[Any]]:
    """Return the arrays of a checkpoint after synapses have gone and come.

    Parameters
    ----------
    built : Built
        Whose arrays they are.
    arrays : mapping
        What `snnlab.arrays.carry.export` returned.
    changes : Changes
    """
    result = dict(arrays)
    for r in np.unique(changes.rewiring).tolist():
        mine = changes.rewiring == r
        columns = (getattr(changes, field.name)[mine] for field in fields(changes))
        result |= _changed(built, result, Changes(*columns))
    return result


def _changed(
    built: Built, arrays: Mapping[str, NDArray[Any]], changes: Changes
) -> dict[str, NDArray[Any]]:
    """The arrays of one projection: synapses that go leave gaps, those that come are as new."""
    r, is_formed = int(changes.rewiring[0]), changes.is_formed
    name = built.network.rewirings[r].projection
    n_post = built.network.population(built.network.projection(name).post).size
    keys = f"structure/{name}/pre", f"structure/{name}/post"
    old = arrays[keys[0]] * n_post + arrays[keys[1]]
    number = changes.pre * n_post + changes.post
    stays = ~np.isin(old, number[~is_formed])
    joined = np.concatenate([old[stays], number[is_formed]])
    order = np.argsort(joined, kind="stable")
    found: dict[str, NDArray[Any]] = {keys[0]: joined[order] // n_post}
    found[keys[1]] = joined[order] % n_post
    first, n_states = built.rewirings.table[r, [_START, _N_STATES]].tolist()
    start = built.rewirings.start[first : first + n_states]
    table = table_of(built.connections, name)
    for plastic in built.plastic_tables:
        if plastic.k == table:
            for variable, value in zip(plastic.kernels.rule.states, start, strict=True):
                key = f"synapse/{name}/{variable}"
                new = np.full(int(is_formed.sum()), value, arrays[key].dtype)
                if variable == "weight":
                    new[:] = changes.weight[is_formed]
                found[key] = np.concatenate([arrays[key][stays], new])[order]
    return found
