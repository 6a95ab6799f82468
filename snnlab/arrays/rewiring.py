"""All rewirings of a network as flat arrays: what their rules read, and what they leave behind."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ATTEMPT",
    "DONE_STEP",
    "DRAWN_WORDS",
    "EVENT_FIELDS",
    "FORMED",
    "FULL",
    "GONE",
    "HAS_ADJUSTED",
    "NEEDS_ROOM",
    "NEXT",
    "N_EVENTS",
    "N_NOTES",
    "N_TRIED",
    "PAIRS_AT_LEAST",
    "PAIRS_AT_MOST",
    "PAIRS_EACH",
    "PAIR_WORDS",
    "RANK_WORDS",
    "REWIRING",
    "REWIRING_FIELDS",
    "ROUND",
    "ROW",
    "RULE_WORDS",
    "SHORT",
    "TICKS",
    "Rewirings",
]

REWIRING_FIELDS = (
    "table", "plastic", "every", "attempts", "stream", "n_pre", "n_post", "source", "post",
    "is_last_spike", "forbids_self", "has_distance", "accept", "prune", "n_states", "start_base",
    "params_base", "pre_base", "post_base", "indegree_base", "replaces", "adjust", "pairs",
    "slots", "share_low", "share_high", "afferents_base", "capacity", "pool_base", "pool_size",
    "pool_place", "propose", "initial", "reads_mark", "marks",
)  # fmt: skip
"""Columns of `Rewirings.table`."""

EVENT_FIELDS = ("step", "rewiring", "is_formed", "pre", "post")
"""Columns of `Rewirings.events`."""

REWIRING, ATTEMPT, DONE_STEP, NEEDS_ROOM, N_EVENTS = range(5)
"""Columns of `Rewirings.notes`."""

N_NOTES = 8
"""Columns of `Rewirings.notes` and `Rewirings.counts`: a cache line."""

PAIR_WORDS, RANK_WORDS = 2, 3
"""Purposes of random words beside those of construction: which pair; who spiked last."""

RULE_WORDS = 0xFFFFFFFF
"""Second name of the random words of an attempt's rule."""

ROW, GONE, FORMED, NEXT, FULL, N_TRIED, HAS_ADJUSTED = range(7)
"""Columns of `Rewirings.replacing`."""

ROUND = 1024
"""Pairs that partitions look at between two meetings, where a rule replaces synapses."""

DRAWN_WORDS = 0xFFFFFFFE
"""Second name of the random words of a pair: no synapse has a target of this number."""

PAIRS_AT_LEAST, PAIRS_EACH, PAIRS_AT_MOST = 10**6, 1000, 2**32 - 1
"""Pairs that are drawn before the search for places ends: at least; for each synapse; at most."""

SHORT, TICKS = 3, 4
"""Columns of `Rewirings.counts`: synapses for which no place was found; time that the rule took."""


class Rewirings(NamedTuple):
    """All rewirings of a network, one row of `table` each.

    Parameters
    ----------
    table : (n, 35) int64
        Columns `REWIRING_FIELDS`: the projection's synapse table and its number among the plastic
        ones (-1: static); steps between calls, attempts in each; random stream; sizes and numbers
        of the populations; who is a partner; addresses of the rule's functions; state variables
        of a synapse, and where the parts of the flat arrays begin; whether synapses are replaced;
        the address of what changes their weights; random stream of pairs; slots of a target in the
        pool, and which of them, in order of the rewirings, this one brings; the addresses of what
        proposes sources and of what gives new synapses their weights; whether marks of pairs are
        read, and their random stream.
    params : flat real
        Parameters of each rule.
    start : flat real
        State variables of a new synapse, unless its rule gives it a weight.
    positions : (n_positions, 2) float64 [um]
        Of source and target neurons.
    period : (n, 2) float64 [um]
        Width and height of a torus; 0 for an open sheet.
    is_lesioned : (n_positions,) bool
        Of the same neurons: no rule forms a synapse from or onto a lesioned one.
    indegree : flat int32; ``indegree_base + target``
        Synapses of the projection onto each target now.
    afferents : flat int32; ``afferents_base + target * capacity + i``
        Sources of the synapses onto each target, ascending, where targets have slots.
    pool_indegree : flat int64; ``pool_base + i``
        `indegree_base` of the projections that share a pool of slots, in network order.
    last_spike : (n_lists, n_populations, 3) int64
        Of the neurons in each partition, and of those of other ranks if there are any, the last
        spike of each population: step, random rank among those of this step, neuron. For
        populations that rules ask it of.
    is_watched : (n_populations,) bool
        Which populations these are.
    state, pair : (n_partitions, n) real
        Scratch: state variables of a synapse; what a rule sees of a pair.
    random : (n_partitions, n) uint32
        Scratch: names of the random numbers of an attempt.
    pres, posts : (n_partitions, 64) int64
        Scratch: pairs that have been drawn.
    events : (n_partitions, capacity, 5) int64
        Synapses formed and removed, columns `EVENT_FIELDS`; neurons within their populations.
    notes : (n_partitions, 8) int64
        Where a partition is: rewiring and attempt that come next, last step that it is done with,
        whether it waits for room in a row or among the events, events. A cache line apart.
    counts : (n, n_partitions, 8) int64
        Attempts, synapses formed, synapses removed, synapses that should have been replaced and
        were not; time [ticks of the engine's clock]. A cache line apart.
    replacing : (n_partitions, 8) int64
        Where a partition is within a rule that replaces: row that it visits next, synapses that
        went and that were formed, pair that comes next; of the pairs of this round, the one for
        which a row had no room, and how many got a synapse for now; whether weights have been
        changed. A cache line apart.
    tried : (n_partitions, ROUND) int64
        Numbers of these.
    """

    table: NDArray[np.int64]
    params: NDArray[np.floating]
    start: NDArray[np.floating]
    positions: NDArray[np.float64]
    period: NDArray[np.float64]
    is_lesioned: NDArray[np.bool_]
    indegree: NDArray[np.int32]
    afferents: NDArray[np.int32]
    pool_indegree: NDArray[np.int64]
    last_spike: NDArray[np.int64]
    is_watched: NDArray[np.bool_]
    state: NDArray[np.floating]
    pair: NDArray[np.floating]
    random: NDArray[np.uint32]
    pres: NDArray[np.int64]
    posts: NDArray[np.int64]
    events: NDArray[np.int64]
    notes: NDArray[np.int64]
    counts: NDArray[np.int64]
    replacing: NDArray[np.int64]
    tried: NDArray[np.int64]
