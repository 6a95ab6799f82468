"""The CUDA C of a synapse rule does what the Numba code does, to the bit."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from snnlab.model.synapse import models
from snnlab.rules.emit_cuda_synapse import emit_cuda_synapse
from snnlab.rules.synapse import SynapseRule, read_synapse
from tests.host_device.host_device import HostDevice
from tests.host_device.nvrtc import compile_ptx
from tests.unit.rules.equal_bits import assert_equal_bits
from tests.unit.rules.odd_synapses import ODD_SYNAPSES, EveryEvent
from tests.unit.rules.synapse_trial import EVENTS, SynapseTrial

N = 256
DT = 0.1
SHIPPED = [m for m in models().values() if m.__module__.startswith("snnlab.")]
SPECIAL = (0.0, -0.0, np.inf, -np.inf, np.nan, 1e-39, -1e-310, 3e38)
STEPS = (0, 1, 2, 3, -1, 2**29 - 1, 2**29 + 1, 2**40, -(2**40))

each_model = pytest.mark.parametrize("model", [*SHIPPED, *ODD_SYNAPSES], ids=lambda m: m.__name__)
each_precision = pytest.mark.parametrize("precision", ["float32", "float64"])


@cache
def trial_of(model: Any, precision: str) -> SynapseTrial:
    """Random states and traces around the interesting values of a model."""
    rng = np.random.default_rng(3)
    rule = read_synapse(model)
    size = abs(constants(model).get(model.largest, 2.0))
    steps = rng.integers(0, 5000, N)
    steps[: len(STEPS)] = STEPS
    traces = {s: rng.exponential(1, (N, len(getattr(rule, s)))) for s in ("pre", "post", "mod")}
    arrays = [rng.normal(0, size, (N, len(rule.states))), *traces.values()]
    for k, array in enumerate(arrays):
        array[k * len(SPECIAL) :][: len(SPECIAL)] = np.array(SPECIAL)[:, None]
    states, *others = (a.astype(precision) for a in arrays)
    return SynapseTrial(
        rule, states, dict(zip(traces, others, strict=True)), parameters_of(model, rule, precision),
        steps,
    )  # fmt: skip


def constants(model: Any) -> dict[str, Any]:
    p = {name: parameter.default for name, parameter in model.parameters.items()}
    return p | model.derive(SimpleNamespace(**p), DT)


def parameters_of(model: Any, rule: SynapseRule, precision: str) -> NDArray[Any]:
    p = constants(model)
    rates = [DT / p[tau] if p[tau] else np.inf for tau in rule.taus]
    return np.array([*(p[n] for n in rule.parameters), *rates, 16.0, 1e9], precision)


@each_precision
@each_model
@pytest.mark.parametrize("name", EVENTS)
def test_events(model: Any, precision: str, name: str) -> None:
    trial = trial_of(model, precision)
    if name == "at_step" and not trial.rule.has_every_step:
        expected = trial.states, np.zeros(N, precision)
    else:
        expected = trial.event_by_numba(name)
    got = trial.event_by_cuda(name, HostDevice())
    for one, other in zip(got, expected, strict=True):
        assert_equal_bits(one, other)


@each_precision
@each_model
@pytest.mark.parametrize("space", ["pre", "post"])
def test_traces_relax(model: Any, precision: str, space: str) -> None:
    trial = trial_of(model, precision)
    with np.errstate(all="ignore"):
        expected = trial.relaxed(space)
    assert_equal_bits(trial.traces_by_cuda(f"relax_{space}", space, HostDevice()), expected)


@each_precision
@each_model
@pytest.mark.parametrize("name", ["pre_spike", "post_spike", "mod_step"])
def test_spikes_change_traces(model: Any, precision: str, name: str) -> None:
    trial = trial_of(model, precision)
    if name == "mod_step":  # which is told how many spikes there are
        trial = replace(trial, steps=trial.steps % 5)
    got = trial.traces_by_cuda(name, name.partition("_")[0], HostDevice())
    assert_equal_bits(got, trial.spike_by_numba(name))


def test_the_odd_model_does_something() -> None:
    """Otherwise the tests above could not fail for it."""
    trial = trial_of(EveryEvent, "float32")
    for name in EVENTS:
        states, effects = trial.event_by_numba(name)
        changed = (states != trial.states).mean(axis=0)
        assert (changed > 0.3).sum() >= 2
        assert (np.unique(effects).size > 50) == (name == "on_pre")
    for name in ("pre_spike", "post_spike"):
        assert np.isfinite(trial.spike_by_numba(name)).mean() > 0.9


def test_facts_are_told() -> None:
    text = emit_cuda_synapse(read_synapse(EveryEvent), "Synapse7")
    assert "struct Synapse7 {" in text
    for fact in (
        "int n_states = 4", "int n_pre = 3", "int n_post = 2", "int n_mod = 2", "int n_params = 8",
        "bool has_on_post = true", "bool has_every_step = true", "bool reads_post_before = true",
        "bool needs_history = true",
    ):  # fmt: skip
        assert f"static const {fact};" in text
    text = emit_cuda_synapse(read_synapse(SHIPPED[0]), "Synapse0")
    for fact in ("has_on_post", "has_every_step", "reads_post_before", "needs_history"):
        assert f"bool {fact} = false;" in text


@each_precision
@each_model
@pytest.mark.parametrize("architecture", ["compute_70", "compute_80", "compute_90"])
def test_it_compiles_for_gpus(model: Any, precision: str, architecture: str) -> None:
    ptx = compile_ptx(trial_of(model, precision).cuda_source(), architecture)
    assert ".entry run_on_pre(" in ptx
    if model in SHIPPED:  # others divide with a remainder, for which NVIDIA's code is exact
        assert not re.search(r"\bfma\.|approx|ftz", ptx)
