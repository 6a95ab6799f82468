"""What an update of the structure changes: which synapses go, and who gets a new one.

All of it follows from numbers of elements and synapses by global id, and from random words that are
named by what they are for, so it does not depend on partitions, threads, devices and ranks.

Ranks that hold the network together tell each other how many elements each neuron has, and how many
of them have a synapse; each does the whole matching, and changes the synapses onto its own neurons.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import int64, njit, uint32, uint64

from snnlab.arrays.changed_structure import Changes
from snnlab.arrays.rewiring import REWIRING_FIELDS
from snnlab.arrays.rewiring_arrays import table_of
from snnlab.arrays.synaptic_elements import TAU_VACANT, Elements, kinds_of
from snnlab.build.random import stream_id
from snnlab.model.element_checks import homeostatic_rewirings
from snnlab.rules.philox import philox4x32

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from snnlab.arrays.built import Built

__all__ = ["connected_elements", "decay_vacant", "plan_update"]

_PRE_WORDS, _POST_WORDS, _PAIR_WORDS = range(4, 7)
"""Purposes of random words: whose synapses go; who is paired."""

_INDEGREE, _FORBIDS_SELF, _POST = (
    REWIRING_FIELDS.index(name) for name in ("indegree_base", "forbids_self", "post")
)


@dataclass(frozen=True)
class _Kind:
    """Rewirings that connect the same two kinds of elements: one kind of synapse.

    Parameters
    ----------
    stream : int
        Random stream.
    rewirings : list of int
        Their places.
    ends : list of (int, int)
        Number of the source and of the target population of each.
    places : list of (int, int)
        Where the elements of the source and of the target begin, of each.
    """

    stream: int
    rewirings: list[int]
    ends: list[tuple[int, int]]
    places: list[tuple[int, int]]


def _kinds(built: Built) -> list[_Kind]:
    """All kinds of synapses whose rewirings do not rest."""
    network, kinds = built.network, kinds_of(built.network)
    found: dict[tuple[str, str], _Kind] = {}
    names = [p.name for p in network.populations]
    for r, rewiring in homeostatic_rewirings(network):
        if not network.rewiring_attempts_of(rewiring):
            continue
        key = rewiring.pre_synaptic_element, rewiring.post_synaptic_element
        kind = found.setdefault(key, _Kind(stream_id("synaptic elements", *key), [], [], []))
        projection = network.projection(rewiring.projection)
        kind.rewirings.append(r)
        kind.ends.append((names.index(projection.pre), names.index(projection.post)))
        at = kinds[projection.pre, key[0]], kinds[projection.post, key[1]]
        z_base = built.elements.z_base
        kind.places.append((int(z_base[at[0]]), int(z_base[at[1]])))
    return list(found.values())


def connected_elements(built: Built) -> NDArray[np.int64]:
    """Return how many elements have a synapse here, in the order of `Elements.z`.

    The rows and in-degrees that the host holds must be those of now.
    """
    counts = np.zeros(built.elements.z.size, np.int64)
    kinds = kinds_of(built.network)
    for r, rewiring in homeostatic_rewirings(built.network):
        projection = built.network.projection(rewiring.projection)
        start, stop = built.connections.rows(table_of(built.connections, projection.name))
        ends = (
            (projection.pre, rewiring.pre_synaptic_element, (stop - start).sum(axis=0)),
            (projection.post, rewiring.post_synaptic_element, _indegrees(built, r)),
        )
        for population, kind, degrees in ends:
            at = built.elements.z_base[kinds[population, kind]]
            counts[at : at + degrees.size] += degrees
    return counts


def _indegrees(built: Built, r: int) -> NDArray[np.int32]:
    at = built.rewirings.table[r, _INDEGREE]
    projection = built.network.projection(built.network.rewirings[r].projection)
    return built.rewirings.indegree[at : at + built.network.population(projection.post).size]


def _of_kinds(elements: Elements, of_neurons: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return something about neurons in the order of `Elements.z`."""
    n_kinds = np.diff(elements.kind_start)
    parts = [
        np.tile(of_neurons[base : base + size], n)
        for base, size, n in zip(elements.base, elements.size, n_kinds, strict=True)
    ]
    return np.concatenate([np.empty(0, np.bool_), *parts])


