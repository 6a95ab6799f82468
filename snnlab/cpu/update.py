"""Compiled update: a partition's blocks, each through all steps of a chunk while it is in L1."""

from __future__ import annotations

from numba import int32, int64, njit, uint8, uint32, uint64

from snnlab.arrays.poisson import CDF_SIZE
from snnlab.build.layout import BLOCK
from snnlab.cpu.part import part
from snnlab.cpu.phases import stamp
from snnlab.cpu.poisson import add_poisson
from snnlab.cpu.program import RING_UNTIL
from snnlab.rules.call import call_block_kernel

__all__ = ["insert_events", "update"]


@njit(error_model="numpy", forceinline=True)
def insert_events(program, drive, memory, p, stop):  # type: ignore[no-untyped-def]
    """Put the given spikes that are due before step `stop` into the ring of partition `p`."""
    n_local = (program.bounds[p + 1] - program.bounds[p]) * BLOCK
    e = memory.event_next[p]
    while e < drive.event_start[p + 1] and drive.event_step[e] < stop:
        slot = drive.event_step[e] % program.ring_slots
        at = program.ring_offset[p] + slot * program.max_ports * n_local + drive.event_lane[e]
        memory.ring[at] += drive.event_value[e]
        memory.groups[p, RING_UNTIL] = max(memory.groups[p, RING_UNTIL], drive.event_step[e] + 1)
        e += 1
    memory.event_next[p] = e


@njit(error_model="numpy", inline="always")
def _take_input(ring, base, x, offset, scale):  # type: ignore[no-untyped-def]
    """Move one port's input of this step from the ring to `x`, and clear the ring."""
    for j in range(BLOCK):
        at = uint64(base) + uint64(j)
        x[uint64(offset) + uint64(j)] = x.dtype.type(ring[at]) * scale
        ring[at] = int32(0)


@njit(error_model="numpy", inline="always")
def _take_ports(ring, first, n_local, n_ports, x, scale, population):  # type: ignore[no-untyped-def]
    """Move the input of all ports; the rows of a slot's ports follow each other in the ring."""
    for port in range(n_ports):
        _take_input(ring, first + port * n_local, x, port * BLOCK, scale[population, port])


@njit(error_model="numpy", inline="always")
def _add_drive(drive, population, x, words, counts, block, step, seed):  # type: ignore[no-untyped-def]
    """Add the Poisson input of this step."""
    for k in range(drive.poisson_start[population], drive.poisson_start[population + 1]):
        for split in range(drive.poisson_splits[k]):
            add_poisson(
                x,
                drive.poisson_port[k] * BLOCK,
                words,
                counts,
                block,
                step,
                split,
                seed,
                drive.poisson_stream[k],
                drive.poisson_weight[k],
                drive.cdf,
                k * CDF_SIZE,
                drive.poisson_levels[k],
            )


@njit(error_model="numpy", cache=True)
def _sample(probes, state, b, step, start, out):  # type: ignore[no-untyped-def]
    """Store the probed words of block `b`; the state has now seen ``step + 1`` updates."""
    for k in range(probes.start[b], probes.start[b + 1]):
        if (step + 1) % probes.interval[k] == 0:
            row = (step + 1) // probes.interval[k] - start // probes.interval[k] - 1
            out[probes.column[k] + row * probes.stride[k]] = state[probes.word[k]]


@njit(error_model="numpy", cache=True)
def _silence(held_lane, held_state, first, last, n_states, most, state, at, fired):  # type: ignore[no-untyped-def]
    """Hold the lesioned neurons of a block in the state that is theirs; none of them fires."""
    for i in range(first, last):
        lane = held_lane[i]
        fired[lane] = uint8(0)
        for k in range(n_states):
            state[at + k * BLOCK + lane] = held_state[i * most + k]


@part
def update(  # type: ignore[no-untyped-def]
    program, drive, probes, memory, p, chunk, step, n_steps, start, samples, weight
):  # fmt: skip
    """Advance partition `p` by `n_steps` and list its spikes in list `chunk`.

    Spikes come out ordered by block, then step, then lane; so each population's lie together.
    Returns the ticks that sampling took if the chunk has a `weight`, see `snnlab.cpu.phases`.
    """
    n = 0
    sampled = int64(0)
    previous = -1
    x, words, counts = memory.input[p], memory.words[p], memory.counts[p]
    random, fired = memory.random[p], memory.fired[p]
    ring = memory.near if program.group_steps else memory.ring
    spike_slot, spike_step = memory.spike_slot[chunk, p], memory.spike_step[chunk, p]
    n_local = (program.bounds[p + 1] - program.bounds[p]) * BLOCK
    random[0] = uint32(program.seed)
    for b in range(program.bounds[p], program.bounds[p + 1]):
        population = program.block_population[b]
        while previous < population:
            previous += 1
            memory.spike_start[chunk, p, previous] = n
        random[1] = uint32(program.model_stream[population])
        random[2] = uint32(program.block_index[b])
        lane = program.input_offset[p] + (b - program.bounds[p]) * BLOCK
        for k in range(n_steps):
            now = step + k
            row = (now % program.input_slots) * program.max_ports
            _take_ports(
                ring,
                lane + row * n_local,
                n_local,
                program.n_ports[population],
                x,
                drive.scale,
                population,
            )
            _add_drive(
                drive, population, x, words, counts, program.block_index[b], now, program.seed
            )
            random[3] = uint32(now)
            any_fired = call_block_kernel(
                program.kernel[population],
                memory.state,
                program.state_offset[b],
                x,
                0,
                memory.params,
                program.params_offset[population],
                random,
                fired,
            )
            if drive.held_start[b] < drive.held_start[b + 1]:
                _silence(
                    drive.held_lane,
                    drive.held_state,
                    drive.held_start[b],
                    drive.held_start[b + 1],
                    program.n_states[population],
                    program.low.shape[1],
                    memory.state,
                    program.state_offset[b],
                    fired,
                )
            if any_fired:
                for j in range(program.block_size[b]):
                    if fired[uint64(j)] != uint8(0):
                        spike_slot[n] = b * BLOCK + j
                        spike_step[n] = now
                        n += 1
            if probes.start[b] < probes.start[b + 1]:
                since = stamp(weight)
                _sample(probes, memory.state, b, now, start, samples)
                sampled += stamp(weight) - since
    for population in range(previous + 1, memory.spike_start.shape[2]):
        memory.spike_start[chunk, p, population] = n
    return sampled
