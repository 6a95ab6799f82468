"""Public names are listed and documented, and what is documented exists."""

from __future__ import annotations

import ast
import doctest
import importlib
import re
from collections.abc import Iterable, Iterator

import pytest

from tests.architecture.source import Module, expect_none, module, modules

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

SECTION = re.compile(r"^Parameters\n-+\n(.*?)(?=^\S[^\n]*\n-+$|\Z)", re.DOTALL | re.MULTILINE)
ENTRY = re.compile(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*)(?: :|$)", re.MULTILINE)


def undocumented(source: Iterable[Module]) -> list[str]:
    """Public modules, and names in ``__all__``, that lack a docstring or do not exist."""
    found = [m.name for m in source if ast.get_docstring(m.tree) is None]
    for m in source:
        defined = {n.name: n for n in m.tree.body if isinstance(n, Definition)}
        found += [
            f"{m.name}.{name}"
            for name in exported(m) & set(defined)
            if ast.get_docstring(defined[name]) is None
        ]
    return sorted(found)


def unlisted(source: Iterable[Module]) -> list[str]:
    """Modules that define public functions or classes but have no ``__all__``."""
    return [
        m.name
        for m in source
        if not exported(m)
        and any(isinstance(n, Definition) and not n.name.startswith("_") for n in m.tree.body)
    ]


def exported(m: Module) -> set[str]:
    """The strings in ``__all__``."""
    lists = [
        node.value
        for node in m.tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    return {n.value for n in ast.walk(ast.List(lists)) if isinstance(n, ast.Constant)}


def phantom_parameters(source: Iterable[Module]) -> list[str]:
    """Names under ``Parameters`` that the signature or the fields do not have."""
    return [
        f"{m.name}.{definition.name}: {name}"
        for m in source
        for definition in ast.walk(m.tree)
        if isinstance(definition, Definition)
        for name in documented(ast.get_docstring(definition) or "")
        if name not in set(accepted(definition))
    ]


def documented(docstring: str) -> list[str]:
    """Names in the section ``Parameters`` of a numpydoc docstring."""
    section = SECTION.search(docstring)
    entries = ENTRY.findall(section[1]) if section else []
    return [name.strip("* ") for entry in entries for name in entry.split(",")]


def accepted(definition: Definition) -> Iterator[str]:
    """Names that a function takes, or that a class takes through its fields or ``__init__``."""
    if isinstance(definition, ast.ClassDef):
        for node in definition.body:
            if isinstance(node, ast.AnnAssign):
                yield ast.unparse(node.target)
            elif isinstance(node, ast.FunctionDef) and node.name == "__init__":
                yield from accepted(node)
        return
    arguments = definition.args
    stars = [argument for argument in (arguments.vararg, arguments.kwarg) if argument]
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *stars]
    yield from (argument.arg for argument in named)


def modules_with_examples() -> list[str]:
    """Modules in whose docstrings a prompt appears."""
    return [m.name for m in modules() if ">>> " in ast.unparse(m.tree)]


def test_public_names_are_documented() -> None:
    expect_none(undocumented(modules()))


def test_public_names_are_listed() -> None:
    expect_none(unlisted(modules()))


def test_documented_parameters_exist() -> None:
    expect_none(phantom_parameters(modules()))


@pytest.mark.parametrize("name", modules_with_examples())
def test_examples_give_what_they_show(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert result.attempted
    assert not result.failed


def test_planted_silence_is_found() -> None:
    planted = module("snnlab.model.a", "__all__ = ['f']\ndef f(): pass")
    assert undocumented([planted]) == ["snnlab.model.a", "snnlab.model.a.f"]
    assert unlisted([module("snnlab.model.a", "class A: pass")]) == ["snnlab.model.a"]


PHANTOM = '''
{head}
    """Do it.

    Parameters
    ----------
    rate, weight : float [Hz]
        As used: by f.
    {last}
        A word.

    Returns
    -------
    nothing : None
    """
    {body}
'''


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("def f(rate, *, weight, **kept):", "pass"),
        ("class F:", "rate: float\n    weight: float\n    kept: str"),
        ("class F:", "def __init__(self, rate, weight, kept): pass"),
    ],
)
def test_planted_phantom_is_found(head: str, body: str) -> None:
    right = module("snnlab.model.a", PHANTOM.format(head=head, last="kept : str", body=body))
    wrong = module("snnlab.model.a", PHANTOM.format(head=head, last="lost : str", body=body))
    assert phantom_parameters([right]) == []
    assert [found.rpartition(" ")[2] for found in phantom_parameters([wrong])] == ["lost"]
