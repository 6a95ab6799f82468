"""Programs in the typed tree that nobody would write, but anybody could."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from snnlab.rules.neuron import FIRED, NeuronRule
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
)

STATES, PORTS, PARAMETERS = tuple("efghuvxyz"), ("a", "b"), ("p", "q", "r", "s")
REALS = (0.0, -0.0, 1.0, -1.5, 0.1, 3.0, 1e-3, 250.0, 1e30, 1e-30, float("inf"), 1e-42)
INTS = (0, 1, -1, 2, -3, 7, 1000, 2**31 - 1, -(2**31) + 1)
T = TypeVar("T")
BOOL, INT, REAL = Type.BOOL, Type.INT, Type.REAL


def random_rule(rng: np.random.Generator, n_statements: int = 25) -> NeuronRule:
    """Return a neuron that computes anything, from its state alone in each step."""
    writer = _Writer(rng)
    program = writer.block(n_statements, 2)
    program += [Assign(Field("state", name), writer.expr(REAL, 3)) for name in STATES]
    program += [Assign(FIRED, writer.expr(BOOL, 3))]
    return NeuronRule("Anything", STATES, PORTS, PARAMETERS, PARAMETERS, tuple(program))


class _Writer:
    """Knows which variables have a value, and how many draws there are."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.known: list[Local] = []
        self.loops = 0
        self.counter = itertools.count()
        self.sites = itertools.count()

    def pick(self, values: Sequence[T]) -> T:
        return values[int(self.rng.integers(len(values)))]

    # --- statements ---

    def block(self, n: int, depth: int) -> list[Statement]:
        return [self.statement(depth) for _ in range(n)]

    def statement(self, depth: int) -> Statement:
        chance = self.rng.random()
        if depth and chance < 0.1:
            return self.branch(depth)
        if depth and self.loops < 2 and chance < 0.2:
            return self.loop(depth)
        if chance < 0.35:
            name = self.pick(STATES)
            return Assign(Field("state", name), self.expr(REAL, 4))
        type_ = self.pick((BOOL, INT, REAL, REAL))
        value = self.expr(type_, 4)
        old = [local for local in self.known if local.type is type_]
        if old and chance < 0.6:
            return Assign(self.pick(old), value)
        new = Local(f"update.v{next(self.counter)}", type_)
        self.known.append(new)
        return Assign(new, value)

    def branch(self, depth: int) -> If:
        condition = self.expr(BOOL, 3)
        known = list(self.known)
        then = self.block(3, depth - 1)
        self.known = list(known)
        orelse = self.block(self.pick((0, 3)), depth - 1)
        self.known = known
        return If(condition, tuple(then), tuple(orelse))

    def loop(self, depth: int) -> For:
        bounds = [Binary("%", self.expr(INT, 2), Const(5, INT), INT) for _ in range(2)]
        step = Const(self.pick((1, 2, -1, -3)), INT)
        known = list(self.known)
        variable = Local(f"update.v{next(self.counter)}", INT)
        self.known.append(variable)
        self.loops += 1
        body = self.block(3, depth - 1)
        self.loops -= 1
        self.known = known
        return For(variable, *bounds, step, tuple(body))

    # --- expressions ---

    def expr(self, type_: Type, depth: int) -> Expr:
        if depth == 0 or self.rng.random() < 0.1:
            return self.leaf(type_)
        makers = {BOOL: self.truths, INT: self.wholes, REAL: self.reals}[type_]
        return self.pick(makers(depth - 1))()

    def leaf(self, type_: Type) -> Expr:
        locals_: list[Expr] = [local for local in self.known if local.type is type_]
        if locals_ and self.rng.random() < 0.4:
            return self.pick(locals_)
        if type_ is BOOL:
            return Const(bool(self.rng.random() < 0.5), BOOL)
        if type_ is INT:
            return Const(self.pick(INTS), INT)
        space, names = self.pick((("state", STATES), ("input", PORTS), ("p", PARAMETERS)))
        return self.pick([Field(space, self.pick(names)), Const(self.pick(REALS), REAL)])

    def truths(self, depth: int) -> list[Callable[[], Expr]]:
        signs = ("<", "<=", ">", ">=", "==", "!=")

        def compare(type_: Type) -> Expr:
            sign = self.pick(signs[4:] if type_ is BOOL else signs)
            return Compare(sign, self.expr(type_, depth), self.expr(type_, depth))

        def logic() -> Expr:
            op = self.pick(("and", "or"))
            return Logic(op, self.expr(BOOL, depth), self.expr(BOOL, depth))

        return [
            lambda: compare(REAL), lambda: compare(INT), lambda: compare(BOOL), logic,
            lambda: Not(self.expr(BOOL, depth)), lambda: self.select(BOOL, depth),
        ]  # fmt: skip

    def wholes(self, depth: int) -> list[Callable[[], Expr]]:
        def count() -> Expr:
            mean = Call("min", (self.expr(REAL, depth), Const(70.0, REAL)), REAL)
            return Draw("poisson", (mean,), next(self.sites), self.loops > 0, INT)

        return [
            lambda: self.binary(("+", "-", "*"), INT, depth),
            lambda: self.binary(("//", "%"), INT, depth),
            *self.any_number(INT, depth), count,
        ]  # fmt: skip

    def reals(self, depth: int) -> list[Callable[[], Expr]]:
        def function() -> Expr:
            name = self.pick(("exp", "log", "tanh", "sqrt", "floor", "ceil"))
            return Call(name, (self.expr(REAL, depth),), REAL)

        def draw() -> Expr:
            name = self.pick(("uniform", "normal"))
            return Draw(name, (), next(self.sites), self.loops > 0, REAL)

        return [
            *[lambda: self.binary(("+", "-", "*", "/"), REAL, depth)] * 3,
            lambda: self.binary(("//", "%"), REAL, depth),
            *self.any_number(REAL, depth), function, function, draw,
            lambda: Cast(self.expr(INT, depth)),
        ]  # fmt: skip

    def any_number(self, type_: Type, depth: int) -> list[Callable[[], Expr]]:
        def bound() -> Expr:
            both = (self.expr(type_, depth), self.expr(type_, depth))
            return Call(self.pick(("min", "max")), both, type_)

        return [
            bound, lambda: self.select(type_, depth),
            lambda: Negative(self.expr(type_, depth), type_),
            lambda: Call("abs", (self.expr(type_, depth),), type_),
            lambda: Power(self.expr(type_, depth), int(self.rng.integers(2, 12)), type_),
        ]  # fmt: skip

    def binary(self, ops: tuple[str, ...], type_: Type, depth: int) -> Expr:
        return Binary(self.pick(ops), self.expr(type_, depth), self.expr(type_, depth), type_)

    def select(self, type_: Type, depth: int) -> Expr:
        parts = (self.expr(t, depth) for t in (BOOL, type_, type_))
        return Select(*parts, type_)
