"""Compiled choice of pairs that get a synapse: any, or those with the highest gain.

Pairs are numbered within a unit: the whole projection, one target or one source.
"""

from __future__ import annotations

import math

import numpy as np
from numba import int64, njit, uint32

from snnlab.arrays.seen_pairs import see
from snnlab.arrays.selection import absent, choose_lowest, sample
from snnlab.rules.call import call_rule
from snnlab.rules.rewiring import PAIR

__all__ = ["grow_anywhere", "grow_by_gain", "score_synapses"]

_N_PAIR = len(PAIR)

_FEWEST_HELD = 4096
"""Candidates of a unit that are held before the lower ones are thrown away, at least."""


@njit(error_model="numpy", cache=True)
def score_synapses(score, states, params, pre, post, indegree, sheet, names, scores):  # type: ignore[no-untyped-def]
    """Ask a rule for the scores of synapses; what is no number comes last.

    Parameters
    ----------
    score : int
        Address, see `snnlab.rules.ranking_kernel.RankingKernels`.
    states : (n, n_states) real
    params : (n_params,) real
    pre, post : (n,) int64
        Neurons within their populations.
    indegree : (n_post,) int64
    sheet, names : see `snnlab.arrays.seen_pairs.see`
    scores : (n,) float64
        Written.
    """
    pair, found = np.zeros(_N_PAIR, states.dtype), np.zeros(1, states.dtype)
    random = np.zeros(5, np.uint32)
    random[0], random[1], random[4] = names[0], names[1], names[2]
    for i in range(pre.size):
        see(sheet, indegree, names, pre[i], post[i], pair)
        random[2], random[3] = uint32(pre[i]), uint32(post[i])
        call_rule(score, (states[i], pair, params, random, found))
        scores[i] = np.inf if math.isnan(found[0]) else found[0]


@njit(error_model="numpy", cache=True)
def _n_of_unit(start, universe, u, n_coming):  # type: ignore[no-untyped-def]
    """How many pairs of a unit do not have a synapse, and how many of them get one."""
    n = universe - (start[u + 1] - start[u])
    return n, min(n_coming[u], n)


@njit(error_model="numpy", cache=True)
def grow_anywhere(taken, start, universe, n_coming, names):  # type: ignore[no-untyped-def]
    """Choose pairs at random.

    Parameters
    ----------
    taken : (n,) int64
        Numbers of the pairs that cannot get a synapse, unit by unit, ascending.
    start : (n_units + 1,) int64
        Where units begin.
    universe : int
        Pairs of a unit.
    n_coming : (n_units,) int64
        How many of each are wanted; if there are fewer, all.
    names : (3,) uint32
        Seed, stream, step.

    Returns
    -------
    unit, number : (n,) int64
    """
    n_all = int64(0)
    for u in range(n_coming.size):
        n_all += _n_of_unit(start, universe, u, n_coming)[1]
    unit, number, at = np.empty(n_all, np.int64), np.empty(n_all, np.int64), 0
    for u in range(n_coming.size):
        n_absent, n = _n_of_unit(start, universe, u, n_coming)
        if n == 0:
            continue
        for i in sample(n_absent, n, u, names):
            unit[at], number[at] = u, absent(i, taken[start[u] : start[u + 1]])
            at += 1
    return unit, number


