"""Networks resolve names, units and expressions, and are frozen."""

import dataclasses

import pytest

from snnlab.errors import SpecError
from snnlab.model.connectivity import (
    AllToAll,
    DistanceDependent,
    FixedIndegree,
    FixedOutdegree,
    FixedTotalNumber,
    OneToOne,
    PairwiseBernoulli,
)
from snnlab.model.distribution import Constant, Normal
from snnlab.model.network import Knob, Network, Population, Projection
from snnlab.model.neurons.lif_exp import LIFExp

EXC = Population("exc", 80, LIFExp, {"tau_m": "0.01 s", "I_e": Normal("J", 1.0)})
INH = Population("inh", 20, "LIFExp")
NETWORK = Network([EXC, INH], knobs=[Knob("J", 3.0)])


def test_parameters_are_resolved_with_defaults():
    values = NETWORK.parameters_of(EXC)
    assert values["tau_m"] == 10.0
    assert values["I_e"] == Normal(3.0, 1.0)
    assert values["C_m"] == LIFExp.parameters["C_m"].default
    assert list(values) == list(LIFExp.parameters)


def test_states_start_from_the_parameter_they_name():
    assert NETWORK.initial_of(EXC)["V_m"] == NETWORK.parameters_of(EXC)["E_L"]


def test_the_receptor_follows_the_sign():
    network = NETWORK.replace(
        projections=(
            Projection("exc", "inh", AllToAll(), 2.0),
            Projection("inh", "exc", AllToAll(), -2.0),
        )
    )
    assert [network.receptor_of(p) for p in network.projections] == ["exc", "inh"]
    assert network.weight_of(network.projections[1]) == Constant(-2.0)


def test_global_ids_follow_the_order():
    assert (NETWORK.first_id("exc"), NETWORK.first_id("inh"), NETWORK.n_neurons) == (0, 80, 100)
    with pytest.raises(SpecError, match="Did you mean 'inh'"):
        NETWORK.first_id("inhh")


def test_nothing_can_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        NETWORK.seed = 3
    with pytest.raises(TypeError):
        EXC.parameters["tau_m"] = 3.0


def test_a_mapping_changed_later_does_not_change_the_population():
    given = {"tau_m": 5.0}
    population = Population("exc", 80, "LIFExp", given)
    given["tau_m"] = 7.0
    assert population.parameters["tau_m"] == 5.0


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (OneToOne(), 80),
        (AllToAll(), 6400),
        (AllToAll(autapses=False), 6320),
        (FixedIndegree(10), 800),
        (FixedOutdegree(7), 560),
        (FixedTotalNumber(123), 123),
        (PairwiseBernoulli(0.25), 1600),
        (DistanceDependent(0.5, 1.0), 3200),
    ],
)
def test_expected_synapses(rule, expected):
    assert rule.expected_synapses(80, 80, is_recurrent=True) == expected


def test_expected_synapses_of_a_network():
    projections = (Projection("exc", "inh", AllToAll()), Projection("inh", "inh", OneToOne()))
    network = NETWORK.replace(projections=projections)
    assert network.expected_synapses() == 80 * 20 + 20
