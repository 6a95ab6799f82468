"""Typed statements as Numba source."""

from __future__ import annotations

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

__all__ = ["NumbaSource", "drawn_at_once", "variable"]


class NumbaSource:
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
                    self.add(f"{variable(statement.target)} = {value}")
                case If():
                    self._if(statement)
                case For():
                    self._for(statement)

    def _if(self, branch: If) -> None:
        self.add(f"if {self.expr(branch.condition)}:")
        self._indented(branch.then)
        if branch.orelse:
            self.add("else:")
            self._indented(branch.orelse)

    def _for(self, loop: For) -> None:
        bounds = ", ".join(self.atom(e) for e in (loop.start, loop.stop, loop.step))
        self.add(f"for {variable(loop.variable)} in range({bounds}):")
        self.depth += 1
        self.add("passed = int32(passed + int32(1))" if _draws_inside(loop) else "pass")
        self.depth -= 1
        self._indented(loop.body)

    def _indented(self, statements: Sequence[Statement]) -> None:
        self.depth += 1
        self.statements(statements)
        if not statements:
            self.add("pass")
        self.depth -= 1

    def atom(self, expr: Expr) -> str:
        """Write an expression as a ready value: a name or a literal."""
        text = self.expr(expr)
        if isinstance(expr, (Const, Local, Field)):
            return text
        name = f"t{self._temporaries}"
        self._temporaries += 1
        self.add(f"{name} = {text}")
        return name

    def expr(self, expr: Expr) -> str:  # noqa: PLR0911  (one for each kind of node)
        """Write an expression."""
        match expr:
            case Const():
                return _literal(expr)
            case Local() | Field():
                return variable(expr)
            case Cast():
                return f"real({self.expr(expr.operand)})"
            case Not():
                return f"(not {self.expr(expr.operand)})"
            case Negative():
                return _typed(f"-{self.expr(expr.operand)}", expr.type)
            case Binary():
                return _typed(
                    f"{self.expr(expr.left)} {expr.op} {self.expr(expr.right)}", expr.type
                )
            case Compare():
                return f"({self.expr(expr.left)} {expr.op} {self.expr(expr.right)})"
            case Logic():
                sign = "&" if expr.op == "and" else "|"
                return f"({self.expr(expr.left)} {sign} {self.expr(expr.right)})"
            case Select():
                return self._select(expr.condition, expr.yes, expr.no)
            case Power():
                return self._power(self.atom(expr.base), expr.exponent, expr.type)
            case Call():
                return self._call(expr)
            case Draw():
                return self._draw(expr)

    def _select(self, condition: Expr, yes: Expr, no: Expr) -> str:
        c, a, b = self.atom(condition), self.atom(yes), self.atom(no)
        return f"({a} if {c} else {b})"

    def _power(self, base: str, n: int, type_: Type) -> str:
        """Write a whole power as a product, by squaring."""
        if n == 1:
            return base
        half = self._named(self._power(base, n // 2, type_))
        square = _typed(f"{half} * {half}", type_)
        return square if n % 2 == 0 else _typed(f"{square} * {base}", type_)

    def _named(self, text: str) -> str:
        if text.isidentifier():
            return text
        name = f"t{self._temporaries}"
        self._temporaries += 1
        self.add(f"{name} = {text}")
        return name

    def _call(self, call: Call) -> str:
        args = [self.atom(a) for a in call.args]
        if call.name in ("min", "max"):
            sign = "<" if call.name == "min" else ">"
            # As in Python: the first unless the second is less (greater).
            chosen = self._named(f"({args[1]} {sign} {args[0]})")
            return f"({args[1]} if {chosen} else {args[0]})"
        if call.name in ("sqrt", "floor", "ceil"):
            return f"np.{call.name}({args[0]})"
        return _typed(f"{call.name}({args[0]})", call.type)

    def _draw(self, draw: Draw) -> str:
        if draw.name == "poisson":
            passed = "passed" if draw.in_loop else "int32(0)"
            lam = self.atom(draw.args[0])
            return f"poisson({lam}, random, int32(j), int32({draw.site}), {passed})"
        distribution = "unit" if draw.name == "uniform" else "normal"
        if drawn_at_once(draw):
            return f"{distribution}(words_{draw.site}[j])"
        return f"{distribution}(one_word(random, int32(j), int32({draw.site}), passed))"


def drawn_at_once(draw: Draw) -> bool:
    """Whether each neuron draws it exactly once, so that a block's words are drawn together."""
    return draw.name != "poisson" and not draw.in_loop


def _draws_inside(loop: For) -> bool:
    return any(isinstance(node, Draw) for node in walk(loop))


def _typed(text: str, type_: Type) -> str:
    """Parenthesise; Numba widens whole numbers, which the language does not."""
    return f"int32({text})" if type_ is Type.INT else f"({text})"


def _literal(const: Const) -> str:
    if const.type is Type.BOOL:
        return str(const.value)
    return f"{'int32' if const.type is Type.INT else 'real'}({const.value!r})"


_PREFIX = {"state": "s", "input": "i", "p": "p", "syn": "s", "pre": "a", "post": "b", "mod": "m"}
"""Space of a field -> what its variables begin with."""


def variable(target: Local | Field) -> str:
    """Name in the generated source; no two kinds of variable can meet in it."""
    if isinstance(target, Field):
        return f"{_PREFIX[target.space]}_{target.name}"
    number, _, name = target.name.rpartition("@")
    plain = name.replace(".", "_")
    return f"t{number}_{plain}" if number else plain
