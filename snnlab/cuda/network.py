"""`DeviceNetwork`: the memory of one network on a device, and the struct that names it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from snnlab.arrays.plastic import Plastic
from snnlab.arrays.rewiring import N_EVENTS, Rewirings
from snnlab.build.layout import BLOCK
from snnlab.cuda.built import CudaBuilt
from snnlab.cuda.device import Array, Device
from snnlab.cuda.engine_source import NETWORK, n_words
from snnlab.cuda.program import N_CALL, N_COUNTERS, N_OUTCOME, PHASES, THREADS, Held
from snnlab.cuda.row_bits import row_places
from snnlab.cuda.structs import pack, uploaded
from snnlab.cuda.work import plastic_items, record_capacity, static_items, warps_wanted, work

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DeviceNetwork"]

_LEARNT = (
    "state", "last_pre", "done", "pre", "spike_steps", "traces", "counts", "mod", "clipped",
)  # fmt: skip
"""Arrays of `Plastic` that the device changes."""

_REWIRED = ("indegree", "afferents", "last_spike", "notes", "counts", "replacing")
"""Arrays of `Rewirings` that the device changes, beside the events."""

_SCRATCH = ("state", "pair", "random", "pres", "posts")
"""Arrays of `Rewirings` that only the CPU has."""

_RECORD = ("spike_slot", "spike_start", "spike_steps")
"""The columns of the record of spikes."""

_HELD = ("state", "ring")
"""Arrays of `HostState` that the device changes."""


class DeviceNetwork:
    """Copies of a network's arrays on a device.

    Parameters
    ----------
    built : CudaBuilt
    device : Device

    Attributes
    ----------
    drawn : DeviceConnections
        Its synapses.
    words : Array
        The struct ``Network`` for the kernels.
    call, outcome : Array
        What the next launch is asked for, and where the last one ended.
    held : Held
        What changes from step to step, on the device.
    n_warps : int
        Warps that find something to do at a time.
    capacity : int
        Entries of one half of the record of spikes.
    """

    def __init__(self, built: CudaBuilt, device: Device) -> None:
        self._device, self.drawn = device, built.drawn
        n_populations = len(built.network.populations)
        self.capacity = record_capacity(
            built.network, built.layout, built.partitions, built.sizes.chunk_steps
        )
        shared_out = work(
            built.layout, built.partitions, built.sizes, built.program.low.shape[1],
            built.plastic_tables, built.drawn, built.rewirings, self.capacity,
        )  # fmt: skip
        static = static_items(built.drawn, n_populations)
        learning = plastic_items(built.plastic_tables, built.drawn, n_populations)
        self.n_warps = warps_wanted(built.partitions, static, learning)
        self.held = _held(built, device, self.capacity)
        self._structs: dict[str, Any] = {
            "program": uploaded(built.program, device),
            "probes": uploaded(built.sampling.probes, device),
            "plastic": uploaded(_without_recent(built.plastic), device),
            "rewirings": uploaded(_without_scratch(built.rewirings), device),
            "row_places": uploaded(row_places(built.drawn.row_bits, device), device),
            "held": self.held,
            "work": uploaded(shared_out, device),
            "items": uploaded(static, device),
            "plastic_items": uploaded(learning, device),
        }
        self.words: Array = device.empty(n_words(), np.uint64)
        self.call: Array = device.zeros(N_CALL, np.int64)
        self.outcome: Array = device.zeros(N_OUTCOME + len(PHASES), np.int64)
        self.write_numbers(built)

    @property
    def nbytes(self) -> int:
        """Bytes of everything but the synapses."""
        pools = self._structs["synapses"]
        counted = [s for s in self._structs.values() if s is not pools]
        return sum(int(a.nbytes) for s in counted for a in s if hasattr(a, "nbytes"))

    def write_numbers(self, built: CudaBuilt) -> None:
        """Copy what edits of numbers change: tables, drive, parameters, next given spikes."""
        table = self._device.upload(built.synapses.table)
        self._structs["synapses"] = built.synapses._replace(table=cast("Any", table))
        self._structs["drive"] = uploaded(built.drive, self._device)
        self._device.write(self._structs["plastic"].params, built.plastic.params)
        for name in ("table", "params", "start", "is_lesioned"):
            array = getattr(self._structs["rewirings"], name)
            self._device.write(array, getattr(built.rewirings, name))
        self._device.write(cast("Array", self.held.event_next), built.memory.event_next)
        self._write_words()

    def _write_words(self) -> None:
        """Tell kernels where everything is."""
        packed = [pack(self._structs[name], self._device) for name in NETWORK]
        self._device.write(self.words, np.concatenate(packed))

    def add_spikes(
        self, turn: int, n: int, slot: NDArray[np.int32], start: int, steps: NDArray[np.uint64]
    ) -> None:
        """Put spikes of other ranks behind those that a chunk has left in the record.

        Parameters
        ----------
        turn : int
            Which half of the record.
        n : int
            Entries that it holds.
        slot : (n_more,) int32
        start : int
            First step of the chunk.
        steps : (n_more,) uint64
            Bit k: a spike in step ``start + k``.
        """
        self.make_room(turn, n, slot.size)
        at = turn * self.capacity + n
        starts = np.full(slot.size, start, np.int64)
        columns: tuple[NDArray[Any], ...] = slot, starts, steps
        for name, values in zip(_RECORD, columns, strict=True):
            self._device.write(getattr(self.held, name), values, at)

    def make_room(self, turn: int, n: int, n_more: int) -> bool:
        """Let a half of the record have room for more entries; the `n` of one half stay.

        Returns
        -------
        bool
            Whether there was not enough.
        """
        if n + n_more <= self.capacity:
            return False
        capacity, longer = 2 * (n + n_more), {}
        for name in _RECORD:
            old: Array = getattr(self.held, name)
            longer[name] = self._device.empty(2 * capacity, old.dtype)
            kept = self._device.download(old, turn * self.capacity, n)
            self._device.write(longer[name], kept, turn * capacity)
        self.capacity = capacity
        self.held = self._structs["held"] = self.held._replace(**cast("Any", longer))
        self._structs["work"] = self._structs["work"]._replace(capacity=capacity)
        self._write_words()
        return True

    def write_params(self, built: CudaBuilt) -> None:
        """Copy the parameters of neurons."""
        self._device.write(cast("Array", self.held.params), built.memory.params)

    def write_varying(self, built: CudaBuilt, k: int) -> None:
        """Copy the parameters that vary between the neurons of a population, and no state."""
        words = built.words(k)
        n_blocks, n_words, _ = words.shape
        n_states = len(built.kernels[k].state_names)
        values = words[:, n_states:].ravel()
        if not values.size:
            return
        block = max(int(built.layout.first_blocks[k]), int(built.partitions.bounds[0]))
        first = int(built.program.state_offset[block]) + n_states * BLOCK
        built.module.kernel("put_rows")(
            -(-values.size // THREADS), THREADS, cast("Array", self.held.state), first,
            values.size // n_blocks, n_words * BLOCK, values.size, self._device.upload(values),
        )  # fmt: skip

    def write_state(self, built: CudaBuilt) -> None:
        """Copy the state of neurons and the input under way."""
        for name in _HELD:
            self._device.write(getattr(self.held, name), getattr(built.memory, name))

    def read_state(self, built: CudaBuilt) -> None:
        """Let the host have what `write_state` copies, and the next given spikes."""
        for name in (*_HELD, "event_next"):
            getattr(built.memory, name)[:] = self._device.download(getattr(self.held, name))

    def write_plastic(self, built: CudaBuilt) -> None:
        """Copy the state of plastic projections."""
        on_device: Plastic = self._structs["plastic"]
        for name in (*_LEARNT, "swept"):
            self._device.write(cast("Any", getattr(on_device, name)), getattr(built.plastic, name))

    def read_plastic(self, built: CudaBuilt) -> None:
        """Let the host have the state of plastic projections."""
        for name in _LEARNT:
            array = getattr(self._structs["plastic"], name)
            getattr(built.plastic, name)[:] = self._device.download(array)

    def write_structure(self, built: CudaBuilt) -> None:
        """Copy where rewirings are; the rows are as they were built."""
        for name in _REWIRED:
            array = getattr(self._structs["rewirings"], name)
            self._device.write(array, getattr(built.rewirings, name))

    def read_structure(self, built: CudaBuilt) -> None:
        """Let the host have the rows that have grown, and what `write_structure` copies."""
        for name in _REWIRED:
            array = getattr(self._structs["rewirings"], name)
            getattr(built.rewirings, name)[:] = self._device.download(array)
        self.read_rows(built)

    def read_rows(self, built: CudaBuilt) -> None:
        """Let the host have the rows that have grown."""
        connections, drawn = built.connections, self.drawn
        at = sum(start.size for start in connections.row_start)
        for k, stop in connections.row_stop.items():
            stop[:] = self._device.download(drawn.row_start, at, stop.size).reshape(stop.shape)
            at += stop.size
            first, last = (int(connections.row_start[k].flat[i]) for i in (0, -1))
            found = self._device.download(drawn.targets, first, last - first)
            connections.targets[first:last] = found

    def read_rewiring(self, name: str) -> NDArray[np.int64]:
        """Return a copy of an array of `Rewirings` as it is on the device now."""
        return self._device.download(getattr(self._structs["rewirings"], name))

    def take_events(self, built: CudaBuilt) -> None:
        """Let the host have the notes and events of rewirings; the device goes on without these."""
        on_device, host = self._structs["rewirings"], built.rewirings
        host.notes[:] = self._device.download(on_device.notes)
        host.counts[:] = self._device.download(on_device.counts)
        _, most, n_fields = host.events.shape
        for p, n in enumerate(host.notes[:, N_EVENTS].tolist()):
            if n:
                found = self._device.download(on_device.events, p * most * n_fields, n * n_fields)
                host.events[p, :n] = found.reshape(n, n_fields)
        emptied = host.notes.copy()
        emptied[:, N_EVENTS] = 0
        self._device.write(on_device.notes, emptied)

    def read_clipped(self, built: CudaBuilt) -> None:
        """Let the host have how many effects of plastic synapses were cut."""
        built.plastic.clipped[:] = self._device.download(self._structs["plastic"].clipped)

    def write_probes(self, column: NDArray[np.int64]) -> None:
        """Say where the samples of the next launch go."""
        self._device.write(self._structs["probes"].column, column)

    def plastic_array(self, name: str) -> Array:
        """Return an array of `Plastic` on the device."""
        found: Array = getattr(self._structs["plastic"], name)
        return found


def _without_recent(plastic: Plastic) -> Plastic:
    """Leave out what only the CPU reads."""
    nothing = {name: getattr(plastic, name)[:0] for name in ("recent_steps", "recent_traces")}
    return plastic._replace(**nothing)


def _without_scratch(rewirings: Rewirings) -> Rewirings:
    """Leave out what threads of a device have of their own; events one behind the other."""
    nothing = {name: getattr(rewirings, name)[:0] for name in _SCRATCH}
    return rewirings._replace(events=rewirings.events.ravel(), **nothing)


def _held(built: CudaBuilt, device: Device, capacity: int) -> Held:
    """Allocate what changes from step to step."""
    memory = built.memory
    arrays = [
        device.zeros(memory.state.size, memory.state.dtype),
        device.zeros(memory.params.size, memory.params.dtype),
        device.zeros(memory.ring.size, np.int32),
        device.zeros(memory.event_next.size, np.int64),
        device.empty(2 * capacity, np.int32),
        device.empty(2 * capacity, np.int64),
        device.empty(2 * capacity, np.uint64),
        device.zeros(N_COUNTERS, np.uint64),
        device.zeros(2, np.uint32),
    ]
    return Held(*cast("Any", arrays))
