"""Initial weights of a network, drawn from counter-based random numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.arrays.selection import sample
from snnlab.build.random import stream_id, uniforms
from snnlab.learning.recurrent_network import RecurrentNetwork
from snnlab.learning.synapses import Synapses
from snnlab.learning.weights import Weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["initial_weights"]


def initial_weights(network: RecurrentNetwork) -> Weights:
    """Draw the weights that a network starts with.

    Parameters
    ----------
    network : RecurrentNetwork
        The same one always gets the same weights.

    Returns
    -------
    Weights
        Normally distributed with mean 0 and standard deviation ``gain / sqrt(n_pre * density)``,
        in the network's precision; biases are 0. Of a sparse projection exactly
        ``round(density * n_pairs)`` pairs, each as likely, are connected.
    """
    n_hidden, n_outputs = network.n_hidden, network.n_outputs
    output = _normals(network, "output", (n_hidden, n_outputs), network.output_gain, n_hidden)
    feedback = None
    if network.feedback != "symmetric":
        feedback = _normals(
            network, "feedback", (n_hidden, n_outputs), network.output_gain, n_hidden
        )
    recurrent = None
    if network.recurrent:
        recurrent = _synapses(
            network, "recurrent", n_hidden, network.recurrent_density, network.recurrent_gain
        )
    return Weights(
        _synapses(network, "input", network.n_inputs, network.input_density, network.input_gain),
        recurrent,
        output,
        np.zeros(n_outputs, network.precision),
        feedback,
    )


def _synapses(
    network: RecurrentNetwork, name: str, n_pre: int, density: float, gain: float
) -> Synapses:
    n_post, autapses = network.n_hidden, name != "recurrent"
    if density == 1.0:
        weight = _normals(network, name, (n_pre, n_post), gain, n_pre)
        return Synapses.dense(weight, autapses=autapses)
    n_per_row = n_post if autapses else n_post - 1
    n_pairs = n_pre * n_per_row
    names = np.array([network.seed, stream_id("pairs", name), 0], np.uint64).astype(np.uint32)
    pairs = sample(n_pairs, round(density * n_pairs), 0, names)
    pre, post = np.divmod(np.sort(pairs), n_per_row)
    if not autapses:
        post += post >= pre
    weight = _normals(network, name, (pairs.size,), gain, density * n_pre)
    return Synapses.sparse(n_pre, n_post, pre, post, weight, autapses=autapses)


def _normals(
    network: RecurrentNetwork, name: str, shape: tuple[int, ...], gain: float, n_pre: float
) -> NDArray[Any]:
    """Normal numbers of a stream of their own."""
    from scipy.special import ndtri

    uniform = uniforms(int(np.prod(shape)), network.seed, stream_id("weights", name))
    scaled = gain / np.sqrt(n_pre) * ndtri(uniform)
    drawn: NDArray[Any] = scaled.reshape(shape).astype(network.precision)
    return drawn
