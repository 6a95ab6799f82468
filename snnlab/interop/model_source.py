"""Models and rules of a user's own as Python source that defines them anew."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from snnlab.errors import FormatError
from snnlab.interop.model_kinds import DECLARATIONS, MODULES
from snnlab.interop.model_text import models_to_text
from snnlab.interop.python_text import names_in, python_text
from snnlab.model.network import Network

__all__ = ["ModelSource", "model_source"]


class ModelSource:
    """What stands before a network that uses models of its own.

    Attributes
    ----------
    imports : set of str
        Lines that import modules and functions, without names of `snnlab` itself.
    names : set of str
        Names that have to be imported from `snnlab`.
    numbers : dict
        Names outside of the functions -> the numbers that they stand for.
    classes : list of str
        Definitions.
    """

    def __init__(self) -> None:
        self.imports: set[str] = set()
        self.names: set[str] = set()
        self.numbers: dict[str, Any] = {}
        self.classes: list[str] = []

    def join(self, other: ModelSource) -> None:
        """Take in what another network of the same run needs."""
        self.imports |= other.imports
        self.names |= other.names
        self.take("models", {name: {"number": n} for name, n in other.numbers.items()})
        self.classes += [text for text in other.classes if text not in self.classes]

    def take(self, where: str, outside: Mapping[str, Any]) -> None:
        """Take in what the names outside of a function stand for."""
        for name, what in outside.items():
            first, _, attribute = name.partition(".")
            if "number" in what and attribute:
                self.imports.add(_import(_module_with(where, name, what["number"]), first))
            elif "number" in what:
                known = self.numbers.setdefault(name, what["number"])
                if known != what["number"]:
                    raise _refused(where, f"{name} = {what['number']}, elsewhere {known}")
            elif "module" in what:
                self.imports.add(_import(what["module"], first))
            elif "function" in what and not attribute:
                home, function = what["function"]
                if home != "builtins":
                    self.imports.add(f"from {home} import {_as(function, name)}")
            elif "function" in what:
                self.imports.add(_import(what["function"][0], first))
            elif "shipped" in what:
                self.names.add(first)  # a function of a class of snnlab's
            else:
                raise _refused(where, name)


def model_source(network: Network) -> ModelSource:
    """Return the source of the models of a network that do not ship with snnlab.

    Raises
    ------
    FormatError
        A function uses names that a script cannot define: of other modules, or one name for two
        numbers.
    RuleError
        The source of a function cannot be read.
    """
    source = ModelSource()
    for data in json.loads(models_to_text(network)):
        source.names.add(data["base"])
        lines = [_member(source, data["name"], *item) for item in data["members"].items()]
        body = textwrap.indent("\n".join(lines) or "pass", "    ")
        source.classes.append(f"class {data['name']}({data['base']}):\n{body}")
    return source


def _member(source: ModelSource, model: str, name: str, what: dict[str, Any]) -> str:
    where = f"{model}.{name}"
    if "value" in what:
        return f"{name} = {python_text(what['value'])}"
    if "shipped" in what:
        _, owner, function = what["shipped"]
        source.names.add(owner)
        return f"{name} = staticmethod({owner}.{function})"
    if "text" in what:
        source.take(where, what["names"])
        return "\n" + _function(what["text"])
    ((kind, fields),) = what.items()
    declaration = DECLARATIONS[kind](**fields)
    source.names |= names_in(declaration) | {type(declaration).__name__}
    return f"{name} = {python_text(declaration, f'    {name} = ')}"


def _function(lines: Iterable[str]) -> str:
    """A function as it was written, as a static method whatever stood before it."""
    text = textwrap.dedent("".join(lines)).rstrip()
    return text if text.startswith("@staticmethod") else f"@staticmethod\n{text}"


def _module_with(where: str, name: str, number: Any) -> str:
    """Name of the module in which ``np.pi`` and the like are found."""
    attribute = name.partition(".")[2]
    for module in ("math", "numpy"):
        if getattr(MODULES[module], attribute, None) == number:
            return module
    raise _refused(where, name)


def _import(module: str, name: str) -> str:
    return f"import {_as(module, name)}"


def _as(original: str, name: str) -> str:
    return original if original == name else f"{original} as {name}"


def _refused(where: str, got: str) -> FormatError:
    return FormatError(
        where, "must name numbers and modules that a script can define", got=got,
        remedy="Use math, numpy or plain numbers with names of their own in the function.",
    )  # fmt: skip
