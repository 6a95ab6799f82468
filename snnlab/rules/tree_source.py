"""Typed statements as lines of source: what is the same for all targets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from snnlab.rules.tree import (
    Assign,
    Binary,
    Call,
    Cast,
    Compare,
    Const,
    Draw,
    Expr,
    Field,
    For,
    If,
    Local,
    Logic,
    Negative,
    Not,
    Power,
    Select,
    Statement,
    Type,
    walk,
)

__all__ = ["TreeSource", "counts_passes", "has_counted_loop", "variable"]


class TreeSource(ABC):
    """Lines of a function's body, with as many temporaries as its selects need.

    Parameters
    ----------
    depth : int
        Indentation of the first line, in units of four blanks.
    """

    def __init__(self, depth: int = 1) -> None:
        self.lines: list[str] = []
        self.depth = depth
        self._temporaries = 0

    def add(self, line: str) -> None:
        """Append one line at the current depth."""
        self.lines.append("    " * self.depth + line)

    def statements(self, statements: Sequence[Statement]) -> None:
        """Write a sequence of statements."""
        for statement in statements:
            match statement:
                case Assign():
                    value = self.expr(statement.value)
                    self.assign(self.variable(statement.target), value)
                case If():
                    self._if(statement)
                case For():
                    bounds = [
                        self.atom(e) for e in (statement.start, statement.stop, statement.step)
                    ]
                    self.loop(statement, *bounds)

    def _if(self, branch: If) -> None:
        self.begin_if(self.expr(branch.condition))
        self.indented(branch.then)
        if branch.orelse:
            self.begin_else()
            self.indented(branch.orelse)
        self.end()

    def indented(self, statements: Sequence[Statement]) -> None:
        """Write the statements of a block."""
        self.depth += 1
        self.statements(statements)
        self.depth -= 1

    def atom(self, expr: Expr) -> str:
        """Write an expression as a ready value: a name or a literal."""
        text = self.expr(expr)
        return text if isinstance(expr, (Const, Local, Field)) else self._new(text, expr.type)

    def _named(self, text: str, type_: Type) -> str:
        return text if text.isidentifier() else self._new(text, type_)

    def _new(self, text: str, type_: Type) -> str:
        name = f"t{self._temporaries}"
        self._temporaries += 1
        self.temporary(name, text, type_)
        return name

    def expr(self, expr: Expr) -> str:  # noqa: PLR0911  (one for each kind of node)
        """Write an expression."""
        match expr:
            case Const():
                return self.literal(expr)
            case Local() | Field():
                return self.variable(expr)
            case Cast():
                return f"real({self.expr(expr.operand)})"
            case Not():
                return self.opposite(self.expr(expr.operand))
            case Negative():
                return self.negative(self.expr(expr.operand), expr.type)
            case Binary():
                left, right = self.expr(expr.left), self.expr(expr.right)
                return self.arithmetic(expr.op, left, right, expr.type)
            case Compare():
                return self.compare(expr)
            case Logic():
                sign = "&" if expr.op == "and" else "|"
                return f"({self.expr(expr.left)} {sign} {self.expr(expr.right)})"
            case Select():
                parts = (self.atom(e) for e in (expr.condition, expr.yes, expr.no))
                return self.choice(*parts)
            case Power():
                return self._power(self.atom(expr.base), expr.exponent, expr.type)
            case Call():
                return self._call(expr)
            case Draw():
                return self.draw(expr, [self.atom(a) for a in expr.args])

    def compare(self, compare: Compare) -> str:
        """Write a comparison."""
        return f"({self.expr(compare.left)} {compare.op} {self.expr(compare.right)})"

    def _power(self, base: str, n: int, type_: Type) -> str:
        """Write a whole power as a product, by squaring."""
        if n == 1:
            return base
        half = self._named(self._power(base, n // 2, type_), type_)
        square = self.arithmetic("*", half, half, type_)
        return square if n % 2 == 0 else self.arithmetic("*", square, base, type_)

    def _call(self, call: Call) -> str:
        args = [self.atom(a) for a in call.args]
        if call.name in ("min", "max"):
            sign = "<" if call.name == "min" else ">"
            # As in Python: the first unless the second is less (greater).
            chosen = self._named(f"({args[1]} {sign} {args[0]})", Type.BOOL)
            return self.choice(chosen, args[1], args[0])
        return self.function(call.name, args[0], call.type)

    def variable(self, target: Local | Field) -> str:
        """Return the name of a variable."""
        return variable(target)

    # --- what a target says in its own way --------------------------------------------------------

    @abstractmethod
    def assign(self, name: str, value: str) -> None:
        """Write an assignment to a variable."""

    @abstractmethod
    def temporary(self, name: str, value: str, type_: Type) -> None:
        """Write a name for a value that does not change any more."""

    @abstractmethod
    def begin_if(self, condition: str) -> None:
        """Write the head of a branch."""

    @abstractmethod
    def begin_else(self) -> None:
        """Write what stands between the two blocks of a branch."""

    @abstractmethod
    def end(self) -> None:
        """Write the end of a branch."""

    @abstractmethod
    def loop(self, loop: For, start: str, stop: str, step: str) -> None:
        """Write a loop; one that `counts_passes` raises the variable ``passed`` first."""

    @abstractmethod
    def literal(self, const: Const) -> str:
        """Write a number or a truth value."""

    @abstractmethod
    def opposite(self, operand: str) -> str:
        """Write the opposite of a truth value."""

    @abstractmethod
    def negative(self, operand: str, type_: Type) -> str:
        """Write minus a number."""

    @abstractmethod
    def arithmetic(self, op: str, left: str, right: str, type_: Type) -> str:
        """Write ``+ - * / // %``, rounded or wrapped to the type, in parentheses."""

    @abstractmethod
    def choice(self, condition: str, yes: str, no: str) -> str:
        """Write one of two values."""

    @abstractmethod
    def function(self, name: str, argument: str, type_: Type) -> str:
        """Write the call of a mathematical function of one argument."""

    @abstractmethod
    def draw(self, draw: Draw, args: Sequence[str]) -> str:
        """Write a random draw."""


def counts_passes(loop: For) -> bool:
    """Whether the passes of a loop are counted, so that each of them has draws of its own."""
    return any(isinstance(node, Draw) for node in walk(loop))


def has_counted_loop(program: Sequence[Statement]) -> bool:
    """Whether a program needs the variable ``passed``."""
    return any(isinstance(node, For) and counts_passes(node) for node in walk(*program))


_PREFIX = {
    "state": "s", "input": "i", "p": "p", "syn": "s", "pre": "a", "post": "b", "mod": "m",
    "pair": "pair", "target": "target", "neuron": "neuron",
}  # fmt: skip
"""Space of a field -> what its variables begin with."""


def variable(target: Local | Field) -> str:
    """Name in the generated source; no two kinds of variable can meet in it."""
    if isinstance(target, Field):
        return f"{_PREFIX[target.space]}_{target.name}"
    number, _, name = target.name.rpartition("@")
    plain = name.replace(".", "_")
    return f"t{number}_{plain}" if number else plain
