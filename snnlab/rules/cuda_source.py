"""Typed statements as CUDA C source."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from snnlab.rules.tree import (
    Assign,
    Const,
    Draw,
    Expr,
    Field,
    For,
    Local,
    Statement,
    Type,
    fields_read,
    walk,
)
from snnlab.rules.tree_source import TreeSource, counts_passes, has_counted_loop, variable

__all__ = ["CudaSource", "double"]

_C_TYPE = {Type.BOOL: "bool", Type.INT: "i32", Type.REAL: "real"}
_ZERO = {Type.BOOL: "false", Type.INT: "0", Type.REAL: "0"}
_WHOLE = {"+": "add", "-": "subtract", "*": "multiply", "//": "floor_divide", "%": "modulo"}
"""Functions for whole numbers, which wrap; C leaves that open."""

_REAL = {"//": "floor_divide", "%": "modulo"}
_SAFE = (2.0**-126, 2.0**127)
"""Between them a literal of a double is sure to be a float too."""


class CudaSource(TreeSource):
    """Lines of the body of a device function; ``real`` is the type of its numbers."""

    def program(self, program: Sequence[Statement]) -> None:
        """Declare all variables of a program that are local to it, then write it down."""
        for local in _locals(program):
            self.add(f"{_C_TYPE[local.type]} {self.variable(local)} = {_ZERO[local.type]};")
        if has_counted_loop(program):
            self.add("i32 passed = 0;")
        self.statements(program)

    def load(
        self, program: Sequence[Statement], space: str, names: Sequence[str], array: str
    ) -> None:
        """Declare those fields of a space that a program reads or writes.

        Parameters
        ----------
        program : sequence of Statement
        space : str
            ``"state"``, ``"p"``, ...
        names : sequence of str
            Fields that lie in the array, in this order.
        array : str
            Where they lie.
        """
        used, changed = fields_read(tuple(program), space), _written(program)
        for k, name in enumerate(names):
            field = Field(space, name)
            if name in used:
                kind = "real" if field in changed else "const real"
                self.add(f"{kind} {self.variable(field)} = {array}[{k}];")

    def store(
        self, program: Sequence[Statement], space: str, names: Sequence[str], array: str,
        value: str = "{}",
    ) -> None:  # fmt: skip
        """Write back those fields of a space that a program changes, as `value` says."""
        changed = _written(program)
        for k, name in enumerate(names):
            field = Field(space, name)
            if field in changed:
                self.assign(f"{array}[{k}]", value.format(self.variable(field)))

    def assign(self, name: str, value: str) -> None:
        """Write an assignment to a variable."""
        self.add(f"{name} = {value};")

    def temporary(self, name: str, value: str, type_: Type) -> None:
        """Write a name for a value that does not change any more."""
        self.add(f"const {_C_TYPE[type_]} {name} = {value};")

    def begin_if(self, condition: str) -> None:
        """Write the head of a branch."""
        self.add(f"if ({condition}) {{")

    def begin_else(self) -> None:
        """Write what stands between the two blocks of a branch."""
        self.add("} else {")

    def end(self) -> None:
        """Write the end of a block."""
        self.add("}")

    def loop(self, loop: For, start: str, stop: str, step: str) -> None:
        """Write a loop whose passes are counted before the first: its body may do as it likes."""
        self.add(
            f"for (i32 next = {start}, left = n_passes({start}, {stop}, {step}); left > 0; "
            f"--left, next = add(next, {step})) {{"
        )
        self.depth += 1
        self.assign(self.variable(loop.variable), "next")
        if counts_passes(loop):
            self.add("++passed;")
        self.depth -= 1
        self.indented(loop.body)
        self.end()

    def variable(self, target: Local | Field) -> str:
        """Return the name of a variable, in ASCII."""
        return identifier(variable(target))

    def literal(self, const: Const) -> str:
        """Write a number or a truth value; a real is rounded once, from double precision."""
        if const.type is Type.BOOL:
            return "true" if const.value else "false"
        if const.type is Type.INT:
            return str(const.value) if const.value >= 0 else f"({const.value})"
        return f"real({double(float(const.value))})"

    def opposite(self, operand: str) -> str:
        """Write the opposite of a truth value."""
        return f"(!{operand})"

    def negative(self, operand: str, type_: Type) -> str:
        """Write minus a number."""
        return f"negative({operand})" if type_ is Type.INT else f"(-{operand})"

    def arithmetic(self, op: str, left: str, right: str, type_: Type) -> str:
        """Write ``+ - * / // %``; whole numbers wrap."""
        function = (_WHOLE if type_ is Type.INT else _REAL).get(op)
        return f"{function}({left}, {right})" if function else f"({left} {op} {right})"

    def choice(self, condition: str, yes: str, no: str) -> str:
        """Write one of two values."""
        return f"({condition} ? {yes} : {no})"

    def function(self, name: str, argument: str, type_: Type) -> str:
        """Write the call of a mathematical function of one argument."""
        return f"{name}_({argument})"

    def draw(self, draw: Draw, args: Sequence[str]) -> str:
        """Write a random draw, named by its site and the passes of the loops around it."""
        passed = "passed" if draw.in_loop else "0"
        if draw.name == "poisson":
            return f"poisson({args[0]}, draws, {draw.site}, {passed})"
        distribution = "unit" if draw.name == "uniform" else "normal"
        return f"{distribution}<real>(one_word(draws, {draw.site}, {passed}))"


def double(value: float) -> str:
    """Write a number in double precision."""
    if value == 0.0 or _SAFE[0] <= abs(value) <= _SAFE[1]:
        return repr(value)
    # Infinity and nan have no literals; others would not fit where they are rounded to a float.
    bits = int.from_bytes(struct.pack(">d", value))
    return f"__longlong_as_double({bits:#018x}ull)"


def _written(program: Sequence[Statement]) -> frozenset[Expr]:
    """Return the variables that a program assigns to."""
    return frozenset(node.target for node in walk(*program) if isinstance(node, Assign))


def identifier(name: str) -> str:
    """Return a name in ASCII; names that differ stay different."""
    return name if name.isascii() else "z_" + "".join(map(_escaped, name))


def _escaped(letter: str) -> str:
    if letter.isascii():
        return "zz" if letter == "z" else letter
    return f"z{ord(letter):x}_"


def _locals(program: Sequence[Statement]) -> Iterator[Local]:
    """Yield the local variables of a program in the order in which they occur, each once."""
    found = (node for node in walk(*program) if isinstance(node, Local))
    yield from dict.fromkeys(found)
