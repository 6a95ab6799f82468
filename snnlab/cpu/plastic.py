"""Compiled plasticity: the spikes of the last chunk visit the rows of plastic projections.

Each partition holds the synapses onto its own neurons, a history of these neurons' last spikes, and
its own copy of the presynaptic traces; nothing is shared, so there are no atomics and no order
between partitions. A row is brought up to date when its neuron fires. Before a history would forget
a spike that some row has not seen, all rows are brought up to date.
"""

from __future__ import annotations

from numba import int32, int64, njit

from snnlab.arrays.plastic import PLASTIC_FIELDS
from snnlab.build.layout import BLOCK
from snnlab.cpu.part import part
from snnlab.cpu.prefetch import prefetch
from snnlab.rules.call import call_rule
from snnlab.rules.emit_row import RECENT

__all__ = ["bring_up_to_date", "plasticity", "visit"]

(_TABLE, _SPIKE, _CATCH_UP, _EVERY_STEP, _PRE_SPIKE, _POST_SPIKE, _MOD_STEP, _N_PRE, _N_POST,
 _N_MOD, _POST, _MODULATOR, _HISTORY, _LONGEST_LAG, _STATE, _TARGETS, _PARAMS, _ROWS,
 _PRE, _MOD, _NUMBERS, _N_NUMBERS) = range(len(PLASTIC_FIELDS))  # fmt: skip

_LINES = 4
"""Cache lines of a row's targets that are fetched ahead; the hardware follows from there."""

_STEP, _LAST_PRE, _DONE, _FIRST, _LAST = range(5)  # of snnlab.rules.emit_row.NUMBERS


@njit(error_model="numpy", cache=True)
def visit(synapses, plastic, ring, k, p, row, step, address):  # type: ignore[no-untyped-def]
    """Let the function at `address` walk along one row; it is up to date at `step` then."""
    own = plastic.table[k]
    table = synapses.table[own[_TABLE]]
    n_rows, n_delays = table[7], table[6]
    row_at = p * (n_rows + 1) + row
    at = own[_ROWS] + p * n_rows + row
    numbers = plastic.numbers[own[_NUMBERS] + p * own[_N_NUMBERS] :]
    numbers[_STEP] = step
    numbers[_LAST_PRE] = plastic.last_pre[at]
    numbers[_DONE] = plastic.done[at]
    numbers[_FIRST] = synapses.row_start[table[8] + row_at] - own[_TARGETS]
    numbers[_LAST] = synapses.row_start[table[10] + row_at] - own[_TARGETS]
    plastic.done[at] = step
    if numbers[_FIRST] == numbers[_LAST]:
        return
    ends = table[9] + (p * n_rows + row) * n_delays if n_delays > 1 else int64(0)
    plastic.clipped[k, p] += call_rule(
        address,
        (
            synapses.targets[own[_TARGETS] :],
            plastic.state[own[_STATE] :],
            ring,
            synapses.segment_ends[ends:],
            plastic.recent_steps[RECENT * plastic.counts_base[k, p] :],
            plastic.recent_traces[plastic.recent_base[k, p] :],
            plastic.spike_steps[plastic.steps_base[k, p] :],
            plastic.traces[plastic.traces_base[k, p] :],
            plastic.counts[plastic.counts_base[k, p] :],
            plastic.pre[own[_PRE] + (p * n_rows + row) * own[_N_PRE] :],
            plastic.mod[own[_MOD] + p * own[_N_MOD] :],
            plastic.params[own[_PARAMS] :],
            numbers,
        ),
    )


