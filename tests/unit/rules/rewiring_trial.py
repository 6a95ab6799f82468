"""Decisions made by both targets of a rewiring rule: compiled by Numba, and as CUDA C."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from snnlab.cuda.device import Device
from snnlab.cuda.sources import kernel_text, program_text
from snnlab.rules.call import call_rule
from snnlab.rules.emit_cuda_rewiring import emit_cuda_rewiring
from snnlab.rules.rewiring import PAIR
from snnlab.rules.rewiring_kernel import RewiringKernels, compile_rewiring_kernels
from tests.unit.rules.odd_rewirings import STATES

DT, WEIGHT = 0.1, 0.7

RUN = """
static __device__ RuleDraws draws_of(const u32 *random) {
    RuleDraws draws = {random[0], random[1], random[2], random[3], random[4]};
    return draws;
}

// Each thread changes the weight of a synapse of its own, which is returned as its bits.
extern "C" __global__ void run_adjust(
    i64 *decided, const real *state, const real *pair, const real *params, const u32 *random
) {
    const i64 j = blockIdx.x * (i64)blockDim.x + threadIdx.x;
    const real weight = Rewiring0::adjust(
        state + j * Rewiring0::n_states, pair + 3 * j, params, draws_of(random + 5 * j)
    );
    ((real *)(decided + j))[0] = weight;
}

// Each thread weighs a new synapse of its own.
extern "C" __global__ void run_initial(
    i64 *decided, const real *state, const real *pair, const real *params, const u32 *random
) {
    const i64 j = blockIdx.x * (i64)blockDim.x + threadIdx.x;
    ((real *)(decided + j))[0] = Rewiring0::initial(pair + 3 * j, params, draws_of(random + 5 * j));
}

// Each thread proposes a source for a target of its own.
extern "C" __global__ void run_propose(
    i64 *decided, const real *target, const real *pair, const real *params, const u32 *random
) {
    const i64 j = blockIdx.x * (i64)blockDim.x + threadIdx.x;
    const real proposed = Rewiring0::propose(target + 4 * j, params, draws_of(random + 5 * j));
    decided[j] = proposed >= 0 && proposed < target[4 * j + 2] ? (i64)proposed : -1;
}

// Each thread decides about a pair of its own.
extern "C" __global__ void run_prune(
    i64 *decided, const real *state, const real *pair, const real *params, const u32 *random
) {
    const i64 j = blockIdx.x * (i64)blockDim.x + threadIdx.x;
    decided[j] = Rewiring0::prune(
        state + j * Rewiring0::n_states, pair + 3 * j, params, draws_of(random + 5 * j)
    );
}

extern "C" __global__ void run_accept(
    i64 *decided, const real *state, const real *pair, const real *params, const u32 *random
) {
    const i64 j = blockIdx.x * (i64)blockDim.x + threadIdx.x;
    decided[j] = Rewiring0::accept(pair + 3 * j, params, draws_of(random + 5 * j));
}
"""


@dataclass(frozen=True)
class RewiringTrial:
    """A rule, and numbers to decide about.

    Parameters
    ----------
    model : type of RewiringRule
    states : (n, n_states) real
    pairs : (n, 3) real
    random : (n, 5) uint32
    """

    model: Any
    states: NDArray[Any]
    pairs: NDArray[Any]
    random: NDArray[np.uint32]

    @property
    def precision(self) -> str:
        return self.states.dtype.name

    @cached_property
    def kernels(self) -> RewiringKernels:
        return compile_rewiring_kernels(self.model, STATES, precision=self.precision)

    @cached_property
    def constants(self) -> dict[str, float]:
        p = {name: parameter.default for name, parameter in self.model.parameters.items()}
        return {"weight": WEIGHT} | p | self.model.derive(SimpleNamespace(**p), DT)

    @property
    def params(self) -> NDArray[Any]:
        return np.array([self.constants[n] for n in self.kernels.tree.parameters], self.precision)

    def by_numba(self, name: str) -> NDArray[np.int64]:
        """Decisions of ``"prune"`` or ``"accept"``."""
        decided = np.zeros(len(self.states), np.int64)
        address = getattr(self.kernels, name)
        params = self.params if self.params.size else np.zeros(1, self.precision)
        run = _prune if name == "prune" else _accept
        run(address, decided, self.states, self.pairs, params, self.random)
        return decided

    def weights(self, name: str) -> NDArray[np.floating]:
        """Results of ``"adjust"`` or ``"initial"``, computed by Numba."""
        states = self.states.copy()
        if name == "initial":
            _weigh(self.kernels.initial, states, self.pairs, self.params, self.random)
        else:
            _prune(self.kernels.adjust, np.zeros(len(states), np.int64), states, self.pairs,
                   self.params, self.random)  # fmt: skip
        return states[:, 0]

    def weights_by_cuda(self, name: str, device: Device) -> NDArray[np.floating]:
        """The same, computed by CUDA C."""
        bits = self.by_cuda(name, device)
        return bits.view(self.precision)[:: 8 // self.states.itemsize]

    def by_cuda(self, name: str, device: Device) -> NDArray[np.int64]:
        n_threads = 64
        decided = device.zeros(len(self.states), np.int64)
        arrays = [self.states, self.pairs, self.params, self.random]
        kernel = device.compile(self.cuda_source()).kernel(f"run_{name}")
        n_blocks = len(self.states) // n_threads
        kernel(n_blocks, n_threads, decided, *(device.upload(a) for a in arrays))
        return device.download(decided)

    def cuda_source(self) -> str:
        struct = emit_cuda_rewiring(self.kernels.tree, "Rewiring0")
        return program_text(self.precision, kernel_text("rule_functions"), struct, RUN)

    def by_python(self, name: str) -> NDArray[np.int64]:
        """Decisions of the rule's own functions on scalars of the precision."""
        real = self.states.dtype.type
        p = SimpleNamespace(**{k: real(v) for k, v in self.constants.items()})
        decided = []
        with np.errstate(all="ignore"):
            for state, numbers in zip(self.states, self.pairs, strict=True):
                syn = SimpleNamespace(**dict(zip(STATES, state, strict=True)))
                pair = SimpleNamespace(**dict(zip(PAIR, numbers, strict=True)))
                arguments = (syn, pair, p) if name == "prune" else (pair, p)
                decided.append(int(getattr(self.model, name)(*arguments)))
        return np.array(decided, np.int64)

    def at(self, **changes: Any) -> RewiringTrial:
        """The same trial with other numbers."""
        return replace(self, **changes)


@njit
def _prune(address, decided, states, pairs, params, random):  # type: ignore[no-untyped-def]
    for j in range(len(decided)):
        decided[j] = call_rule(address, (states[j], pairs[j], params, random[j]))


@njit
def _accept(address, decided, states, pairs, params, random):  # type: ignore[no-untyped-def]
    for j in range(len(decided)):
        decided[j] = call_rule(address, (pairs[j], params, random[j]))


@njit
def _weigh(address, states, pairs, params, random):  # type: ignore[no-untyped-def]
    for j in range(len(states)):
        call_rule(address, (pairs[j], params, random[j], states[j]))
