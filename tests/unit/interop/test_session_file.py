"""Session files: small, readable, refused with their place where they do not fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from snnlab import presets
from snnlab.errors import FormatError
from snnlab.interop import native_json, session_file
from snnlab.interop.session_file import SavedSession, dumps, load, loads
from snnlab.model.edits import RemovePopulation, SetParameter
from snnlab.model.history import Applied, History
from snnlab.model.network import Network
from snnlab.model.recipe import Recipe
from snnlab.model.run import Run
from tests.networks import balanced
from tests.unit.interop.test_native_json import HOSTILE

VIEW = {"selected": "exc", "positions": {"exc": [0.25, 0.5]}}


def edited(network: Network, n: int = 3) -> Run:
    """A run in which g was turned `n` times, a population removed, and that undone."""
    history, step = History(), 0
    for k in range(n):
        edit = SetParameter("", "g", 4.0 + k / 7)
        history.add(Applied(edit, edit.inverse(network), step := step + 37))
        network = edit.apply(network)
    removal = RemovePopulation("inh")
    history.add(Applied(removal, removal.inverse(network), step))
    history.undone(step + 1)
    return Run(edited_start(network), tuple(history.log), step + 100)


def edited_start(network: Network) -> Network:
    """The network with g as it was before `edited`."""
    return SetParameter("", "g", 5.0).apply(network)


OF_A_NETWORK = SavedSession(edited(balanced(100)), "mine", view=VIEW)
OF_A_PRESET = SavedSession(
    edited(presets.load("brunel", N=500, g=5.0)), "b", Recipe("brunel", {"N": 500, "g": 5.0})
)


@pytest.mark.parametrize("saved", [OF_A_NETWORK, OF_A_PRESET], ids=lambda s: s.name)
def test_session_survives_text(saved: SavedSession) -> None:
    assert loads(dumps(saved)) == saved


@pytest.mark.parametrize("name", presets.names())
def test_preset_with_a_hundred_edits_is_small(name: str) -> None:
    network = presets.load(name)
    knob = network.knobs[0]
    turns = [SetParameter("", knob.name, knob.value + 1e-3 * k / 7) for k in range(100)]
    edits = [Applied(turn, turns[k - 1], 100 * k) for k, turn in enumerate(turns)]
    text = dumps(SavedSession(Run(network, tuple(edits), 10_000), name, Recipe(name), VIEW))
    assert len(text.encode()) < 20_000
    assert '"network"' not in text


def test_network_that_the_recipe_does_not_make_is_written_whole() -> None:
    run = Run(presets.load("brunel", N=500, g=4.0), (), 0)
    text = dumps(SavedSession(run, "b", Recipe("brunel", {"N": 500})))
    assert '"recipe"' not in text
    found = loads(text)
    assert isinstance(found, SavedSession)
    assert found.run == run


def test_network_file_is_a_network(tmp_path: Path) -> None:
    native_json.save(balanced(100), tmp_path / "n.json")
    assert load(tmp_path / "n.json") == balanced(100)


def test_edit_that_a_rewind_left_to_redo_can_be_read_again() -> None:
    """After a way back, what is redone need not be what was undone last."""
    network = balanced(100)
    first, second = SetParameter("", "g", 3.0), SetParameter("", "J", 0.4)
    history = History()
    history.add(Applied(first, first.inverse(network), 10))
    history.undone(20)
    history.add(Applied(second, second.inverse(network), 30))
    history.rewind(2)
    history.redone(25)
    assert history.log[-1].edit == second
    saved = SavedSession(Run(network, tuple(history.log), 40), "mine")
    assert loads(dumps(saved)) == saved


# --- refused ------------------------------------------------------------------------------------


def changed(saved: SavedSession = OF_A_NETWORK, **changes: Any) -> dict[str, Any]:
    """A valid file with some fields changed; None takes one away."""
    data = json.loads(dumps(saved)) | changes
    return {name: item for name, item in data.items() if item is not None}


def recipe(**changes: Any) -> dict[str, Any]:
    return changed(OF_A_PRESET, recipe=json.loads(dumps(OF_A_PRESET))["recipe"] | changes)


SET = {"kind": "set_parameter", "target": "", "name": "g", "value": 1.0}


@pytest.mark.parametrize(
    ("data", "where", "says"),
    [
        (changed(snnlab="notebook"), "snnlab", "known word"),
        (changed(format=4), "format", "got 4"),
        (changed(code="import os"), "session", "'code'"),
        (changed(name=None), "session", "'name'"),
        (changed(name="a\nb"), "name", "control characters"),
        (changed(name="x" * 201), "name", "at most 200"),
        (changed(step=-1), "step", ">= 0"),
        (changed(step=1.0), "step", "whole number"),
        (changed(step=2**60), "step", "<="),
        (changed(step=5), "session.step", "before the last edit"),
        (changed(network=None), "session", "network or a recipe"),
        (recipe() | {"network": changed()["network"]}, "session", "not both"),
        (recipe(preset="../../etc/passwd"), "session.recipe", "existing name"),
        (recipe(preset="os.system"), "session.recipe", "existing name"),
        (recipe(settings={"N": -5}), "session.recipe", "settings that it takes"),
        (recipe(settings={"no": 1}), "session.recipe", "settings that it takes"),
        (recipe(settings={"N": [1]}), "recipe.settings.N", "must be a number"),
        (recipe(settings={"N": 501}), "session.recipe", "when the file was written"),
        (recipe(seed=7), "session.recipe", "when the file was written"),
        (recipe(digest="0"), "recipe.digest", "at least 64"),
        (changed(edits=[{"step": 1, "edit": SET | {"name": "h"}}]), "edits[0]", "'h'"),
        (changed(edits=[{"step": 1, "edit": {"kind": "eval"}}]), "edits[0].edit.kind", "known"),
        (changed(edits=[{"step": 1, "how": "undone"}]), "edits[0]", "undo"),
        (changed(edits=[{"step": 2, "edit": SET}, {"step": 1, "edit": SET}]), "edits[1]", ">= 2"),
        (changed(view={"script": "x"}), "view", "'script'"),
        (changed(view={"positions": {"exc": [1, 2, 3]}}), "view.positions.exc", "at most 2"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(
    data: dict[str, Any], where: str, says: str
) -> None:
    with pytest.raises(FormatError) as caught:
        loads(json.dumps(data))
    assert caught.value.where == where
    assert says in str(caught.value)


@pytest.mark.parametrize("name", list(HOSTILE))
def test_hostile_files_are_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "hostile.json"
    path.write_bytes(HOSTILE[name])
    with pytest.raises(FormatError) as caught:
        load(path)
    assert "hostile.json" in caught.value.context


def test_too_many_edits_are_refused_when_they_are_written() -> None:
    network = balanced(100)
    edit = SetParameter("", "g", 4.0)
    applied = Applied(edit, edit.inverse(network), 1)
    with pytest.raises(FormatError, match="checkpoint"):
        dumps(SavedSession(Run(network, (applied,) * 20_000, 1), "mine"))


def test_view_that_is_none_is_refused_when_it_is_written() -> None:
    with pytest.raises(FormatError, match="view"):
        dumps(SavedSession(Run(balanced(100), (), 0), "mine", view={"code": "x"}))


# --- the schema ---------------------------------------------------------------------------------


@pytest.mark.parametrize("saved", [OF_A_NETWORK, OF_A_PRESET], ids=lambda s: s.name)
def test_plain_validator_with_the_published_schemas_accepts_it(saved: SavedSession) -> None:
    schemas = [session_file.schema("network"), session_file.schema("session")]
    for schema in schemas:
        Draft202012Validator.check_schema(schema)
    registry = Registry().with_resources([(s["$id"], Resource.from_contents(s)) for s in schemas])
    validator = Draft202012Validator(schemas[1], registry=registry)
    data = json.loads(dumps(saved))
    validator.validate(data)
    assert not validator.is_valid(data | {"edits": [{"step": 1, "edit": {"kind": "eval"}}]})
