"""Room on a device for what the trials of a batch do, told in bytes before it is taken."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from snnlab.cuda.device import Array, Device
from snnlab.errors import OutOfMemory
from snnlab.learning.recurrent_network import RecurrentNetwork
from snnlab.learning.shown import LONGEST_CHUNK, bundle_trials

__all__ = ["Room", "Shape", "fitting"]

_KEPT_FREE = 0.1
"""Of the memory that is free, what is left for others."""

_WORD = 32


@dataclass(frozen=True)
class Shape:
    """How a batch is gone through.

    Parameters
    ----------
    network : RecurrentNetwork
    n_steps, n_batch : int
    n_slab : int
        Trials that are dealt with at a time.
    learns : bool
        Whether trials are gone back through.
    sizes : tuple of int
        Numbers of a gradient of the input, recurrent and output weights.
    longest : int
        Steps of a trial that are gone back through at a time.
    """

    network: RecurrentNetwork
    n_steps: int
    n_batch: int
    n_slab: int
    learns: bool
    sizes: tuple[int, int, int]
    longest: int = LONGEST_CHUNK

    @property
    def chunk(self) -> int:
        """Steps that are gone back through at a time."""
        return min(self.n_steps, self.longest)

    @property
    def n_chunks(self) -> int:
        """How often."""
        return -(-self.n_steps // self.chunk)

    @property
    def bundle(self) -> int:
        """Trials that are summed together."""
        return bundle_trials(self.network, self.n_steps, self.chunk)

    @property
    def stride(self) -> int:
        """Numbers from row to row of what is gone back through: whole words of memory."""
        return -(-self.network.n_hidden // _WORD) * _WORD

    @property
    def n_words(self) -> int:
        """Words that hold a bit for each hidden neuron."""
        return -(-self.network.n_hidden // _WORD)

    def arrays(self) -> dict[str, tuple[tuple[int, ...], Any]]:
        """Return name -> shape and type of every array of `snnlab.learning.cuda.layout.Batch`."""
        net, n, t = self.network, self.n_slab, self.n_steps
        real, k, h = np.dtype(net.precision), net.n_outputs, net.n_hidden
        found = {
            "regulariser": ((h,), real), "feedback": ((k, h), real),
            "spikes": ((n, t, self.n_words), np.uint32), "error": ((n, t, k), real),
            "step_loss": ((n, t), np.float64), "votes": ((self.n_batch, k), np.float64),
            "loss": ((self.n_batch,), np.float64), "n_spikes": ((self.n_batch,), np.uint64),
            "spike_counts": ((h,), np.uint64), "trial": ((self.n_batch,), np.int64),
            "number": ((self.n_batch,), np.int64), "event_first": ((self.n_batch,), np.int64),
            "labels": ((self.n_batch,), np.int64),
        }  # fmt: skip
        return found | (self._on_the_way_back() if self.learns else self._nothing())

    def _on_the_way_back(self) -> dict[str, tuple[tuple[int, ...], Any]]:
        net, n, c = self.network, self.n_slab, self.n_chunks
        real, k, h = np.dtype(net.precision), net.n_outputs, net.n_hidden
        words = (-(-self.chunk // _WORD), -(-(self.chunk + 1) // _WORD))
        of_input, of_recurrent, of_output = self.sizes
        return {
            "psi": ((n, self.chunk, self.stride), real),
            "kept": ((n if c > 1 else 1, c if c > 1 else 1, 3, h), real),
            "z": ((n, k), real), "bias_part": ((n, k), np.float64), "carried": ((n, 2, h), real),
            "input_bits": ((net.n_inputs, n, words[0]), np.uint32),
            "hidden_bits": ((h, n, words[1]), np.uint32),
            "input_sum": ((c, of_input), real), "recurrent_sum": ((c, max(of_recurrent, 1)), real),
            "output_sum": ((c, of_output), real), "bias_sum": ((c, k), np.float64),
        }  # fmt: skip

    def _nothing(self) -> dict[str, tuple[tuple[int, ...], Any]]:
        names = Shape._on_the_way_back(self)
        return {name: ((1,), kind) for name, (_, kind) in names.items()}

    @property
    def n_bytes(self) -> int:
        """What all arrays take."""
        return sum(
            int(np.prod(shape, dtype=np.int64)) * np.dtype(kind).itemsize
            for shape, kind in self.arrays().values()
        )


def fitting(shape: Shape, free: int, device: str) -> Shape:
    """Return the shape with as many trials at a time as there is memory for.

    Parameters
    ----------
    shape : Shape
        `n_slab` is not looked at.
    free : int
        Bytes of the device that can be allocated.
    device : str
        Its name, for people.

    Raises
    ------
    OutOfMemory
        There is no room for the fewest trials that can be dealt with at a time; nothing has been
        allocated.
    """
    limit = int(free * (1.0 - _KEPT_FREE))
    few = min(shape.bundle, shape.n_batch)
    one, two = replace(shape, n_slab=few), replace(shape, n_slab=2 * few)
    each = max((two.n_bytes - one.n_bytes) // few, 1)
    most = few + max(limit - one.n_bytes, 0) // each
    if one.n_bytes > limit:
        net = shape.network
        raise OutOfMemory(
            f"{'Learning' if shape.learns else 'Evaluation'} on {device}",
            f"must fit into {limit / 2**30:.3g} GiB of free memory",
            got=f"{one.n_bytes / 2**30:.3g} GiB for {few} trials of {shape.n_steps} steps and "
            f"{net.n_hidden} hidden neurons",
            remedy="Use fewer hidden neurons or outputs, sparse rows (input_density=0.05), longer "
            "time steps (dt), close what else uses the device, or compute on the CPU: "
            "device='cpu'.",
        )  # fmt: skip
    if most >= shape.n_batch:
        return replace(shape, n_slab=shape.n_batch)
    return replace(shape, n_slab=max(most // few, 1) * few)


class Room:
    """Memory for batches of a shape.

    Parameters
    ----------
    shape : Shape
    device : Device
    """

    def __init__(self, shape: Shape, device: Device) -> None:
        self.shape = shape
        self.arrays: dict[str, Array] = {
            name: device.empty(extents, kind) for name, (extents, kind) in shape.arrays().items()
        }

    def holds(self, wanted: Shape) -> bool:
        """Whether a batch has room; `n_slab` is not looked at."""
        mine = self.shape
        same = (
            mine.n_steps == wanted.n_steps
            and mine.learns == wanted.learns
            and mine.sizes == wanted.sizes
            and mine.longest == wanted.longest
        )
        return same and mine.n_batch >= wanted.n_batch
