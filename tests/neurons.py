"""One block of neurons, stepped from Python through the compiled kernel."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from numba import njit

from snnlab.rules.call import call_block_kernel
from snnlab.rules.kernel import BLOCK, compile_block_kernel


@njit
def _call(address, state, input, params, random, fired):  # type: ignore[no-untyped-def]
    return call_block_kernel(address, state, 0, input, 0, params, 0, random, fired)


def constants(model: Any, dt: float = 0.1, **values: Any) -> dict[str, Any]:
    """Parameters, the given ones instead of the defaults, and derived constants."""
    p = model.defaults() | values
    return p | model.derive(SimpleNamespace(**p), dt)


class Block:
    """`BLOCK` neurons of one model; values may be arrays, one number for each neuron."""

    def __init__(
        self, model: Any, precision: str = "float32", dt: float = 0.1, seed: int = 0,
        stream: int = 0, **values: Any,
    ) -> None:  # fmt: skip
        self.p = constants(model, dt, **values)
        varying = frozenset(name for name, value in self.p.items() if np.ndim(value))
        self.kernel = compile_block_kernel(model, varying=varying, precision=precision)
        self.real = np.dtype(precision)
        self._words = np.zeros((self.kernel.n_words, BLOCK), self.real)
        self._params = np.array([self.p[n] for n in self.kernel.parameter_names], self.real)
        self._input = np.zeros((len(self.kernel.port_names), BLOCK), self.real)
        self._random = np.array([seed, stream, 0, 0], np.uint32)
        self._fired = np.zeros(BLOCK, np.uint8)
        names = self.kernel.state_names + self.kernel.varying_names
        self.state = dict(zip(names, self._words, strict=True))
        for name, state in model.states.items():
            self.state[name][:] = self.p.get(state.initial, state.initial)
        for name in self.kernel.varying_names:
            self.state[name][:] = self.p[name]

    def step(self, **input: Any) -> np.ndarray:
        """Advance by one step; returns which neurons fired."""
        self._input[:] = 0
        for port, value in input.items():
            self._input[self.kernel.port_names.index(port)] = value
        any_fired = _call(
            self.kernel.address, self._words.reshape(-1), self._input.reshape(-1),
            self._params, self._random, self._fired,
        )  # fmt: skip
        assert bool(any_fired) == bool(self._fired.any())
        self._random[3] += 1
        return self._fired.astype(bool)
