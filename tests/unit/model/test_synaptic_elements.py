"""Synaptic elements: what can be meant, what cannot, and what edits do to them."""

from __future__ import annotations

import math

import pytest

from snnlab.errors import SpecError
from snnlab.interop import native_json
from snnlab.model.connectivity import PairwiseBernoulli
from snnlab.model.edits import (
    AddSynapticElements,
    Edit,
    RemovePopulation,
    RemoveSynapticElements,
    SetParameter,
    SetSynapticElements,
)
from snnlab.model.growth_curves import GaussianGrowth, LinearGrowth, SigmoidGrowth
from snnlab.model.network import Knob, Network, Population, Projection
from snnlab.model.rewiring import Rewiring, RewiringRule
from snnlab.model.rewirings import Homeostatic
from snnlab.model.synaptic_elements import SynapticElements

CURVE = GaussianGrowth(growth_rate=1e-4, eta=0.0, eps="eps")


def grown() -> Network:
    """Two populations with elements whose kinds have names that could be words of a file."""
    elements = [
        SynapticElements("exc", {"population": CURVE, "kind": LinearGrowth(2e-4, 0.05)}),
        SynapticElements("inh", {"Den": SigmoidGrowth(1e-4, 0.2, psi=0.05)}, tau_Ca="10 s"),
    ]
    rule = PairwiseBernoulli(0.1, autapses=False)
    return Network(
        [Population("exc", 80), Population("inh", 20)],
        [Projection("exc", "exc", rule), Projection("exc", "inh", rule)],
        rewirings=[
            Rewiring("exc->exc", Homeostatic, "interval", pre_synaptic_element="kind",
                     post_synaptic_element="population"),
            Rewiring("exc->inh", "Homeostatic", "interval", pre_synaptic_element="kind",
                     post_synaptic_element="Den"),
        ],
        synaptic_elements=elements, knobs=[Knob("eps", 0.05), Knob("interval", 100.0)],
    )  # fmt: skip


def test_numbers_are_resolved() -> None:
    network = grown()
    assert network.elements_of("inh").name == "synaptic elements of inh"
    assert network.calcium_of(network.elements_of("inh"))["tau_Ca"] == 10000.0
    growth = network.growth_of(network.elements_of("exc"))
    assert growth["population"] == {
        "growth_rate": 1e-4, "eta": 0.0, "eps": 0.05, "z": 0.0, "tau_vacant": 0.1,
    }  # fmt: skip


def test_files_hold_them() -> None:
    network = grown()
    assert native_json.loads(native_json.dumps(network)) == network
    bare = network.replace(rewirings=(), synaptic_elements=())
    assert "synaptic_elements" not in native_json.to_dict(bare)


EDITS = [
    SetSynapticElements("exc", "kind", "growth_rate", 3e-4),
    SetSynapticElements("inh", "", "beta_Ca", "eps / 10"),
    SetParameter("", "eps", 0.08),
    RemovePopulation("inh"),
]


@pytest.mark.parametrize("edit", EDITS, ids=["rate", "beta", "knob", "population"])
def test_edits_lead_there_and_back(edit: Edit) -> None:
    network = grown()
    there = edit.apply(network)
    assert there != network
    assert edit.inverse(network).apply(there) == network
    assert native_json.edit_from_dict(native_json.edit_to_dict(edit)) == edit


def test_elements_come_and_go_as_a_whole() -> None:
    network = grown()
    bare = network.replace(rewirings=(), synaptic_elements=network.synaptic_elements[1:])
    add = AddSynapticElements(network.synaptic_elements[0])
    there = add.apply(bare)
    assert there.synaptic_elements == network.synaptic_elements[::-1]
    assert add.inverse(bare).apply(there) == bare
    remove = RemoveSynapticElements("inh")
    gone = remove.apply(there)
    assert [e.population for e in gone.synaptic_elements] == ["exc"]
    assert remove.inverse(there).apply(gone) == there
    assert not SetSynapticElements("exc", "kind", "eps", 0.1).is_structural


def test_curves_are_zero_at_their_targets() -> None:
    assert LinearGrowth(2.0, 0.5).rate(0.5) == 0.0
    assert LinearGrowth(2.0, 0.5).rate(0.0) == 2.0
    gaussian = GaussianGrowth(2.0, 0.1, 0.7)
    assert gaussian.rate(0.4) == 2.0
    for end in (0.1, 0.7):
        assert math.isclose(gaussian.rate(end), 0.0, abs_tol=1e-12)
    assert gaussian.rate(0.0) < 0.0
    sigmoid = SigmoidGrowth(2.0, 0.5, psi=0.01)
    assert sigmoid.rate(0.5) == 0.0
    assert math.isclose(sigmoid.rate(100.0), -2.0)
    assert math.isclose(sigmoid.rate(-100.0), 2.0)


def changed(**changes: object) -> Network:
    """`grown`, whose first rewiring is another."""
    first, *rest = grown().rewirings
    fields = {name: getattr(first, name) for name in first.__dataclass_fields__} | changes
    return grown().replace(rewirings=[Rewiring(**fields), *rest])


def elements(*given: SynapticElements) -> Network:
    return Network([Population("exc", 10)], synaptic_elements=given)


IMPOSSIBLE = {
    "name no kind": (lambda: changed(pre_synaptic_element="Axon"), "'Axon'"),
    "name none": (lambda: changed(post_synaptic_element=""), "synaptic element of 'exc'"),
    "another interval": (lambda: changed(every=20.0), "one update"),
    "last spike": (lambda: changed(partner="last_spike"), "must be 'uniform'"),
    "other rules name none": (lambda: changed(rule="Magnitude"), "must be left out"),
    "two rules": (
        lambda: grown().replace(
            rewirings=[*grown().rewirings, Rewiring("exc->inh", "Magnitude", name="too")]
        ), "no other rewiring",
    ),
    "elements twice": (
        lambda: elements(SynapticElements("exc", {}), SynapticElements("exc", {}, name="b")),
        "in one place",
    ),
    "no population": (lambda: elements(SynapticElements("ex", {})), "'ex'"),
    "no curve": (lambda: elements(SynapticElements("exc", {"Den": 3.0})), "growth curves by name"),
    "eta above eps": (
        lambda: elements(SynapticElements("exc", {"Den": GaussianGrowth(1e-4, 0.5, 0.5)})),
        "must be less than eps",
    ),
    "all at once": (
        lambda: elements(
            SynapticElements("exc", {"Den": GaussianGrowth(1e-4, 0.1, 0.5, tau_vacant=1.5)})
        ), "tau_vacant",
    ),
    "no time": (lambda: elements(SynapticElements("exc", {}, tau_Ca=0.0)), "tau_Ca"),
    "edit of a start": (
        lambda: SetSynapticElements("exc", "kind", "z", 1.0).apply(grown()), "'z'",
    ),
    "edit of no kind": (
        lambda: SetSynapticElements("exc", "Den", "eps", 1.0).apply(grown()), "'Den'",
    ),
    "edit of nobody": (
        lambda: SetSynapticElements("exc", "", "eps", 1.0).apply(grown()), "'eps'",
    ),
    "in use": (lambda: RemoveSynapticElements("inh").apply(grown()), "'Den'"),
}  # fmt: skip


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_what_cannot_be_meant_is_refused(case: str) -> None:
    make, says = IMPOSSIBLE[case]
    with pytest.raises(SpecError, match=says):
        make()


def test_a_rule_of_elements_decides_nothing() -> None:
    with pytest.raises(SpecError, match="elements decide"):

        class Own(RewiringRule):
            matches_elements = True

            @staticmethod
            def accept(pair, p):
                return True
