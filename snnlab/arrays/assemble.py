"""A network becomes the arrays that engines read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.arrays import poisson
from snnlab.arrays.given_spikes import given_spikes
from snnlab.arrays.kernel import NeuronKernel
from snnlab.arrays.lesions import held
from snnlab.arrays.program import TABLE_FIELDS, Drive, Probes, Program, Synapses
from snnlab.build.connect import Connections
from snnlab.build.fixed_point import to_fixed
from snnlab.build.layout import BLOCK, Layout, Partitions
from snnlab.build.random import stream_id
from snnlab.build.short_rows import ShortRows, n_groups
from snnlab.build.storage import SHARED
from snnlab.build.tables import TablePlan
from snnlab.frames.synapse_ids import SynapseIds
from snnlab.model.network import Network
from snnlab.model.recorders import StateRecorder
from snnlab.model.stimuli import PoissonInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Sampling",
    "Shape",
    "SynapseProbes",
    "drive",
    "program",
    "sampling",
    "shape",
    "synapse_table",
    "synapses",
    "viewed",
]

_LONGEST_CHUNK = 64
_HEALTH_MS = 10.0
"""Model time between two looks at all states [ms]."""


@dataclass(frozen=True)
class Shape:
    """The few sizes on which all arrays depend.

    Parameters
    ----------
    chunk_steps : int
        Steps between deliveries: the shortest delay, at most 64.
    ring_slots : int
        Steps that the ring holds.
    max_ports : int
        Ports of the model with the most.
    group_steps : int
        Delays of a row that are delivered at a time; 0: all at once.
    """

    chunk_steps: int
    ring_slots: int
    max_ports: int
    group_steps: int = 0

    @property
    def input_slots(self) -> int:
        """Steps of the ring that the update reads."""
        return self.chunk_steps + self.group_steps if self.group_steps else self.ring_slots


def shape(plans: tuple[TablePlan, ...], network: Network, shortest_ring: int = 0) -> Shape:
    """Return the sizes for a network; the ring holds at least `shortest_ring` steps."""
    chunk = min((plan.first_delay for plan in plans), default=_LONGEST_CHUNK)
    chunk = min(chunk, _LONGEST_CHUNK)
    longest = max((plan.first_delay + plan.n_delays - 1 for plan in plans), default=1)
    ports = max((len(p.model.ports) for p in network.populations), default=1)
    return Shape(chunk, max(longest, chunk, shortest_ring), max(ports, 1))


def program(
    network: Network,
    layout: Layout,
    partitions: Partitions,
    kernels: Sequence[NeuronKernel],
    sizes: Shape,
    dtype: np.dtype[np.floating],
) -> Program:
    """Return where everything lies."""
    largest = float(np.finfo(dtype).max)
    words = np.array([kernel.n_words for kernel in kernels], np.int64)
    n_params = np.array([len(kernel.parameter_names) for kernel in kernels], np.int64)
    block_words = words[layout.block_population] * BLOCK
    before = _offsets(block_words)
    slot_sizes = partitions.n_slots * sizes.max_ports
    blocks = np.arange(layout.n_blocks)
    return Program(
        bounds=partitions.bounds,
        block_population=layout.block_population,
        block_size=layout.block_size,
        block_index=blocks - layout.first_blocks[layout.block_population],
        first_slot=layout.first_blocks * BLOCK,
        n_ports=np.array([len(p.model.ports) for p in network.populations], np.int64),
        kernel=np.array([kernel.address for kernel in kernels], np.int64),
        state_offset=before[:-1] - before[partitions.bounds[0]],
        params_offset=_offsets(n_params)[:-1],
        model_stream=np.array([stream_id("model", p.name) for p in network.populations], np.int64),
        ring_offset=_offsets(slot_sizes * sizes.ring_slots)[:-1],
        ring_slots=sizes.ring_slots,
        max_ports=sizes.max_ports,
        group_steps=sizes.group_steps,
        input_offset=_offsets(slot_sizes * sizes.input_slots)[:-1],
        input_slots=sizes.input_slots,
        seed=network.seed,
        health_steps=_health_steps(network.dt, sizes.chunk_steps),
        n_states=np.array([len(p.model.states) for p in network.populations], np.int64),
        low=_plausible(network, "low", -largest).astype(dtype),
        high=_plausible(network, "high", largest).astype(dtype),
    )


def _health_steps(dt: float, chunk_steps: int) -> int:
    """Steps between two looks at all states: whole chunks, so that none is cut short for it."""
    return max(round(_HEALTH_MS / dt) // chunk_steps, 1) * chunk_steps


def _plausible(network: Network, side: str, otherwise: float) -> NDArray[np.float64]:
    """One bound of every state variable, shape (n_populations, max_states)."""
    most = max((len(p.model.states) for p in network.populations), default=1)
    bounds = np.full((len(network.populations), most), otherwise)
    for k, population in enumerate(network.populations):
        for s, state in enumerate(population.model.states.values()):
            bound = getattr(state, side)
            bounds[k, s] = otherwise if bound is None else bound
    return bounds


def _offsets(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def synapses(network: Network, connections: Connections) -> Synapses:
    """Return the pools and the table of tables."""
    starts, ends = connections.row_start, connections.segment_ends
    n_rows = [a.shape[1] for a in ends]
    n_partitions = starts[0].shape[0] if starts else 0
    growing = tuple(connections.row_stop)
    stops = tuple(connections.row_stop.values())
    short = connections.short_rows
    return Synapses(
        table=synapse_table(
            network,
            connections.plans,
            n_rows,
            n_partitions,
            growing,
            tuple(short),
            [(connections.first_delay(k), connections.n_delays(k)) for k in range(len(ends))],
        ),
        row_start=_joined((*starts, *stops), np.int64),
        segment_ends=_joined(ends, np.uint32),
        targets=connections.targets,
        packed=connections.packed,
        wide=connections.wide,
        short_first=_joined(tuple(rows.first for rows in short.values()), np.int64),
        short_offset=_joined(tuple(rows.offset for rows in short.values()), np.uint16),
    )


def viewed(connections: Connections, synapses: Synapses) -> Connections:
    """Return the connections with starts and ends of rows that are those of `synapses`."""
    rows, at = synapses.row_start, 0
    views = []
    for array in (*connections.row_start, *connections.row_stop.values()):
        views.append(rows[at : at + array.size].reshape(array.shape))
        at += array.size
    n = len(connections.row_start)
    stops = dict(zip(connections.row_stop, views[n:], strict=True))
    return replace(
        connections, row_start=tuple(views[:n]), row_stop=stops,
        short_rows=_short_views(connections, synapses),
    )  # fmt: skip


def _short_views(connections: Connections, synapses: Synapses) -> dict[int, ShortRows]:
    views, at, behind = {}, 0, 0
    for k, rows in connections.short_rows.items():
        first = synapses.short_first[at : at + rows.first.size].reshape(rows.first.shape)
        offset = synapses.short_offset[behind : behind + rows.offset.size]
        views[k] = ShortRows(first, offset.reshape(rows.offset.shape))
        at, behind = at + first.size, behind + offset.size
    return views


def synapse_table(
    network: Network,
    plans: tuple[TablePlan, ...],
    n_rows: Sequence[int],
    n_partitions: int,
    growing: Sequence[int] = (),
    short: Sequence[int] = (),
    delays: Sequence[tuple[int, int]] | None = None,
) -> NDArray[np.int64]:
    """Return what `Synapses.table` says of each table, rows one behind the other.

    Parameters
    ----------
    network : Network
    plans : tuple of TablePlan
    n_rows : sequence of int
        Rows of each table in a partition.
    n_partitions : int
    growing : sequence of int
        Tables whose rows may grow: where these end lies behind the starts of all rows.
    short : sequence of int
        Tables with short rows, which start elsewhere.
    delays : sequence of (int, int), optional
        First delay and number of delays of the rows of each table; default: as the plans say.
    """
    delays = [(p.first_delay, p.n_delays) for p in plans] if delays is None else delays
    n_ends = [n * (m if m > 1 else 0) for n, (_, m) in zip(n_rows, delays, strict=True)]
    every = n_partitions * (np.array(n_rows, np.int64) + 1)
    n_starts = every.copy()
    n_starts[list(short)] = 0
    groups = n_partitions * np.array([n_groups(n_rows[k]) for k in short], np.int64)
    short_bases = np.full((len(plans), 2), -1, np.int64)
    short_bases[list(short)] = np.column_stack(
        [_offsets(groups)[:-1], _offsets(every[list(short)])[:-1]]
    )
    row_base = _offsets(n_starts)
    behind = row_base[-1] + _offsets(n_starts[list(growing)])
    stop_base = row_base + 1
    stop_base[list(growing)] = behind[:-1]
    ends_base = _offsets(n_partitions * np.array(n_ends, np.int64))
    table = [
        [
            plan.source, plan.kind, plan.port, _shared_weight(network, plan), plan.shift,
            *delays[k], n_rows[k], row_base[k], ends_base[k],
            stop_base[k], *short_bases[k],
        ]
        for k, plan in enumerate(plans)
    ]  # fmt: skip
    return np.array(table, np.int64).reshape(-1, len(TABLE_FIELDS))


def _joined(arrays: tuple[NDArray[Any], ...], dtype: type) -> NDArray[Any]:
    """The arrays, one behind the other; without a copy where they lie so already."""
    whole = arrays[0].base if arrays else None
    if isinstance(whole, np.ndarray) and whole.size == sum(a.size for a in arrays):
        at = _offsets(np.array([a.nbytes for a in arrays]))[:-1] + whole.ctypes.data
        if all(a.ctypes.data == first or not a.size for a, first in zip(arrays, at, strict=True)):
            return whole.reshape(-1)
    return np.concatenate([np.empty(0, dtype), *(a.ravel() for a in arrays)])


def _shared_weight(network: Network, plan: TablePlan) -> int:
    """The one weight of a shared table [fixed point at the port's exponent]."""
    if plan.kind != SHARED:
        return 0
    weight = network.weight_of(plan.projections[0])
    return int(to_fixed(weight.quantile(np.array([0.5])), plan.exponent)[0])


def drive(
    network: Network,
    layout: Layout,
    partitions: Partitions,
    exponents: dict[tuple[str, str], int],
    sizes: Shape,
    dtype: np.dtype[np.floating],
) -> Drive:
    """Return the input from outside, the scale of each port, and who is lesioned."""
    inputs = [
        (k, s)
        for k, p in enumerate(network.populations)
        for s in network.stimuli
        if isinstance(s, PoissonInput) and s.target == p.name
    ]
    rates = [network.number(s.rate, "Hz", where=f"Stimulus {s.name!r}.rate") for _, s in inputs]
    means = np.array(rates) * network.dt * 1e-3
    n_splits = [poisson.splits(mean) for mean in means]
    tables = [poisson.cumulative(m / n) for m, n in zip(means, n_splits, strict=True)]
    per_population = np.bincount([k for k, _ in inputs], minlength=len(network.populations))
    given = given_spikes(network, layout, partitions, exponents)
    return Drive(
        scale=_scales(network, exponents, sizes.max_ports).astype(dtype),
        poisson_start=_offsets(per_population),
        poisson_port=np.array([_port(network, s) for _, s in inputs], np.int64),
        poisson_stream=np.array([stream_id("poisson", s.name) for _, s in inputs], np.int64),
        poisson_splits=np.array(n_splits, np.int64),
        poisson_weight=np.array([_constant(network, s) for _, s in inputs], dtype),
        poisson_levels=np.array([poisson.levels(cdf) for cdf in tables], np.int64),
        cdf=np.concatenate([np.empty(0, np.uint32), *tables]),
        event_start=given.start,
        event_step=given.step,
        event_lane=given.lane,
        event_value=given.value,
        **held(network, layout, dtype),
    )


def _scales(
    network: Network, exponents: dict[tuple[str, str], int], max_ports: int
) -> NDArray[np.float64]:
    scale = np.ones((len(network.populations), max_ports))
    for k, population in enumerate(network.populations):
        for port, name in enumerate(population.model.ports):
            scale[k, port] = 2.0 ** -exponents[str(population.neuron), name]
    return scale


def _port(network: Network, stimulus: PoissonInput) -> int:
    model = network.population(stimulus.target).model
    return model.ports.index(model.port_of(network.receptor_of(stimulus)))


def _constant(network: Network, stimulus: PoissonInput) -> float:
    return float(network.weight_of(stimulus).quantile(np.array([0.5]))[0])


@dataclass(frozen=True)
class SynapseProbes:
    """Where a recorder finds the synapses that it samples.

    Parameters
    ----------
    recorder : int
        Number of the recorder in the network.
    ids : SynapseIds
    m : int
        Number of the projection among the plastic ones.
    variables : (n_variables,) int64
        Where each state variable begins in `Plastic.state`.
    at : (n_synapses,) int64
        Place of each synapse from there.
    partitions, rows : (n_rows,) int64
        The rows that hold them.
    """

    recorder: int
    ids: SynapseIds
    m: int
    variables: NDArray[np.int64]
    at: NDArray[np.int64]
    partitions: NDArray[np.int64]
    rows: NDArray[np.int64]


@dataclass(frozen=True)
class Sampling:
    """Which words the recorders sample.

    Parameters
    ----------
    probes : Probes
        `Probes.column` counts within the recorder.
    recorder : (n_probes,) int64
        Recorder of each probe.
    intervals : tuple of int [steps]
        Interval of each recorder.
    shapes : tuple of (n_variables, n)
        Of each recorder; n neurons, or synapses.
    synapses : tuple of SynapseProbes
        Of the recorders of synapses; the compiled loop knows nothing of these.
    """

    probes: Probes
    recorder: NDArray[np.int64]
    intervals: tuple[int, ...]
    shapes: tuple[tuple[int, int], ...]
    synapses: tuple[SynapseProbes, ...] = ()

    def with_synapses(self, probes: tuple[SynapseProbes, ...]) -> Sampling:
        """Return it with the synapses that recorders chose among those that were drawn."""
        shapes = list(self.shapes)
        for each in probes:
            shapes[each.recorder] = shapes[each.recorder][0], each.ids.n
        return replace(self, synapses=probes, shapes=tuple(shapes))


def sampling(
    network: Network, layout: Layout, where: Program, kernels: Sequence[NeuronKernel]
) -> Sampling:
    """Return the probes of all recorders; of synapses there are none yet.

    Neurons of other ranks have none: their columns stay 0.
    """
    rows, intervals, shapes = [], [], []
    names = [p.name for p in network.populations]
    for r, recorder in enumerate(network.recorders):
        interval = network.number(recorder.interval, "ms", where=f"Recorder {recorder.name!r}")
        intervals.append(max(1, round(interval / network.dt)))
        if not isinstance(recorder, StateRecorder):
            shapes.append((len(recorder.variables), 0))
            continue
        shapes.append((len(recorder.variables), len(recorder.neurons)))
        population = names.index(recorder.population)
        n_columns = shapes[r][0] * shapes[r][1]
        pairs = [(v, i) for v in recorder.variables for i in recorder.neurons]
        for c, (variable, neuron) in enumerate(pairs):
            slot = layout.first_slot(population) + neuron
            word = kernels[population].state_names.index(variable)
            if not where.bounds[0] * BLOCK <= slot < where.bounds[-1] * BLOCK:
                continue
            at = where.state_offset[slot // BLOCK] + word * BLOCK + slot % BLOCK
            rows.append((slot // BLOCK, at, intervals[r], c, n_columns, r))
    table = np.array(sorted(rows), np.int64).reshape(-1, 6)
    start = np.searchsorted(table[:, 0], np.arange(layout.n_blocks + 1)).astype(np.int64)
    columns = [np.ascontiguousarray(table[:, k]) for k in range(1, 6)]
    return Sampling(Probes(start, *columns[:4]), columns[4], tuple(intervals), tuple(shapes))
