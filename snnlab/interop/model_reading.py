"""Classes of models and rules from the text that `snnlab.interop.model_text` wrote."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

from snnlab.errors import FormatError
from snnlab.interop.model_kinds import (
    DECLARATIONS,
    HOST_FUNCTIONS,
    KINDS,
    MODULES,
    ROLES,
    ROOTS,
    SHIPPED,
)
from snnlab.rules.host_function import HostFunction
from snnlab.rules.source import WrittenFunction, read_source

__all__ = ["define_models"]

_DEFINED: dict[tuple[str, str], tuple[str, type]] = {}
"""Kind and name -> the text that defined it here, and the class: it is defined once."""

_MODULE = "models from text"
"""Where these classes say that they come from."""


def define_models(text: str) -> None:
    """Define the models of a text, so that networks can name them.

    Parameters
    ----------
    text : str
        What `models_to_text` returned.

    Raises
    ------
    FormatError
        It is something else, or a model has the name of one that ships.
    RuleError
        A function of the host does more than arithmetic.
    """
    for data in json.loads(text):
        kind, name, own = data["kind"], data["name"], json.dumps(data)
        known, model = _DEFINED.get((kind, name), ("", None))
        if known != own or KINDS[kind].models()[name] is not model:
            _DEFINED[kind, name] = own, _define(data)


def _define(data: dict[str, Any]) -> type:
    kind, name = data["kind"], data["name"]
    if name in SHIPPED[kind] or not name.isidentifier():
        raise _wrong(f"{kind} model", "a name of its own", name)
    bases = {**SHIPPED[kind], ROOTS[kind].__name__: ROOTS[kind]}
    if data["base"] not in bases:
        raise _wrong(name, "one of snnlab's models as its base", data["base"])
    members = {
        member: _member(kind, f"{name}.{member}", what) for member, what in data["members"].items()
    }
    return type(name, (bases[data["base"]],), members | {"__module__": _MODULE})


def _wrong(where: str, expected: str, got: str) -> FormatError:
    return FormatError(
        where, f"must have {expected}", got=repr(got),
        remedy="Write the text with snnlab.interop.model_text.",
    )  # fmt: skip


def _member(kind: str, where: str, what: dict[str, Any]) -> Any:
    """A member of a class from its data."""
    if "value" in what:
        return what["value"]
    for name, declaration in DECLARATIONS.items():
        if name in what:
            fields = what[name]
            lists = {k: tuple(v) for k, v in fields.items() if isinstance(v, list)}
            return declaration(**(fields | lists))
    role = ROLES[kind].get(where.rpartition(".")[2])
    if role is None:
        raise _wrong(where, "the name of a function of models", where)
    if "shipped" in what:
        return staticmethod(_shipped(where, *what["shipped"]))
    names = {name: _named(where, value) for name, value in what["names"].items()}
    function = WrittenFunction(what["file"], what["line"], tuple(what["text"]), names)
    if role == "rule":
        return staticmethod(function)
    return staticmethod(HostFunction(read_source(function, where)))


def _shipped(where: str, kind: str, owner: str, name: str) -> Any:
    """A function of a model that ships."""
    model = SHIPPED[kind].get(owner)
    if model is None or name not in ROLES[kind]:
        raise _wrong(where, "functions of snnlab's models", f"{owner}.{name}")
    return getattr(model, name)


class _Foreign:
    """What a name stands for that the rule language does not have; errors say so."""


def _named(where: str, what: dict[str, Any]) -> Any:
    """What a name outside of a function stands for."""
    if "number" in what:
        return what["number"]
    if "module" in what and what["module"] in MODULES:
        return MODULES[what["module"]]
    if "numbers" in what:
        module = ModuleType("numbers of a module")
        vars(module).update(what["numbers"])
        return module
    if "function" in what:
        home, name = what["function"]
        if name in HOST_FUNCTIONS.get(home, {}):
            return HOST_FUNCTIONS[home][name]
    if "shipped" in what:
        return _shipped(where, *what["shipped"])
    if "foreign" in what:
        return _Foreign()
    raise _wrong(where, "names of numbers and functions", json.dumps(what))