@njit(error_model="numpy", cache=True)
def _spike(synapses, plastic, ring, k, p, row, step):  # type: ignore[no-untyped-def]
    """Deliver a presynaptic spike along its row, then let it change the presynaptic traces."""
    own = plastic.table[k]
    visit(synapses, plastic, ring, k, p, row, step, own[_SPIKE])
    n_rows = synapses.table[own[_TABLE], 7]
    at = own[_ROWS] + p * n_rows + row
    if own[_N_PRE]:
        traces = plastic.pre[own[_PRE] + (p * n_rows + row) * own[_N_PRE] :]
        elapsed = step - plastic.last_pre[at]
        params = plastic.params[own[_PARAMS] :]
        call_rule(own[_PRE_SPIKE], (traces, traces, params, elapsed))
    plastic.last_pre[at] = step


@njit(error_model="numpy", cache=True)
def _sweep(synapses, plastic, ring, k, p, step):  # type: ignore[no-untyped-def]
    """Bring all rows up to date: spikes that reach synapses up to `step` are in the weights."""
    own = plastic.table[k]
    for row in range(synapses.table[own[_TABLE], 7]):
        visit(synapses, plastic, ring, k, p, row, step, own[_CATCH_UP])
    plastic.swept[k, p] = step


@njit(error_model="numpy", inline="always")
def _push(recent, first, n_targets, value):  # type: ignore[no-untyped-def]
    """Put the newest value of a neuron before its others; the last one is forgotten."""
    for age in range(RECENT - 1, 0, -1):
        recent[first + age * n_targets] = recent[first + (age - 1) * n_targets]
    recent[first] = value


@njit(error_model="numpy", cache=True)
def _remember(synapses, plastic, ring, k, p, neuron, step, start):  # type: ignore[no-untyped-def]
    """Put a postsynaptic spike into the history of its neuron."""
    own = plastic.table[k]
    mask = own[_HISTORY] - 1
    steps = plastic.spike_steps[plastic.steps_base[k, p] + neuron * own[_HISTORY] :]
    count = plastic.counts[plastic.counts_base[k, p] + neuron]
    if int32(steps[(count + 1) & mask] + own[_LONGEST_LAG] - plastic.swept[k, p]) > 0:
        _sweep(synapses, plastic, ring, k, p, start - 1)
    n, n_targets = own[_N_POST], plastic.n_targets[k, p]
    if n:
        traces = plastic.traces[plastic.traces_base[k, p] + neuron * own[_HISTORY] * n :]
        old, new = traces[((count - 1) & mask) * n :], traces[(count & mask) * n :]
        elapsed = int64(int32(step - steps[(count - 1) & mask]))
        call_rule(own[_POST_SPIKE], (old, new, plastic.params[own[_PARAMS] :], elapsed))
        for t in range(n):
            first = plastic.recent_base[k, p] + t * RECENT * n_targets + neuron
            _push(plastic.recent_traces, first, n_targets, new[t])
    steps[count & mask] = int32(step)
    first = plastic.counts_base[k, p] * RECENT + neuron
    _push(plastic.recent_steps, first, n_targets, int32(step))
    plastic.counts[plastic.counts_base[k, p] + neuron] = count + 1


@njit(error_model="numpy", cache=True)
def _remember_all(program, synapses, plastic, memory, k, p, chunk, start):  # type: ignore[no-untyped-def]
    post = plastic.table[k, _POST]
    first_slot = program.bounds[p] * BLOCK + plastic.low[k, p]
    for s in range(memory.spike_start[chunk, p, post], memory.spike_start[chunk, p, post + 1]):
        neuron = int64(memory.spike_slot[chunk, p, s]) - first_slot
        step = memory.spike_step[chunk, p, s]
        _remember(synapses, plastic, memory.ring, k, p, neuron, step, start)


@njit(error_model="numpy", cache=True)
def _prefetch(synapses, plastic, k, p, row):  # type: ignore[no-untyped-def]
    """Start loading the row of the next spike."""
    own = plastic.table[k]
    table = synapses.table[own[_TABLE]]
    at = p * (table[7] + 1) + row
    start, end = synapses.row_start[table[8] + at], synapses.row_start[table[10] + at]
    for e in range(start, end, 32):
        prefetch(synapses.targets, e)
    first = own[_STATE] - own[_TARGETS]
    for e in range(start, end, 16):
        prefetch(plastic.state, first + e)


