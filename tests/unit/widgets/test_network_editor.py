"""Drawing a network: every gesture is an edit, the drawing follows the network, costs are told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import snnlab
from snnlab import presets
from snnlab.errors import SpecError
from snnlab.model.edits import AddPopulation
from snnlab.model.network import Network, Population
from snnlab.model.neuron import models
from snnlab.model.poke import poke
from snnlab.session import Session
from snnlab_widgets.gestures import RULES, STIMULI, defaults, edit_of, removal
from snnlab_widgets.graph import MOST_EDGES, graph_of
from snnlab_widgets.network_editor import NetworkEditor
from tests.activity import two_populations
from tests.features.session_bench import LIMIT_S, eventually

PROJECTION = {"pre": "exc", "post": "inh", "rule": "fixed in-degree", "n": "5", "weight": "0.5",
              "delay": "1.5", "synapse": "Static", "sign": "exc"}  # fmt: skip


def ask(widget: Any, do: str, **values: Any) -> None:
    """Hand a message of the browser to a part."""
    widget._answer(widget, {"do": do, **values}, [])


@pytest.fixture
def empty() -> Iterator[Session]:
    with snnlab.open(Network(name="empty"), threads=1) as session:
        yield session


# --- gestures -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "model", [name for name in models() if models()[name].__module__.startswith("snnlab.")]
)
def test_population_of_any_model_can_be_driven_and_recorded(model: str) -> None:
    network = edit_of(Network(), "population", {"name": "a", "size": "12", "model": model}).apply(
        Network()
    )
    forms = defaults(network)
    states = forms["recorder"]["a"]
    recorder = {"target": "a", "variable": states[0], "n": "3"}
    assert edit_of(network, "recorder", recorder).apply(network).recorders
    if forms["stimulus"]["a"]["can_receive"]:
        for kind in STIMULI:
            fields = {"kind": kind, "target": "a", **forms["stimulus"]["a"]}
            assert edit_of(network, "stimulus", fields).apply(network).stimuli


@pytest.mark.parametrize("rule", list(RULES))
@pytest.mark.parametrize("sign", ["exc", "inh"])
def test_projection_by_any_rule(rule: str, sign: str) -> None:
    network = Network([Population("exc", 20, "LIFCondExp"), Population("inh", 20, "LIFCondExp")])
    weight = defaults(network)["projection"]["inh"][sign]
    n = "0.2" if rule == "pairwise" else "4"
    fields = PROJECTION | {"rule": rule, "sign": sign, "weight": weight, "n": n}
    (projection,) = edit_of(network, "projection", fields).apply(network).projections
    assert type(projection.rule) is RULES[rule][0]
    assert edit_of(network, "projection", fields).apply(network).receptor_of(projection) == sign


def test_names_are_made_unique() -> None:
    network = two_populations()
    for expected in ("exc->inh", "exc->inh 2", "exc->inh 3"):
        network = edit_of(network, "projection", PROJECTION).apply(network)
        assert network.projections[-1].name == expected


@pytest.mark.parametrize(
    ("what", "fields", "says"),
    [
        ("population", {"name": "", "size": "3", "model": "LIFExp"}, "name: must not be empty"),
        ("population", {"name": "a", "size": "3.5", "model": "LIFExp"}, "size"),
        ("population", {"name": "a", "size": "many", "model": "LIFExp"}, "'many'"),
        ("population", {"name": "a", "size": "3", "model": "__import__"}, "existing name"),
        ("projection", PROJECTION | {"pre": "nobody"}, "'nobody'"),
        ("projection", PROJECTION | {"weight": "0.5 ms"}, "0.5 ms"),
        ("projection", PROJECTION | {"rule": "pairwise", "n": "2"}, "got 2"),
        ("projection", PROJECTION | {"rule": "eval"}, "existing name"),
        ("stimulus", {"kind": "laser", "target": "exc"}, "existing name"),
        ("recorder", {"target": "exc", "variable": "x", "n": "1"}, "'x'"),
        ("ghost", {}, "existing name"),
    ],
)
def test_gesture_that_cannot_be_meant_is_refused(what: str, fields: dict, says: str) -> None:
    network = two_populations()
    with pytest.raises(SpecError) as caught:
        edit_of(network, what, fields).apply(network)
    assert says in str(caught.value)


def test_whatever_is_there_can_be_removed_and_put_back() -> None:
    network = presets.load("brunel", N=100)
    for part in (*network.populations, *network.projections, *network.stimuli):
        edit = removal(network, part.name)
        after = edit.apply(network)
        assert after != network
        assert edit.inverse(network).apply(after) == network
    with pytest.raises(SpecError, match="'exc'"):
        removal(network, "ecx")


# --- the drawing --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n in presets.names() if n != "multi_area"])
def test_every_preset_is_drawn_with_all_its_parts_in_the_picture(name: str) -> None:
    network = presets.load(name)
    graph = graph_of(network, {})
    parts = (*network.populations, *network.stimuli, *network.recorders)
    assert [n["name"] for n in graph["nodes"]] == [p.name for p in parts]
    assert all(0 < n["x"] < 1 and 0 < n["y"] < 1 for n in graph["nodes"])
    places = {(round(n["x"], 3), round(n["y"], 3)) for n in graph["nodes"]}
    assert len(places) == len(parts)
    ends = {n["name"] for n in graph["nodes"]}
    assert all({e["pre"], e["post"]} <= ends for e in graph["edges"])


def test_of_many_projections_the_largest_are_drawn() -> None:
    network = presets.load("multi_area", areas=4)
    graph = graph_of(network, {})
    drawn = sum(e["kind"] == "projection" for e in graph["edges"])
    assert drawn == MOST_EDGES
    assert graph["omitted"] == len(network.projections) - MOST_EDGES


def test_signs_are_those_of_the_receptors() -> None:
    graph = graph_of(presets.load("coba"), {"exc": [0.1, 0.9]})
    signs = {e["name"]: e["sign"] for e in graph["edges"]}
    assert signs == {"exc->exc": "exc", "exc->inh": "exc", "inh->exc": "inh", "inh->inh": "inh"}
    assert (graph["nodes"][0]["x"], graph["nodes"][0]["y"]) == (0.1, 0.9)


# --- the widget ---------------------------------------------------------------------------------


def test_five_parts_from_an_empty_page(empty: Session) -> None:
    editor = NetworkEditor(empty)
    for name, size in (("exc", "80"), ("inh", "20")):
        ask(
            editor, "add", what="population", fields={"name": name, "size": size, "model": "LIFExp"}
        )
        assert eventually(lambda name=name: name in {n["name"] for n in editor.graph["nodes"]})
    ask(editor, "add", what="projection", fields=PROJECTION | {"weight": "50"})
    for target in ("exc", "inh"):
        fields = {"kind": STIMULI[0], "target": target, **editor.forms["stimulus"][target]}
        ask(editor, "add", what="stimulus", fields=fields)
    assert eventually(lambda: len(empty.network.stimuli) == 2)
    assert [type(a.edit).__name__ for a in empty.edits] == [
        "AddPopulation", "AddPopulation", "AddProjection", "AddStimulus", "AddStimulus",
    ]  # fmt: skip
    empty.run(200).wait(LIMIT_S)
    assert empty.spikes()[0].size > 20


def test_code_and_drawing_are_in_step_both_ways(empty: Session) -> None:
    editor = NetworkEditor(empty)
    by_code = AddPopulation(Population("by code", 7, "LIFDelta"))
    empty.apply(by_code).result(LIMIT_S)
    editor.refresh()
    assert [n["name"] for n in editor.graph["nodes"]] == ["by code"]
    ask(
        editor,
        "add",
        what="population",
        fields={"name": "by hand", "size": "7", "model": "LIFDelta"},
    )
    assert eventually(lambda: len(empty.network.populations) == 2)
    assert empty.network.populations[1] == Population("by hand", 7, "LIFDelta")
    ask(editor, "remove", name="by code")
    assert eventually(lambda: [p.name for p in empty.network.populations] == ["by hand"])
    empty.undo().result(LIMIT_S)
    assert eventually(lambda: len(editor.graph["nodes"]) == 2 or editor.refresh())


def test_selection_and_places_are_kept_and_shared(session: Session) -> None:
    selected: list[str] = []
    editor = NetworkEditor(session, on_select=selected.append)
    ask(editor, "select", name="inh")
    ask(editor, "move", name="inh", x=0.25, y=7.0)
    assert selected == ["inh"]
    assert session.view == {"selected": "inh", "positions": {"inh": [0.25, 1.0]}}
    assert '"positions": {"inh": [0.25, 1.0]}' in session.share()
    again = NetworkEditor(session)
    assert again.selected == "inh"
    assert next(n for n in again.graph["nodes"] if n["name"] == "inh")["x"] == 0.25
    assert session.edits == ()


def test_what_is_refused_is_said_in_place(session: Session) -> None:
    editor = NetworkEditor(session)
    ask(editor, "add", what="population", fields={"name": "exc", "size": "3", "model": "LIFExp"})
    assert editor.note["is_error"]
    assert "exc" in editor.note["text"]
    assert len(session.network.populations) == 2
    ask(editor, "add", what="population", fields={"name": "new", "size": "3", "model": "LIFExp"})
    assert eventually(lambda: len(session.network.populations) == 3)
    assert editor.note["text"] == ""


def test_poke_makes_all_neurons_fire_and_leaves_no_heap_of_pokes(session: Session) -> None:
    editor = NetworkEditor(session)
    for k in range(3):
        ask(editor, "poke", name="exc")
        assert eventually(lambda k=k: len(session.edits) == k + 1)
        since = session.edits[-1].step
        session.run(20).wait(LIMIT_S)
        step, neuron = session.spikes()
        assert np.unique(neuron[(step >= since) & (neuron < 80)]).size == 80
    assert len(session.network.stimuli) == 1


def test_poke_begins_where_it_takes_effect_however_fast_the_run_is(session: Session) -> None:
    session.run()
    for _ in range(5):
        applied = session.poke("exc").result(LIMIT_S)
        edit = applied.edit.edits[-1] if hasattr(applied.edit, "edits") else applied.edit
        assert edit.stimulus.start == pytest.approx(applied.step * session.dt)
    session.pause()


def test_poke_of_what_no_current_acts_on_is_refused() -> None:
    network = Network([Population("source", 3, "PoissonSource"), Population("a", 3, "LIFExp")])
    with pytest.raises(SpecError, match="a current acts on"):
        poke(network, "source", 0.0)
    with pytest.raises(SpecError, match="'a'"):
        poke(network, "aa", 0.0)
    (stimulus,) = poke(network, "a", 60.0).apply(network).stimuli
    assert (stimulus.target, stimulus.start, stimulus.stop) == ("a", 60.0, 65.0)


# --- what it costs ------------------------------------------------------------------------------


def test_cost_is_told_and_what_a_form_would_add(session: Session) -> None:
    editor = NetworkEditor(session)
    assert editor.cost["text"].startswith("100 neurons, 0 synapses: about ")
    ask(editor, "preview", what="projection", fields=PROJECTION | {"n": "50"})
    assert "1\N{NARROW NO-BREAK SPACE}000 synapses" in editor.cost["preview"]
    ask(editor, "preview", what="projection", fields=PROJECTION | {"n": "1000000000"})
    assert editor.cost["preview"].startswith("Does not fit")
    ask(editor, "preview", what="projection", fields=PROJECTION | {"n": "x"})
    assert editor.cost["preview"] == ""
    assert session.edits == ()
