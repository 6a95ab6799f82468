"""Values of a network as the Python text that makes them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from snnlab.errors import FormatError
from snnlab.interop import parts
from snnlab.interop.model_kinds import DECLARATIONS
from snnlab.model.connectivity import Connectivity
from snnlab.model.distribution import Distribution
from snnlab.model.edit import Edit
from snnlab.model.network import Knob, Network, Population, Projection
from snnlab.model.parameter import Parameter
from snnlab.model.recorders import StateRecorder, SynapseRecorder
from snnlab.model.rewiring import Rewiring
from snnlab.model.stimuli import Stimulus
from snnlab.model.synaptic_elements import SynapticElements

__all__ = ["WIDTH", "names_in", "python_text"]

WIDTH = 100
"""Longest line that is written where a value can be divided."""

_PLACED: dict[type, int] = {
    Population: 3, Projection: 3, Knob: 2, Stimulus: 2, Rewiring: 3, StateRecorder: 2,
    SynapseRecorder: 2, SynapticElements: 1, Edit: 1, Parameter: 3, Distribution: 2,
    Connectivity: 1,
}  # fmt: skip
"""Class, or base of classes -> how many of its first fields are written without their names."""

_CLASSES = (*parts.KINDS.values(), *DECLARATIONS.values(), *_PLACED, Network)


def python_text(value: Any, before: str = "") -> str:
    """Return the Python text of a value.

    Parameters
    ----------
    value : object
        A number, a string, a list, tuple or mapping of values, or one of the frozen values that a
        network consists of.
    before : str
        What stands before it in its line, spaces at the beginning included.

    Raises
    ------
    FormatError
        Something that has no such text.
    """
    written = _one_line(value)
    opening, items, closing = _divided(value)
    if len(before) + len(written) < WIDTH or not items:
        return written
    indent = before[: len(before) - len(before.lstrip())]
    lines = [
        f"{start}{python_text(item, start)}," for start, item in
        ((f"{indent}    {name}", item) for name, item in items)
    ]  # fmt: skip
    return "\n".join([opening, *lines, indent + closing])


def names_in(value: Any) -> set[str]:
    """Return the names of all classes that the text of a value needs."""
    if isinstance(value, _CLASSES):
        own = {type(value).__name__}
        return own.union(*(names_in(item) for _, item in _arguments(value)))
    if isinstance(value, Mapping):
        return set().union(*map(names_in, value.values()))
    if isinstance(value, list | tuple):
        return set().union(*map(names_in, value))
    return set()


def _one_line(value: Any) -> str:
    opening, items, closing = _divided(value)
    inside = ", ".join(name + _one_line(item) for name, item in items)
    if opening == "(" and len(items) == 1:
        inside += ","  # a tuple of one
    return opening + inside + closing


def _divided(value: Any) -> tuple[str, list[tuple[str, Any]], str]:
    """What stands before, within and after the items of a value; all before where it has none."""
    if hasattr(value, "tolist"):  # numpy scalars and arrays
        value = value.tolist()
    if isinstance(value, _CLASSES):
        named = [(f"{name}=" if name else "", item) for name, item in _arguments(value)]
        return f"{type(value).__name__}(", named, ")"
    if isinstance(value, Mapping):
        return "{", [(f"{_plain(name)}: ", item) for name, item in value.items()], "}"
    if isinstance(value, list):
        return "[", [("", item) for item in value], "]"
    if isinstance(value, tuple):
        return "(", [("", item) for item in value], ")"
    if value is None or isinstance(value, bool | int | float | str):
        return _plain(value), [], ""
    raise FormatError(
        type(value).__name__, "must be a value that Python text can be written of", got=repr(value),
        remedy="Write numbers, strings, distributions and rules.",
    )  # fmt: skip


def _plain(value: bool | int | float | str | None) -> str:
    if isinstance(value, str):
        # Double quotes where that escapes nothing, as formatters write it.
        text = repr(value)
        return f'"{text[1:-1]}"' if text[0] == "'" and '"' not in text else text
    return repr(value)


def _arguments(value: Any) -> list[tuple[str, Any]]:
    """Names and values of what has to be given; a name is empty for what its place tells."""
    if isinstance(value, Network):
        return _of_network(value)
    n_placed = next((n for cls, n in _PLACED.items() if isinstance(value, cls)), 0)
    found: list[tuple[str, Any]] = []
    for place, field in enumerate(dataclasses.fields(value)):
        item = getattr(value, field.name)
        if _is_default(value, field, item):
            n_placed = min(n_placed, place)  # what follows needs its name
        else:
            found.append(("" if place < n_placed else field.name, item))
    return found


def _is_default(owner: Any, field: dataclasses.Field[Any], item: Any) -> bool:
    if field.name == "name" and isinstance(owner, Projection):
        return bool(item == f"{owner.pre}->{owner.post}")
    if field.default_factory is not dataclasses.MISSING:
        return bool(item == field.default_factory())
    if field.default is dataclasses.MISSING:
        return False
    return type(item) is type(field.default) and bool(item == field.default)


def _of_network(network: Network) -> list[tuple[str, Any]]:
    """Populations and projections by their places, the rest by name; lists, as people write."""
    lists = ("stimuli", "recorders", "rewirings", "synaptic_elements", "knobs")
    numbers, texts = ("dt", "seed"), ("name", "description", "source")
    return [
        ("", list(network.populations)),
        ("", list(network.projections)),
        *((name, list(items)) for name in lists if (items := getattr(network, name))),
        *((name, getattr(network, name)) for name in numbers),
        *((name, text) for name in texts if (text := getattr(network, name))),
    ]
