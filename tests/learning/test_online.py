"""Eligibility traces, step by step, return the same gradient; rules are written by users."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snnlab.errors import RuleError, SpecError
from snnlab.learning import ALIFEligibility, EligibilityRule, EProp, initial_weights
from snnlab.learning.reference import reference_gradient
from snnlab.model.parameter import Parameter, State
from snnlab.rules.eligibility import read_eligibility
from tests.learning.spike_trials import (
    CASES,
    difference,
    equal,
    network,
    random_regulariser,
    random_trials,
)

TOLERANCE = {"float32": 1e-4, "float64": 1e-9}
MORE: dict[str, Any] = {"regulariser": random_regulariser(), "drop_out": 0.2, "update": 3}


@pytest.mark.parametrize("precision", TOLERANCE)
@pytest.mark.parametrize("case", CASES)
def test_it_is_the_gradient_of_both_others(case: str, precision: str) -> None:
    net = network(case, precision)
    weights, trials = initial_weights(net), random_trials(dt=net.dt)
    found = EProp(net, form="online").gradient(weights, trials, **MORE)
    assert (
        difference(found, reference_gradient(net, weights, trials, **MORE)) < TOLERANCE[precision]
    )
    assert difference(found, EProp(net).gradient(weights, trials, **MORE)) < TOLERANCE[precision]


@pytest.mark.parametrize("case", ["alif", "sparse"])
def test_threads_change_no_bit(case: str) -> None:
    net = network(case, "float32")
    weights, trials = initial_weights(net), random_trials(n=11)
    one = EProp(net, form="online").gradient(weights, trials, **MORE)
    for threads in (2, 3):
        eprop = EProp(net, form="online", threads=threads)
        assert equal(eprop.gradient(weights, trials, **MORE), one)
        eprop.close()


def test_outputs_that_follow_a_course() -> None:
    net = network("sparse", readout="regression")
    weights, trials = initial_weights(net), random_trials()
    targets = np.random.default_rng(3).normal(size=(5, 50, 5))
    found = EProp(net, form="online").gradient(weights, trials, targets=targets)
    expected = reference_gradient(net, weights, trials, targets=targets)
    assert difference(found, expected) < 1e-9


def test_pairs_without_a_synapse_have_the_gradient_of_the_other_form() -> None:
    net = network("sparse")
    weights, trials = initial_weights(net), random_trials()
    found = EProp(net, form="online").gradient(weights, trials, pairs=True)
    expected = EProp(net).gradient(weights, trials, pairs=True)
    assert found.recurrent_pairs is not None
    assert np.array_equal(found.recurrent_pairs, expected.recurrent_pairs)


class Unfiltered(EligibilityRule):
    """Eligibility that is not filtered like the outputs, times a factor."""

    factor = Parameter(2.0, "1", "by which gradients are multiplied", above=0.0)

    @staticmethod
    def derive(p: Any, dt: float) -> dict[str, Any]:
        return {"half": 0.5 * p.factor * dt}

    @staticmethod
    def update(syn: Any, pre: Any, post: Any, p: Any) -> None:
        now = post.psi * pre.trace
        syn.gradient += p.half * now * (post.learning_signal if now > 0.0 else 0.0)


class Restless(EligibilityRule):
    """A trace that grows without the target: such synapses never sleep."""

    age = State(0.0, "1", "steps")

    @staticmethod
    def update(syn: Any, pre: Any, post: Any, p: Any) -> None:
        syn.age += 1.0
        syn.gradient += syn.age


@pytest.mark.parametrize("case", ["lif", "sparse lif"])
def test_a_rule_of_one_s_own(case: str) -> None:
    """kappa near 0 makes the paper's rule forget the filter, which this one has not."""
    net = network(case, tau_out=1.0)
    weights, trials = initial_weights(net), random_trials()
    once = EProp(net, form="online", rule=Unfiltered).gradient(weights, trials)
    thrice = EProp(net, form="online", rule=Unfiltered, parameters={"factor": 6.0})
    assert np.allclose(thrice.gradient(weights, trials).input, 3.0 * once.input, rtol=1e-9)
    filtered = EProp(net, form="online").gradient(weights, trials)
    assert np.corrcoef(once.input.ravel(), filtered.input.ravel())[0, 1] > 0.8
    assert not np.allclose(once.input, filtered.input, rtol=1e-3)


def test_synapses_sleep_only_where_nothing_can_happen() -> None:
    assert read_eligibility(ALIFEligibility).sleeps
    assert read_eligibility(
        Unfiltered
    ).sleeps  # whatever the comparison says, it is multiplied by 0
    assert read_eligibility(Restless).sleeps is False
    net = network("sparse")
    weights, trials = initial_weights(net), random_trials(n=2)
    found = EProp(net, form="online", rule=Restless).gradient(weights, trials)
    assert np.array_equal(found.input, np.full_like(found.input, 2 * 50 * 51 / 2))


class Draws(EligibilityRule):
    """Draws a number."""

    @staticmethod
    def update(syn: Any, pre: Any, post: Any, p: Any) -> None:
        syn.gradient += uniform() * pre.trace  # type: ignore[name-defined]  # noqa: F821


class WritesPsi(EligibilityRule):
    """Changes what is not its own."""

    @staticmethod
    def update(syn: Any, pre: Any, post: Any, p: Any) -> None:
        post.psi = 1.0


class TakesAName(EligibilityRule):
    """Declares a number that the network has."""

    rho = Parameter(0.5, "1", "another one")


def test_rules_that_cannot_be_meant() -> None:
    with pytest.raises(RuleError, match="must not draw random numbers"):
        read_eligibility(Draws)
    with pytest.raises(RuleError, match="must not assign to a number of the target"):
        read_eligibility(WritesPsi)
    with pytest.raises(SpecError, match=r"TakesAName\.rho: must have another name"):
        read_eligibility(TakesAName)
    with pytest.raises(SpecError, match=r"must be None: the adjoint form"):
        EProp(network("alif"), rule=ALIFEligibility)
    with pytest.raises(SpecError, match="must be 'adjoint' or 'online'"):
        EProp(network("alif"), form="offline")
    with pytest.raises(SpecError, match="'factor'"):
        EProp(network("lif"), form="online", rule=Unfiltered, parameters={"facto": 1.0})
