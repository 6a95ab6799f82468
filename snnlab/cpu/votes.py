"""What ranks tell each other where a rule replaces synapses: two bits for each pair of a round."""

from __future__ import annotations

from numba import int64, njit, uint64

from snnlab.arrays.rewiring import FULL, N_TRIED

__all__ = ["count_votes", "vote"]


@njit(error_model="numpy", cache=True)
def vote(replacing, tried, votes, first):  # type: ignore[no-untyped-def]
    """Mark the pairs of this round that got a synapse here, then those that lacked room for one.

    Parameters
    ----------
    replacing : (n_partitions, n) int64
        How far each partition is, see `snnlab.arrays.rewiring`.
    tried : (n_partitions, n) int64
        Numbers of the pairs that got a synapse.
    votes : (n,) uint64
        Written; a pair is that of one rank, so that those of all ranks may be added up.
    first : int
        Number of the first pair of the round.
    """
    votes[:] = 0
    half = votes.size // 2
    for p in range(replacing.shape[0]):
        mine = replacing[p]
        for k in tried[p, : mine[N_TRIED]]:
            votes[(k - first) >> 6] |= uint64(1) << uint64((k - first) & 63)
        lacking = mine[FULL] - first
        if lacking < 64 * half:
            votes[half + (lacking >> 6)] |= uint64(1) << uint64(lacking & 63)


@njit(error_model="numpy", cache=True)
def count_votes(votes, first, stop, n_left):  # type: ignore[no-untyped-def]
    """Return the number from which on nothing is formed, and how many synapses come before it.

    Parameters
    ----------
    votes : (n,) uint64
        Of all ranks, added up.
    first, stop : int
        Pairs of the round.
    n_left : int
        Synapses that are enough.
    """
    half, n = votes.size // 2, int64(0)
    for k in range(first, stop):
        at, bit = (k - first) >> 6, uint64((k - first) & 63)
        if n == n_left or (votes[half + at] >> bit) & uint64(1):
            return k, n
        n += int64((votes[at] >> bit) & uint64(1))
    return stop, n
