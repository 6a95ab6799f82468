"""Neurons of other ranks that matter on this one, told before any synapse is drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from snnlab.build.expected import expected_synapses
from snnlab.build.layout import BLOCK, Layout, Partitions
from snnlab.build.memory import parts_here
from snnlab.cpu.exchange import COLLECTIVE
from snnlab.cpu.ranks import heard_by_all
from snnlab.cpu.ways import ways_of
from snnlab.model.network import Network

__all__ = ["expected_images", "wire_bytes"]

_IMAGE_BYTES = 4 + 8
"""Of each neuron elsewhere that is listed: its slot, and the steps in which it has fired."""

_OWN_BYTES, _TARGET_BYTES = 8, 4 + 4
"""Of each own neuron, and of each neighbour that wants its spikes."""

_SLOT_BYTES = 8
"""Of each neuron of the network, where spikes go to everybody."""


def expected_images(network: Network, layout: Layout, partitions: Partitions) -> float:
    """Return how many neurons elsewhere have synapses onto neurons here, on average."""
    here = parts_here(network, layout, partitions)
    of_each = _wanted(network, here)
    return sum(p.size * (1.0 - here[p.name]) * of_each[p.name] for p in network.populations)


def _wanted(network: Network, parts: Mapping[str, float]) -> dict[str, float]:
    """Which part of each population has synapses onto parts of the populations."""
    n = dict.fromkeys((population.name for population in network.populations), 0.0)
    for projection in network.projections:
        n[projection.pre] += expected_synapses(network, projection) * parts[projection.post]
    heard = {network.populations[k].name for k in heard_by_all(network)}
    return {
        p.name: 1.0 if p.name in heard else -math.expm1(-n[p.name] / p.size)
        for p in network.populations
    }


def wire_bytes(
    network: Network, layout: Layout, partitions: Partitions, n_ranks: int,
    exchange: str | Mapping[str, str],
) -> int:  # fmt: skip
    """Return the bytes on a device that packs and unpacks spikes itself; see `snnlab.cuda.wire`.

    Parameters
    ----------
    network : Network
    layout : Layout
    partitions : Partitions
        Those of one rank.
    n_ranks : int
    exchange : str, or mapping of str
        See `snnlab.cpu.ways.ways_of`; what is left open is taken to go point to point.
    """
    is_told = ways_of(network, exchange) == COLLECTIVE
    n_own = int(np.diff(partitions.bounds[[0, -1]])[0]) * BLOCK
    total = 0.0
    if is_told.any():
        total += _SLOT_BYTES * layout.n_blocks * BLOCK + n_own
    if not is_told.all():
        here = parts_here(network, layout, partitions)
        others = max(n_ranks - 1, 1)
        elsewhere = {name: (1.0 - part) / others for name, part in here.items()}
        images, targets = _wanted(network, here), _wanted(network, elsewhere)
        total += _OWN_BYTES * n_own
        for population, told in zip(network.populations, is_told.tolist(), strict=True):
            if not told:
                name, part = population.name, here[population.name]
                of_images = _IMAGE_BYTES * (1.0 - part) * images[name]
                total += population.size * (
                    of_images + _TARGET_BYTES * part * others * targets[name]
                )
    return int(total)
