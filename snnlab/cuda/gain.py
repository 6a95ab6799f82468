"""Which networks a GPU computes faster than the processor."""

from __future__ import annotations

from snnlab.build.expected import expected_total
from snnlab.model.network import Network

__all__ = ["WORTH", "gains", "worth"]

WORTH = 20_000.0
"""`worth` from which on a GPU is chosen without being asked for."""

_SYNAPSES_PER_NEURON = 1000.0
"""Synapses that cost a step as much as one neuron: a neuron is updated in every step, a synapse
acts when its neuron fires, a few times in ten thousand steps."""


def worth(network: Network) -> float:
    """Return how much a step of a network has to do, in neurons.

    Parameters
    ----------
    network : Network
    """
    return network.n_neurons + expected_total(network) / _SYNAPSES_PER_NEURON


def gains(network: Network) -> bool:
    """Whether a network is large enough for a GPU.

    Parameters
    ----------
    network : Network

    Notes
    -----
    A step on a GPU takes some ten microseconds however little there is to do: phases have to
    wait for each other across the whole device. A processor does 20 000 neurons' worth of work
    in several times that; below it, it has finished first, or nearly so, and compiles nothing.
    """
    return worth(network) >= WORTH
