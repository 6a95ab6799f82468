"""Forms are made from declarations: unit, bounds, range, meaning of every number."""

from __future__ import annotations

from typing import Any

import pytest

from snnlab.model.connectivity import FixedIndegree, PairwiseBernoulli
from snnlab.model.distribution import Normal
from snnlab.model.network import Network, Population, Projection
from snnlab.model.neuron import models
from snnlab.model.rewiring import Rewiring
from snnlab.model.space import Grid
from snnlab.model.stimuli import MovingBlob, PoissonInput, StepCurrent
from snnlab_widgets.form import form_of, targets_of
from tests.activity import two_populations


@pytest.fixture
def network() -> Network:
    return Network(
        [Population("exc", 10, "LIFExp", {"tau_m": "15 ms", "V_th": Normal(-50.0, 1.0)})],
        [Projection("exc", "exc", FixedIndegree(2), weight=Normal(30.0, 3.0), delay=1.5)],
        stimuli=[PoissonInput("noise", "exc", 800.0, 20.0), StepCurrent("kick", "exc", 50.0)],
    )


def row(network: Network, target: str, name: str) -> dict[str, Any]:
    """The line of one parameter."""
    return next(r for r in form_of(network, target)["rows"] if r["name"] == name)


def test_knob_has_the_range_of_its_declaration() -> None:
    g = row(two_populations(), "", "g")
    assert (g["value"], g["low"], g["high"], g["is_log"]) == (5.0, 2.0, 8.0, False)
    assert (g["bounds"], g["doc"]) == ("must be >= 0", "inhibition")


def test_everything_can_be_selected(network: Network) -> None:
    groups = {
        group["group"]: [target for target, _ in group["items"]] for group in targets_of(network)
    }
    assert groups == {
        "populations": ["exc"],
        "projections": ["exc->exc"],
        "stimuli": ["noise", "kick"],
    }


@pytest.mark.parametrize("model", sorted(models()))
def test_every_parameter_of_every_model_has_a_line(model: str) -> None:
    network = Network([Population("p", 1, model)])
    declared = network.population("p").model.parameters
    rows = form_of(network, "p")["rows"]
    assert [r["name"] for r in rows] == list(declared)
    assert all(r["low"] <= r["value"] <= r["high"] for r in rows)


def test_quantity_is_shown_in_the_canonical_unit(network: Network) -> None:
    assert (row(network, "exc", "tau_m")["text"], row(network, "exc", "tau_m")["unit"]) == (
        "15",
        "ms",
    )


def test_expression_stays_text_and_says_its_value() -> None:
    tau_m = row(two_populations(), "exc", "tau_m")
    assert (tau_m["text"], tau_m["low"]) == ("g * 4", None)
    assert "now 20 ms" in tau_m["doc"]


@pytest.mark.parametrize(("target", "name"), [("exc", "V_th"), ("exc->exc", "weight")])
def test_distribution_stays_text(network: Network, target: str, name: str) -> None:
    line = row(network, target, name)
    assert line["text"].startswith("Normal(mean=")
    assert line["low"] is None


def test_projection_and_stimuli_have_units(network: Network) -> None:
    units = {
        name: row(network, target, name)["unit"]
        for target, name in [("exc->exc", "weight"), ("exc->exc", "delay"), ("noise", "rate")]
    }
    assert units == {"weight": "pA", "delay": "ms", "rate": "Hz"}
    assert row(network, "kick", "amplitude")["value"] == 50.0


def test_rewiring_has_its_own_numbers_and_those_of_its_rule(network: Network) -> None:
    rewired = network.replace(
        projections=[Projection("exc", "exc", PairwiseBernoulli(0.1), 30.0)],
        rewirings=[Rewiring("exc->exc", "Magnitude", "2 ms", parameters={"p_form": 0.5})],
    )
    assert {
        "group": "rewirings",
        "items": [["rewiring of exc->exc", "rewiring of exc->exc (Magnitude)"]],
    } in targets_of(rewired)
    form = form_of(rewired, "rewiring of exc->exc")
    assert form["title"] == "Magnitude rewires exc->exc"
    values = {r["name"]: (r["value"], r["unit"]) for r in form["rows"]}
    assert values == {"every": (2.0, "ms"), "attempts": (10.0, "1"), "w_threshold": (0.1, "1"),
                      "p_form": (0.5, "1")}  # fmt: skip


def test_moving_blob_has_a_line_for_each_number() -> None:
    source = Population("source", 4, "PoissonSource", space=Grid(shape=(2, 2)))
    network = Network([source], stimuli=[MovingBlob("blob", "source", sigma="3 um")])
    lines = {r["name"]: (r["value"], r["unit"]) for r in form_of(network, "blob")["rows"]}
    assert lines == {
        "base": (5.0, "Hz"), "peak": (152.8, "Hz"), "sigma": (3.0, "um"), "interval": (20.0, "ms")
    }  # fmt: skip


def test_wide_range_asks_for_a_logarithmic_scale(network: Network) -> None:
    assert row(network, "exc->exc", "delay")["is_log"]


def test_target_that_is_gone_leads_back_to_the_knobs(network: Network) -> None:
    assert form_of(network, "lesioned")["target"] == ""
