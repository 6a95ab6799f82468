"""What engines read: flat arrays with one name each, the same for the CPU and a GPU."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["TABLE_FIELDS", "Drive", "Probes", "Program", "State", "Synapses"]

TABLE_FIELDS = (
    "source", "kind", "port", "weight", "shift", "first_delay", "n_delays", "n_rows",
    "row_base", "ends_base", "stop_base", "short_first_base", "short_offset_base",
)  # fmt: skip
"""Columns of `Synapses.table`."""


class Program(NamedTuple):
    """Where everything lies; constant while the structure stays.

    Parameters
    ----------
    bounds : (n_partitions + 1,) int64
        First block of each partition.
    block_population, block_size, block_index : (n_blocks,) int64
        Population, number of neurons, and number within the population of each block.
    first_slot : (n_populations + 1,) int64
        First slot of each population.
    n_ports : (n_populations,) int64
    kernel : (n_populations,) int64
        Address of the compiled step of each population's model.
    state_offset : (n_blocks,) int64
        Where a block's state words begin.
    params_offset : (n_populations,) int64
    ring_offset : (n_partitions,) int64
        Where a partition's ring begins; its layout is [slot][port][local slot].
    ring_slots, max_ports : int
        Steps that the ring holds; ports of the model with the most.
    group_steps : int
        Delays of a row that are delivered at a time, into the near ring; 0: all at once.
    input_offset : (n_partitions,) int64
    input_slots : int
        Where the ring begins that the update reads, and its steps: the near one if there are
        groups of delays.
    seed : int
    health_steps : int
        Steps between two looks at all states.
    n_states : (n_populations,) int64
    low, high : (n_populations, max_states) real [canonical unit]
        Plausible range of each state variable.
    """

    bounds: NDArray[np.int64]
    block_population: NDArray[np.int64]
    block_size: NDArray[np.int64]
    block_index: NDArray[np.int64]
    first_slot: NDArray[np.int64]
    n_ports: NDArray[np.int64]
    kernel: NDArray[np.int64]
    state_offset: NDArray[np.int64]
    params_offset: NDArray[np.int64]
    model_stream: NDArray[np.int64]
    ring_offset: NDArray[np.int64]
    ring_slots: int
    max_ports: int
    group_steps: int
    input_offset: NDArray[np.int64]
    input_slots: int
    seed: int
    health_steps: int
    n_states: NDArray[np.int64]
    low: NDArray[np.floating]
    high: NDArray[np.floating]


class Synapses(NamedTuple):
    """All synapses; see `snnlab.build.connect.Connections`.

    Parameters
    ----------
    table : (n_tables, 13) int64
        One row a table, columns `TABLE_FIELDS`.
    row_start : flat int64; row r of table k in partition p: row_base + p (n_rows + 1) + r
        Where it ends: stop_base + p (n_rows + 1) + r; that is the start of the next row, unless
        rows may grow.
    segment_ends : flat uint32; delay d of it: ends_base + (p n_rows + r) n_delays + d
    targets, packed, wide : the pools
    short_first : flat int64
    short_offset : flat uint16
        Where short rows start, see `snnlab.build.short_rows`: row r of table k in partition p at
        ``short_first[short_first_base + p n_groups + r // 64]
        + short_offset[short_offset_base + p (n_rows + 1) + r]``. The bases are -1 where rows are
        not short.
    """

    table: NDArray[np.int64]
    row_start: NDArray[np.int64]
    segment_ends: NDArray[np.uint32]
    targets: NDArray[np.uint16]
    packed: NDArray[np.uint32]
    wide: NDArray[np.int32]
    short_first: NDArray[np.int64]
    short_offset: NDArray[np.uint16]


class Drive(NamedTuple):
    """What drives the network from outside, and whom it cannot drive; changes with edits.

    Parameters
    ----------
    scale : (n_populations, max_ports) real
        Factor from fixed point to the unit of the port.
    poisson_start : (n_populations + 1,) int64
        Poisson inputs of each population.
    poisson_port, poisson_stream, poisson_splits, poisson_levels : (n_inputs,) int64
    poisson_weight : (n_inputs,) real [unit of the port]
    cdf : (n_inputs * CDF_SIZE,) uint32
    event_start : (n_partitions + 1,) int64
        Given spikes of each partition, ascending in step.
    event_step : (n_events,) int64
    event_lane : (n_events,) int64
        ``port * n_local + local slot``.
    event_value : (n_events,) int32 [fixed point]
    held_start : (n_blocks + 1,) int64
        Lesioned neurons of each block.
    held_lane : (n_lesioned,) int64
    held_state : (n_lesioned * most,) real
        The states in which they are held; `most` state variables for each, as many as the model
        with the most has.
    """

    scale: NDArray[np.floating]
    poisson_start: NDArray[np.int64]
    poisson_port: NDArray[np.int64]
    poisson_stream: NDArray[np.int64]
    poisson_splits: NDArray[np.int64]
    poisson_weight: NDArray[np.floating]
    poisson_levels: NDArray[np.int64]
    cdf: NDArray[np.uint32]
    event_start: NDArray[np.int64]
    event_step: NDArray[np.int64]
    event_lane: NDArray[np.int64]
    event_value: NDArray[np.int32]
    held_start: NDArray[np.int64]
    held_lane: NDArray[np.int64]
    held_state: NDArray[np.floating]


class Probes(NamedTuple):
    """State words that recorders sample.

    Parameters
    ----------
    start : (n_blocks + 1,) int64
        Probes of each block.
    word : (n_probes,) int64
        Index into the state.
    interval : (n_probes,) int64 [steps]
    column, stride : (n_probes,) int64
        Sample number k of this call goes to ``out[column + k * stride]``.
    """

    start: NDArray[np.int64]
    word: NDArray[np.int64]
    interval: NDArray[np.int64]
    column: NDArray[np.int64]
    stride: NDArray[np.int64]


class State(Protocol):
    """What every engine changes from step to step; each may have more."""

    @property
    def state(self) -> NDArray[np.floating]:
        """Block by block, word by word, lane by lane; flat."""
        ...

    @property
    def params(self) -> NDArray[np.floating]:
        """Scalar parameters of each population's kernel; flat."""
        ...

    @property
    def ring(self) -> NDArray[np.int32]:
        """Input that is still to arrive [fixed point]; flat."""
        ...

    @property
    def event_next(self) -> NDArray[np.int64]:
        """First given spike that has not been put into the ring, shape (n_partitions,)."""
        ...
