"""What a compiled kernel says about itself, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from numba.core.errors import TypingError

from snnlab.errors import SpecError
from snnlab.model.neuron import Neuron
from snnlab.model.neurons import LIFDelta, LIFExp, PoissonSource
from snnlab.model.parameter import Parameter, State
from snnlab.rules.kernel import BLOCK, compile_block_kernel
from tests.neurons import Block, _call


def test_words_and_parameters_are_in_order() -> None:
    kernel = compile_block_kernel(LIFDelta, varying=frozenset({"V_th", "C_m"}))
    assert kernel.state_names == ("V_m", "refractory")
    assert kernel.varying_names == ("V_th",)  # C_m is read by derive alone
    assert kernel.n_words == 3
    assert kernel.port_names == ("syn",)
    assert kernel.parameter_names == (
        "E_L", "V_reset", "I_e", "P22", "P20", "refractory_steps",
    )  # fmt: skip
    assert not kernel.uses_random
    assert compile_block_kernel(PoissonSource).uses_random


def test_compiling_twice_gives_the_same_function() -> None:
    assert compile_block_kernel(LIFExp) == compile_block_kernel(LIFExp)


def test_an_unknown_varying_parameter() -> None:
    with pytest.raises(SpecError, match=r"varying parameter of LIFExp: .*'tau_n'") as caught:
        compile_block_kernel(LIFExp, varying={"tau_n"})
    assert "'tau_m'" in caught.value.remedy


def test_an_unknown_precision() -> None:
    with pytest.raises(SpecError, match="must be 'float32' or 'float64'"):
        compile_block_kernel(LIFExp, precision="float16")


def test_a_derived_name_that_is_a_parameter() -> None:
    class Twice(Neuron):
        gain = Parameter(1.0)
        V_m = State(0.0)

        @staticmethod
        def derive(p, dt):  # type: ignore[no-untyped-def]
            return {"gain": 2.0}

    with pytest.raises(SpecError, match=r"Twice\.derive: must return names that are no parameters"):
        compile_block_kernel(Twice)


def test_offsets_choose_the_block() -> None:
    from numba import njit

    from snnlab.rules.call import call_block_kernel

    @njit
    def second_block(address, state, input, params, random, fired):  # type: ignore[no-untyped-def]
        return call_block_kernel(address, state, 2 * BLOCK, input, BLOCK, params, 1, random, fired)

    kernel = compile_block_kernel(LIFDelta)
    block = Block(LIFDelta)
    state = np.zeros(4 * BLOCK, np.float32)
    params = np.array([0] + [block.p[n] for n in kernel.parameter_names], np.float32)
    input = np.ones(2 * BLOCK, np.float32)
    args = state, input, params, np.zeros(4, np.uint32), np.zeros(BLOCK, np.uint8)
    second_block(kernel.address, *args)
    assert not state[: 2 * BLOCK].any()
    assert (state[2 * BLOCK : 3 * BLOCK] != 0).all()


def test_arrays_of_another_type_are_refused() -> None:
    kernel = compile_block_kernel(LIFDelta)
    state = np.zeros(2 * BLOCK, np.float32)
    params = np.zeros(7, np.float64)
    with pytest.raises(TypingError):
        _call(
            kernel.address, state, state, params, np.zeros(4, np.uint32),
            np.zeros(BLOCK, np.uint8),
        )  # fmt: skip
