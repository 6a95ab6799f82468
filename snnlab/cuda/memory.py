"""How many bytes a network needs on a device, told before anything is allocated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from snnlab.arrays.assemble import Shape
from snnlab.arrays.kernel import NeuronKernel
from snnlab.arrays.plastic_arrays import PlasticTable
from snnlab.build.expected import expected_synapses, expected_total
from snnlab.build.growing import n_places
from snnlab.build.layout import BLOCK, Layout, Partitions
from snnlab.build.memory import check_fits as check_host_fits
from snnlab.build.memory import parts_here, recorder_bytes
from snnlab.build.tables import TablePlan
from snnlab.cuda.construction_bytes import construction_bytes, synapse_bytes
from snnlab.cuda.device import Device
from snnlab.cuda.work import record_capacity
from snnlab.errors import OutOfMemory
from snnlab.model.network import Network

__all__ = ["DeviceBytes", "check_fits", "estimate_bytes"]

_RECORD_BYTES = 2 * 20
"""Of each entry of the record, in both halves."""

_QUANTILE_BYTES = 4
"""Of each plastic synapse, until its start weight is known."""


@dataclass(frozen=True)
class DeviceBytes:
    """What a network, or a rank's share of it, takes on a device.

    Parameters
    ----------
    parts : dict
        Name of what is held -> bytes.
    construction : int
        Bytes that are taken at a time while synapses are drawn.
    """

    parts: dict[str, int]
    construction: int

    @property
    def held(self) -> int:
        """Bytes of what is held when it has been built."""
        return sum(self.parts.values())

    def with_exchange(self, n_bytes: int) -> DeviceBytes:
        """Return the same, with what exchanging spikes from device to device takes."""
        return DeviceBytes({**self.parts, "exchange": n_bytes}, self.construction)

    @property
    def peak(self) -> int:
        """Bytes that are taken at most at a time."""
        return max(self.held, self.construction)


def estimate_bytes(
    network: Network,
    plans: tuple[TablePlan, ...],
    layout: Layout,
    partitions: Partitions,
    kernels: Sequence[NeuronKernel],
    tables: tuple[PlasticTable, ...],
    sizes: Shape,
    dtype: np.dtype[np.floating],
) -> DeviceBytes:
    """Return the bytes that building and holding a network takes on a device.

    Or a share of it: `partitions` are those of one rank then.
    """
    words = np.array([kernel.n_words for kernel in kernels], np.int64)
    owned = slice(*partitions.bounds[[0, -1]])
    n_state = int((words[layout.block_population[owned]] * BLOCK).sum())
    capacity = record_capacity(network, layout, partitions, sizes.chunk_steps)
    synapses, rows = synapse_bytes(plans, layout, partitions, network)
    parts = {
        "synapses": synapses,
        "row starts": rows,
        "plasticity": sum(
            _plastic_bytes(network, layout, partitions, t, sizes, dtype) for t in tables
        ),
        "neurons": dtype.itemsize * n_state,
        "input under way": 4 * int(partitions.n_slots.sum()) * sizes.max_ports * sizes.ring_slots,
        "record of spikes": _RECORD_BYTES * capacity,
    }
    return DeviceBytes(parts, construction_bytes(plans, layout, partitions, network))


def _plastic_bytes(
    network: Network,
    layout: Layout,
    partitions: Partitions,
    table: PlasticTable,
    sizes: Shape,
    dtype: np.dtype[np.floating],
) -> int:
    """What a plastic projection takes beside its targets: states, traces, histories."""
    rule, real = table.kernels.rule, dtype.itemsize
    part = parts_here(network, layout, partitions)[table.projection.post]
    n_synapses = int(expected_synapses(network, table.projection) * part)
    n_rows = int(layout.sizes[table.plan.source]) * partitions.n
    if network.is_rewired(table.projection.name):
        n_synapses = int(n_places(n_synapses, n_rows))
    of_row = 16 + real * len(rule.pre)
    n_post = int(network.population(table.projection.post).size * part)
    of_target = table.history(sizes.chunk_steps) * (4 + real * len(rule.post)) + 8
    of_synapse = real * len(rule.states) - _QUANTILE_BYTES
    return n_synapses * of_synapse + n_rows * of_row + n_post * of_target


def check_fits(needed: int, network: Network, device: Device) -> None:
    """Refuse a network that does not fit on the device, or whose recorders do not on the host.

    Parameters
    ----------
    needed : int
        Bytes on the device.
    network : Network
    device : Device

    Raises
    ------
    OutOfMemory
        With the size, the limit and ways to fit; nothing has been allocated.
    """
    check_host_fits(int(sum(recorder_bytes(network))), network)
    limit = device.free_bytes()
    if needed <= limit:
        return
    raise OutOfMemory(
        f"Network {network.name!r}",
        f"must fit into {limit / 2**30:.3g} GiB of free memory on {device.name}",
        got=f"{needed / 2**30:.3g} GiB for {network.n_neurons} neurons and "
        f"{expected_total(network):.3g} synapses",
        remedy="Use a smaller scale, fewer synapses per neuron, one weight per projection instead "
        "of drawn weights, or device='cpu'; or close other networks on this device.",
    )
