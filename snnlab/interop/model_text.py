"""Models and rules of a user's own as text, for processes that cannot import their classes.

A class is declarations and functions. Functions of the rule language go as their source, which is
parsed there as it is here; those that the host computes are held to arithmetic, see
`snnlab.rules.host_function`. Nothing in the text is executed.
"""

from __future__ import annotations

import ast
import dataclasses
import json
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from snnlab.errors import FormatError
from snnlab.interop.model_kinds import (
    DECLARATIONS,
    ROLES,
    SHIPPED,
    home_of,
    is_of_language,
    is_shipped,
    module_name,
)
from snnlab.model.network import Network
from snnlab.rules.host_function import HostFunction, dotted
from snnlab.rules.source import Source, read_source

__all__ = ["models_to_text"]

_KIND_OF_DECLARATION = {cls: kind for kind, cls in DECLARATIONS.items()}


def models_to_text(network: Network) -> str:
    """Return the models of a network that do not ship with snnlab, as JSON text.

    Raises
    ------
    FormatError
        One of them has the name of a model that ships.
    RuleError
        The source of a function cannot be read, or `derive`, `n_going` or `n_coming` do more than
        arithmetic.
    """
    used: list[tuple[str, type]] = [
        *(("neuron", p.model) for p in network.populations),
        *(("synapse", p.model) for p in network.projections),
        *(("rewiring", r.model) for r in network.rewirings),
    ]
    own = [(kind, model) for kind, model in dict.fromkeys(used) if not is_shipped(model)]
    return json.dumps([_written(kind, model) for kind, model in own])


def _written(kind: str, model: type) -> dict[str, Any]:
    """One class as data: what it has beyond the nearest class that ships."""
    base = next(each for each in model.__mro__ if is_shipped(each))
    if model.__name__ in SHIPPED[kind]:
        raise _taken(kind, model.__name__)
    members: dict[str, Any] = {}
    for each in reversed(model.__mro__):
        if not is_shipped(each) and each is not object:
            members.update(vars(each))
    found = {name: _member(kind, model, name, value) for name, value in members.items()}
    return {
        "kind": kind,
        "name": model.__name__,
        "base": base.__name__,
        "members": {name: value for name, value in found.items() if value is not None},
    }


def _taken(kind: str, name: str) -> FormatError:
    return FormatError(
        f"{kind} model {name!r}", "must have a name that no model of snnlab has", got=name,
        remedy="Rename the class: on ranks both would be known by one name.",
    )  # fmt: skip


def _member(kind: str, model: type, name: str, value: Any) -> dict[str, Any] | None:
    """A member of a class as data; None for one that only its own process has a use for."""
    if name.startswith("__"):
        return None
    if type(value) in _KIND_OF_DECLARATION:
        return {_KIND_OF_DECLARATION[type(value)]: dataclasses.asdict(value)}
    if value is None or isinstance(value, bool | int | float | str):
        return {"value": value}
    if isinstance(value, staticmethod) and name in ROLES[kind]:
        return _function(f"{model.__name__}.{name}", value.__func__, ROLES[kind][name])
    return None


def _function(where: str, function: Callable[..., Any], role: str) -> dict[str, Any] | None:
    """A function as data: its name where it ships, else its source."""
    if function.__module__.startswith("snnlab."):
        return _shipped(function)  # one that no class has comes by itself
    source = read_source(function, where)
    names = _names_of_host(source) if role == "host" else _names_of_rule(source)
    if role == "host":
        resolved = {name: 0.0 if "number" in what else abs for name, what in names.items()}
        HostFunction(dataclasses.replace(source, names=resolved))  # refuses what is not allowed
    return {
        "file": source.file, "line": source.first_line, "text": list(source.lines), "names": names,
    }  # fmt: skip


def _shipped(function: Any) -> dict[str, Any] | None:
    """A function of a model that ships, by its name; None if it is none."""
    owner, _, name = getattr(function, "__qualname__", "").rpartition(".")
    for kind, models in SHIPPED.items():
        if owner in models and getattr(models[owner], name, None) is function:
            return {"shipped": [kind, owner, name]}
    return None


def _names_of_host(source: Source) -> dict[str, Any]:
    """What the names outside of a function of the host stand for."""
    found: dict[str, Any] = {}
    for node in ast.walk(source.tree):
        name = dotted(node) if isinstance(node, ast.Name | ast.Attribute) else ""
        first, *rest = name.split(".")
        if first not in source.names:
            continue
        value = source.names[first]
        for attribute in rest:
            value = getattr(value, attribute, None)
        if _is_number(value):
            found[name] = {"number": _plain(value)}
        elif callable(value) and (home := home_of(value)):
            found[name] = {"function": home}
        elif callable(value) and (shipped := _shipped(value)):
            found[name] = shipped
    return found


def _names_of_rule(source: Source) -> dict[str, Any]:
    """What the names outside of a function of the rule language stand for."""
    found: dict[str, Any] = {}
    nodes = list(ast.walk(source.tree))
    read = {node.id for node in nodes if isinstance(node, ast.Name)}
    for name in sorted(read & source.names.keys()):
        value = source.names[name]
        if _is_number(value):
            found[name] = {"number": _plain(value)}
        elif isinstance(value, ModuleType):
            found[name] = _module(name, value, nodes)
        elif not is_of_language(value):
            found[name] = {"foreign": type(value).__name__}
    return found


def _module(name: str, value: ModuleType, nodes: list[ast.AST]) -> Mapping[str, Any]:
    """A module that the rule language knows, or the numbers of another that are read."""
    if known := module_name(value):
        return {"module": known}
    read = {
        node.attr for node in nodes
        if isinstance(node, ast.Attribute) and dotted(node) == f"{name}.{node.attr}"
    }  # fmt: skip
    numbers = {attr: getattr(value, attr, None) for attr in sorted(read)}
    return {"numbers": {attr: _plain(n) for attr, n in numbers.items() if _is_number(n)}}


def _is_number(value: object) -> bool:
    return isinstance(value, bool | int | float | np.bool_ | np.integer | np.floating)


def _plain(value: Any) -> bool | int | float:
    """A number as JSON has it."""
    number: bool | int | float = value.item() if isinstance(value, np.generic) else value
    return number
