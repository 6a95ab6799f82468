"""What is said of rules that rank and cannot be meant."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from snnlab.errors import RuleError, SpecError
from snnlab.model.connectivity import PairwiseBernoulli
from snnlab.model.network import Network, Population, Projection
from snnlab.model.parameter import Parameter
from snnlab.model.ranking_checks import number_of
from snnlab.model.rewiring import Rewiring, RewiringRule
from snnlab.rules.intrinsics import poisson


def network(rule, synapse="STDP", **rewiring):
    a = Population("a", 16, "LIFDelta")
    more = {"parameters": {"W_max": 1.0}} if synapse == "STDP" else {}
    projection = Projection("a", "a", PairwiseBernoulli(0.1), 0.2, 1.0, synapse=synapse, **more)
    return Network([a], [projection], rewirings=[Rewiring("a->a", rule, **rewiring)])


def going(group, p):
    return 0.3 * group.n


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"ranks": "layer"}, r"Own\.ranks: must be 'projection' or 'target' or 'source' \(got 'la"),
        ({"replaces": True}, r"Own\.replaces: must be False for a rule that ranks \(got True\)"),
        ({"prune": going}, r"Own\.prune: must not be defined: the rule ranks[\s\S]*score says"),
        ({"accept": going}, r"Own\.accept: must not be defined: the rule ranks"),
        ({"n_going": RewiringRule.n_going}, r"Own\.n_going: must be defined: without it no"),
        ({"score": Parameter(1.0)}, r"Own\.score: must be a function of a rule that ranks"),
        ({"candidates": -1}, r"Own\.candidates: must be a whole number >= 0 \(got -1\)"),
        ({"candidates": 0.5}, r"Own\.candidates: must be a whole number >= 0 \(got 0\.5\)"),
        ({"ranks": ""}, r"Own\.n_going: must not be defined: the rule ranks no syn[\s\S]*'pro"),
    ],
)  # fmt: skip
def test_a_class_that_cannot_be_meant_is_refused(own, message):
    with pytest.raises(SpecError) as caught:
        type("Own", (RewiringRule,), {"ranks": "projection", "n_going": staticmethod(going)} | own)
    assert re.search(message, str(caught.value)), str(caught.value)


class Ranking(RewiringRule):
    """Ranks by what there is."""

    ranks = "target"
    n_going = staticmethod(going)


class UnknownOfSource(Ranking):
    """Reads a variable that the source does not have."""

    @staticmethod
    def gain(pre, post, pair, p):
        return pre.activity * post.V_m


class UnknownOfTarget(Ranking):
    """Reads a trace of the source at the target."""

    @staticmethod
    def gain(pre, post, pair, p):
        return pre.K_plus * post.K_plus


class DecidesScore(Ranking):
    """Returns a decision instead of a score."""

    @staticmethod
    def score(syn, pair, p):
        return syn.weight < 0.1


class CountsScores(Ranking):
    """Draws a number that needs more than a word."""

    @staticmethod
    def score(syn, pair, p):
        return poisson(2.0)


class ChangesNeuron(Ranking):
    """Changes a neuron instead of reading it."""

    @staticmethod
    def gain(pre, post, pair, p):
        post.V_m = 0.0
        return 1.0


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (UnknownOfSource, r"gain: must be a variable of the source \(V_m, refractory, K_plus\) that"
                          r" exists \(got 'activity'\)[\s\S]*test_ranking_errors\.py[\s\S]*\^"),
        (UnknownOfTarget, r"variable of the target \(V_m, refractory, K_minus\).*\(got 'K_plus'\)"),
        (DecidesScore, r"score: must be a number"),
        (CountsScores, r"CountsScores\.score: must not use poisson\(\)"),
        (ChangesNeuron, r"gain: must not assign to a variable of the target[\s\S]*only reads"),
    ],
)  # fmt: skip
def test_a_bad_rule_is_refused_where_it_is_used(rule, message):
    with pytest.raises(RuleError) as caught:
        network(rule)
    assert re.search(message, str(caught.value)), str(caught.value)


def test_traces_are_those_of_the_synapse_model():
    assert network("RigL").rewirings
    with pytest.raises(RuleError, match=r"a variable of the source \(V_m, refractory\)"):
        network("RigL", synapse="Static")


def test_a_rule_that_ranks_draws_no_partner():
    with pytest.raises(SpecError, match=r"partner: must be 'uniform' for a rule that compares"):
        network("SET", partner="last_spike")


@pytest.mark.parametrize("number", [float("nan"), float("inf"), None, "3"])
def test_a_number_of_synapses_is_finite(number):
    class Odd(RewiringRule):
        """Says nothing that can be meant."""

        ranks = "projection"

        @staticmethod
        def n_going(group, p):
            return number

    with pytest.raises(SpecError, match=r"Odd\.n_going: must return a finite number \(got"):
        number_of(Odd, "n_going", SimpleNamespace(n=3), SimpleNamespace())
