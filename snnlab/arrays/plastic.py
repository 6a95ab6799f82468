"""All plastic projections as flat arrays: synapses, traces, and the last spikes of the targets."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["LONG_AGO", "NEVER", "PLASTIC_FIELDS", "Plastic"]

NEVER = -(2**62)
"""Step of a spike that has not been."""

LONG_AGO = 2**30
"""Steps after which a spike counts as never; histories store no older ones."""

PLASTIC_FIELDS = (
    "table", "spike", "catch_up", "every_step", "pre_spike", "post_spike", "mod_step",
    "n_pre_traces", "n_post_traces", "n_mod_traces", "post", "modulator", "history", "longest_lag",
    "state_base", "targets_base", "params_base", "row_base", "pre_base", "mod_base",
    "numbers_base", "n_numbers",
)  # fmt: skip
"""Columns of `Plastic.table`."""


class Plastic(NamedTuple):
    """All plastic projections, one row of `table` each.

    Parameters
    ----------
    table : (n, 22) int64
        Columns `PLASTIC_FIELDS`: the projection's synapse table, addresses of its functions, sizes,
        and where its part of the flat arrays begins.
    low : (n, n_partitions) int64
        First local slot of the postsynaptic population.
    n_targets : (n, n_partitions) int64
        Neurons of it in a partition.
    steps_base, traces_base, recent_base, counts_base : (n, n_partitions) int64
        Where a partition's histories begin.
    state : flat real
        State variables of the synapses, ``state_base + variable * n_synapses + synapse``.
    params : flat real
        Parameters, rates of the time constants, scale and limit of the effect.
    last_pre, done : flat int64; ``row_base + p n_rows + row``
        Last presynaptic spike; postsynaptic spikes up to this step are in the weights.
    pre : flat real; ``pre_base + (p n_rows + row) n_pre_traces``
    recent_steps : flat int32; ``counts_base RECENT + age * n_targets + neuron``
    recent_traces : flat real; ``recent_base + (trace * RECENT + age) n_targets + neuron``
        The newest spikes of all neurons, then those before them, and the traces after each: a
        visit reads of most neurons the newest alone, so these lie side by side.
    spike_steps : flat int32; ``steps_base + neuron * history``
    traces : flat real; ``traces_base + (neuron * history + spike) n_post_traces``
        As many spikes as a row may have missed, spike number k at ``k % history``. Steps are
        stored modulo 2^32; see `age`.
    counts : flat int64; ``counts_base + neuron``
        Spikes so far.
    mod : flat real; ``mod_base + p n_mod_traces``
    numbers : flat int64; ``numbers_base + p n_numbers``
        `snnlab.rules.emit_row.NUMBERS` of the next visit.
    clock : (n_partitions,) int64
        Steps whose spikes have been dealt with.
    swept : (n, n_partitions) int64
        All rows are up to date up to this step at least.
    clipped : (n, n_partitions) int64
        Effects that were larger than the input can hold, and were cut.
    """

    table: NDArray[np.int64]
    low: NDArray[np.int64]
    n_targets: NDArray[np.int64]
    steps_base: NDArray[np.int64]
    traces_base: NDArray[np.int64]
    recent_base: NDArray[np.int64]
    counts_base: NDArray[np.int64]
    state: NDArray[np.floating]
    params: NDArray[np.floating]
    last_pre: NDArray[np.int64]
    done: NDArray[np.int64]
    pre: NDArray[np.floating]
    recent_steps: NDArray[np.int32]
    recent_traces: NDArray[np.floating]
    spike_steps: NDArray[np.int32]
    traces: NDArray[np.floating]
    counts: NDArray[np.int64]
    mod: NDArray[np.floating]
    numbers: NDArray[np.int64]
    clock: NDArray[np.int64]
    swept: NDArray[np.int64]
    clipped: NDArray[np.int64]
