"""Rows drawn on a device beside those drawn on the CPU."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from snnlab.build.connect import Connections
from snnlab.build.connect import connect as connect_on_cpu
from snnlab.build.layout import Layout, Partitions
from snnlab.build.storage import PACKED, PLASTIC, WIDE
from snnlab.build.tables import plan_tables, port_exponents
from snnlab.cuda.connect import connect, construction_source
from snnlab.cuda.connections import DeviceConnections
from snnlab.cuda.device import Device
from snnlab.cuda.sources import program_text
from snnlab.model.network import Network
from tests.host_device.host_device import HostDevice

POOLS = {PACKED: ("packed",), WIDE: ("targets", "wide"), PLASTIC: ("targets", "wide")}
"""Where tables of a kind have their synapses; all others in `targets` alone."""


@cache
def source() -> str:
    """A program of nothing but the kernels that draw synapses."""
    return program_text("float32", construction_source())


def partitions_of(layout: Layout, n: int) -> Partitions:
    """Partitions of about as many blocks; some have none where there are too few."""
    return Partitions(np.linspace(0, layout.n_blocks, n + 1).astype(np.int64))


def drawn_on(device: Device, network: Network, partitions: Partitions) -> DeviceConnections:
    """Draw the synapses of a network on a device."""
    plans = plan_tables(network, port_exponents(network))
    module = device.compile(source())
    drawn = connect(network, plans, Layout.of(network), partitions, device, module)
    device.synchronize()
    return drawn


def drawn_by_cpu(network: Network, partitions: Partitions) -> Connections:
    """Draw the synapses of a network on the CPU."""
    plans = plan_tables(network, port_exponents(network))
    return connect_on_cpu(network, plans, Layout.of(network), partitions)


def rows(c: Connections, k: int, partitions: slice = slice(None)) -> dict[str, NDArray[np.generic]]:
    """All that table `k` holds in some partitions, without the room between its rows."""
    start, plan = c.starts(k)[partitions], c.plans[k]
    at = np.concatenate([np.arange(of_one[0], of_one[-1]) for of_one in start])
    stored = {name: getattr(c, name)[at] for name in POOLS.get(plan.kind, ("targets",))}
    return {"lengths": np.diff(start, axis=1), "ends": c.segment_ends[k][partitions], **stored}


def assert_same_rows(
    ours: Connections, theirs: Connections, partitions: slice = slice(None)
) -> None:
    """Fail unless the rows of all tables are those of some partitions, synapse by synapse."""
    assert ours.plans == theirs.plans
    for k in range(len(ours.plans)):
        mine, other = rows(ours, k), rows(theirs, k, partitions)
        assert mine.keys() == other.keys()
        for name, values in mine.items():
            assert values.dtype == other[name].dtype
            np.testing.assert_array_equal(values, other[name], f"{name} of table {k}")


def check(
    network: Network, n_partitions: int = 1, *, seed: int | None = None, resident: int = 3
) -> DeviceConnections:
    """Fail unless the host's device draws what the CPU draws; return what it has drawn."""
    return check_on(HostDevice(seed, resident), network, n_partitions)


def check_on(device: Device, network: Network, n_partitions: int = 1) -> DeviceConnections:
    """Fail unless a device draws what the CPU draws; return what it has drawn."""
    partitions = partitions_of(Layout.of(network), n_partitions)
    drawn = drawn_on(device, network, partitions)
    assert_same_rows(drawn.host(device), drawn_by_cpu(network, partitions))
    return drawn


def check_shares(device: Device, network: Network, n_partitions: int, cuts: list[int]) -> None:
    """Fail unless a device that draws some of the partitions draws of these what the CPU draws.

    Parameters
    ----------
    device : Device
    network : Network
    n_partitions : int
    cuts : list of int
        The first partition of each share; where the last one ends.
    """
    whole = partitions_of(Layout.of(network), n_partitions)
    expected = drawn_by_cpu(network, whole)
    n_synapses = 0
    for first, stop in pairwise(cuts):
        drawn = drawn_on(device, network, Partitions(whole.bounds[first : stop + 1]))
        assert_same_rows(drawn.host(device), expected, slice(first, stop))
        n_synapses += drawn.n_synapses
    assert n_synapses == expected.n_synapses
