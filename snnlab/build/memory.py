"""How many bytes a network needs, told before anything is allocated."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import psutil

from snnlab.build.expected import expected_synapses, expected_total
from snnlab.build.layout import Layout, Partitions
from snnlab.build.short_rows import MEAN_SHORT
from snnlab.build.storage import PACKED, PLASTIC, SHARED, WIDE
from snnlab.build.tables import TABLE_SIZE, TablePlan, delay_window
from snnlab.errors import OutOfMemory
from snnlab.model.connectivity import FixedTotalNumber
from snnlab.model.network import Network
from snnlab.model.recorders import SynapseRecorder

__all__ = [
    "Estimate", "available_bytes", "check_fits", "estimate", "parts_here", "quantile_bytes",
    "recorder_bytes",
]  # fmt: skip

_CGROUP = Path("/sys/fs/cgroup")
_BYTES = {PACKED: 4, WIDE: 6}
_SHARED_BYTES = 2
_DRAWN_BYTES = 4
"""Of each plastic synapse, while its start weight is a number of a quantile."""
_CHOSEN_BYTES = 40
"""Of each synapse that a recorder samples: its place, its number and its neurons."""
_LISTED_BYTES = 60
"""Of each synapse of a projection, while a recorder chooses among them."""
_ROW_BYTES, _SHORT_ROW_BYTES = 8.0, 2.125
"""Of where a row starts; see `snnlab.build.short_rows`."""
_COUNT_BYTES = 4.0
"""Of each row, while its synapses are counted and placed."""
_PLASTIC_ROW_BYTES = 16.0
"""Of each row of plastic synapses: up to where it has learnt, and its last spike."""
_KEPT_FREE = 0.05


def available_bytes() -> int:
    """Return the memory that this process may still take: of the machine or of its container."""
    free = int(psutil.virtual_memory().available)
    try:
        limit = (_CGROUP / "memory.max").read_text().strip()
        used = int((_CGROUP / "memory.current").read_text())
    except (OSError, ValueError):
        return free
    return free if limit == "max" else min(free, max(int(limit) - used, 0))


class Estimate(NamedTuple):
    """Bytes of the synapses of a network, or of a share of it.

    Parameters
    ----------
    held : int
        When they are drawn.
    beside : int
        Most that is taken beside these while they are drawn.
    """

    held: int
    beside: int

    @property
    def peak(self) -> int:
        """Most that is taken at a time."""
        return self.held + self.beside


def estimate(
    network: Network, plans: tuple[TablePlan, ...], layout: Layout, partitions: Partitions
) -> Estimate:
    """Return the bytes that synapses, where their rows start, and their recorders take.

    Parameters
    ----------
    network : Network
    plans : tuple of TablePlan
    layout : Layout
    partitions : Partitions
        Those of one rank, where ranks share the network.
    """
    synapses = starts = counts = degrees = scratch = 0.0
    here = parts_here(network, layout, partitions)
    for plan in plans:
        n = sum(expected_synapses(network, p) * here[p.post] for p in plan.projections)
        rows = float(layout.sizes[plan.source]) * partitions.n
        segments = 4.0 * _n_delays(network, plan, here)
        is_short = n < MEAN_SHORT * rows and plan.kind != PLASTIC and not network.rewirings
        synapses += n * _bytes(plan) + rows * segments
        starts += rows * (_SHORT_ROW_BYTES if is_short else _ROW_BYTES)
        counts += rows * _COUNT_BYTES
        degrees += sum(8.0 * network.population(p.post).size for p in plan.projections
                       if isinstance(p.rule, FixedTotalNumber) and here[p.post])  # fmt: skip
        if plan.kind == PLASTIC:
            n_traces = len(plan.projections[0].model.pre_traces)
            starts += rows * (_PLASTIC_ROW_BYTES + 4.0 * n_traces)
        if plan.kind != SHARED or plan.n_delays > 1:
            # While it is filled: borders between its projections, twice; what it draws from.
            borders = 2.0 * rows * _COUNT_BYTES * (len(plan.projections) + 1)
            scratch = max(scratch, borders + quantile_bytes(network, plan))
    recorded, listed = recorder_bytes(network)
    # When rows are full, their starts are copied to lie in one array.
    scratch = max(counts + degrees + scratch, starts if len(plans) > 1 else 0.0, listed)
    return Estimate(int(synapses + starts + recorded), int(scratch))


def _n_delays(network: Network, plan: TablePlan, here: dict[str, float]) -> int:
    """Into how many delays rows are divided; 0 where all are equal."""
    own = [p for p in plan.projections if here[p.post]]
    if plan.kind == PLASTIC or network.rewirings or not own:
        return plan.n_delays if plan.n_delays > 1 and own else 0
    low, high = delay_window(network, own)
    return high - low + 1 if high > low else 0


def quantile_bytes(network: Network, plan: TablePlan) -> float:
    """Return the bytes of the tables that weights [int32] and delays [uint16] are drawn from."""
    weights = {None if plan.kind == PLASTIC else network.weight_of(p) for p in plan.projections}
    delays = {network.delay_of(p) for p in plan.projections}
    return TABLE_SIZE * (4.0 * len(weights) + 2.0 * len(delays))


def parts_here(network: Network, layout: Layout, partitions: Partitions) -> dict[str, float]:
    """Return the part of each population whose neurons the partitions own, 0 to 1."""
    owned = [partitions.owned(layout, k) for k in range(len(network.populations))]
    return {
        population.name: (each.stop - each.start) / population.size
        for population, each in zip(network.populations, owned, strict=True)
    }


def recorder_bytes(network: Network) -> tuple[float, float]:
    """What recorders of synapses take: for those they chose and a sample, and while they choose."""
    chosen, listed = 0.0, 0.0
    for recorder in network.recorders:
        if isinstance(recorder, SynapseRecorder):
            projection = network.projection(recorder.projection)
            n = every = expected_synapses(network, projection)
            for wanted, name in (
                (recorder.sources, projection.pre), (recorder.targets, projection.post)
            ):  # fmt: skip
                n *= 1.0 if wanted is None else len(set(wanted)) / network.population(name).size
            if recorder.synapses is not None:
                n = min(n, len(recorder.synapses))
            chosen += n * (_CHOSEN_BYTES + 4.0 * len(recorder.variables))
            listed = max(listed, every * _LISTED_BYTES)
    return chosen, listed


def _bytes(plan: TablePlan) -> int:
    """Bytes of a synapse; plastic ones hold their state as float32."""
    if plan.kind != PLASTIC:
        return _BYTES.get(plan.kind, _SHARED_BYTES)
    return _SHARED_BYTES + _DRAWN_BYTES + 4 * (1 + len(plan.projections[0].model.states))


def check_fits(needed: int, network: Network) -> None:
    """Refuse a network that does not fit.

    Raises
    ------
    OutOfMemory
        With the size, the limit and three ways to fit; nothing has been allocated.
    """
    limit = int(available_bytes() * (1.0 - _KEPT_FREE))
    if needed <= limit:
        return
    raise OutOfMemory(
        f"Network {network.name!r}",
        f"must fit into {limit / 2**30:.3g} GiB of free memory",
        got=f"{needed / 2**30:.3g} GiB for {network.n_neurons} neurons and "
        f"{expected_total(network):.3g} synapses",
        remedy="Use a smaller scale, fewer synapses per neuron, or one weight per projection "
        "instead of drawn weights (2 bytes a synapse instead of 4); or record fewer synapses.",
    )
