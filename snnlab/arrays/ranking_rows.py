"""Compiled calls of row forms: one neuron after the other says which of its synapses go."""

from __future__ import annotations

import numpy as np
from numba import njit, uint32

from snnlab.arrays.rewiring import RULE_WORDS
from snnlab.arrays.seen_pairs import see
from snnlab.rules.call import call_rule
from snnlab.rules.rewiring import PAIR

__all__ = ["ask_rows"]

_N_PAIR = len(PAIR)


@njit(error_model="numpy", cache=True)
def ask_rows(  # type: ignore[no-untyped-def]
    row, states, params, pre, post, indegree, sheet, names, order, start, neurons, goes
):
    """Ask a rule which synapses go, row by row.

    Parameters
    ----------
    row : int
        Address, see `snnlab.rules.ranking_kernel.RankingKernels`.
    states : (n, n_states) real
    params : (n_params,) real
    pre, post : (n,) int64
        Neurons within their populations.
    indegree, sheet, names : see `snnlab.arrays.seen_pairs.see`
    order, start : (n,) int64, (n_rows + 1,) int64
        Which synapses a row holds, one row after the other; where rows begin.
    neurons : (n_rows,) int64
        Whose they are.
    goes : (n,) bool
        Written.
    """
    most, n_states = 0, states.shape[1]
    for g in range(neurons.size):
        most = max(most, start[g + 1] - start[g])
    state, pairs = np.empty(most * n_states, states.dtype), np.empty(most * _N_PAIR, states.dtype)
    ends, marked = np.empty(2 * most, np.uint32), np.empty(most, np.uint8)
    neuron, random = np.empty(2, states.dtype), np.zeros(5, np.uint32)
    random[0], random[1], random[4] = names[0], names[1], names[2]
    for g in range(neurons.size):
        n = start[g + 1] - start[g]
        if n == 0:
            continue
        for k in range(n):
            i = order[start[g] + k]
            for m in range(n_states):
                state[k * n_states + m] = states[i, m]
            see(sheet, indegree, names, pre[i], post[i], pairs[k * _N_PAIR : (k + 1) * _N_PAIR])
            ends[2 * k], ends[2 * k + 1] = uint32(pre[i]), uint32(post[i])
            marked[k] = 0
        neuron[0], neuron[1] = neurons[g], n
        random[2], random[3] = uint32(neurons[g]), uint32(RULE_WORDS)
        call_rule(row, (state, pairs, ends, neuron, params, random, marked, n))
        for k in range(n):
            goes[order[start[g] + k]] = marked[k] != 0
