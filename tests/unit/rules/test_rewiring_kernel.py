"""What a rewiring rule decides: by definition, in plain Python, compiled, and as CUDA C."""

from __future__ import annotations

import re
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numba import njit

from snnlab.errors import SpecError
from snnlab.model.parameter import Parameter
from snnlab.model.rewiring import RewiringRule, models
from snnlab.model.rewirings import DeepR, Magnitude, Threshold, Topographic
from snnlab.rules.call import call_rule
from snnlab.rules.emit_cuda_rewiring import emit_cuda_rewiring
from snnlab.rules.intrinsics import normal, uniform
from snnlab.rules.lanes import LANES, PARTS_SHIFT
from snnlab.rules.philox import philox4x32
from snnlab.rules.rewiring import read_rewiring
from snnlab.rules.rewiring_kernel import compile_rewiring_kernels
from tests.host_device.host_device import HostDevice
from tests.host_device.nvrtc import compile_ptx
from tests.unit.rules.odd_rewirings import ODD_REWIRINGS, STATES, Always, EveryDecision, Ordered
from tests.unit.rules.rewiring_trial import WEIGHT, RewiringTrial

N = 2048
SHIPPED = [
    rule for rule in models().values()
    if rule.__module__.startswith("snnlab.") and not (rule.compares() or rule.matches_elements)
]  # fmt: skip
"""Rules that decide about one synapse or pair at a time."""
SPECIAL = (0.0, -0.0, np.inf, -np.inf, np.nan, 1e-39, -1e-310, 3e38)
DECISIONS = ("prune", "accept")
CONSTANT = {("prune", Always), ("accept", Always), ("accept", DeepR), ("accept", Threshold)}
"""Decisions that are the same whatever the synapse or pair."""

each_rule = pytest.mark.parametrize("model", [*SHIPPED, *ODD_REWIRINGS], ids=lambda m: m.__name__)
each_precision = pytest.mark.parametrize("precision", ["float32", "float64"])
each_decision = pytest.mark.parametrize("name", DECISIONS)


@cache
def trial_of(model: Any, precision: str, n: int = N) -> RewiringTrial:
    """Random states and pairs around the interesting values, and any random words."""
    rng = np.random.default_rng(11)
    states = rng.normal(0, 1, (n, len(STATES)))
    states[:, 0] *= 0.2
    marks = (rng.integers(0, 2**23, n) + 0.5) * 2.0**-23
    pairs = np.column_stack([rng.exponential(3.0, n), rng.integers(0, 10, n), marks])
    states[: len(SPECIAL)] = np.array(SPECIAL)[:, None]
    pairs[len(SPECIAL) : 2 * len(SPECIAL), 0] = SPECIAL
    random = rng.integers(0, 2**32, (n, 5), dtype=np.uint32)
    return RewiringTrial(model, states.astype(precision), pairs.astype(precision), random)


@each_precision
@each_rule
@each_decision
def test_cuda_decides_as_numba(model: Any, precision: str, name: str) -> None:
    trial = trial_of(model, precision)
    expected = trial.by_numba(name)
    np.testing.assert_array_equal(trial.by_cuda(name, HostDevice()), expected)
    assert set(expected) <= {0, 1}
    if (name, model) not in CONSTANT:
        assert set(expected) == {0, 1}


class Wanders(RewiringRule):
    """Changes weights by all that a rule may use."""

    replaces = True
    step = Parameter(0.1)

    @staticmethod
    def adjust(syn: Any, pair: Any, p: Any) -> Any:
        if uniform() < 0.5:
            return syn.weight * (1.0 - p.step * pair.distance) + syn.level / 3
        return syn.weight + p.step * normal() * (pair.indegree + syn.age)

    @staticmethod
    def accept(pair: Any, p: Any) -> Any:
        return True


@each_precision
@pytest.mark.parametrize("model", [DeepR, Wanders], ids=["DeepR", "Wanders"])
def test_cuda_changes_weights_as_numba(model: Any, precision: str) -> None:
    trial = trial_of(model, precision)
    weights = trial.weights("adjust")
    np.testing.assert_array_equal(trial.weights_by_cuda("adjust", HostDevice()), weights)
    assert (model is Wanders) == (np.nanmax(np.abs(weights[16:] - trial.states[16:, 0])) > 0.0)


class Begins(RewiringRule):
    """Lets new synapses start from all that a rule may use."""

    spread = Parameter(0.1)

    @staticmethod
    def derive(p: SimpleNamespace, dt: float) -> dict[str, Any]:
        return {"half": p.spread / 2}

    @staticmethod
    def accept(pair: Any, p: Any) -> Any:
        return uniform() < 0.5

    @staticmethod
    def initial(pair: Any, p: Any) -> Any:
        if pair.indegree > 4.0:
            return p.weight * (1.0 + p.half * normal())
        return p.spread * uniform() / (1.0 + pair.distance)


