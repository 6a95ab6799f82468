"""Branches become selects: both sides are computed, then one value of each is chosen.

A loop over neurons whose body has no branches is one that a compiler turns into vector
instructions. Nothing in the language has side effects, so this changes no result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from snnlab.rules.tree import (
    Assign,
    Const,
    Expr,
    Field,
    For,
    If,
    Local,
    Select,
    Statement,
    Type,
    rebuild,
)

__all__ = ["without_branches"]

Target = Local | Field


def without_branches(statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """Return equivalent statements in which only branches around loops are left.

    Parameters
    ----------
    statements : sequence of Statement
        A whole program: every local variable is assigned in it before it is read.
    """
    return tuple(_Converter().block(statements, set()))


class _Converter:
    """Numbers the temporaries; ``"3@V_m"`` can never be the name of a user's variable."""

    def __init__(self) -> None:
        self._count = 0

    def block(self, statements: Sequence[Statement], defined: set[Target]) -> list[Statement]:
        """Convert statements; `defined` holds the local variables that have a value."""
        converted: list[Statement] = []
        for statement in statements:
            match statement:
                case If(condition=Const(value=value)):
                    chosen = statement.then if value else statement.orelse
                    converted += self.block(chosen, defined)
                case If():
                    converted += self._branch(statement, defined)
                case For():
                    converted.append(self._loop(statement, defined))
                case Assign():
                    converted.append(statement)
                    defined.add(statement.target)
        return converted

    def _loop(self, loop: For, defined: set[Target]) -> For:
        inside = defined | {loop.variable}
        body = self.block(loop.body, inside)
        if loop.is_certain():
            defined |= inside
        return replace(loop, body=tuple(body))

    def _branch(self, branch: If, defined: set[Target]) -> list[Statement]:
        condition = self._temporary("if", Type.BOOL)
        after_then, after_else = set(defined), set(defined)
        then = self.block(branch.then, after_then)
        orelse = self.block(branch.orelse, after_else)
        head = Assign(condition, branch.condition)
        plain = [s for s in (*then, *orelse) if isinstance(s, Assign)]
        if len(plain) < len(then) + len(orelse):
            selects: list[Statement] = [If(condition, tuple(then), tuple(orelse))]
        else:
            selects = self._selects(condition, then, orelse, defined)
        defined |= after_then & after_else
        return [head, *selects]

    def _selects(
        self, condition: Local, then: list[Statement], orelse: list[Statement],
        defined: set[Target],
    ) -> list[Statement]:  # fmt: skip
        yes, first = self._renamed(then)
        no, second = self._renamed(orelse)
        selects: list[Statement] = []
        for target in dict.fromkeys((*yes, *no)):
            if self._has_value(target, defined) or (target in yes and target in no):
                values = yes.get(target, target), no.get(target, target)
                selects.append(Assign(target, Select(condition, *values, target.type)))
        return [*first, *second, *selects]

    @staticmethod
    def _has_value(target: Target, defined: set[Target]) -> bool:
        return isinstance(target, Field) or target in defined

    def _renamed(self, statements: list[Statement]) -> tuple[dict[Target, Local], list[Statement]]:
        """Let assignments go to temporaries; returns which, and the assignments."""
        new: dict[Target, Local] = {}
        assigned: list[Statement] = []
        for statement in statements:
            assert isinstance(statement, Assign)
            value = _substitute(statement.value, new)
            new[statement.target] = self._temporary(statement.target.name, statement.target.type)
            assigned.append(Assign(new[statement.target], value))
        return new, assigned

    def _temporary(self, name: str, type_: Type) -> Local:
        self._count += 1
        return Local(f"{self._count}@{name.rpartition('@')[2]}", type_)


def _substitute(expr: Expr, new: dict[Target, Local]) -> Expr:
    if isinstance(expr, (Local, Field)):
        return new.get(expr, expr)
    return rebuild(expr, lambda child: _substitute(child, new))