def decay_vacant(built: Built, connected: NDArray[np.int64]) -> None:
    """Let a part of the elements that are vacant decay, after an update.

    Parameters
    ----------
    built : Built
    connected : flat int64
        Elements with a synapse, of all ranks.
    """
    elements = built.elements
    sizes = np.repeat(elements.size, np.diff(elements.kind_start))
    vacant = np.maximum(np.floor(elements.z) - connected, 0.0)
    vacant *= _of_kinds(elements, elements.is_alive)
    elements.z[:] -= vacant * np.repeat(elements.numbers[:, TAU_VACANT], sizes)


def plan_update(built: Built, step: int, connected: NDArray[np.int64]) -> Changes:
    """Return what an update at `step` changes: synapses onto neurons that are here.

    Where ranks hold the network together, all of them call this.

    Parameters
    ----------
    built : Built
        Its elements are up to date.
    step : int
    connected : flat int64
        What `connected_elements` returned, added up over the ranks; updated.
    """
    elements = built.elements
    are_here = _of_kinds(elements, elements.is_here)
    whole = built.world.total(np.floor(elements.z).astype(np.int64) * are_here)
    is_alive = _of_kinds(elements, elements.is_alive)
    parts: list[Changes] = []
    for kind in _kinds(built):
        update = _Update(built, kind, step, whole, is_alive, connected)
        parts += [*update.remove(), update.form()]
    return Changes.joined(parts)