@njit(error_model="numpy", cache=True)
def _ends(unit, number, layout, pres, posts):  # type: ignore[no-untyped-def]
    """The pair of a number: source and target within their populations.

    `layout` is 0 if a unit is the projection, 1 if it is a target, 2 if it is a source.
    """
    if layout == 0:
        return pres[number // posts.size], posts[number % posts.size]
    if layout == 1:
        return pres[number], posts[unit]
    return pres[unit], posts[number]


@njit(error_model="numpy", cache=True)
def _keep_best(losses, numbers, held, n, unit, layout, pres, posts, names):  # type: ignore[no-untyped-def]
    """Throw all but the best `n` of the `held` candidates away; the others keep their order."""
    pre, post = np.empty(held, np.int64), np.empty(held, np.int64)
    for j in range(held):
        pre[j], post[j] = _ends(unit, numbers[j], layout, pres, posts)
    chosen = np.zeros(held, np.bool_)
    start, n_chosen = np.array([0, held]), np.array([n])
    choose_lowest(losses[:held], pre, post, start, n_chosen, names, chosen)
    kept = 0
    for j in range(held):
        if chosen[j]:
            losses[kept], numbers[kept] = losses[j], numbers[j]
            kept += 1
    return kept


@njit(error_model="numpy", cache=True)
def _grow_unit(  # type: ignore[no-untyped-def]
    gain, variables, params, sheet, indegree, taken, universe, n, n_candidates, unit, layout, pres,
    posts, names,
):  # fmt: skip
    """Choose `n` pairs of a unit; return their numbers.

    Negative gains are sorted, so that the highest gain is the lowest loss.
    """
    from_pre, from_post = variables
    pair, found = np.zeros(_N_PAIR, params.dtype), np.zeros(1, params.dtype)
    random = np.zeros(5, np.uint32)
    random[0], random[1], random[4] = names[0], names[1], names[2]
    n_absent = universe - taken.size
    is_sample = n_candidates < n_absent
    which = sample(n_absent, n_candidates, unit, names) if is_sample else np.empty(0, np.int64)
    which.sort()
    most = max(2 * n, _FEWEST_HELD)
    losses, numbers, held = np.empty(most, np.float64), np.empty(most, np.int64), 0
    passed = 0  # numbers of `taken` that lie behind
    for i in range(n_candidates if is_sample else n_absent):
        number = (which[i] if is_sample else i) + passed
        while passed < taken.size and taken[passed] <= number:
            passed += 1
            number += 1
        pre, post = _ends(unit, number, layout, pres, posts)
        see(sheet, indegree, names, pre, post, pair)
        random[2], random[3] = uint32(pre), uint32(post)
        call_rule(gain, (from_pre[pre], from_post[post], pair, params, random, found))
        if held == most:
            held = _keep_best(losses, numbers, held, n, unit, layout, pres, posts, names)
        losses[held] = np.inf if math.isnan(found[0]) else -found[0]
        numbers[held] = number
        held += 1
    held = _keep_best(losses, numbers, held, n, unit, layout, pres, posts, names)
    return numbers[:held].copy()


@njit(error_model="numpy", cache=True)
def grow_by_gain(  # type: ignore[no-untyped-def]
    gain, variables, params, sheet, indegree, taken, start, universe, n_coming, candidates, layout,
    pres, posts, names,
):  # fmt: skip
    """Choose the pairs of each unit whose gain is highest.

    Parameters
    ----------
    gain : int
        Address, see `snnlab.rules.ranking_kernel.RankingKernels`.
    variables : tuple of (n_pre, n) real, (n_post, n) real
        What the rule reads of neurons.
    params, sheet, indegree : see `score_synapses`
    taken, start, universe, n_coming : see `grow_anywhere`
    candidates : int
        Pairs that are looked at for each that comes, drawn at random; 0: all.
    layout : int
        0 if the unit is the projection, 1 if units are targets, 2 if they are sources.
    pres, posts : (n,) int64
        Neurons among which pairs are numbered.
    names : see `snnlab.arrays.seen_pairs.names_of`

    Returns
    -------
    unit, number : (n,) int64
    """
    n_all = int64(0)
    for u in range(n_coming.size):
        n_all += _n_of_unit(start, universe, u, n_coming)[1]
    unit, number, at = np.empty(n_all, np.int64), np.empty(n_all, np.int64), 0
    for u in range(n_coming.size):
        n_absent, n = _n_of_unit(start, universe, u, n_coming)
        if n == 0:
            continue
        n_candidates = min(candidates * n, n_absent) if candidates else n_absent
        best = _grow_unit(
            gain, variables, params, sheet, indegree, taken[start[u] : start[u + 1]], universe, n,
            n_candidates, u, layout, pres, posts, names,
        )  # fmt: skip
        for x in best:
            unit[at], number[at] = u, x
            at += 1
    return unit, number
