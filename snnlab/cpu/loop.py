"""The compiled loop over chunks: deliver, update, collect. No Python in between.

A chunk is at most as long as the shortest delay, so a spike found in it is due only after it. That
leaves one barrier a chunk, not one a step.
"""

from __future__ import annotations

import numpy as np
from numba import int64, njit, prange

from snnlab.cpu.deliver import deliver
from snnlab.cpu.groups import add_far_input, deliver_all, deliver_groups
from snnlab.cpu.phases import (
    DELIVER,
    PLASTICITY,
    RECORD,
    UPDATE,
    charge,
    chunk_weight,
    stamp,
)
from snnlab.cpu.plastic import plasticity
from snnlab.cpu.suspects import look, suspects_found
from snnlab.cpu.update import insert_events, update

__all__ = ["deliver_pending", "order_spikes", "run"]


@njit(error_model="numpy", cache=True)
def _clear_lists(memory, chunk):  # type: ignore[no-untyped-def]
    memory.spike_start[chunk] = 0


@njit(error_model="numpy", cache=True)
def _collect(memory, chunk, start, spike_step, spike_slot, n):  # type: ignore[no-untyped-def]
    """Append the spikes of a chunk to the record, steps counted from `start`."""
    for p in range(memory.spike_start.shape[1]):
        for k in range(memory.spike_start[chunk, p, memory.spike_start.shape[2] - 1]):
            spike_slot[n] = memory.spike_slot[chunk, p, k]
            spike_step[n] = memory.spike_step[chunk, p, k] - start
            n += 1
    return n


@njit(parallel=True, nogil=True, error_model="numpy", cache=True)
def run(  # type: ignore[no-untyped-def]
    program, synapses, plastic, drive, probes, memory, start, n_steps, chunk_steps, chunk,
    spike_step, spike_slot, most_per_step, samples, clock,
):  # fmt: skip
    """Advance by up to `n_steps`; stop early when the record might not hold another chunk.

    It also stops where a look at all states found implausible ones: `memory.suspects` counts them.

    Parameters
    ----------
    program, synapses, plastic, drive, probes, memory : see `snnlab.cpu.program` and `.plastic`
    start : int
        Number of steps done before this call.
    n_steps, chunk_steps : int
        Steps to do; longest chunk.
    chunk : int
        Which of the two spike lists holds the spikes that are still to be delivered.
    spike_step, spike_slot : (capacity,) int32
        Record of the spikes: step since `start`, slot.
    most_per_step : int
        Upper bound of the spikes in one step.
    samples : flat real
        Record of the probes.
    clock : (n_partitions + 1, 8) int64 [ticks]
        Grows by what each phase took; see `snnlab.cpu.phases.PhaseClock`.

    Returns
    -------
    done, chunk, n_spikes : int
    """
    done = int64(0)
    n = int64(0)
    n_chunks = n_suspects = int64(0)
    while done < n_steps and n_suspects == 0 and n + chunk_steps * most_per_step <= spike_slot.size:
        now = start + done
        until_look = program.health_steps - now % program.health_steps
        m = min(chunk_steps, n_steps - done, until_look)
        new = 1 - chunk
        n_left = (n_steps - done + chunk_steps - 1) // chunk_steps
        weight = chunk_weight(n_chunks, n_left, chunk_steps)
        for i in prange(program.bounds.size - 1):
            p = int64(i)
            since = stamp(weight)
            if program.group_steps:
                deliver_groups(program, synapses, memory, p, chunk, now, now + m)
                insert_events(program, drive, memory, p, now + m)
                add_far_input(program, memory, p, now, now + m)
            else:
                deliver(program, synapses, memory, p, chunk)
                insert_events(program, drive, memory, p, now + m)
            since = charge(clock, p, DELIVER, since, weight)
            plasticity(program, synapses, plastic, memory, p, chunk, now)
            since = charge(clock, p, PLASTICITY, since, weight)
            sampled = update(program, drive, probes, memory, p, new, now, m, start, samples, weight)
            clock[p, RECORD] += sampled * weight
            charge(clock, p, UPDATE, since + sampled, weight)
            if m == until_look:
                look(program, memory, p)
        collect_since = stamp(weight)
        n = _collect(memory, new, start, spike_step, spike_slot, n)
        charge(clock, program.bounds.size - 1, RECORD, collect_since, weight)
        if m == until_look:
            n_suspects = suspects_found(memory)
        chunk = new
        done += m
        n_chunks += 1
    return done, chunk, n


@njit(parallel=True, nogil=True, error_model="numpy", cache=True)
def deliver_pending(program, synapses, plastic, memory, chunk, step):  # type: ignore[no-untyped-def]
    """Deliver the spikes of the last chunk now, and empty its list: all input is in the ring."""
    for i in prange(program.bounds.size - 1):
        p = int64(i)
        if program.group_steps:
            deliver_all(program, synapses, memory, p, chunk, step)
        else:
            deliver(program, synapses, memory, p, chunk)
        plasticity(program, synapses, plastic, memory, p, chunk, step)
    _clear_lists(memory, chunk)


@njit(nogil=True, error_model="numpy", cache=True)
def order_spikes(  # type: ignore[no-untyped-def]
    spike_step, spike_slot, n, n_steps, block_first_id, block, out_step, out_id, start
):
    """Counting sort of recorded spikes by step; slots become global ids.

    Within a step the record is in ascending order already: partitions, blocks and lanes are.
    """
    first = np.zeros(n_steps + 1, np.int64)
    for k in range(n):
        first[spike_step[k] + 1] += 1
    for s in range(n_steps):
        first[s + 1] += first[s]
    for k in range(n):
        s = spike_step[k]
        at = first[s]
        first[s] += 1
        slot = spike_slot[k]
        out_step[at] = start + s
        out_id[at] = block_first_id[slot // block] + slot % block