class _Update:
    """One update of one kind of synapse."""

    def __init__(
        self, built: Built, kind: _Kind, step: int, whole: NDArray[np.int64],
        is_alive: NDArray[np.bool_], connected: NDArray[np.int64],
    ) -> None:  # fmt: skip
        self._built, self._kind, self._is_alive = built, kind, is_alive
        self._whole, self._connected = whole, connected
        self._named = (np.uint32(built.network.seed), np.uint32(kind.stream), np.int64(step))
        self._pre = self._offers(0)
        self._post = self._offers(1)
        self._removed = np.empty((0, 3), np.int64)

    def _offers(self, end: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Global ids of all neurons at one end, and where their elements are; ids ascend."""
        layout = self._built.layout
        places = dict(zip((e[end] for e in self._kind.ends), (p[end] for p in self._kind.places),
                          strict=True))  # fmt: skip
        ids, at = [], []
        for population, place in sorted(places.items()):
            neurons = np.arange(int(layout.sizes[population]))
            ids.append(layout.first_ids[population] + neurons)
            at.append(place + neurons)
        return np.concatenate(ids), np.concatenate(at)

    def _vacant(self, at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Elements without a synapse; negative where there are more synapses than elements."""
        return (self._whole[at] - self._connected[at]) * self._is_alive[at]

    # --- synapses that go -------------------------------------------------------------------------

    def remove(self) -> list[Changes]:
        """Remove synapses whose element is gone, first by source, then by target."""
        world = self._built.world
        excess = [-self._vacant(at) for _, at in (self._pre, self._post)]
        if not any((each > 0).any() for each in excess):
            return []
        there = self._synapses(excess[0], excess[1])
        found, before = [], self._connected.copy()
        for end, purpose in enumerate((_PRE_WORDS, _POST_WORDS)):
            ids, at = (self._pre, self._post)[end]
            n_gone = np.maximum(-self._vacant(at), 0)
            there = there[np.lexsort((there[:, 1 - end], there[:, end]))]
            owner = np.searchsorted(ids, there[:, end])
            n = np.bincount(owner, minlength=ids.size).astype(np.int64)
            # Those of a source lie on all ranks, in their order; those of a target on its own.
            n_before, n_all = (world.before(n), world.total(n)) if end == 0 else (0 * n, n)
            is_chosen = np.zeros(there.shape[0], np.bool_)
            _choose(owner, n_before, n_all, n_gone, ids, is_chosen, purpose, *self._named)
            gone, there = there[is_chosen], there[~is_chosen]
            self._count(gone, -1)
            self._removed = np.concatenate([self._removed, gone])
            found.append(self._changes(gone, is_formed=False))
        self._add_up(before)
        return found

    def _add_up(self, before: NDArray[np.int64]) -> None:
        """Count elements that have lost or got a synapse since `before` on any rank."""
        self._connected[:] = before + self._built.world.total(self._connected - before)

    def _synapses(
        self, excess_pre: NDArray[np.int64], excess_post: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Synapses of neurons that have too many: global ids of both ends, rewiring."""
        built, found = self._built, [np.empty((0, 3), np.int64)]
        layout = built.layout
        for r, (pre, post) in zip(self._kind.rewirings, self._kind.ends, strict=True):
            first = layout.first_ids[pre], layout.first_ids[post]
            n_pre, n_post = int(layout.sizes[pre]), int(layout.sizes[post])
            sources = excess_pre[np.searchsorted(self._pre[0], first[0]) :][:n_pre] > 0
            targets = excess_post[np.searchsorted(self._post[0], first[1]) :][:n_post] > 0
            k = self._table(r)
            start, stop = built.connections.rows(k)
            low, _, local = built.partitions.targets(layout, post)
            pairs = _list_pairs(start, stop, built.connections.targets, low - local, sources,
                                targets)  # fmt: skip
            named = np.full((pairs.shape[0], 3), r, np.int64)
            named[:, :2] = pairs + np.array(first)
            found.append(named)
        return np.concatenate(found)

    def _table(self, r: int) -> int:
        rewiring = self._built.network.rewirings[r]
        return table_of(self._built.connections, rewiring.projection)

    def _count(self, synapses: NDArray[np.int64], n: int) -> None:
        """Count elements that have lost or got a synapse."""
        for end, (ids, at) in enumerate((self._pre, self._post)):
            np.add.at(self._connected, at[np.searchsorted(ids, synapses[:, end])], n)

    def _changes(self, synapses: NDArray[np.int64], *, is_formed: bool) -> Changes:
        first = np.zeros((len(self._built.network.rewirings), 2), np.int64)
        for r, (pre, post) in zip(self._kind.rewirings, self._kind.ends, strict=True):
            first[r] = self._built.layout.first_ids[[pre, post]]
        pre, post, rewiring = synapses.T
        network = self._built.network
        weight = np.array([network.rewiring_weight_of(r) for r in network.rewirings])
        return Changes(
            rewiring, np.full(pre.size, is_formed), pre - first[rewiring, 0],
            post - first[rewiring, 1], weight[rewiring],
        )  # fmt: skip

    # --- synapses that come -----------------------------------------------------------------------

    def form(self) -> Changes:
        """Pair vacant elements at random; pairs that cannot be connected stay vacant."""
        pre, post = (
            np.repeat(ids, np.maximum(self._vacant(at), 0)) for ids, at in (self._pre, self._post)
        )
        n = min(pre.size, post.size)
        _shuffle(pre if pre.size > n else post, n, *self._named)
        found, before = self._possible(pre[:n], post[:n]), self._connected.copy()
        self._count(found, 1)
        self._add_up(before)
        return self._changes(found, is_formed=True)

    def _possible(self, pre: NDArray[np.int64], post: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those pairs that can be connected and whose target is here: global ids and rewiring."""
        built = self._built
        population = [
            np.searchsorted(built.layout.first_ids, end, side="right") - 1 for end in (pre, post)
        ]
        n_populations = len(built.network.populations)
        rewiring_of = np.full((n_populations, n_populations), -1, np.int64)
        for r, ends in zip(self._kind.rewirings, self._kind.ends, strict=True):
            rewiring_of[ends] = r
        pairs = np.column_stack([pre, post, rewiring_of[population[0], population[1]]])
        forbids_self = built.rewirings.table[:, _FORBIDS_SELF] != 0
        may = (pairs[:, 2] >= 0) & ~(forbids_self[pairs[:, 2]] & (pre == post))
        number = pre * np.int64(built.network.n_neurons) + post
        is_first = np.zeros(pre.size, np.bool_)
        is_first[np.unique(number, return_index=True)[1]] = True
        may &= is_first & self._are_here(pairs)
        may[may] = ~self._are_connected(pairs[may])
        possible: NDArray[np.int64] = pairs[may]
        return possible

    def _are_here(self, pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether this rank computes the targets."""
        built, found = self._built, np.zeros(pairs.shape[0], np.bool_)
        for r, (_, post) in zip(self._kind.rewirings, self._kind.ends, strict=True):
            owned, target = built.owned(post), pairs[:, 1] - built.layout.first_ids[post]
            found |= (pairs[:, 2] == r) & (target >= owned.start) & (target < owned.stop)
        return found

    def _are_connected(self, pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
        built, found = self._built, np.zeros(pairs.shape[0], np.bool_)
        for r, (pre, post) in zip(self._kind.rewirings, self._kind.ends, strict=True):
            mine = np.flatnonzero(pairs[:, 2] == r)
            start, stop = built.connections.rows(self._table(r))
            low, high, local = built.partitions.targets(built.layout, post)
            source = pairs[mine, 0] - built.layout.first_ids[pre]
            target = pairs[mine, 1] - built.layout.first_ids[post]
            part = np.searchsorted(high, target, side="right")
            slot = (target - low[part] + local[part]).astype(np.uint16)
            found[mine] = _find_pairs(start, stop, built.connections.targets, part, source, slot)
        n = np.int64(built.network.n_neurons)
        removed = self._removed[:, 0] * n + self._removed[:, 1]
        return found & ~np.isin(pairs[:, 0] * n + pairs[:, 1], removed)


# --- compiled -------------------------------------------------------------------------------------


@njit(error_model="numpy", cache=True)
def _list_pairs(start, stop, targets, shift, sources, wanted):  # type: ignore[no-untyped-def]
    """Pairs whose source or target is marked; `shift` leads from local slots to targets."""
    n_parts, n_rows = start.shape
    found = np.empty((1024, 2), np.int64)
    n = 0
    for row in range(n_rows):
        for p in range(n_parts):
            for e in range(start[p, row], stop[p, row]):
                post = int64(targets[e]) + shift[p]
                if sources[row] or wanted[post]:
                    if n == found.shape[0]:
                        found = np.concatenate((found, np.empty_like(found)))
                    found[n, 0], found[n, 1] = row, post
                    n += 1
    return found[:n].copy()


@njit(error_model="numpy", cache=True)
def _find_pairs(start, stop, targets, part, source, slot):  # type: ignore[no-untyped-def]
    """Whether each source has a synapse onto a slot of a partition."""
    found = np.zeros(source.size, np.bool_)
    for k in range(source.size):
        for e in range(start[part[k], source[k]], stop[part[k], source[k]]):
            found[k] |= targets[e] == slot[k]
    return found


@njit(error_model="numpy", cache=True)
def _below(n, k, owner, purpose, seed, stream, step):  # type: ignore[no-untyped-def]
    """A random number below `n`: draw `k` of an owner."""
    word = philox4x32(uint64(k), uint32(step), uint32(purpose), uint32(owner), seed, stream)[0]
    return int64((uint64(word) * uint64(n)) >> uint64(32))


@njit(error_model="numpy", cache=True)
def _choose(  # type: ignore[no-untyped-def]
    owner, n_before, n_all, n_wanted, ids, is_chosen, purpose, seed, stream, step
):
    """Choose so many synapses of each owner at random; those of an owner lie together.

    It has `n_all` of them, `n_before` of which come before those that are here.
    """
    begin = 0
    while begin < owner.size:
        end = begin
        while end < owner.size and owner[end] == owner[begin]:
            end += 1
        n = n_all[owner[begin]]
        first = begin - n_before[owner[begin]]
        order = np.arange(first, first + n)
        for k in range(min(n_wanted[owner[begin]], n)):
            j = k + _below(n - k, k, ids[owner[begin]], purpose, seed, stream, step)
            order[k], order[j] = order[j], order[k]
            if begin <= order[k] < end:
                is_chosen[order[k]] = True
        begin = end


@njit(error_model="numpy", cache=True)
def _shuffle(ids, n, seed, stream, step):  # type: ignore[no-untyped-def]
    """Put a random choice of `n` into the first places, in random order."""
    for k in range(n):
        j = k + _below(ids.size - k, k, 0, _PAIR_WORDS, seed, stream, step)
        ids[k], ids[j] = ids[j], ids[k]
