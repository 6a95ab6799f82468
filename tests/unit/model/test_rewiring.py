"""Rewirings of a network: what their numbers stand for, and which rules there are."""

from types import SimpleNamespace

import pytest

from snnlab.errors import RuleError, SpecError
from snnlab.model.connectivity import (
    AllToAll,
    DistanceDependent,
    FixedIndegree,
    FixedOutdegree,
    FixedTotalNumber,
    OneToOne,
    PairwiseBernoulli,
)
from snnlab.model.edits import SetParameter
from snnlab.model.network import Knob, Network, Population, Projection
from snnlab.model.parameter import Parameter, State
from snnlab.model.rewiring import Rewiring, RewiringRule, lookup, models
from snnlab.model.rewirings import DeepR, Magnitude, Threshold, Topographic
from snnlab.model.space import Grid
from snnlab.model.synapse import Synapse

MAP = Population("map", 16, "LIFCondExp", space=Grid((4.0, 4.0), True, (4, 4)))


def network(*rewirings, rule=None, weight="J", **more):
    projection = Projection("map", "map", rule or PairwiseBernoulli(0.1, False), weight, 0.1,
                            synapse="STDP", parameters={"W_max": "J"}, **more)  # fmt: skip
    knobs = [Knob("J", 0.2), Knob("rate", 2.0)]
    return Network([MAP], [projection], rewirings=rewirings, knobs=knobs)


def test_the_rules_that_ship_are_found_by_name():
    assert lookup("Topographic") is Topographic
    assert {"Topographic", "Magnitude"} <= models().keys()
    assert Rewiring("map->map").model is Topographic
    assert Rewiring("map->map", Magnitude).rule == "Magnitude"


def test_a_network_finds_its_rewirings():
    net = network(Rewiring("map->map"), Rewiring("map->map", "Magnitude", name="weak"))
    assert [r.name for r in net.rewirings] == ["rewiring of map->map", "weak"]
    assert net.rewiring("weak").rule == "Magnitude"
    with pytest.raises(SpecError, match=r"rewiring: must be an existing name[\s\S]*'weak'"):
        net.rewiring("wek")


def test_numbers_may_be_quantities_and_expressions_of_knobs():
    rewiring = Rewiring(
        "map->map", every="0.5 ms", attempts="10 * rate", weight="J / 2",
        parameters={"p_form": "rate / 4", "sigma_form": "0.003 mm", "w_threshold": "J / 2"},
    )  # fmt: skip
    net = network(rewiring)
    assert net.rewiring_steps_of(rewiring) == 5
    assert net.rewiring_attempts_of(rewiring) == 20
    assert net.rewiring_weight_of(rewiring) == pytest.approx(0.1)
    found = net.rewiring_parameters_of(rewiring)
    assert found["p_form"] == 0.5
    assert found["sigma_form"] == pytest.approx(3.0)
    assert found["w_threshold"] == pytest.approx(0.1)
    assert found["p_elim_dep"] == 0.0245
    faster = SetParameter("", "rate", 3.0).apply(net)
    assert faster.rewiring_attempts_of(faster.rewirings[0]) == 30


@pytest.mark.parametrize(
    ("every", "steps"), [(0.1, 1), (0.05, 1), ("0.26 ms", 3), (1.0, 10), ("1 s", 10_000)]
)
def test_intervals_are_rounded_to_steps(every, steps):
    net = network(Rewiring("map->map", every=every))
    assert net.rewiring_steps_of(net.rewirings[0]) == steps


@pytest.mark.parametrize(("attempts", "number"), [(1, 1), (2.4, 2), (2.5, 3), ("rate * 2", 4)])
def test_attempts_are_rounded(attempts, number):
    net = network(Rewiring("map->map", attempts=attempts))
    assert net.rewiring_attempts_of(net.rewirings[0]) == number


def test_a_new_synapse_starts_from_the_weight_of_the_projection():
    net = network(Rewiring("map->map"))
    assert net.rewiring_weight_of(net.rewirings[0]) == 0.2
    stronger = SetParameter("", "J", 0.4).apply(net)
    assert stronger.rewiring_weight_of(stronger.rewirings[0]) == 0.4


@pytest.mark.parametrize(
    "rule",
    [
        AllToAll(),
        OneToOne(),
        PairwiseBernoulli(0.5),
        DistanceDependent(0.16, 2.5),
        FixedIndegree(4, multapses=False),
        FixedOutdegree(4, multapses=False),
        FixedTotalNumber(4, multapses=False),
    ],
)
def test_projections_without_multapses_can_be_rewired(rule):
    assert network(Rewiring("map->map"), rule=rule).rewirings


