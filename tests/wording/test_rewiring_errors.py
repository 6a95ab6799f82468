"""What is said of rewiring rules and of rewirings that cannot be meant."""

import re

import pytest

from snnlab.errors import RuleError, SpecError
from snnlab.model.connectivity import FixedIndegree, FixedTotalNumber, PairwiseBernoulli
from snnlab.model.distribution import Normal, Uniform
from snnlab.model.network import Network, Population, Projection
from snnlab.model.parameter import Parameter
from snnlab.model.rewiring import Rewiring, RewiringRule
from snnlab.model.space import Grid
from snnlab.rules.intrinsics import poisson, uniform

SPACE = Grid((4.0, 4.0), True, (4, 4))


def network(own, rewiring):
    a = Population("a", 16, "LIFCondExp", space=own.pop("space", SPACE))
    values = {"rule": PairwiseBernoulli(0.1), "weight": 0.2, "delay": 1.0}
    values |= {"synapse": "STDP", "parameters": {"W_max": 1.0}} | own
    projection = Projection("a", "a", **values)
    return Network([a], [projection], rewirings=[Rewiring(**{"projection": "a->a"} | rewiring)])


WHERE = r"Rewiring 'rewiring of a->a'\."


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"projection": "a->b"}, r"projection: must be an existing name \(got 'a->b'\)"),
        ({"rule": FixedIndegree(2)}, r"projection: must start without multapses \(got FixedInd"),
        ({"rule": FixedTotalNumber(9)}, r"without multapses[\s\S]*'a->a'[\s\S]*multapses=False"),
        ({"delay": Uniform(1.0, 2.0)}, r"projection: must have one constant delay \(got Uniform"),
        ({"weight": Uniform(0.1, 0.2)}, r"must start from one constant weight \(got Uniform"),
        ({"every": 0.04}, WHERE + r"every: must be at least one time step, dt = 0\.1 ms \(got"),
        ({"every": -1.0}, WHERE + r"every: must be at least one time step"),
        ({"every": "3 mV"}, WHERE + r"every: must be a time \[ms\]"),
        ({"every": float("inf")}, WHERE + r"every: must be at most 1e\+09 ms"),
        ({"every": float("nan")}, WHERE + r"every: must be at most 1e\+09 ms"),
        ({"attempts": -1}, WHERE + r"attempts: must be >= 0 and <= 1e\+09 \(got -1\)"),
        ({"attempts": 1e12}, WHERE + r"attempts: must be >= 0 and <= 1e\+09 \(got 1e\+12\)"),
        ({"attempts": "2 * k"}, WHERE + r"attempts: knob: must be an existing name \(got 'k'\)"),
        ({"new_weight": -0.1}, WHERE + r"weight: must be >= 0 at receptor 'exc' \(got -0\.1 nS\)"),
        ({"new_weight": 2.0}, r"STDP\.W_max: must have the sign[\s\S]*at least as large: 2 \.\."),
        ({"new_weight": "1 pA"}, WHERE + r"weight: must be a conductance \[nS\]"),
        ({"new_weight": Normal(0.2, 0.01)}, WHERE + r"weight: must be one number \(got Normal"),
        ({"parameters": {"p_frm": 0.1}}, r"of Topographic.*'p_frm'[\s\S]*Did you mean 'p_form'"),
        ({"parameters": {"p_form": 1.1}}, r"Topographic\.p_form: must be >= 0 and <= 1 \(got 1\.1"),
        ({"parameters": {"sigma_form": "3 mV"}}, r"Topographic\.sigma_form[\s\S]*mV"),
        ({"partner": "any"}, WHERE + r"partner: must be 'uniform' or 'last_spike' \(got 'any'\)"),
        ({"slots": -1}, WHERE + r"slots: must be a whole number in 0 \.\.\. 65536 \(got -1\)"),
        ({"slots": 2.5}, WHERE + r"slots: must be a whole number"),
        ({"pool": "all"}, WHERE + r"slots: must be given: the pool is made of slots \(got 0\)"),
        ({"slots": 4, "rule_": "SET"}, WHERE + r"slots: must be 0 for the rule SET, which draws"),
        ({"space": None}, r"Population 'a'\.space: must be given: the rule asks for distances"),
    ],
)  # fmt: skip
def test_a_rewiring_that_cannot_be_meant_is_refused(changes, message):
    own = {k: v for k, v in changes.items() if k in ("rule", "weight", "delay", "space")}
    rest = {k.removeprefix("new_").removesuffix("_"): v for k, v in changes.items() if k not in own}
    with pytest.raises(SpecError) as caught:
        network(own, rest)
    assert re.search(message, str(caught.value)), str(caught.value)


