"""How many bytes a network needs on a device, told before anything is allocated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from snnlab.arrays.assemble import shape
from snnlab.arrays.kernel import NeuronKernel
from snnlab.build.layout import BLOCK, Layout, Partitions
from snnlab.build.memory import check_fits as check_host_fits
from snnlab.build.memory import recorder_bytes
from snnlab.build.tables import TablePlan
from snnlab.cuda.construction_bytes import construction_bytes
from snnlab.cuda.device import Device
from snnlab.errors import OutOfMemory
from snnlab.model.network import Network

__all__ = ["check_fits", "estimate_bytes"]

_RECORD_BYTES = 2 * 2 * 20
"""Of each neuron in the record: two halves, twice as long as if all fired in a chunk."""


def estimate_bytes(
    network: Network,
    plans: tuple[TablePlan, ...],
    layout: Layout,
    partitions: Partitions,
    kernels: Sequence[NeuronKernel],
    shortest_ring: int,
) -> int:
    """Return the peak number of bytes that building and holding a network takes on a device."""
    sizes = shape(plans, network, shortest_ring)
    words = np.array([kernel.n_words for kernel in kernels], np.int64)
    n_state = int((words[layout.block_population] * BLOCK).sum())
    n_slots = layout.n_blocks * BLOCK
    ring = 4 * n_slots * sizes.max_ports * sizes.ring_slots
    synapses = construction_bytes(plans, layout, partitions.n, network)
    return synapses + 4 * n_state + ring + _RECORD_BYTES * n_slots


def check_fits(
    network: Network,
    plans: tuple[TablePlan, ...],
    layout: Layout,
    partitions: Partitions,
    kernels: Sequence[NeuronKernel],
    shortest_ring: int,
    device: Device,
) -> None:
    """Refuse a network that does not fit on the device, or whose recorders do not on the host.

    Raises
    ------
    OutOfMemory
        With the size, the limit and ways to fit; nothing has been allocated.
    """
    check_host_fits(int(sum(recorder_bytes(network))), network)
    needed = estimate_bytes(network, plans, layout, partitions, kernels, shortest_ring)
    limit = device.free_bytes()
    if needed <= limit:
        return
    raise OutOfMemory(
        f"Network {network.name!r}",
        f"must fit into {limit / 2**30:.3g} GiB of free memory on {device.name}",
        got=f"{needed / 2**30:.3g} GiB for {network.n_neurons} neurons and "
        f"{network.expected_synapses():.3g} synapses",
        remedy="Use a smaller scale, fewer synapses per neuron, one weight per projection instead "
        "of drawn weights, or device='cpu'; or close other networks on this device.",
    )
