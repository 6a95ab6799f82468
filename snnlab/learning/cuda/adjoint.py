"""The gradient of a batch on a device, equal to `snnlab.learning.adjoint` to the bit.

A batch is some twenty launches, whatever the number of steps; the host waits once, for what the
trials have done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.build.random import stream_id
from snnlab.cuda.device import Array, Device
from snnlab.cuda.structs import pack
from snnlab.learning.constants import constants_of
from snnlab.learning.cuda.held_trials import Held, HeldTrials
from snnlab.learning.cuda.held_weights import HeldProjection, HeldWeights
from snnlab.learning.cuda.kernels import Kernels
from snnlab.learning.cuda.layout import DOES, PROJECTIONS, TASK, THREADS, Batch, Net
from snnlab.learning.cuda.room import Room, Shape, fitting
from snnlab.learning.outcome import Gradient, Outcome
from snnlab.learning.recurrent_network import RecurrentNetwork
from snnlab.learning.shown import LONGEST_CHUNK
from snnlab.learning.task import Named
from snnlab.learning.weights import Weights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["DeviceAdjoint"]

_INPUT, _RECURRENT, _OUTPUT = PROJECTIONS.values()


class DeviceAdjoint:
    """Computes gradients of a network on a device.

    Parameters
    ----------
    network : RecurrentNetwork
    device : Device
    longest_chunk : int
        Steps of a trial that are gone back through at a time; a longer one is shown twice.
    """

    def __init__(
        self, network: RecurrentNetwork, device: Device, *, longest_chunk: int = LONGEST_CHUNK
    ) -> None:
        self.network, self.device, self._longest = network, device, longest_chunk
        self.kernels = Kernels(network, device)
        self._trials = HeldTrials(device)
        self._rooms: dict[bool, Room] = {}
        self._left: Array | None = None
        is_softmax = network.readout == "softmax"
        self._net = Net(
            network.n_inputs, network.n_hidden, network.n_outputs, -(-network.n_hidden // 32),
            network.refractory_steps, network.first_vote, int(is_softmax),
            device.upload(constants_of(network)),  # type: ignore[arg-type]
        )  # fmt: skip
        n_words = sum(len(kind._fields) for kind in TASK.values())
        self.task = device.empty(n_words, np.uint64)

    def hold(self, weights: Weights, n_moments: int = 0) -> HeldWeights:
        """Make room for weights of the network."""
        return HeldWeights(self.network, weights, n_moments, self.device, self.kernels)

    def learn(
        self, held: HeldWeights, named: Named, *, regulariser: NDArray[Any], drop_out: float,
        update: int, pairs: bool,
    ) -> dict[str, Array]:  # fmt: skip
        """Launch all that the gradient of a batch takes, and return where it will be.

        Parameters
        ----------
        held : HeldWeights
        named : Named
            The batch.
        regulariser : (n_hidden,) real
        drop_out, update
            See `snnlab.learning.events.events_of`.
        pairs : bool
            Whether gradients of pairs without a synapse are wanted, too.

        Returns
        -------
        dict of str
            ``"input"``, ``"recurrent"``, ``"output"``, ``"bias"``, and, where they were asked for,
            ``"input/pairs"``, ``"recurrent/pairs"``; the next batch takes their place.
        """
        projections = {"input": held.input, "recurrent": held.recurrent}
        is_matrix = {n: p.exists and (pairs or not p.is_sparse) for n, p in projections.items()}
        sizes = [
            p.rows.n_pre * p.rows.n_post if is_matrix[name] else p.n
            for name, p in projections.items()
        ]
        room = self._room(named, True, (sizes[0], sizes[1], self._n_output))
        self._prepare(held, room, named, regulariser, drop_out, update)
        arrays, shape = room.arrays, room.shape
        sums = [arrays[f"{name}_sum"] for name in ("input", "recurrent", "output", "bias")]
        self.kernels.clear(*sums)
        self._turn_feedback(held)
        for first, n in _slabs(shape, named.n_trials):
            self._show(shape, first, n)
            for t_first, t_last in reversed(list(_chunks(shape))):
                self._go_back(shape, first, n, t_first, t_last)
                self._add_up(shape, projections, is_matrix, first, n, t_first, t_last)
        return self._gradients(room, projections, is_matrix)

    def show(self, held: HeldWeights, named: Named) -> None:
        """Show the trials of a batch without learning."""
        room = self._room(named, False, (0, 0, 0))
        self._prepare(held, room, named, np.zeros(self.network.n_hidden), 0.0, 0)
        for first, n in _slabs(room.shape, named.n_trials):
            self._show(room.shape, first, n)

    def outcome(self, named: Named, *, learns: bool) -> Outcome:
        """Wait for what the trials of the last batch have done."""
        arrays, get, n = self._rooms[learns].arrays, self.device.download, named.n_trials
        return Outcome(
            get(arrays["votes"])[:n], get(arrays["loss"])[:n],
            get(arrays["n_spikes"])[:n].astype(np.int64),
            get(arrays["spike_counts"]).astype(np.int64),
            named.labels,
        )  # fmt: skip

    def gradient(self, found: dict[str, Array], weights: Weights, outcome: Outcome) -> Gradient:
        """Fetch a gradient from the device."""
        get = self.device.download

        def of(name: str, shape: tuple[int, ...]) -> NDArray[Any] | None:
            if name not in found:
                return None
            n = int(np.prod(shape))
            return get(found[name]).reshape(-1)[:n].reshape(shape)

        pairs = (self.network.n_inputs, self.network.n_hidden)
        among = (self.network.n_hidden, self.network.n_hidden)
        recurrent = weights.recurrent
        arrays: list[Any] = [
            of("input", weights.input.weight.shape),
            None if recurrent is None else of("recurrent", recurrent.weight.shape),
            of("output", weights.output.shape), of("bias", weights.bias.shape), outcome,
            of("input/pairs", pairs), of("recurrent/pairs", among),
        ]  # fmt: skip
        return Gradient(*arrays)

    def close(self) -> None:
        """Give the memory back."""
        self._trials.close()
        self._rooms.clear()
        self._left = None
        self.device.release()

    # ----------------------------------------------------------------------------------------------

    @property
    def _n_output(self) -> int:
        return self.network.n_hidden * self.network.n_outputs

    def _room(self, named: Named, learns: bool, sizes: tuple[int, int, int]) -> Room:
        """Room for a batch: that of the one before, if it will do."""
        wanted = Shape(
            self.network, named.trials.n_steps, named.n_trials, 1, learns, sizes,
            self._longest if learns else named.trials.n_steps,
        )  # fmt: skip
        room = self._rooms.get(learns)
        if room is None or not room.holds(wanted):
            # All that could be free is, before it is asked how much that is.
            self._rooms.pop(learns, None)
            room = None
            shape = fitting(wanted, self.device.free_bytes(), self.device.label)
            room = self._rooms[learns] = Room(shape, self.device)
        return room

    def _prepare(
        self, held: HeldWeights, room: Room, named: Named, regulariser: NDArray[Any],
        drop_out: float, update: int,
    ) -> None:  # fmt: skip
        """Send the batch, and tell the kernels where everything is."""
        shape, arrays, write = room.shape, room.arrays, self.device.write
        here = self._trials.of(named.trials, named.indices)
        sizes = np.diff(here.offsets)[here.rows]
        ends = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        write(arrays["regulariser"], np.asarray(regulariser, self.network.precision))
        write(arrays["trial"], _padded(here.rows, shape.n_batch))
        write(arrays["number"], _padded(named.indices, shape.n_batch))
        first = ends[:-1] if drop_out > 0.0 else here.offsets[here.rows]
        write(arrays["event_first"], _padded(first, shape.n_batch))
        if named.labels is not None:
            write(arrays["labels"], _padded(named.labels, shape.n_batch))
        channel = self._room_for_kept(int(ends[-1])) if drop_out > 0.0 else here.channel
        targets = self.device.upload(named.targets) if named.targets.size else arrays["votes"]
        on_device: dict[str, Any] = {
            "channel": channel, "step_start": here.step_start, "targets": targets,
            "output": held.output, "bias": held.bias, **arrays,
        }  # fmt: skip
        batch = Batch(
            n_steps=shape.n_steps, chunk=shape.chunk, n_chunks=shape.n_chunks,
            psi_steps=shape.chunk, stride=shape.stride, bundle=shape.bundle, n_slab=shape.n_slab,
            **on_device,
        )  # fmt: skip
        self._in_use = (batch, held)  # it stays until the next one is there
        words = [pack(v, self.device) for v in (self._net, held.input.rows, held.recurrent.rows)]
        write(self.task, np.concatenate([*words, pack(batch, self.device)]))
        held.lay_out(self.task)
        self.kernels.clear(arrays["n_spikes"], arrays["spike_counts"])
        if drop_out > 0.0:
            self._leave_out(here, channel, named.n_trials, drop_out, update)

    def _room_for_kept(self, n: int) -> Array:
        """Room for the spikes of a batch of which some are left out."""
        if self._left is None or self._left.shape[0] < n:
            self._left = None
            self._left = self.device.empty(max(n, 1), np.uint16)
        return self._left

    def _leave_out(self, here: Held, channel: Array, n: int, drop_out: float, update: int) -> None:
        threshold = round(drop_out * 2.0**32)
        self.kernels.each_block(
            "leave_out", n, self.task, here.channel, here.first, channel, threshold, update,
            self.network.seed, stream_id("drop-out"),
        )  # fmt: skip

    def _turn_feedback(self, held: HeldWeights) -> None:
        by = held.output if held.feedback is None else held.feedback
        self.kernels.each("turn_feedback", self._n_output, self.task, by)

    def _show(self, shape: Shape, first: int, n: int) -> None:
        """Show `n` trials of the batch from number `first` on."""
        is_whole = shape.n_chunks == 1
        does = 0 if not shape.learns else DOES["KEEPS_PSI" if is_whole else "KEEPS_STATE"]
        launch, task = self.kernels, self.task
        launch.each_trial("show_trials", n, task, first, 0, shape.n_steps, does)
        launch.each_trial("read_out", n, task, first, outputs=True)
        launch.each("judge_steps", n * shape.n_steps, task, first, n)
        launch.each("sum_losses", n, task, first, n)

    def _go_back(self, shape: Shape, first: int, n: int, t_first: int, t_last: int) -> None:
        """Go back through a chunk of `n` trials."""
        launch, task, net = self.kernels, self.task, self.network
        if shape.n_chunks > 1:
            does = DOES["REPLAYS"] + DOES["KEEPS_PSI"]
            launch.each_trial("show_trials", n, task, first, t_first, t_last, does)
        launch.each("scan_errors", n * net.n_outputs, task, n, t_first, t_last)
        launch.each("add_biases", net.n_outputs, task, n, t_first // shape.chunk)
        n_pieces = -(-net.n_hidden // THREADS)
        launch.each_block("go_back", n * n_pieces, task, t_first, t_last, n_pieces)

    def _add_up(
        self, shape: Shape, projections: dict[str, HeldProjection], is_matrix: dict[str, bool],
        first: int, n: int, t_first: int, t_last: int,
    ) -> None:  # fmt: skip
        """Sum what spikes that arrive in a chunk of time are worth."""
        launch, task, arrays = self.kernels, self.task, self._rooms[True].arrays
        launch.clear(arrays["input_bits"], arrays["hidden_bits"])
        n_steps = t_last - t_first
        launch.each("mark_input", n * n_steps, task, first, n, t_first, t_last)
        launch.each("mark_spikes", n * (n_steps + 1), task, n, t_first, t_last)
        for name, own in projections.items():
            if is_matrix[name]:
                self._add_to_matrix(own.which, own.rows.n_pre, own.rows.n_post, n, t_first, t_last)
            elif own.exists:
                launch.each_warp(
                    "add_to_rows", own.rows.n_pre * own.n_pieces, task, own.which, own.n_pieces,
                    own.n, n, t_first, t_last,
                )  # fmt: skip
        net = self.network
        self._add_to_matrix(_OUTPUT, net.n_hidden, net.n_outputs, n, t_first, t_last)

    def _add_to_matrix(
        self, which: int, n_pre: int, n_post: int, n: int, t_first: int, t_last: int
    ) -> None:
        n_warps = n_pre * -(-n_post // _COLUMNS)
        self.kernels.each_warp(
            "add_to_matrix", n_warps, self.task, which, n_pre, n_post, n, t_first, t_last
        )

    def _gradients(
        self, room: Room, projections: dict[str, HeldProjection], is_matrix: dict[str, bool]
    ) -> dict[str, Array]:
        """Sum over chunks, and name what has come of it."""
        arrays, shape, launch = room.arrays, room.shape, self.kernels
        if shape.n_chunks > 1:
            for name in ("input_sum", "recurrent_sum", "output_sum"):
                n = arrays[name].shape[1]
                launch.each("fold_chunks", n, arrays[name], n, shape.n_chunks)
        bias = self.device.empty(self.network.n_outputs, self.network.precision)
        launch.each("fold_biases", self.network.n_outputs, self.task, bias)
        found = {"output": arrays["output_sum"], "bias": bias}
        for name, own in projections.items():
            if not own.exists:
                continue
            found[name] = arrays[f"{name}_sum"]
            if is_matrix[name]:
                found[f"{name}/pairs"] = found[name]
            if is_matrix[name] and own.is_sparse:
                found[name] = self.device.empty(own.n, self.network.precision)
                launch.each(
                    "pick_synapses", own.n, self.task, own.which, found[f"{name}/pairs"],
                    found[name], own.n,
                )  # fmt: skip
        return found


_COLUMNS = 128
"""Columns of a matrix for which a warp sums: 32 lanes times ``TARGETS_EACH``."""


def _slabs(shape: Shape, n_batch: int) -> Iterator[tuple[int, int]]:
    """First trial and number of trials that are dealt with at a time."""
    for first in range(0, n_batch, shape.n_slab):
        yield first, min(shape.n_slab, n_batch - first)


def _chunks(shape: Shape) -> Iterator[tuple[int, int]]:
    """First step of each chunk, and the first step after it."""
    for t_first in range(0, shape.n_steps, shape.chunk):
        yield t_first, min(t_first + shape.chunk, shape.n_steps)


def _padded(values: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    found: NDArray[np.int64] = np.zeros(n, np.int64)
    found[: values.size] = values
    return found
