"""Every error names the thing, what was expected of it, and the value that came or what to try."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator

import pytest

import snnlab.errors
from tests.architecture.source import Module, expect_none, module, modules

BUILTIN = {
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
}
OURS = {
    name
    for name, value in vars(snnlab.errors).items()
    if isinstance(value, type) and issubclass(value, snnlab.errors.SnnlabError)
}
PROTOCOLS = {
    "__getattr__": {"AttributeError"},
    "__getitem__": {"KeyError", "IndexError"},
    "__setattr__": {"AttributeError"},
    "__delattr__": {"AttributeError"},
    "__next__": {"StopIteration"},
    "__hash__": {"TypeError"},
}
"""Methods in which Python itself asks for a certain built-in exception."""


def raised(tree: ast.AST, function: str = "") -> Iterator[tuple[str, ast.Raise, ast.Call | None]]:
    """Every raise with the name of its function, and the call that makes the error."""
    for node in ast.iter_child_nodes(tree):
        inner = node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else function
        if isinstance(node, ast.Raise) and node.exc is not None:
            yield inner, node, node.exc if isinstance(node.exc, ast.Call) else None
        yield from raised(node, inner)


def error_name(statement: ast.Raise) -> str:
    """Name of the class or function in ``raise name(...)``."""
    error = statement.exc
    return ast.unparse(error.func if isinstance(error, ast.Call) else error).rpartition(".")[2]


def built_in_raises(source: Iterable[Module]) -> list[str]:
    """Raises of Python's own exceptions, except where a protocol asks for one."""
    return [
        f"{m.name}:{statement.lineno} raises {error_name(statement)}"
        for m in source
        for function, statement, _ in raised(m.tree)
        if error_name(statement) in BUILTIN - PROTOCOLS.get(function, set())
    ]


def silent_raises(source: Iterable[Module]) -> list[str]:
    """Raises of our own errors that lack the expectation, or both a value and a remedy."""
    return [
        f"{m.name}:{statement.lineno} {error_name(statement)} without {', '.join(lacks)}"
        for m in source
        for _, statement, call in raised(m.tree)
        if error_name(statement) in OURS and (lacks := missing_answers(call))
    ]


def missing_answers(call: ast.Call | None) -> list[str]:
    """Which of its answers ``raise Error(where, expected, got=...)`` leaves out."""
    if call is None:
        return ["any answer"]
    keywords = {word.arg for word in call.keywords}
    if None in keywords or any(isinstance(word, ast.Starred) for word in call.args):
        return []  # passes on the answers of another error
    computed = any(not isinstance(argument, ast.Constant) for argument in call.args)
    answers = {
        "the expectation": len(call.args) > 1 or "expected" in keywords,
        "a value or a remedy": computed or bool({"got", "remedy"} & keywords),
    }
    return [name for name, is_there in answers.items() if not is_there]


def test_no_raise_of_python_s_own_exceptions() -> None:
    expect_none(built_in_raises(modules()))


def test_every_raise_answers() -> None:
    expect_none(silent_raises(modules()))


@pytest.mark.parametrize(
    "statement", ["raise Exception", "raise RuntimeError('no')", "raise NotImplementedError"]
)
def test_planted_built_in_raise_is_found(statement: str) -> None:
    assert len(built_in_raises([module("snnlab.model.a", f"def f():\n    {statement}")])) == 1


def test_protocol_of_python_is_kept() -> None:
    source = "def __getattr__(name):\n    raise AttributeError(name)"
    assert built_in_raises([module("snnlab", source)]) == []


@pytest.mark.parametrize(
    "statement",
    [
        "raise SpecError",
        "raise SpecError('n')",
        "raise errors.SpecError(n)",
        "raise SpecError('n', 'must be > 0')",
    ],
)
def test_planted_silent_raise_is_found(statement: str) -> None:
    assert len(silent_raises([module("snnlab.model.a", f"def f(n):\n    {statement}")])) == 1


def test_full_answer_is_accepted() -> None:
    source = "raise SpecError('n', 'must be > 0', got=repr(n))"
    assert silent_raises([module("snnlab.model.a", source)]) == []
