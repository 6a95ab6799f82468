"""The CUDA C of a neuron rule does what the Numba code does, to the bit."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from snnlab.model.neuron import models
from snnlab.rules.kernel import BLOCK
from snnlab.rules.neuron import NeuronRule, read_neuron
from tests.host_device.host_device import HostDevice
from tests.host_device.nvrtc import compile_ptx
from tests.neurons import constants
from tests.unit.rules.block_trial import BlockTrial
from tests.unit.rules.equal_bits import assert_equal_bits
from tests.unit.rules.odd_neurons import ODD_NEURONS
from tests.unit.rules.random_rule import random_rule
from tests.unit.rules.test_random import Dice
from tests.unit.rules.test_reference import MODELS, EveryConstruct, varied

N_STEPS = 300
SHIPPED = [m for m in models().values() if m.__module__.startswith("snnlab.")]
ALL = [*SHIPPED, EveryConstruct, Dice, *ODD_NEURONS]
SPECIAL = (0.0, -0.0, np.inf, -np.inf, np.nan, 1e-39, -1e-310, 3e38)
"""States of the first neurons, and the parameters and inputs of some more."""

each_model = pytest.mark.parametrize("model", ALL, ids=lambda m: m.__name__)
each_precision = pytest.mark.parametrize("precision", ["float32", "float64"])


def inputs_of(
    rule: NeuronRule, rng: np.random.Generator, precision: str, n_steps: int
) -> NDArray[Any]:
    inputs = rng.normal(0, 30, (n_steps, len(rule.ports), BLOCK))
    inputs[rng.random(inputs.shape) < 0.3] = 0.0
    n = len(SPECIAL)
    inputs[n_steps // 2, :, n : 2 * n] = SPECIAL
    return inputs.astype(precision)


@cache
def trial_of(model: Any, precision: str) -> BlockTrial:
    """Random states and parameters, every second of which differs between neurons."""
    rng = np.random.default_rng(5)
    rule = read_neuron(model)
    p = constants(model)
    varying, scalars = rule.parameters[::2], rule.parameters[1::2]
    words = [*varied(model, rng).values()]
    for state in words:
        state[: len(SPECIAL)] = rng.permutation(SPECIAL)
    words += [p[name] * rng.normal(1, 0.05, BLOCK) for name in varying]
    for row in words[len(rule.states) :]:
        row[2 * len(SPECIAL) : 3 * len(SPECIAL)] = SPECIAL
    params = np.array([p[name] * rng.normal(1, 0.01) for name in scalars])
    with np.errstate(over="ignore"):
        return BlockTrial(
            rule, varying, scalars, np.array(words).astype(precision), params.astype(precision),
            inputs_of(rule, rng, precision, N_STEPS),
            np.array([7, 2**32 - 5, 3, 2**32 - 100], np.uint32),
        )  # fmt: skip


def assert_same(trial: BlockTrial) -> None:
    expected, got = trial.by_numba(), trial.by_cuda(HostDevice())
    assert_equal_bits(got.states, expected.states)
    assert (got.fired == expected.fired).all()


@each_precision
@each_model
def test_cuda_equals_numba(model: Any, precision: str) -> None:
    trial = trial_of(model, precision)
    assert_same(trial)
    if model in MODELS and not model.is_source:
        assert trial.by_numba().fired.any()


@each_precision
@pytest.mark.rounds(3, 60)
def test_any_rule(precision: str, part: int) -> None:
    rng = np.random.default_rng(part)
    rule = random_rule(rng)
    exponents = rng.integers(-3, 4, (len(rule.states) + 2, BLOCK))
    words = (rng.normal(0, 1, exponents.shape) * 10.0**exponents).astype(precision)
    words[:, : len(SPECIAL)] = SPECIAL
    params = rng.normal(0, 3, 2).astype(precision)
    assert_same(
        BlockTrial(
            rule,
            rule.parameters[:2],
            rule.parameters[2:],
            words,
            params,
            inputs_of(rule, rng, precision, 10),
            np.array([part, 1, 2, 3], np.uint32),
        )
    )


@each_precision
@each_model
@pytest.mark.parametrize("architecture", ["compute_70", "compute_80", "compute_90"])
def test_it_compiles_for_gpus(model: Any, precision: str, architecture: str) -> None:
    ptx = compile_ptx(trial_of(model, precision).cuda_source(), architecture)
    assert ".entry run(" in ptx
    if model in SHIPPED:  # others divide with a remainder, for which NVIDIA's code is exact
        assert not re.search(r"\bfma\.|approx|ftz", ptx)
