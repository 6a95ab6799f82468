"""Compiled choice of a slot: which synapse of a target an attempt looks at, or who may get one."""

from __future__ import annotations

from numba import int32, int64, njit, uint64

from snnlab.arrays.rewiring import PAIR_WORDS, REWIRING_FIELDS
from snnlab.rules.philox import philox4x32

__all__ = ["choose", "keep_afferent"]

(_INDEGREE, _PAIRS, _SLOTS, _LOW, _HIGH, _AFFERENTS, _CAPACITY, _POOL, _POOL_SIZE, _PLACE) = (
    REWIRING_FIELDS.index(name)
    for name in ("indegree_base", "pairs", "slots", "share_low", "share_high", "afferents_base",
                 "capacity", "pool_base", "pool_size", "pool_place")
)  # fmt: skip


@njit(error_model="numpy", cache=True)
def choose(own, indegree, afferents, pool_indegree, k, pre, post, now, seed):  # type: ignore[no-untyped-def]
    """Source that attempt number `k` looks at with this target; -1: it is not for this rewiring.

    The slots of a target hold first the synapses of the first projection of the pool, then those
    of the next; then come the empty ones.
    """
    words = philox4x32(k, now, PAIR_WORDS, 0, seed, own[_PAIRS])
    n_before, n_all = int64(0), int64(0)
    for m in range(own[_POOL_SIZE]):
        n = int64(indegree[pool_indegree[own[_POOL] + m] + post])
        n_before += n if m < own[_PLACE] else int64(0)
        n_all += n
    n_own = int64(indegree[own[_INDEGREE] + post])
    at = own[_AFFERENTS] + post * own[_CAPACITY]
    # Where more synapses were drawn than there are slots, each of them may be looked at.
    slot = int64((uint64(words[2]) * uint64(max(own[_SLOTS], n_all))) >> uint64(32))
    if slot < n_all:
        i = slot - n_before
        return int64(afferents[at + i]) if 0 <= i < n_own else int64(-1)
    share = int64((uint64(words[3]) * uint64(own[_SLOTS])) >> uint64(32))
    if not own[_LOW] <= share < own[_HIGH]:
        return int64(-1)
    for i in range(n_own):
        if afferents[at + i] == pre:
            return int64(-1)
    return pre


@njit(error_model="numpy", cache=True)
def keep_afferent(own, indegree, afferents, pre, post, is_formed):  # type: ignore[no-untyped-def]
    """Put a source into the list of a target, or take it out; before its in-degree changes."""
    at = own[_AFFERENTS] + post * own[_CAPACITY]
    n = int64(indegree[own[_INDEGREE] + post])
    i = int64(0)
    while i < n and afferents[at + i] < pre:
        i += 1
    if is_formed:
        for j in range(n, i, -1):
            afferents[at + j] = afferents[at + j - 1]
        afferents[at + i] = int32(pre)
    else:
        for j in range(i, n - 1):
            afferents[at + j] = afferents[at + j + 1]
