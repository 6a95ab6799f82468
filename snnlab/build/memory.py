"""How many bytes a network needs, told before anything is allocated."""

from __future__ import annotations

from pathlib import Path

import psutil

from snnlab.build.expected import expected_synapses, expected_total
from snnlab.build.layout import Layout, Partitions
from snnlab.build.storage import PACKED, PLASTIC, WIDE
from snnlab.build.tables import TablePlan
from snnlab.errors import OutOfMemory
from snnlab.model.network import Network
from snnlab.model.recorders import SynapseRecorder

__all__ = ["available_bytes", "check_fits", "estimate_bytes", "recorder_bytes"]

_CGROUP = Path("/sys/fs/cgroup")
_BYTES = {PACKED: 4, WIDE: 6}
_SHARED_BYTES = 2
_DRAWN_BYTES = 4
"""Of each plastic synapse, while its start weight is a number of a quantile."""
_CHOSEN_BYTES = 40
"""Of each synapse that a recorder samples: its place, its number and its neurons."""
_LISTED_BYTES = 60
"""Of each synapse of a projection, while a recorder chooses among them."""
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


def estimate_bytes(
    network: Network, plans: tuple[TablePlan, ...], layout: Layout, partitions: Partitions
) -> int:
    """Return the peak number of bytes that building and holding a network, or a share of it, takes.

    Parameters
    ----------
    network : Network
    plans : tuple of TablePlan
    layout : Layout
    partitions : Partitions
        Those of one rank, where ranks share the network.
    """
    synapses, counts, scratch, n_partitions = 0.0, 0.0, 0.0, partitions.n
    here = _shares(network, layout, partitions)
    for plan in plans:
        n = sum(expected_synapses(network, p) * here[p.post] for p in plan.projections)
        rows = float(layout.sizes[plan.source]) * n_partitions
        segments = 4.0 * plan.n_delays if plan.n_delays > 1 else 0.0
        synapses += n * _bytes(plan) + rows * (8.0 + segments)
        counts += rows * 8.0
        # While a table is filled: its cursors, and the borders between its projections.
        scratch = max(scratch, rows * 8.0 * (2 * len(plan.projections) + 3))
    recorded, listed = recorder_bytes(network)
    scratch = max(counts + scratch, listed)
    ring_slots = max((plan.first_delay + plan.n_delays for plan in plans), default=1)
    words = 4.0 * (ring_slots * 2 + 16)
    return int(synapses + recorded + scratch + int(partitions.n_slots.sum()) * words)


def _shares(network: Network, layout: Layout, partitions: Partitions) -> dict[str, float]:
    """The part of each population whose neurons the partitions own."""
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
