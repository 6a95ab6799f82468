"""Plastic projections become arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.arrays.kernel import SynapseKernel
from snnlab.arrays.plastic import LONG_AGO, NEVER, PLASTIC_FIELDS, Plastic
from snnlab.arrays.program import Program
from snnlab.build.connect import Connections
from snnlab.build.layout import Layout, Partitions
from snnlab.build.storage import PLASTIC
from snnlab.build.tables import TablePlan, largest_effect, quantiles
from snnlab.model.network import Network, Projection
from snnlab.rules.emit_row import NUMBERS, RECENT
from snnlab.rules.synapse import SynapseRule

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "PlasticTable", "compile_synapses", "history_of", "n_params", "plastic", "with_new_numbers",
]  # fmt: skip

_SHORTEST_HISTORY = 16
_AT_ONCE = 1e30
"""Rate of a trace whose time constant is 0."""

_AT_ONCE_TAKEN = 2**20
"""Start weights that are looked up at a time."""

_SPARE = 3
"""Spikes a history holds beyond those under way: two that are forgotten, one before them."""


@dataclass(frozen=True)
class PlasticTable:
    """One plastic projection.

    Parameters
    ----------
    k : int
        Number of its synapse table.
    plan : TablePlan
    kernels : SynapseKernel
    """

    k: int
    plan: TablePlan
    kernels: SynapseKernel

    @property
    def projection(self) -> Projection:
        """The projection that it holds."""
        return self.plan.projections[0]

    @property
    def lags(self) -> NDArray[np.int64]:
        """Dendritic less axonal part of each delay [steps], shape (n_delays,)."""
        return _lags(self.plan)

    def history(self, chunk_steps: int) -> int:
        """Return how many spikes of each target are remembered: a power of two, or 0."""
        return history_of(self.plan, self.kernels.rule, chunk_steps)


def history_of(plan: TablePlan, rule: SynapseRule, chunk_steps: int) -> int:
    """Return how many spikes of each target a projection remembers: a power of two, or 0."""
    if not rule.needs_history:
        return 0
    needed = int(_lags(plan).max()) + chunk_steps + _SPARE
    return 1 << (max(needed, _SHORTEST_HISTORY) - 1).bit_length()


def _lags(plan: TablePlan) -> NDArray[np.int64]:
    delays = plan.first_delay + np.arange(plan.n_delays)
    fraction = plan.projections[0].dendritic_fraction
    dendritic = np.floor(delays * fraction + 0.5).astype(np.int64)
    return np.asarray(np.maximum(2 * dendritic - delays, 0), np.int64)


def compile_synapses(
    plans: tuple[TablePlan, ...], compiled: Callable[[Any], SynapseKernel]
) -> tuple[PlasticTable, ...]:
    """Compile the synapse models of all plastic projections.

    Parameters
    ----------
    plans : tuple of TablePlan
    compiled : callable
        Synapse model -> its kernel.
    """
    return tuple(
        PlasticTable(k, plan, compiled(plan.projections[0].model))
        for k, plan in enumerate(plans)
        if plan.kind == PLASTIC
    )


def plastic(
    network: Network,
    layout: Layout,
    partitions: Partitions,
    connections: Connections,
    tables: tuple[PlasticTable, ...],
    where: Program,
    chunk_steps: int,
    dtype: np.dtype[np.floating],
) -> Plastic:
    """Allocate all plastic projections: start weights, traces at rest, no spikes so far."""
    sizes = [
        _Sizes.of(network, layout, partitions, connections, table, chunk_steps) for table in tables
    ]
    rules = [t.kernels.rule for t in tables]
    shape = (len(tables), partitions.n)
    n_rows = [s.n_rows * partitions.n for s in sizes]
    n_post = np.array([len(r.post) for r in rules], np.int64)
    n_local = np.array([s.n_local for s in sizes], np.int64).reshape(shape)
    n_spikes = n_local * np.array([s.history for s in sizes], np.int64)[:, np.newaxis]
    columns = _columns(network, tables, sizes, partitions.n)
    result = Plastic(
        table=np.array([columns[name] for name in PLASTIC_FIELDS], np.int64).T.copy(),
        low=np.array([s.low for s in sizes], np.int64).reshape(shape),
        n_targets=n_local,
        steps_base=_spread(n_spikes),
        traces_base=_spread(n_spikes * n_post[:, np.newaxis]),
        recent_base=_spread(n_local * RECENT * n_post[:, np.newaxis]),
        counts_base=_spread(n_local),
        state=_start_state(network, connections, tables, sizes, dtype),
        params=np.empty(sum(n_params(r) for r in rules), dtype),
        last_pre=np.full(sum(n_rows), NEVER, np.int64),
        done=np.full(sum(n_rows), -1, np.int64),
        pre=_at_rest([r.pre for r in rules], n_rows, dtype),
        recent_steps=np.full(int(n_local.sum()) * RECENT, -LONG_AGO, np.int32),
        recent_traces=np.zeros(int((n_local.sum(axis=1) * n_post).sum()) * RECENT, dtype),
        spike_steps=np.full(int(n_spikes.sum()), -LONG_AGO, np.int32),
        traces=_at_rest([r.post for r in rules], n_spikes.sum(axis=1), dtype),
        counts=np.zeros(int(n_local.sum()), np.int64),
        mod=_at_rest([r.mod for r in rules], [partitions.n] * len(tables), dtype),
        numbers=_numbers(tables, sizes, partitions, where),
        clock=np.zeros(partitions.n, np.int64),
        swept=np.full(shape, -1, np.int64),
        clipped=np.zeros(shape, np.int64),
    )
    return with_new_numbers(result, network, tables)


def _columns(
    network: Network, tables: tuple[PlasticTable, ...], sizes: list[_Sizes], n_partitions: int
) -> dict[str, list[int]]:
    """What `Plastic.table` says of each projection."""
    rules = [t.kernels.rule for t in tables]
    n_rows = [s.n_rows * n_partitions for s in sizes]
    return {
        "table": [t.k for t in tables],
        **_addresses(tables),
        "n_pre_traces": [len(r.pre) for r in rules],
        "n_post_traces": [len(r.post) for r in rules],
        "n_mod_traces": [len(r.mod) for r in rules],
        "post": [s.post for s in sizes],
        "modulator": [_index(network, t.projection.modulator) for t in tables],
        "history": [s.history for s in sizes],
        "longest_lag": [int(t.lags.max()) for t in tables],
        "state_base": _bases([s.n * len(r.states) for s, r in zip(sizes, rules, strict=True)]),
        "targets_base": [s.targets_base for s in sizes],
        "params_base": _bases([n_params(r) for r in rules]),
        "row_base": _bases(n_rows),
        "pre_base": _bases([m * len(r.pre) for m, r in zip(n_rows, rules, strict=True)]),
        "mod_base": _bases([len(r.mod) * n_partitions for r in rules]),
        "numbers_base": _bases([n_partitions * s.n_numbers for s in sizes]),
        "n_numbers": [s.n_numbers for s in sizes],
    }


def with_new_numbers(
    arrays: Plastic, network: Network, tables: tuple[PlasticTable, ...]
) -> Plastic:
    """Write the parameters as they are in `network`."""
    params = [np.empty(0)]
    for table in tables:
        projection, rule = table.projection, table.kernels.rule
        values = dict(network.synapse_parameters_of(projection))
        values |= projection.model.derive(SimpleNamespace(**values), network.dt)
        scale = 2.0**table.plan.exponent
        limit = np.floor(largest_effect(network, projection) * scale + 0.5)
        rates = [network.dt / values[tau] if values[tau] else _AT_ONCE for tau in rule.taus]
        known = [values[name] for name in rule.parameters]
        params.append(np.array([*known, *rates, scale, limit]))
    arrays.params[:] = np.concatenate(params)
    return arrays


def n_params(rule: SynapseRule) -> int:
    """Return how many numbers a projection has.

    Parameters, rates of the time constants, scale and limit of the effect.
    """
    return len(rule.parameters) + len(rule.taus) + 2


@dataclass(frozen=True)
class _Sizes:
    """Sizes of one plastic projection; `n` with unused room, `low`, `n_local` of each partition."""

    n: int
    n_rows: int
    targets_base: int
    post: int
    history: int
    low: NDArray[np.int64]
    n_local: NDArray[np.int64]
    n_numbers: int

    @classmethod
    def of(
        cls,
        network: Network,
        layout: Layout,
        partitions: Partitions,
        connections: Connections,
        table: PlasticTable,
        chunk_steps: int,
    ) -> _Sizes:
        post = _index(network, table.projection.post)
        low, high, local = partitions.targets(layout, post)
        row_start = connections.row_start[table.k]
        return cls(
            n=int(row_start[-1, -1] - row_start[0, 0]),
            n_rows=int(layout.sizes[table.plan.source]),
            targets_base=int(row_start[0, 0]),
            post=post,
            history=table.history(chunk_steps),
            low=local,
            n_local=high - low,
            n_numbers=len(NUMBERS) + table.plan.n_delays,
        )


def _index(network: Network, population: str) -> int:
    """Number of a population; -1 for none."""
    return [p.name for p in network.populations].index(population) if population else -1


def _bases(sizes: list[int]) -> list[int]:
    """Where parts of these sizes begin, one behind the other."""
    return [0, *np.cumsum(sizes).tolist()[:-1]] if sizes else []


def _spread(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same for an array of sizes."""
    return np.array(_bases(sizes.ravel().tolist()), np.int64).reshape(sizes.shape)