@each_precision
def test_cuda_weighs_new_synapses_as_numba(precision: str) -> None:
    trial = trial_of(Begins, precision)
    weights = trial.weights("initial")
    np.testing.assert_array_equal(trial.weights_by_cuda("initial", HostDevice()), weights)
    is_crowded = trial.pairs[:, 1] > 4.0
    noise = (weights[is_crowded] / WEIGHT - 1.0) / trial.constants["half"]
    assert abs(noise.mean()) < 0.2
    assert 0.8 < noise.std() < 1.2
    assert np.nanmax(weights[~is_crowded & (trial.pairs[:, 0] >= 0.0)]) < trial.constants["spread"]
    # What it draws is not what the decision before it drew.
    drawn = trial.at(pairs=np.zeros_like(trial.pairs))
    accepted = drawn.by_numba("accept") == 1
    assert 0.4 < (drawn.weights("initial")[accepted] < 0.05).mean() < 0.6


class Proposes(RewiringRule):
    """Names a source by all that a rule may use, some of which do not exist."""

    spread = Parameter(3.0)

    @staticmethod
    def propose(target: Any, p: Any) -> Any:
        middle = target.number * target.n_sources / target.n_targets
        if uniform() < 0.1:
            return target.n_sources - target.indegree
        return middle + p.spread * normal()


@each_precision
def test_cuda_proposes_as_numba(precision: str) -> None:
    trial, n = trial_of(Proposes, precision), 1024
    targets = np.column_stack([np.arange(n) % 50, np.full(n, 50), np.full(n, 70), np.arange(n) % 9])
    trial = trial.at(
        states=targets.astype(precision), pairs=trial.pairs[:n], random=trial.random[:n]
    )
    proposed = np.array([
        propose(trial.kernels.propose, target, trial.params, random)
        for target, random in zip(trial.states, trial.random, strict=True)
    ])  # fmt: skip
    np.testing.assert_array_equal(trial.by_cuda("propose", HostDevice()), proposed)
    assert proposed.min() == -1
    assert proposed.max() < 70
    near = np.abs(proposed - trial.states[:, 0] * 70 / 50) < 12
    assert 0.85 < (near | (proposed < 0)).mean() < 0.97


@njit
def propose(address, target, params, random):  # type: ignore[no-untyped-def]
    return call_rule(address, (target, params, random))


def test_a_rule_that_leaves_weights_alone_has_no_function_for_it() -> None:
    kernels = trial_of(Threshold, "float64").kernels
    assert (kernels.adjust, kernels.initial) == (0, 0)


@each_precision
@each_decision
def test_plain_python_decides_as_numba(precision: str, name: str) -> None:
    trial = trial_of(Ordered, precision)
    np.testing.assert_array_equal(trial.by_python(name), trial.by_numba(name))


@each_rule
@each_decision
def test_plain_python_decides_as_often(model: Any, name: str) -> None:
    """What draws, draws from Python's own generator there: only frequencies agree."""
    trial = trial_of(model, "float64", 8192)
    odds = trial.by_numba(name).mean()
    assert trial.by_python(name).mean() == pytest.approx(odds, abs=0.03)


class Words(RewiringRule):
    """Compares one draw of each kind with a bound."""

    bound = Parameter(0.5)

    @staticmethod
    def prune(syn: Any, pair: Any, p: Any) -> Any:
        return uniform() < p.bound

    @staticmethod
    def accept(pair: Any, p: Any) -> Any:
        drawn = 0.0
        for i in range(3):
            if i == 2:
                drawn = normal()
        return drawn < p.bound


class Turned(Words):
    """Says the same the other way round, and so draws whatever the bound is."""

    @staticmethod
    def prune(syn: Any, pair: Any, p: Any) -> Any:
        return p.bound > uniform()


@each_precision
@pytest.mark.parametrize("bound", [np.nan, -1.0, 0.0, "smallest", 1e-3, 0.5, 1.0, np.inf])
def test_what_is_not_drawn_would_not_have_counted(precision: str, bound: float | str) -> None:
    smallest = float(LANES[precision].unit(np.uint32(0)))
    constants = {"bound": smallest if bound == "smallest" else bound}
    decided = []
    for model in (Words, Turned):
        trial = trial_of(model, precision).at()
        object.__setattr__(trial, "constants", constants)
        decided.append(trial.by_numba("prune"))
    np.testing.assert_array_equal(*decided)
    assert decided[0].any() == (constants["bound"] > smallest)
    assert decided[0].all() == (constants["bound"] >= 1.0)


