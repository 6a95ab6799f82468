"""Weights that rules of rewiring give to new synapses, where the host asks them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit, uint32

from snnlab.arrays.rewiring_arrays import constants_of
from snnlab.arrays.seen_pairs import names_of, see, sheet_of
from snnlab.model.distribution import Constant
from snnlab.model.network import Network, Projection
from snnlab.rules.call import call_rule
from snnlab.rules.rewiring import PAIR
from snnlab.rules.rewiring_kernel import compile_rewiring_kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["first_weights", "weigh_synapses"]

_N_PAIR = len(PAIR)


def first_weights(
    network: Network,
    projection: Projection,
    pre: NDArray[np.int64],
    post: NDArray[np.int64],
    dtype: np.dtype[np.floating],
) -> NDArray[np.float64] | None:
    """Return what the synapses that a projection starts with get from a rule of rewiring.

    Parameters
    ----------
    network : Network
    projection : Projection
        Whose synapses learn.
    pre, post : (n,) int64
        Their neurons, counted within the populations.
    dtype : dtype
        Of the state.

    Returns
    -------
    (n,) float64 [unit of the receptor], or None
        None if no rule weighs them: the first of the rewirings that does counts.
    """
    chosen = [r for r in network.rewirings_of(projection.name) if r.model.weighs_first]
    if not chosen:
        return None
    rewiring, states = chosen[0], tuple(network.synapse_states_of(projection))
    rule: Any = rewiring.model
    kernels = compile_rewiring_kernels(rule, states, precision=dtype.name)
    start = network.weight_of(projection)
    assert isinstance(start, Constant)  # the network has been checked
    constants = constants_of(network, rewiring) | {"weight": float(start.value)}
    params = np.array([constants[n] for n in kernels.tree.parameters] or [0.0], dtype)
    indegree = np.bincount(post, minlength=network.population(projection.post).size)
    names = names_of(network, rewiring, 0, reads_mark=kernels.tree.reads_mark)
    weights = np.zeros(pre.size)
    sheet = sheet_of(network, rewiring)
    weigh_synapses(kernels.initial, params, pre, post, indegree, sheet, names, weights)
    return weights


@njit(error_model="numpy", cache=True)
def weigh_synapses(initial, params, pre, post, indegree, sheet, names, weights):  # type: ignore[no-untyped-def]
    """Ask a rule for the weights of synapses.

    Parameters
    ----------
    initial : int
        Address, see `snnlab.rules.rewiring_kernel.RewiringKernels`.
    params : (n_params,) real
    pre, post : (n,) int64
        Neurons within their populations, which name the random numbers.
    indegree, sheet, names : see `snnlab.arrays.seen_pairs.see`
    weights : (n,) float64
        Written.
    """
    pair, found = np.zeros(_N_PAIR, params.dtype), np.zeros(1, params.dtype)
    random = np.zeros(5, np.uint32)
    random[0], random[1], random[4] = names[0], names[1], names[2]
    for i in range(pre.size):
        see(sheet, indegree, names, pre[i], post[i], pair)
        random[2], random[3] = uint32(pre[i]), uint32(post[i])
        call_rule(initial, (pair, params, random, found))
        weights[i] = found[0]