@njit(error_model="numpy", cache=True)
def _spikes(  # type: ignore[no-untyped-def]
    program, synapses, plastic, memory, k, p, chunk, first_list, stop_list, start, stop
):
    """Deliver the presynaptic spikes of the steps ``start ... stop - 1``."""
    source = synapses.table[plastic.table[k, _TABLE], 0]
    first_slot = program.first_slot[source]
    for q in range(first_list, stop_list):
        slots, steps = memory.spike_slot[chunk, q], memory.spike_step[chunk, q]
        for s in range(memory.spike_start[chunk, q, source],
                       memory.spike_start[chunk, q, source + 1]):  # fmt: skip
            if s + 1 < memory.spike_start[chunk, q, source + 1]:
                _prefetch(synapses, plastic, k, p, int64(slots[s + 1]) - first_slot)
            if start <= steps[s] < stop:
                row = int64(slots[s]) - first_slot
                _spike(synapses, plastic, memory.ring, k, p, row, steps[s])


@njit(error_model="numpy", cache=True)
def _n_spikes(program, memory, population, chunk, step):  # type: ignore[no-untyped-def]
    """Return the number of spikes of a population in one step."""
    n = int64(0)
    for q in range(memory.spike_start.shape[1]):
        steps = memory.spike_step[chunk, q]
        for s in range(memory.spike_start[chunk, q, population],
                       memory.spike_start[chunk, q, population + 1]):  # fmt: skip
            n += int64(steps[s] == step)
    return n


@njit(error_model="numpy", cache=True)
def _every_step(program, synapses, plastic, memory, k, p, chunk, step):  # type: ignore[no-untyped-def]
    """Deal with one step of a projection whose synapses change in every step."""
    own = plastic.table[k]
    n_lists = memory.spike_start.shape[1]
    _spikes(program, synapses, plastic, memory, k, p, chunk, 0, n_lists, step, step + 1)
    if own[_N_MOD]:
        mod = plastic.mod[own[_MOD] + p * own[_N_MOD] :]
        n = _n_spikes(program, memory, own[_MODULATOR], chunk, step)
        params = plastic.params[own[_PARAMS] :]
        call_rule(own[_MOD_STEP], (mod, mod, params, n))
    for row in range(synapses.table[own[_TABLE], 7]):
        visit(synapses, plastic, memory.ring, k, p, row, step, own[_EVERY_STEP])


@part
def plasticity(  # type: ignore[no-untyped-def]
    program, synapses, plastic, memory, p, chunk, first_list, stop_list, stop
):
    """Deal with spikes of list `chunk`, which are of the steps before `stop`.

    Those of the partitions ``first_list ... stop_list - 1``, after the last of which come other
    ranks. Synapses that change in every step wait until all are there.
    """
    start = plastic.clock[p]
    is_last = stop_list == memory.spike_start.shape[1]
    for k in range(plastic.table.shape[0]):
        if plastic.table[k, _HISTORY] and first_list == 0:
            _remember_all(program, synapses, plastic, memory, k, p, chunk, start)
        if not plastic.table[k, _EVERY_STEP]:
            _spikes(
                program, synapses, plastic, memory, k, p, chunk, first_list, stop_list, start, stop
            )
        elif is_last:
            for step in range(start, stop):
                _every_step(program, synapses, plastic, memory, k, p, chunk, step)
    if is_last:
        plastic.clock[p] = stop
    return int64(0)


@njit(error_model="numpy", cache=True)
def bring_up_to_date(program, synapses, plastic, memory):  # type: ignore[no-untyped-def]
    """Bring all weights up to date; changes no result of what follows."""
    for p in range(program.bounds.size - 1):
        for k in range(plastic.table.shape[0]):
            _sweep(synapses, plastic, memory.ring, k, p, plastic.clock[p] - 1)
