"""The source of snnlab as a reader sees it: modules, and what each imports. Nothing is executed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = {"snnlab": ROOT / "snnlab", "snnlab_widgets": ROOT / "widgets/snnlab_widgets"}


@dataclass(frozen=True)
class Import:
    """One imported name: `late` inside a function, `typing` only for type checkers."""

    target: str
    line: int
    late: bool
    typing: bool


@dataclass(frozen=True)
class Module:
    """One file: `name` is the dotted name under which it is imported."""

    name: str
    tree: ast.Module
    is_package: bool = False

    @property
    def component(self) -> str:
        """The part of the house: ``model`` for ``snnlab.model.network``; ``root``; ``widgets``."""
        first, _, rest = self.name.partition(".")
        if first == "snnlab_widgets":
            return "widgets"
        return rest.partition(".")[0] or "root"

    def imports(self) -> list[Import]:
        """Everything that the module imports, wherever the statement stands."""
        return list(_imports(self.tree, late=False, typing=False))


def module(name: str, source: str) -> Module:
    """Make a module from text, to plant a violation."""
    return Module(name, ast.parse(source))


def expect_none(violations: list[str]) -> None:
    """Fail with one violation per line."""
    assert not violations, "\n" + "\n".join(violations)


@cache
def modules() -> tuple[Module, ...]:
    """Read every module of both packages."""
    return tuple(
        _read(package, folder, path)
        for package, folder in PACKAGES.items()
        for path in sorted(folder.rglob("*.py"))
    )


def _read(package: str, folder: Path, path: Path) -> Module:
    parts = (package, *path.relative_to(folder).with_suffix("").parts)
    is_package = parts[-1] == "__init__"
    name = ".".join(parts[:-1] if is_package else parts)
    return Module(name, ast.parse(path.read_text(encoding="utf-8"), str(path)), is_package)


def _imports(node: ast.AST, *, late: bool, typing: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(alias.name, node.lineno, late, typing)
    elif isinstance(node, ast.ImportFrom) and node.module:
        for alias in node.names:
            yield Import(f"{node.module}.{alias.name}", node.lineno, late, typing)
    late = late or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    typing = typing or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
    for child in ast.iter_child_nodes(node):
        yield from _imports(child, late=late, typing=typing)