def test_a_rule_may_read_the_states_of_the_synapses():
    class Ageing(Synapse):
        """Counts the spikes that it delivered."""

        age = State(0.0)

        @staticmethod
        def on_pre(syn, pre, post, p):
            syn.age += 1.0
            return syn.weight

    class Old(RewiringRule):
        """Prunes synapses that delivered many spikes."""

        @staticmethod
        def prune(syn, pair, p):
            return syn.age > 100.0

    ageing = Projection("map", "map", PairwiseBernoulli(0.1), 0.2, synapse=Ageing)
    assert Network([MAP], [ageing], rewirings=[Rewiring("map->map", Old)]).rewirings
    with pytest.raises(RuleError, match=r"the projection's synapses \(weight\)"):
        network(Rewiring("map->map", Old))


def test_only_distances_need_positions():
    flat = Population("map", 16, "LIFCondExp")
    projection = Projection("map", "map", PairwiseBernoulli(0.1), 0.2)
    assert Network([flat], [projection], rewirings=[Rewiring("map->map", "Magnitude")])
    with pytest.raises(SpecError, match="must be given: the rule asks for distances"):
        Network([flat], [projection], rewirings=[Rewiring("map->map")])


def test_parameters_of_a_base_are_inherited():
    class Sharper(Topographic):
        """Forms in a smaller circle."""

        sigma_form = Parameter(1.0, "um", above=0.0)

    assert Sharper.parameters.keys() == Topographic.parameters.keys()
    assert Sharper.parameters["sigma_form"].default == 1.0
    assert Topographic.parameters["sigma_form"].default == 2.5


def of_deep_r(**given):
    """Its parameters and derived constants."""
    values = {name: parameter.default for name, parameter in DeepR.parameters.items()} | given
    return SimpleNamespace(**values, **DeepR.derive(SimpleNamespace(**values), 0.1), weight=0.3)


@pytest.mark.parametrize(
    ("sign", "mark", "weight", "goes"),
    [(1.0, 0.999, 0.1, False), (1.0, 0.999, 0.0, True), (1.0, 0.999, -0.1, True),
     (-1.0, 0.001, -0.1, False), (-1.0, 0.001, 0.0, True), (-1.0, 0.001, 0.1, True),
     (0.0, 0.499, 0.1, False), (0.0, 0.499, 0.0, False), (0.0, 0.499, -0.1, True),
     (0.0, 0.501, -0.1, False), (0.0, 0.501, 0.0, False), (0.0, 0.501, 0.1, True),
     (0.6, 0.799, 0.1, False), (0.6, 0.801, 0.1, True)],
)  # fmt: skip
def test_deep_rewiring_lets_go_what_has_reached_zero(sign, mark, weight, goes):
    syn, pair = SimpleNamespace(weight=weight), SimpleNamespace(mark=mark)
    assert DeepR.prune(syn, pair, of_deep_r(sign=sign)) is goes
    assert DeepR.replaces


@pytest.mark.parametrize(
    ("sign", "mark", "start", "drifted"),
    [(1.0, 0.9, 0.3, 0.4), (-1.0, 0.1, 0.3, 0.6), (0.0, 0.4, 0.3, 0.4), (0.0, 0.6, -0.3, 0.6)],
)
def test_connections_start_with_their_sign_and_drift_towards_zero(sign, mark, start, drifted):
    p, pair = of_deep_r(sign=sign, drift=0.1), SimpleNamespace(mark=mark)
    assert DeepR.initial(pair, p) == start  # one sign for all: as the rewiring says
    assert DeepR.adjust(SimpleNamespace(weight=0.5), pair, p) == pytest.approx(drifted)


def test_only_a_rule_that_weighs_synapses_weighs_the_first():
    with pytest.raises(SpecError, match=r"Own\.weighs_first: must be False[\s\S]*initial\(pair"):
        type("Own", (RewiringRule,), {"weighs_first": True})


@pytest.mark.parametrize(("weight", "goes"), [(0.05, True), (-0.05, True), (0.1, False)])
def test_a_threshold_lets_weak_synapses_go(weight, goes):
    syn, p = SimpleNamespace(weight=weight), SimpleNamespace(w_threshold=0.1)
    assert Threshold.prune(syn, None, p) is goes
    assert Threshold.replaces
