"""The published schema is a valid one, and says the same as the classes it describes."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from snnlab import presets
from snnlab.interop import native_json
from snnlab.interop.parts import KINDS
from snnlab.model.network import Knob, Population, Projection
from snnlab.model.parameter import Parameter
from snnlab.model.recorders import StateRecorder, SynapseRecorder
from snnlab.model.rewiring import Rewiring
from snnlab.model.synaptic_elements import SynapticElements

SCHEMA = native_json.schema()
DEFINITIONS = SCHEMA["$defs"]
UNTAGGED = {
    "population": Population, "projection": Projection, "state_recorder": StateRecorder,
    "synapse_recorder": SynapseRecorder, "rewiring": Rewiring, "knob": Knob,
    "parameter": Parameter, "synaptic_elements": SynapticElements,
}  # fmt: skip
CLASSES = {**KINDS, **UNTAGGED}


def objects(node: Any) -> list[dict]:
    """Every part of the schema that describes an object with named fields."""
    if isinstance(node, list):
        return [found for item in node for found in objects(item)]
    if not isinstance(node, dict):
        return []
    own = [node] if node.get("type") == "object" and "properties" in node else []
    return own + objects(list(node.values()))


def test_schema_is_valid() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", presets.names())
def test_plain_validator_accepts_presets(name: str) -> None:
    Draft202012Validator(SCHEMA).validate(native_json.to_dict(presets.load(name)))


def test_plain_validator_refuses_a_wrong_branch() -> None:
    data = native_json.to_dict(presets.load("brunel"))
    data["projections"][0]["rule"] = {"kind": "fixed_indegree", "n": 3}
    assert not Draft202012Validator(SCHEMA).is_valid(data)


def test_nothing_unknown_is_let_in() -> None:
    assert all(node["additionalProperties"] is False for node in objects(SCHEMA))


@pytest.mark.parametrize("name", list(CLASSES))
def test_definition_has_the_fields_of_the_class(name: str) -> None:
    definition = DEFINITIONS[name]
    fields = {field.name: field for field in dataclasses.fields(CLASSES[name])}
    properties = set(definition["properties"]) - {"kind"}
    required = set(definition.get("required", ())) - {"kind"}
    without_default = {
        name
        for name, field in fields.items()
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    assert properties == set(fields)
    assert without_default <= required
    assert definition["properties"].get("kind", {"const": name}) == {"const": name}


def test_kinds_are_offered_where_they_belong() -> None:
    offered = {
        branch["$ref"].rpartition("/")[2]
        for part in ("distribution", "rule", "space", "stimulus", "edit", "growth_curve")
        for branch in DEFINITIONS[part]["oneOf"]
    }
    assert offered == set(KINDS)