def _addresses(tables: tuple[PlasticTable, ...]) -> dict[str, list[int]]:
    names = ("spike", "catch_up", "every_step", "pre_spike", "post_spike", "mod_step")
    return {name: [getattr(t.kernels, name) for t in tables] for name in names}


def _at_rest(
    traces: list[tuple[Any, ...]], copies: Any, dtype: np.dtype[np.floating]
) -> NDArray[np.floating]:
    """Traces that have not seen a spike, `copies` of each projection's."""
    sizes = [len(group) * int(m) for group, m in zip(traces, copies, strict=True)]
    found = np.empty(sum(sizes), dtype)
    for group, at, size in zip(traces, _bases(sizes), sizes, strict=True):
        found[at : at + size].reshape(-1, max(len(group), 1))[:] = [t.rest for t in group] or 0.0
    return found


def _start_state(
    network: Network,
    connections: Connections,
    tables: tuple[PlasticTable, ...],
    sizes: list[_Sizes],
    dtype: np.dtype[np.floating],
) -> NDArray[np.floating]:
    state = np.empty(
        sum(s.n * len(t.kernels.rule.states) for s, t in zip(sizes, tables, strict=True)), dtype
    )
    at = 0
    for size, table in zip(sizes, tables, strict=True):
        weights = quantiles(network.weight_of(table.projection)).astype(dtype)
        drawn = connections.wide[size.targets_base :][: size.n]
        for first in range(0, size.n, _AT_ONCE_TAKEN):  # numpy widens the numbers to 8 bytes
            part = drawn[first : first + _AT_ONCE_TAKEN]
            # Between partitions there may be room that is not used and holds anything.
            np.take(weights, part, out=state[at + first :][: part.size], mode="clip")
        at += size.n
        parameters = network.synapse_parameters_of(table.projection)
        for declared in table.projection.model.states.values():
            start = declared.initial
            state[at : at + size.n] = parameters[start] if isinstance(start, str) else start
            at += size.n
    return state


def _numbers(
    tables: tuple[PlasticTable, ...],
    sizes: list[_Sizes],
    partitions: Partitions,
    where: Program,
) -> NDArray[np.int64]:
    """What a visit of a row is told, as far as it is always the same."""
    parts = [np.empty(0, np.int64)]
    for table, size in zip(tables, sizes, strict=True):
        for p in range(partitions.n):
            n_local = int(partitions.n_slots[p])
            given = {
                "stride": size.n,
                "low": int(size.low[p]),
                "n_targets": int(size.n_local[p]),
                "history": size.history,
                "n_delays": table.plan.n_delays,
                "first_delay": table.plan.first_delay,
                "ring_base": int(where.ring_offset[p]) + table.plan.port * n_local,
                "ring_slots": where.ring_slots,
                "slot_stride": where.max_ports * n_local,
            }
            parts.append(np.array([given.get(name, 0) for name in NUMBERS], np.int64))
            parts.append(table.lags)
    return np.concatenate(parts)
