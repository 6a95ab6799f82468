"""Typed statements as Numba source."""

from __future__ import annotations

from collections.abc import Sequence

from snnlab.rules.tree import Const, Draw, For, Statement, Type
from snnlab.rules.tree_source import TreeSource, counts_passes

__all__ = ["NumbaSource", "drawn_at_once"]


class NumbaSource(TreeSource):
    """Lines of the body of a compiled function."""

    def assign(self, name: str, value: str) -> None:
        """Write an assignment to a variable."""
        self.add(f"{name} = {value}")

    def temporary(self, name: str, value: str, type_: Type) -> None:
        """Write a name for a value; its type is that of the value."""
        self.assign(name, value)

    def begin_if(self, condition: str) -> None:
        """Write the head of a branch."""
        self.add(f"if {condition}:")

    def begin_else(self) -> None:
        """Write the head of the other branch."""
        self.add("else:")

    def end(self) -> None:
        """Write nothing: indentation ends a branch."""

    def indented(self, statements: Sequence[Statement]) -> None:
        """Write the statements of a block, which must not be empty."""
        super().indented(statements)
        if not statements:
            self.lines.append("    " * (self.depth + 1) + "pass")

    def loop(self, loop: For, start: str, stop: str, step: str) -> None:
        """Write a loop over whole numbers of 32 bits."""
        self.add(f"for {self.variable(loop.variable)} in range({start}, {stop}, {step}):")
        self.depth += 1
        self.add("passed = int32(passed + int32(1))" if counts_passes(loop) else "pass")
        self.depth -= 1
        self.indented(loop.body)

    def literal(self, const: Const) -> str:
        """Write a number or a truth value."""
        if const.type is Type.BOOL:
            return str(const.value)
        return f"{'int32' if const.type is Type.INT else 'real'}({const.value!r})"

    def opposite(self, operand: str) -> str:
        """Write the opposite of a truth value."""
        return f"(not {operand})"

    def negative(self, operand: str, type_: Type) -> str:
        """Write minus a number."""
        return _typed(f"-{operand}", type_)

    def arithmetic(self, op: str, left: str, right: str, type_: Type) -> str:
        """Write ``+ - * / // %``."""
        return _typed(f"{left} {op} {right}", type_)

    def choice(self, condition: str, yes: str, no: str) -> str:
        """Write one of two values."""
        return f"({yes} if {condition} else {no})"

    def function(self, name: str, argument: str, type_: Type) -> str:
        """Write the call of a mathematical function of one argument."""
        if name in ("sqrt", "floor", "ceil"):
            return f"np.{name}({argument})"
        return _typed(f"{name}({argument})", type_)

    def draw(self, draw: Draw, args: Sequence[str]) -> str:
        """Write a random draw."""
        if draw.name == "poisson":
            passed = "passed" if draw.in_loop else "int32(0)"
            return f"poisson({args[0]}, random, int32(j), int32({draw.site}), {passed})"
        distribution = "unit" if draw.name == "uniform" else "normal"
        if drawn_at_once(draw):
            return f"{distribution}(words_{draw.site}[j])"
        return f"{distribution}(one_word(random, int32(j), int32({draw.site}), passed))"


def drawn_at_once(draw: Draw) -> bool:
    """Whether each neuron draws it exactly once, so that a block's words are drawn together."""
    return draw.name != "poisson" and not draw.in_loop


def _typed(text: str, type_: Type) -> str:
    """Parenthesise; Numba widens whole numbers, which the language does not."""
    return f"int32({text})" if type_ is Type.INT else f"({text})"
