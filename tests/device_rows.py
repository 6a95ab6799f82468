"""Rows drawn on a device beside those drawn on the CPU."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from snnlab.build.connect import Connections
from snnlab.build.connect import connect as connect_on_cpu
from snnlab.build.layout import Layout, Partitions
from snnlab.build.storage import PACKED, PLASTIC, WIDE
from snnlab.build.tables import TablePlan, plan_tables, port_exponents
from snnlab.cuda.connect import connect, construction_source
from snnlab.cuda.connections import DeviceConnections
from snnlab.cuda.sources import program_text
from snnlab.model.network import Network
from tests.host_device.host_device import HostDevice


@cache
def source() -> str:
    return program_text("float32", construction_source())


def partitions_of(layout: Layout, n: int) -> Partitions:
    """As many partitions of about as many blocks; without blocks where there are too few."""
    return Partitions(np.linspace(0, layout.n_blocks, n + 1).astype(np.int64))


def drawn_on(
    device: HostDevice, network: Network, partitions: Partitions
) -> tuple[DeviceConnections, Layout, tuple[TablePlan, ...]]:
    layout = Layout.of(network)
    plans = plan_tables(network, port_exponents(network))
    module = device.compile(source())
    drawn = connect(network, plans, layout, partitions, device, module)
    device.synchronize()
    return drawn, layout, plans


def rows(c: Connections, k: int) -> dict[str, NDArray[np.generic]]:
    """All that table `k` holds, without the room between its rows."""
    start, plan = c.row_start[k], c.plans[k]
    spans = [(int(a[0]), int(a[-1])) for a in start]
    at = np.concatenate([np.arange(*span) for span in spans])
    pools = {PACKED: ("packed",), WIDE: ("targets", "wide"), PLASTIC: ("targets", "wide")}
    names = pools.get(plan.kind, ("targets",))
    stored = {name: getattr(c, name)[at] for name in names}
    return {"lengths": np.diff(start, axis=1), "ends": c.segment_ends[k], **stored}


def assert_same_rows(ours: Connections, theirs: Connections) -> None:
    """Fail unless the rows of all tables are equal, synapse by synapse."""
    assert ours.plans == theirs.plans
    for k in range(len(ours.plans)):
        mine, other = rows(ours, k), rows(theirs, k)
        assert mine.keys() == other.keys()
        for name, values in mine.items():
            assert values.dtype == other[name].dtype
            np.testing.assert_array_equal(values, other[name], f"{name} of table {k}")


def check(network: Network, n_partitions: int = 1, **of_device: int | None) -> DeviceConnections:
    """Fail unless the device draws what the CPU draws; return what it has drawn."""
    device = HostDevice(**of_device)
    layout = Layout.of(network)
    partitions = partitions_of(layout, n_partitions)
    drawn, layout, plans = drawn_on(device, network, partitions)
    assert_same_rows(drawn.host(device), connect_on_cpu(network, plans, layout, partitions))
    return drawn
