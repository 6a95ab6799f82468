"""`CudaEngine`: a network on one GPU, or one rank's share of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from snnlab.arrays.assemble import SynapseProbes
from snnlab.arrays.carry import take_over
from snnlab.arrays.rewiring import DONE_STEP, REWIRING_FIELDS
from snnlab.arrays.samples import SampleBuffer
from snnlab.arrays.shared_engine import SharedEngine
from snnlab.arrays.structural_engine import Later
from snnlab.arrays.synapse_probes import with_synapse_probes
from snnlab.arrays.world import ALONE, World, first_rank_first
from snnlab.build.memory import available_bytes
from snnlab.cpu.exchange import NONE, WAYS
from snnlab.cpu.host_exchange import HostExchange
from snnlab.cpu.ranks import link
from snnlab.cpu.ways import check_ways
from snnlab.cuda.built import CudaBuilt, build
from snnlab.cuda.clock import CudaClock
from snnlab.cuda.device import Array, Device, Kernel
from snnlab.cuda.device_transport import DeviceTransport
from snnlab.cuda.network import DeviceNetwork
from snnlab.cuda.program import N_OUTCOME, THREADS
from snnlab.cuda.replacing import replace_together
from snnlab.cuda.spikes import ArrivingSpikes
from snnlab.cuda.transport import DEVICE, HostTransport, Transport, check, chosen
from snnlab.engine import BuildReport
from snnlab.model.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CudaEngine"]

_CALL_SECONDS = 0.05
"""Wall-clock time of a launch: edits wait no longer, and a display on the same GPU goes on."""

_FIRST_STEPS = 200

_NOTHING_PENDING = (0, 0, 0)

_NEVER = 2**62

_EVERY = REWIRING_FIELDS.index("every")


class CudaEngine(SharedEngine[CudaBuilt, CudaClock]):
    """Builds a network on a GPU and advances it.

    Parameters
    ----------
    network : Network
    device : Device
        Used by one thread at a time: the one that calls this engine.
    precision : str
        Of the state: ``"float32"`` (default) or ``"float64"``.
    world : World
        The ranks that hold the network together, each of which makes such an engine on a device of
        its own and calls the same methods in the same order.
    exchange : str, or mapping of str
        How they exchange spikes; see `snnlab.cpu.engine.CpuEngine`.
    transport : str
        What they hand to MPI: ``"host"``, copies on the host; ``"device"``, the memory of the
        device; ``"auto"``, the latter where MPI takes it on all ranks.

    Raises
    ------
    SpecError
        Unknown precision, no population; a recorder chooses a synapse that was not drawn, or none.
    OutOfMemory
        The network does not fit; nothing was allocated.
    DeviceUnavailable
        MPI does not take the device's memory, which was asked for.

    Notes
    -----
    Synapses, spikes and weights are those of `snnlab.cpu.engine.CpuEngine`, to the bit: input is
    summed as integers, random numbers are named by what they are for, and all arithmetic is
    correctly rounded.

    With other ranks, a launch is as long as the shortest delay: its spikes are exchanged, through
    the host or from device to device, and those of others join them before the next launch delivers
    all.
    """

    threads = 1

    def __init__(
        self,
        network: Network,
        device: Device,
        *,
        precision: str = "float32",
        world: World = ALONE,
        exchange: str | Mapping[str, str] = "auto",
        transport: str = "auto",
    ) -> None:
        super().__init__(network, precision, world)
        check_ways(network, exchange)
        check(transport)
        self._mode, self._wanted_transport = exchange, transport
        self._transport = chosen(world, transport)
        self._exchange: Transport | None = None
        self._new_exchange: Transport | None = None
        self.device = device.name
        self._device = device
        self._steps = _FIRST_STEPS
        self._turn = 0
        self._pending = _NOTHING_PENDING
        self._learnt = 0
        self._n_suspects = 0
        self._arriving: Later | None = None
        self._new: DeviceNetwork | None = None
        self._on_device: DeviceNetwork | None = None
        self._built, self.report = self._build(network, 0, {})
        take_over(self._built, {}, 0)
        self._settle()

    def _build(
        self, network: Network, shortest_ring: int, arrays: Mapping[str, NDArray[Any]]
    ) -> tuple[CudaBuilt, BuildReport]:
        def made() -> tuple[CudaBuilt, BuildReport, DeviceNetwork]:
            built, report = build(
                network, device=self._device, precision=self.precision,
                shortest_ring=shortest_ring, arrays=arrays, world=self._world,
                exchange=self._mode if self._transport == DEVICE else None,
            )  # fmt: skip
            # Allocated now, so that where it does not fit the engine goes on with what it has.
            return built, report, DeviceNetwork(built, self._device)

        built, report, new = self._built_by_all(made)
        built = with_synapse_probes(built)
        on_device = new.nbytes + built.drawn.nbytes
        if self._world.n_ranks > 1:
            self._new_exchange = self._exchange_of(built)
            on_device += self._new_exchange.nbytes
        self._new = new
        return built, replace(report, state_bytes=on_device - report.synapse_bytes)

    def _exchange_of(self, built: CudaBuilt) -> Transport:
        """What exchanges the spikes of this rank's share."""
        exchange = self._linked(
            lambda: link(
                self._world, built.network, self._mode, built.layout, built.connections,
                built.sizes.chunk_steps,
            )
        )  # fmt: skip
        first, stop = built.partitions.bounds[[0, -1]].tolist()
        with first_rank_first(self._world):
            if self._transport == DEVICE:
                return DeviceTransport(
                    exchange, built.module, self._device, is_merged=bool(built.plastic_tables)
                )
            return HostTransport(HostExchange(exchange, built.layout, first, stop))

    @property
    def exchange(self) -> str:
        """How it exchanges spikes with other ranks, in words."""
        return WAYS[NONE] if self._exchange is None else self._exchange.way

    @property
    def transport(self) -> str:
        """What of it MPI gets: ``"host"`` or ``"device"`` memory; empty without other ranks."""
        return "" if self._exchange is None else self._exchange.name

    @property
    def device_label(self) -> str:
        """What computes it, for people: ``"NVIDIA H100 (cuda:0)"``."""
        return self._device.label

    # --- launches ---------------------------------------------------------------------------------

    def _kernel(self, name: str) -> tuple[Kernel, int]:
        """A kernel of the loop, and in how many blocks it runs."""
        kernel = self._arrays.module.kernel(name)
        wanted = -(-self._network.n_warps * 32 // THREADS)
        return kernel, max(min(wanted, kernel.resident_blocks(THREADS)), 1)

    @property
    def _network(self) -> DeviceNetwork:
        assert self._on_device is not None  # an engine that is not closed has settled
        return self._on_device

    def _ask(self, until: int, samples: Array | None = None) -> None:
        """Say what the next kernel is to do; see ``Call`` in ``loop.cu``."""
        at = 0 if samples is None else self._device.address(samples)
        numbers = [self._step, until, self._learnt, self._turn, *self._pending, at]
        self._device.write(self._network.call, np.array(numbers, np.int64))

    def _run_until(self, until: int, samples: SampleBuffer, clock: CudaClock) -> Later:
        """One launch; it may stop before `until`: see ``run`` in ``loop.cu``.

        The spikes of the launch before are put into order while it runs: it has the other half
        of the record to write to.
        """
        network, built = self._network, self._arrays
        if self._exchange is not None:
            if self._must_call_rules() and not self._call_rules(clock):
                return lambda: (np.empty(0, np.int64), np.empty(0, np.int64))
            until = min(until, self._end_of_chunk())
        part = SampleBuffer(built.sampling, self._step, until, built.dtype)
        room = self._device.zeros(max(part.values.size, 1), built.dtype)
        if part.values.size:
            network.write_probes(part.probes_from(self._step).column)
        self._ask(until, room)
        run, n_blocks = self._kernel("run")
        began = time.perf_counter()
        run(n_blocks, THREADS, network.words, network.call, network.outcome)
        if self._arriving is not None:
            self._arriving()
        outcome = self._device.download(network.outcome)
        step, learnt, *pending, n_recorded, n_suspects = (int(n) for n in outcome[:N_OUTCOME])
        seconds = time.perf_counter() - began
        clock.launched(seconds, outcome[N_OUTCOME:])
        self._steps = _steps_of_next(self._steps, step - self._step, seconds)
        began = time.perf_counter()
        start, self._step, self._learnt = self._step, step, learnt
        self._pending = (pending[0], pending[1], pending[2])
        spikes = self._recorded(n_recorded)
        if self._exchange is None or self._transport == DEVICE:
            self._arriving = spikes
        if self._exchange is not None:
            n_suspects = self._exchange_spikes(spikes, start, n_suspects)
            clock.exchanged(time.perf_counter() - began)
            began = time.perf_counter()
        if part.values.size:
            part.values[:] = self._device.download(room)[: part.values.size]
            samples.take(part, step)
        self._turn, self._n_suspects = 1 - self._turn, n_suspects
        if built.plastic_tables:
            network.read_clipped(built)
        if built.network.rewirings and self._exchange is None:
            network.take_events(built)
            self._take_events()
        clock.recorded(time.perf_counter() - began)
        return spikes

    def _end_of_chunk(self) -> int:
        """Where the next exchange is due: after a shortest delay, with a look, before rules."""
        built = self._arrays
        until_look = built.program.health_steps - self._step % built.program.health_steps
        until_call = min((every - self._step % every for every in self._intervals), default=_NEVER)
        return int(self._step + min(built.sizes.chunk_steps, until_look, until_call))

    @property
    def _intervals(self) -> list[int]:
        """Steps between two calls of each rule that the device calls."""
        every: list[int] = self._arrays.rewirings.table[:, _EVERY].tolist()
        return every

    def _must_call_rules(self) -> bool:
        """Whether rules are due at this step, and some rank has not done with them."""
        if self._step == 0 or all(self._step % every for every in self._intervals):
            return False
        return self._any(bool((self._arrays.rewirings.notes[:, DONE_STEP] < self._step).any()))

    def _call_rules(self, clock: CudaClock) -> bool:
        """Let rules change the rows before the next chunk; False if a rank needs more room."""
        began = time.perf_counter()
        self._ask(self._step)
        call_rules, n_blocks = self._kernel("call_rules")
        call_rules(n_blocks, THREADS, self._network.words, self._network.call)
        if any(rewiring.model.replaces for rewiring in self.network.rewirings):
            replace_together(self._network, self._world, self._launch, self._step)
        self._pending, self._learnt = _NOTHING_PENDING, self._step
        self._network.take_events(self._arrays)
        self._take_events()
        clock.rewired(time.perf_counter() - began)
        return not self._must_call_rules()

    def _launch(self, name: str, *args: int) -> None:
        kernel, n_blocks = self._kernel(name)
        kernel(n_blocks, THREADS, self._network.words, *args)

    def _lacks_room(self, is_row_full: bool) -> bool:
        return self._any(is_row_full)

    def _exchange_spikes(self, spikes: ArrivingSpikes, start: int, n_suspects: int) -> int:
        """Let other ranks have the spikes of a chunk, and put theirs behind them.

        Returns
        -------
        int
            Implausible states; not 0 on any rank where one has found some: all pause.
        """
        assert self._exchange is not None  # there are other ranks
        turn, first, last = self._pending
        n_more = self._exchange.exchange(self._network, spikes, self._pending, start)
        self._pending = (turn, first, last + n_more)
        has_looked = self._step % self._arrays.program.health_steps == 0
        if has_looked and self._any(n_suspects > 0):
            return max(n_suspects, 1)
        return n_suspects

    def _recorded(self, n: int) -> ArrivingSpikes:
        """The spikes of the last launch, which has recorded `n` entries."""
        network, built = self._network, self._arrays
        first, held = self._turn * network.capacity, cast("Any", network.held)
        columns = (held.spike_slot, held.spike_start, held.spike_steps)
        arriving = [self._device.fetch(column, first, n) for column in columns]
        return ArrivingSpikes(built.layout, built.sizes.chunk_steps, arriving)

    def _soon(self) -> int:
        # Ranks exchange spikes after the same steps only if all of them pause at the same ones.
        return self._step + self._steps if self._exchange is None else _NEVER

    def _start_clock(self) -> CudaClock:
        return CudaClock(has_ranks=self._exchange is not None)

    def _free_bytes(self) -> int:
        return min(self._device.free_bytes(), available_bytes())

    def _is_suspicious(self) -> bool:
        return self._n_suspects > 0

    def _flush(self) -> None:
        """Deliver the spikes of the last chunk, so that the ring holds all input under way."""
        if self._learnt == self._step and self._pending[1] == self._pending[2]:
            return
        self._ask(self._step)
        flush, n_blocks = self._kernel("flush")
        flush(n_blocks, THREADS, self._network.words, self._network.call)
        self._pending, self._learnt = _NOTHING_PENDING, self._step

    def _catch_up(self, *, plastic: bool = True) -> None:
        self._flush()
        if plastic and self._arrays.plastic_tables:
            catch_up, n_blocks = self._kernel("bring_up_to_date")
            catch_up(n_blocks, THREADS, self._network.words, self._step - 1)

    # --- state in and out -------------------------------------------------------------------------

    def _collect(self, *, plastic: bool = True) -> None:
        built = self._arrays
        self._catch_up(plastic=plastic)
        self._network.read_state(built)
        if plastic and built.plastic_tables:
            self._network.read_plastic(built)
            built.plastic.swept[:] = self._step - 1
        if plastic and built.network.rewirings:
            self._network.read_structure(built)
        built.plastic.clock[:] = self._step

    def _hand_over(self, *, state: bool = True, plastic: bool = True) -> None:
        built = self._arrays
        if self._new is not None and self._new.drawn is built.drawn:
            self._on_device, self._new = self._new, None
            self._exchange, self._new_exchange = self._new_exchange, None
        self._network.write_numbers(built)
        if state:
            self._network.write_state(built)
        if plastic and built.plastic_tables:
            self._network.write_plastic(built)
        if plastic and built.network.rewirings:
            self._network.write_structure(built)
        self._pending, self._learnt = _NOTHING_PENDING, self._step

    def _write_numbers(self) -> None:
        built = self._arrays
        if any(kernel.varying_names for kernel in built.kernels):
            # These are words of the state, beside what changes from step to step.
            self._flush()
            self._network.read_state(built)
            built.write_numbers(self._step)
            self._network.write_state(built)
        else:
            built.write_numbers(self._step)
        self._network.write_params(built)

    def _write_changes(self) -> None:
        built = self._arrays
        for k in built.write_changes(self._step):
            self._network.write_varying(built, k)
        self._network.write_params(built)

    def _sample_synapses(self, samples: SampleBuffer, clock: CudaClock) -> None:
        due = samples.due(self._step)
        if not due:
            return
        began = time.perf_counter()
        self._catch_up()
        for probes, values in due:
            self._read(probes, values)
        clock.recorded(time.perf_counter() - began)

    def _read(self, probes: SynapseProbes, values: NDArray[np.floating]) -> None:
        """Copy the state variables of a recorder's synapses as they are now."""
        if not probes.at.size:  # the recorder's synapses are all on other ranks
            return
        gather, device = self._arrays.module.kernel("gather"), self._device
        state, at = self._network.plastic_array("state"), device.upload(probes.at)
        found = device.empty(probes.at.size, values.dtype)
        for row, first in zip(values, probes.variables, strict=True):
            gather(-(-probes.at.size // THREADS), THREADS, state, int(first), at, probes.at.size,
                   found)  # fmt: skip
            row[:] = device.download(found)

    def sibling(self, network: Network) -> CudaEngine:
        """Return a new engine for `network` on the same device, with the same precision."""
        return CudaEngine(
            network, self._device.twin(), precision=self.precision, world=self._world,
            exchange=self._mode, transport=self._wanted_transport,
        )  # fmt: skip

    def out_degrees(self) -> NDArray[np.int64]:
        """Return the number of outgoing synapses of every neuron, shape (n_neurons,)."""
        built = self._arrays
        self._network.read_rows(built)
        return built.connections.out_degrees(built.layout)

    def close(self) -> None:
        """Release everything; closing twice is allowed."""
        self._built = self._on_device = self._new = self._arriving = None
        self._exchange = self._new_exchange = None
        self._device.release()


def _steps_of_next(steps: int, done: int, seconds: float) -> int:
    """Steps of the next launch: about as many as `_CALL_SECONDS` are enough for."""
    if not done:
        return steps
    return max(min(int(done * _CALL_SECONDS / max(seconds, 1e-6)), 4 * max(steps, done)), 1)
