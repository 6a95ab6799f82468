"""The compiled kernels of learning, by name, with the number of blocks that they need."""

from __future__ import annotations

from snnlab.cuda.device import Array, Device, Kernel
from snnlab.cuda.grid import WARP, round_up
from snnlab.learning.cuda.layout import MOST_THREADS, THREADS
from snnlab.learning.cuda.source import learning_source
from snnlab.learning.recurrent_network import RecurrentNetwork

__all__ = ["Kernels"]

_MOST_CLEARING = 4096
"""Blocks that set memory to 0: they go on until all is."""


class Kernels:
    """Launches the kernels for a network.

    Parameters
    ----------
    network : RecurrentNetwork
    device : Device
    """

    def __init__(self, network: RecurrentNetwork, device: Device) -> None:
        self._module = device.compile(learning_source(network.precision, network.n_hidden))
        self._kernels: dict[str, Kernel] = {}
        self._neuron_threads = min(round_up(network.n_hidden, WARP), MOST_THREADS)
        self._output_threads = min(round_up(network.n_outputs, WARP), MOST_THREADS)

    def each(self, name: str, n: int, *args: Array | int) -> None:
        """Launch a kernel with a thread for each of `n` things."""
        if n:
            self._kernel(name)(-(-n // THREADS), THREADS, *args)

    def each_warp(self, name: str, n: int, *args: Array | int) -> None:
        """Launch a kernel with a warp for each of `n` things."""
        self.each(name, WARP * n, *args)

    def each_block(self, name: str, n: int, *args: Array | int) -> None:
        """Launch a kernel with a block for each of `n` things."""
        if n:
            self._kernel(name)(n, THREADS, *args)

    def each_trial(self, name: str, n: int, *args: Array | int, outputs: bool = False) -> None:
        """Launch a kernel with a block for each trial, a thread for each neuron or output."""
        self._kernel(name)(n, self._output_threads if outputs else self._neuron_threads, *args)

    def clear(self, *arrays: Array) -> None:
        """Set arrays to 0 whose bytes are a multiple of 4."""
        for array in arrays:
            n = array.nbytes // 4
            if n:
                n_blocks = min(-(-n // THREADS), _MOST_CLEARING)
                self._kernel("clear_words")(n_blocks, THREADS, array, n)

    def _kernel(self, name: str) -> Kernel:
        if name not in self._kernels:
            self._kernels[name] = self._module.kernel(name)
        return self._kernels[name]
