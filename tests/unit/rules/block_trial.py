"""A block of neurons run by both targets of a rule: compiled by Numba, and as CUDA C."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from snnlab.cuda.device import Device
from snnlab.cuda.sources import kernel_text, program_text
from snnlab.rules.cache import generated_module
from snnlab.rules.call import call_block_kernel
from snnlab.rules.emit_cuda_neuron import emit_cuda_neuron
from snnlab.rules.emit_numba import emit_block_kernel
from snnlab.rules.kernel import BLOCK
from snnlab.rules.neuron import NeuronRule

RUN = """
// Advance a block of neurons by some steps, one thread for each of them.
extern "C" __global__ void run(
    real *words, const real *inputs, const real *params, const u32 *random, u8 *fired,
    real *states, i64 n_steps
) {
    const int n_states = Neuron::n_states, n_varying = Neuron::n_varying;
    const int n_ports = Neuron::n_ports;
    const i64 n = blockDim.x, j = threadIdx.x;
    real state[n_states], varying[n_varying ? n_varying : 1], input[n_ports ? n_ports : 1];
    for (int k = 0; k < n_states; ++k) state[k] = words[k * n + j];
    for (int k = 0; k < n_varying; ++k) varying[k] = words[(n_states + k) * n + j];
    Draws draws = {random[0], random[1], random[2], random[3], (i32)j};
    for (i64 step = 0; step < n_steps; ++step) {
        for (int k = 0; k < n_ports; ++k) input[k] = inputs[(step * n_ports + k) * n + j];
        fired[step * n + j] = Neuron::step(state, varying, input, params, draws);
        for (int k = 0; k < n_states; ++k) states[(step * n_states + k) * n + j] = state[k];
        ++draws.step;
    }
}
"""


class Course(NamedTuple):
    """What came out of a run.

    fired : (n_steps, BLOCK) uint8
    states : (n_steps, n_states, BLOCK) real
    """

    fired: NDArray[np.uint8]
    states: NDArray[Any]


@dataclass(frozen=True)
class BlockTrial:
    """A rule, and numbers to run it with.

    Parameters
    ----------
    rule : NeuronRule
    varying, scalars : sequence of str
        Parameters that differ between neurons, and those that do not.
    words : (n_states + n_varying, BLOCK) real
    params : (n_scalars,) real
    inputs : (n_steps, n_ports, BLOCK) real
    random : (4,) uint32
    """

    rule: NeuronRule
    varying: Sequence[str]
    scalars: Sequence[str]
    words: NDArray[Any]
    params: NDArray[Any]
    inputs: NDArray[Any]
    random: NDArray[np.uint32]

    @property
    def precision(self) -> str:
        return self.words.dtype.name

    def numba_source(self) -> str:
        return emit_block_kernel(self.rule, self.varying, self.scalars, self.precision, BLOCK)

    def cuda_source(self) -> str:
        struct = emit_cuda_neuron(self.rule, "Neuron", self.varying, self.scalars)
        return program_text(self.precision, kernel_text("rule_functions"), struct, RUN)

    def by_numba(self) -> Course:
        kernel = generated_module(self.rule.name, self.numba_source()).step
        n_states = len(self.rule.states)
        words, random = self.words.copy(), self.random.copy()
        fired = np.zeros((len(self.inputs), BLOCK), np.uint8)
        states = np.zeros((len(self.inputs), n_states, BLOCK), words.dtype)
        for step, input in enumerate(self.inputs):
            _step(
                kernel.address, words.reshape(-1), input.reshape(-1), self.params, random,
                fired[step],
            )  # fmt: skip
            states[step] = words[:n_states]
            random[3:] += np.uint32(1)  # wraps
        return Course(fired, states)

    def by_cuda(self, device: Device) -> Course:
        n_steps, n_states = len(self.inputs), len(self.rule.states)
        given = (self.words, self.inputs, self.params, self.random)
        fired = device.zeros((n_steps, BLOCK), np.uint8)
        states = device.zeros((n_steps, n_states, BLOCK), self.words.dtype)
        kernel = device.compile(self.cuda_source()).kernel("run")
        kernel(1, BLOCK, *map(device.upload, given), fired, states, n_steps)
        return Course(device.download(fired), device.download(states))


@njit
def _step(address, words, input, params, random, fired):  # type: ignore[no-untyped-def]
    return call_block_kernel(address, words, 0, input, 0, params, 0, random, fired)