def test_rules_are_found_by_name():
    with pytest.raises(SpecError, match=r"rewiring rule.*'Topografic'[\s\S]*'Topographic'"):
        network({}, {"rule": "Topografic"})


def test_targets_with_slots_are_rewired_by_one_rule_and_share_with_their_like():
    one, other = Rewiring("a->a", slots=4), Rewiring("a->a", "Magnitude", name="other")
    with pytest.raises(SpecError, match=r"projection: must be rewired by one rule.*'other' too"):
        network({}, {"slots": 4}).replace(rewirings=[one, other])
    net = network({}, {"slots": 4, "pool": "all"})
    b = Population("b", 16, "LIFCondExp", space=SPACE)
    onto_b = Projection("a", "b", PairwiseBernoulli(0.1), 0.2)
    sharing = Rewiring("a->b", slots=4, pool="all")
    with pytest.raises(SpecError, match=r"pool: must be shared by projections onto one popul"):
        net.replace(
            populations=[*net.populations, b], projections=[*net.projections, onto_b],
            rewirings=[*net.rewirings, sharing],
        )  # fmt: skip


def test_two_of_the_same_name_are_refused():
    net = network({}, {})
    with pytest.raises(SpecError, match=r"Network\.rewirings: must have different names"):
        net.replace(rewirings=net.rewirings * 2)


class UnknownState(RewiringRule):
    """Reads a state that the synapses do not have."""

    @staticmethod
    def prune(syn, pair, p):
        return syn.age > 1.0


class UnknownOfPair(RewiringRule):
    """Asks for more than there is of a pair."""

    @staticmethod
    def accept(pair, p):
        return pair.outdegree < 3.0


class UnknownParameter(RewiringRule):
    """Reads a parameter that is not declared."""

    p_form = Parameter(0.1)

    @staticmethod
    def accept(pair, p):
        return uniform() < p.p_from


class ForgetsReturn(RewiringRule):
    """Decides on one path only."""

    @staticmethod  # noqa: RET503  (that is the point)
    def prune(syn, pair, p):
        if syn.weight > 0.1:
            return False


class ReturnsNothing(RewiringRule):
    """Returns, but no decision."""

    @staticmethod
    def accept(pair, p):
        return


class ReturnsNumber(RewiringRule):
    """Returns a probability instead of a decision."""

    p_form = Parameter(0.1)

    @staticmethod
    def accept(pair, p):
        return p.p_form


class WrongArguments(RewiringRule):
    """Has the arguments of the other function."""

    @staticmethod
    def accept(syn, pair, p):
        return True


class Counts(RewiringRule):
    """Draws a number that needs more than a word."""

    @staticmethod
    def prune(syn, pair, p):
        return poisson(2.0) > 1


class NeverEnds(RewiringRule):
    """Would still be at it tomorrow."""

    @staticmethod
    def accept(pair, p):
        n = 300
        total = 0.0
        for i in range(n):
            for _ in range(i, 2 * n):
                total = total + 1.0
        return total > 0.0


class Waits(RewiringRule):
    """Waits for what does not come."""

    @staticmethod
    def accept(pair, p):
        while pair.distance > 1.0:
            pass
        return True


class ChangesWeight(RewiringRule):
    """Changes a synapse instead of deciding about it."""

    @staticmethod
    def prune(syn, pair, p):
        syn.weight = 0.0
        return False


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (UnknownState, r"prune: must be a state of the projection's synapses \(weight\) that exists"
                       r" \(got 'age'\)[\s\S]*test_rewiring_errors\.py[\s\S]*\^"),
        (UnknownOfPair, r"accept: must be a number of the pair \(distance, indegree, mark\) that"
                        r" exists \(got 'outdegree'\)"),
        (UnknownParameter, r"parameter or derived constant of UnknownParameter[\s\S]*'p_form'"),
        (ForgetsReturn, r"prune: must return a truth value on every path[\s\S]*pair\.distance <"),
        (ReturnsNothing, r"accept: must return a truth value[\s\S]*return pair\.distance"),
        (ReturnsNumber, r"accept: must be true or false, not a number \(got 'p\.p_form'\)"),
        (WrongArguments, r"accept: must have the arguments \(pair, p\) \(got \(syn, pair, p\)\)"),
        (Counts, r"Counts\.prune: must not use poisson\(\)[\s\S]*uniform\(\) and normal\(\)"),
        (NeverEnds, r"NeverEnds\.accept: must make at most 10000 passes, with the loops around it "
                    r"\(got 180000 of them\)[\s\S]*line \d+[\s\S]*for _ in range\(i, 2 \* n\)"),
        (Waits, r"Waits\.accept: must not use[\s\S]*while pair\.distance > 1\.0"),
        (ChangesWeight, r"prune: must not assign to a state[\s\S]*the synapse model changes them"),
    ],
)  # fmt: skip
def test_a_bad_rule_is_refused_where_it_is_used(rule, message):
    with pytest.raises(RuleError) as caught:
        network({}, {"rule": rule})
    assert re.search(message, str(caught.value)), str(caught.value)


