"""The source text of one rule function, and errors that point into it."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CellType
from typing import Any

from snnlab.errors import RuleError, nearest

__all__ = ["Source", "WrittenFunction", "read_source"]

Function = Callable[..., Any]


@dataclass(frozen=True)
class Source:
    """One rule function: its syntax tree, its lines and the names that it can see.

    Parameters
    ----------
    where : str
        The function as the user would name it: ``"LIFExp.update"``.
    file : str
        File or notebook cell that defines it.
    first_line : int
        Number of the first line in the file.
    lines : tuple of str
        The lines of the definition.
    tree : ast.FunctionDef
        Its syntax tree, whose line 1 is the first line.
    names : dict
        Global names and names of enclosing functions -> values.
    """

    where: str
    file: str
    first_line: int
    lines: tuple[str, ...]
    tree: ast.FunctionDef
    names: dict[str, Any] = field(repr=False)

    def error(self, node: ast.AST, expected: str, remedy: str, *, got: str = "") -> RuleError:
        """Make the error for a construct: file, line, the line itself, carets below it."""
        return RuleError(
            self.where, expected, got=got or repr(self.text(node)),
            context=self._pointer(node), remedy=remedy,
        )  # fmt: skip

    def unknown(self, node: ast.AST, what: str, name: str, valid: Iterable[str]) -> RuleError:
        """Make the error for a name that does not exist, offering the nearest ones."""
        names = sorted(valid)
        close = nearest(name, names)
        offered = "Did you mean " + ", ".join(repr(c) for c in close) + "?"
        remedy = offered if close else f"Valid names: {', '.join(names) or 'none'}."
        return self.error(node, f"must be {what} that exists", remedy, got=repr(name))

    def text(self, node: ast.AST) -> str:
        """Return the source of a construct, its first line if there are several."""
        line, start, stop = self._span(node)
        return line[start:stop].strip()

    def _span(self, node: ast.AST) -> tuple[str, int, int]:
        """Line, first and last column (in characters) of a construct."""
        line = self.lines[_line(node) - 1].expandtabs(1)
        start = _characters(line, getattr(node, "col_offset", 0))
        same_line = getattr(node, "end_lineno", None) == _line(node)
        end = getattr(node, "end_col_offset", None)
        stop = _characters(line, end) if same_line and end is not None else len(line.rstrip())
        return line, start, stop

    def _pointer(self, node: ast.AST) -> str:
        line, start, stop = self._span(node)
        number = self.first_line + _line(node) - 1
        indent = len(line) - len(line.lstrip())
        carets = " " * (start - indent) + "^" * max(1, stop - start)
        return f'File "{self.file}", line {number}\n    {line.strip()}\n    {carets}'


def _line(node: ast.AST) -> int:
    return int(getattr(node, "lineno", 1))


def _characters(line: str, column: int) -> int:
    """Column in characters of a column in UTF-8 bytes, which is what `ast` counts."""
    return len(line.encode()[:column].decode(errors="ignore"))


@dataclass(frozen=True, eq=False)
class WrittenFunction:
    """A rule function of which there is the text alone: it is read, and never called.

    Parameters
    ----------
    file : str
        Where it was written.
    first_line : int
        Number of the first line there.
    lines : tuple of str
        The lines of the definition.
    names : mapping
        What names outside of it stand for.
    """

    file: str
    first_line: int
    lines: tuple[str, ...]
    names: Mapping[str, Any]

    def __call__(self, *args: Any) -> Any:
        """Refuse: only its text is known here."""
        raise RuleError(
            "a rule function", "must be compiled to be called", got="its text alone",
            remedy="Call it where the class was written.",
        )  # fmt: skip


def read_source(function: Function, where: str) -> Source:
    """Read the source of a function, from a file or from a notebook cell.

    Raises
    ------
    RuleError
        The source is not there (typed into a bare interpreter), or is not a ``def``.
    """
    if isinstance(function, WrittenFunction):
        return _source(where, function.file, function.first_line, function.lines, function.names)
    try:
        lines, first = inspect.getsourcelines(function)
    except (OSError, TypeError) as error:
        raise RuleError(
            where, "must be a Python function whose source can be read", got=str(error),
            remedy="Define the model in a file or in a notebook cell.",
        ) from error  # fmt: skip
    file = _short(inspect.getsourcefile(function) or "<unknown>")
    return _source(where, file, first, tuple(lines), _visible_names(function))


def _source(
    where: str, file: str, first: int, lines: tuple[str, ...], names: Mapping[str, Any]
) -> Source:
    tree = _definition(lines)
    if tree is None:
        raise RuleError(
            where, "must be written as a def", got=lines[0].strip(),
            context=f'File "{file}", line {first}',
            remedy="Write a static method with def instead of a lambda.",
        )  # fmt: skip
    return Source(where, file, first, lines, tree, dict(names))


def _definition(lines: Sequence[str]) -> ast.FunctionDef | None:
    """Parse a definition as it stands, indented or not, so that columns stay true."""
    text = "".join(lines)
    try:
        module = ast.parse("if True:\n" + text if lines[0][:1].isspace() else "\n" + text)
    except SyntaxError:
        return None  # a lambda in the middle of a call
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef):
            return ast.increment_lineno(node, -1)
    return None


def _visible_names(function: Function) -> dict[str, Any]:
    closure = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    # A cell equals an empty one as long as its variable has not been assigned.
    cells = {name: cell.cell_contents for name, cell in closure.items() if cell != CellType()}
    return {**function.__globals__, **cells}


def _short(file: str) -> str:
    """Path relative to the working directory where that is shorter."""
    try:
        return str(Path(file).relative_to(Path.cwd()))
    except ValueError:
        return file
