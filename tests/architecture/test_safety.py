"""Opening a file runs nothing, and no port is opened: what the source may not contain."""

from __future__ import annotations

import ast
from collections.abc import Iterable

import pytest

from tests.architecture.source import Module, expect_none, module, modules

MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib"}
MODULES |= {"socket", "socketserver", "http.server", "wsgiref", "xmlrpc", "zmq"}
CALLS = {"eval", "exec", "os.system", "os.popen", "asyncio.start_server", "webbrowser.open"}
TRUE_KEYWORDS = {"allow_pickle", "shell"}


def unsafe(source: Iterable[Module]) -> list[str]:
    """Imports and calls that run data as code, or listen on the network."""
    return [
        f"{m.name}:{line} {what}" for m in source for line, what in [*_imports(m), *_calls(m.tree)]
    ]


def _imports(m: Module) -> list[tuple[int, str]]:
    return [
        (imported.line, f"imports {imported.target}")
        for imported in m.imports()
        if any(f"{imported.target}.".startswith(f"{name}.") for name in MODULES)
    ]


def _calls(tree: ast.Module) -> list[tuple[int, str]]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [
        (call.lineno, f"calls {ast.unparse(call.func)}")
        for call in calls
        if ast.unparse(call.func) in CALLS or any(_is_true(word) for word in call.keywords)
    ]


def _is_true(keyword: ast.keyword) -> bool:
    value = keyword.value
    is_false = isinstance(value, ast.Constant) and value.value is False
    return keyword.arg in TRUE_KEYWORDS and not is_false


def test_nothing_runs_data_or_listens() -> None:
    expect_none(unsafe(modules()))


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "def late():\n    import socket",
        "eval(text)",
        "exec(compile(text, 'rule', 'exec'))",
        "import os\nos.system('ls')",
        "numpy.load(path, allow_pickle=True)",
        "subprocess.run(line, shell=shell)",
    ],
)
def test_planted_danger_is_found(source: str) -> None:
    assert len(unsafe([module("snnlab.record.log", source)])) == 1


def test_harmless_neighbours_are_not_found() -> None:
    source = "re.compile('x')\nnumpy.load(path, allow_pickle=False)\nself.evaluate(x)"
    assert unsafe([module("snnlab.record.log", source)]) == []