def test_names_of_a_rewiring_are_no_parameters():
    with pytest.raises(SpecError, match=r"Own\.every: must have another name[\s\S]*attempts"):
        type("Own", (RewiringRule,), {"every": Parameter(1.0, "ms")})


def test_only_a_rule_that_replaces_changes_weights():
    with pytest.raises(SpecError, match=r"Own\.adjust: must not be defined[\s\S]*replaces = True"):
        type("Own", (RewiringRule,), {"adjust": staticmethod(lambda syn, pair, p: 0.0)})


class Nearby(RewiringRule):
    """Proposes neighbours."""

    @staticmethod
    def propose(target, p):
        return target.number + 1


def test_one_who_proposes_says_who_is_a_partner():
    assert network({}, {"rule": Nearby}).rewirings
    with pytest.raises(SpecError, match=r"must be 'uniform' for a rule that proposes[\s\S]*Nearby"):
        network({}, {"rule": Nearby, "partner": "last_spike"})


def test_only_a_rule_that_draws_attempts_proposes():
    with pytest.raises(SpecError, match=r"Own\.propose: must not be defined[\s\S]*no attempts"):
        type("Own", (RewiringRule,), {"propose": staticmethod(Nearby.propose), "replaces": True})


def test_weights_that_are_shared_are_not_changed():
    with pytest.raises(SpecError, match=r"must have synapses with weights of their own[\s\S]*STDP"):
        network({"synapse": "Static", "parameters": {}}, {"rule": "DeepR"})


class Weighed(RewiringRule):
    """Gives new synapses their weights."""

    @staticmethod
    def accept(pair, p):
        return True

    @staticmethod
    def initial(pair, p):
        return p.weight * uniform()


def test_weights_that_are_shared_are_not_drawn():
    assert network({}, {"rule": Weighed}).rewirings
    with pytest.raises(SpecError, match=r"weights of their own[\s\S]*Weighed gives weights"):
        network({"synapse": "Static", "parameters": {}}, {"rule": Weighed})


class Unweighed(Weighed):
    """Reads what a pair does not have."""

    @staticmethod
    def initial(pair, p):
        return pair.weight


def test_a_weight_that_is_not_in_the_rule_language_is_refused():
    with pytest.raises(RuleError, match=r"Unweighed\.initial: must be a number of the pair"):
        network({}, {"rule": Unweighed})


def test_elements_give_no_weights():
    with pytest.raises(SpecError, match=r"Own: must have no functions and parameters"):
        type("Own", (RewiringRule,),
             {"matches_elements": True, "initial": staticmethod(Weighed.initial)})  # fmt: skip


def test_a_rule_that_replaces_says_what_it_forms():
    with pytest.raises(SpecError, match=r"Own\.accept: must be defined: the rule replaces"):
        type("Own", (RewiringRule,), {"replaces": True})


class Replaces(RewiringRule):
    """Replaces weak synapses anywhere."""

    replaces = True

    @staticmethod
    def prune(syn, pair, p):
        return syn.weight < 0.1

    @staticmethod
    def accept(pair, p):
        return True


def test_a_rule_that_replaces_draws_any_partner():
    assert network({}, {"rule": Replaces}).rewirings
    with pytest.raises(
        SpecError, match=r"must be 'uniform' for a rule that replaces[\s\S]*Replaces"
    ):
        network({}, {"rule": Replaces, "partner": "last_spike"})


def test_derived_constants_have_names_of_their_own():
    class Twice(RewiringRule):
        """Derives its parameter."""

        p_form = Parameter(0.1)

        @staticmethod
        def derive(p, dt):
            return {"p_form": 1.0}

    with pytest.raises(SpecError, match=r"Twice\.derive: must return names that are no parameters"):
        network({}, {"rule": Twice})