def bounds_of(trial: RewiringTrial, name: str, j: int, low: float, high: float) -> float:
    """The draw of one pair, found by bisection of the bound that it is compared with."""
    one = trial.at(states=trial.states[[j]], pairs=trial.pairs[[j]], random=trial.random[[j]])
    for _ in range(60):
        middle = (low + high) / 2
        object.__setattr__(one, "constants", {"bound": middle})
        low, high = (low, middle) if one.by_numba(name)[0] else (middle, high)
    return high


def word(random: Any, site: int, passed: int = 0) -> Any:
    seed, stream, a, b, step = (np.uint32(n) for n in random)
    place = np.uint32(site + (passed << PARTS_SHIFT))
    return np.uint32(philox4x32.py_func(a, step, place, b, seed, stream)[0])


def test_draws_are_named_by_seed_stream_attempt_step_and_site() -> None:
    trial = trial_of(Words, "float64")
    lanes = LANES["float64"]
    for j in range(20):
        random = trial.random[j]
        found = bounds_of(trial, "prune", j, 0.0, 1.0)
        assert found == pytest.approx(lanes.unit(word(random, 0)), abs=1e-12)
        found = bounds_of(trial, "accept", j, -10.0, 10.0)
        assert found == pytest.approx(lanes.normal(word(random, 1, 3)), abs=1e-12)


@pytest.mark.parametrize("k", range(5))
def test_every_part_of_the_name_counts(k: int) -> None:
    trial = trial_of(Words, "float32")
    other = trial.random.copy()
    other[:, k] += 1
    for name in DECISIONS:
        assert (trial.by_numba(name) != trial.at(random=other).by_numba(name)).any()


def test_frequencies_are_the_probabilities() -> None:
    trial = trial_of(Topographic, "float32", 2**16)
    p = SimpleNamespace(**trial.constants)
    distance = np.repeat([0.0, 2.5, 5.0, 20.0], 2**14).astype(np.float32)
    pairs = np.column_stack([distance, np.zeros_like(distance), np.zeros_like(distance)])
    formed = trial.at(pairs=pairs).by_numba("accept").reshape(4, -1).mean(axis=1)
    odds = p.p_form * np.exp(-(np.array([0.0, 2.5, 5.0, 20.0]) ** 2) / (2 * p.sigma_form**2))
    np.testing.assert_allclose(formed, odds, atol=0.012)
    assert formed[3] == 0.0
    states = np.zeros((2**16, len(STATES)), np.float32)
    states[:, 0] = np.repeat([0.09, -0.09, 0.1, -0.5], 2**14)
    gone = trial.at(states=states).by_numba("prune").reshape(4, -1).mean(axis=1)
    expected = [p.p_elim_dep, p.p_elim_dep, p.p_elim_pot, p.p_elim_pot]
    np.testing.assert_allclose(gone, expected, atol=0.005)


def test_magnitude_prunes_small_weights() -> None:
    trial = trial_of(Magnitude, "float32")
    np.testing.assert_array_equal(trial.by_numba("prune"), np.abs(trial.states[:, 0]) < 0.1)


def test_what_a_rule_reads_is_known() -> None:
    tree = read_rewiring(EveryDecision, STATES)
    assert tree.known == ("gain", "unread", "reach", "third", "half", "weight")
    assert tree.parameters == ("gain", "reach", "third", "half")
    assert (tree.reads_distance, tree.reads_indegree) == (True, True)
    tree = read_rewiring(Topographic, ("weight",))
    assert (tree.reads_distance, tree.reads_indegree) == (True, False)
    tree = read_rewiring(Magnitude, ("weight",))
    assert (tree.reads_distance, tree.reads_indegree) == (False, False)
    text = emit_cuda_rewiring(read_rewiring(Ordered, STATES), "Rewiring3")
    assert "struct Rewiring3 {" in text
    assert "static const int n_states = 3, n_params = 2;" in text
    assert "static const bool reads_distance = true;" in text


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(SpecError, match="must be 'float32' or 'float64'"):
        compile_rewiring_kernels(Magnitude, STATES, precision="float16")


@each_precision
@each_rule
@pytest.mark.parametrize("architecture", ["compute_70", "compute_80", "compute_90"])
def test_it_compiles_for_gpus(model: Any, precision: str, architecture: str) -> None:
    ptx = compile_ptx(trial_of(model, precision).cuda_source(), architecture)
    assert ".entry run_prune(" in ptx
    if model in SHIPPED:  # others divide with a remainder, for which NVIDIA's code is exact
        assert not re.search(r"\bfma\.|approx|ftz", ptx)
