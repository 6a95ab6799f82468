"""Values of a network as plain data and back: one object per value, tagged by its kind.

``Normal(1.5, 0.75)`` is ``{"kind": "normal", "mean": 1.5, "std": 0.75}``; populations, projections,
recorders, rewirings, synaptic elements and knobs need no tag, their place says what they are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from snnlab.errors import FormatError, unknown_name
from snnlab.model.connectivity import RULES
from snnlab.model.distribution import DISTRIBUTIONS
from snnlab.model.edits import EDITS
from snnlab.model.growth_curves import GROWTH_CURVES
from snnlab.model.network import Knob, Network, Population, Projection
from snnlab.model.neuron import models
from snnlab.model.parameter import Parameter
from snnlab.model.recorders import Recorder, StateRecorder, SynapseRecorder
from snnlab.model.rewiring import Rewiring
from snnlab.model.rewiring import models as rewiring_rules
from snnlab.model.space import SPACES
from snnlab.model.stimuli import STIMULI
from snnlab.model.synapse import models as synapse_models
from snnlab.model.synaptic_elements import SynapticElements

__all__ = ["FORMAT", "KINDS", "from_data", "network", "to_data"]

FORMAT = 1
"""Version of the format that is written; every version up to it is read."""

KINDS: dict[str, type] = {
    **DISTRIBUTIONS,
    **RULES,
    **SPACES,
    **STIMULI,
    **EDITS,
    **GROWTH_CURVES,
}
"""Kind in files -> class; the registries share no name."""

_KIND_OF = {cls: kind for kind, cls in KINDS.items()}
_UNTAGGED = (
    Knob, Parameter, Population, Projection, Rewiring, StateRecorder, SynapseRecorder,
    SynapticElements,
)  # fmt: skip


def to_data(value: Any) -> Any:
    """Return a value of a network as dicts, lists, strings and numbers.

    Parameters
    ----------
    value : object
        A number, a string, a tuple or mapping of values, or one of the frozen values of a network.

    Raises
    ------
    FormatError
        Something that files have no form for.
    """
    if isinstance(value, Network):
        return _network_data(value)
    if value is None or isinstance(value, bool | str | int | float):
        return value
    if isinstance(value, Mapping):
        return {name: to_data(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_data(item) for item in value]
    if hasattr(value, "tolist"):  # numpy scalars and arrays
        return value.tolist()
    if type(value) not in _KIND_OF and not isinstance(value, _UNTAGGED):
        raise FormatError(
            type(value).__name__,
            "must be a value that files have a form for",
            got=repr(value),
            remedy="Write numbers, strings, distributions and rules.",
        )
    return _tag(value) | {
        field.name: to_data(item)
        for field in dataclasses.fields(value)
        if not _is_usual(field, item := getattr(value, field.name))
    }


def _is_usual(field: dataclasses.Field[Any], value: Any) -> bool:
    """Whether a field says nothing, or what it says where none is given; files leave that out.

    None says something where it must be given: it gives a parameter back its default.
    """
    if value is None:
        return field.default is None
    return field.name in _USUAL and bool(value == _USUAL[field.name])


_USUAL: dict[str, Any] = {
    "synapse": "Static", "modulator": "", "dendritic_fraction": 1.0, "partner": "uniform",
    "pre_synaptic_element": "", "post_synaptic_element": "",
    "lesioned": (), "slots": 0, "pool": "",
}  # fmt: skip


def _tag(value: Any) -> dict[str, str]:
    kind = _KIND_OF.get(type(value))
    return {"kind": kind} if kind else {}


def _network_data(network: Network) -> dict[str, Any]:
    """What stands for people first, what is long last."""
    texts = {name: getattr(network, name) for name in ("name", "description", "source")}
    numbers = {"dt": network.dt, "seed": network.seed}
    lists = ("knobs", "populations", "projections", "stimuli", "recorders")
    items = {name: to_data(getattr(network, name)) for name in lists}
    if network.rewirings:  # programs that know none read networks without them
        items["rewirings"] = to_data(network.rewirings)
    if network.synaptic_elements:
        items["synaptic_elements"] = to_data(network.synaptic_elements)
    return {"snnlab": "network", "format": FORMAT, **texts, **numbers, **items}


def from_data(data: Any) -> Any:
    """Return the value that `to_data` made `data` of; the schema has vouched for its form."""
    if isinstance(data, list):
        return tuple(from_data(item) for item in data)
    if not isinstance(data, dict):
        return data
    if "kind" not in data:
        return {name: from_data(item) for name, item in data.items()}
    fields = {name: _FIELDS.get(name, from_data)(item) for name, item in data.items()}
    return KINDS[fields.pop("kind")](**fields)


def network(data: Any) -> Network:
    """Return the network of `data`.

    Raises
    ------
    SpecError
        Its parts do not fit together.
    """
    return Network(
        [_population(p) for p in data["populations"]],
        [_projection(p) for p in data.get("projections", ())],
        stimuli=[from_data(s) for s in data.get("stimuli", ())],
        recorders=[_recorder(r) for r in data.get("recorders", ())],
        rewirings=[_rewiring(r) for r in data.get("rewirings", ())],
        synaptic_elements=[_elements(e) for e in data.get("synaptic_elements", ())],
        knobs=[_knob(k) for k in data.get("knobs", ())],
        dt=data.get("dt", 0.1),
        seed=data.get("seed", 1),
        **{key: data[key] for key in ("name", "description", "source") if key in data},
    )


def _population(data: Any) -> Any:
    """Return the population of `data`.

    Raises
    ------
    FormatError
        Its neuron model is not defined here.
    """
    if not isinstance(data, dict):
        return data  # the name of one, in a recorder
    known = models()
    if data["neuron"] not in known:
        error = unknown_name("neuron model", data["neuron"], known)
        raise FormatError(
            f"Population {data['name']!r}.neuron",
            "must be a neuron model that is defined",
            got=error.got,
            remedy=f"{error.remedy} A model of your own must be defined before the file is opened.",
        )
    fields = {name: _FIELDS.get(name, from_data)(item) for name, item in data.items()}
    return Population(**fields)


def _values(data: dict[str, Any]) -> dict[str, Any]:
    """Parameters by name, whatever these names are: ``kind`` would be one."""
    return {name: from_data(item) for name, item in data.items()}


def _projection(data: Any) -> Any:
    """Return the projection of `data`.

    Raises
    ------
    FormatError
        Its synapse model is not defined here.
    """
    if not isinstance(data, dict):
        return data  # the name of one
    known = synapse_models()
    if data.get("synapse", "Static") not in known:
        error = unknown_name("synapse model", data["synapse"], known)
        raise FormatError(
            f"Projection {data.get('name', '')!r}.synapse",
            "must be a synapse model that is defined",
            got=error.got,
            remedy=f"{error.remedy} A model of your own must be defined before the file is opened.",
        )
    return Projection(**{name: _FIELDS.get(name, from_data)(item) for name, item in data.items()})


def _recorder(data: Any) -> Recorder:
    """Return the recorder of `data`: one of synapses names a projection."""
    kind = SynapseRecorder if "projection" in data else StateRecorder
    return kind(**from_data(data))


def _rewiring(data: Any) -> Rewiring:
    """Return the rewiring of `data`.

    Raises
    ------
    FormatError
        Its rule is not defined here.
    """
    known = rewiring_rules()
    if data["rule"] not in known:
        error = unknown_name("rewiring rule", data["rule"], known)
        raise FormatError(
            f"Rewiring {data.get('name', '')!r}.rule",
            "must be a rewiring rule that is defined",
            got=error.got,
            remedy=f"{error.remedy} A rule of your own must be defined before the file is opened.",
        )
    # Not `from_data`: the rule is a name here, and parameters have names of their own.
    return Rewiring(**{name: _FIELDS.get(name, from_data)(item) for name, item in data.items()})


def _elements(data: Any) -> Any:
    """Synaptic elements of `data`, or kinds of them by name, whatever these names are."""
    if not isinstance(data.get("population"), str):
        return _values(data)
    return SynapticElements(**{name: _FIELDS.get(name, from_data)(v) for name, v in data.items()})


def _knob(data: Any) -> Knob:
    return Knob(data["name"], data["value"], Parameter(**from_data(data["parameter"])))


_FIELDS: dict[str, Callable[[Any], Any]] = {
    "population": _population,
    "projection": _projection,
    "network": network,
    "recorder": _recorder,
    "rewiring": _rewiring,
    "elements": _elements,
    "parameters": _values,
    "initial": _values,
}
"""Fields that hold values without a kind."""
