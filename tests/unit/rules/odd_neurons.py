"""Neuron models that use what the models of the package do not."""

from __future__ import annotations

from typing import Any

from snnlab.model.neuron import Neuron
from snnlab.model.parameter import Parameter, Receptor, State
from snnlab.rules.intrinsics import abs, floor, max, min, normal, poisson, uniform
from tests.unit.rules.greek import Greek

HUGE, TINY, NEVER = 1e300, 1e-310, float("inf")
UNDEFINED = float("nan")
ROUNDED_TWICE = 1.0000000596046448
"""Half a float beyond 1: what is rounded to a double first would be rounded the wrong way."""


class WholeNumbers(Neuron):
    """Whole numbers that wrap, are divided by anything, and count in loops of any direction."""

    low = State(0.0)
    high = State(0.0)
    lowest = State(0.0)
    x = State(3.0)
    y = State(-2.0)
    syn = Receptor("pA")

    @staticmethod
    def update(state: Any, p: Any, input: Any) -> None:
        mixed = poisson(900.0)
        check = 0
        for i in range(-4, 5):
            mixed = mixed * 1103515245 + i
            check = check * 31 + mixed % (i * 3 - 1) + mixed // (i + 2) - (-mixed) // 70001
            check = check * 31 + mixed // i - abs(mixed) % 11 + min(mixed, i, 4) - max(i, 1)
            check = check * 31 + mixed**3 % 17 + i**2 + mixed**5
        state.low = check % 65536
        state.high = check // 65536
        lowest = -2147483647 - abs(mixed - mixed) - 1
        state.lowest = (lowest // -1) * 0.5 + lowest % -1 + abs(lowest) + -lowest
        for k in range(7, -6, -3):
            state.x = state.x * 0.5 + k
            k = k * 2  # noqa: PLW2901  (the next pass does not see it)
            state.x += k
        state.x += k
        for n in range(poisson(2.5), -2, -2):
            state.y = -state.y + n
        last = -7
        for last_of_some in range(3):
            last = last_of_some if state.x > input.syn else last
        state.y = (state.y - last) % 1000.0

    @staticmethod
    def threshold(state: Any, p: Any) -> Any:
        return state.low % 2 < 1

    @staticmethod
    def reset(state: Any, p: Any) -> None:
        state.low = floor(state.low / 3) - state.low // 3 + state.low % -3


class Powers(Neuron):
    """Powers of every kind, quotients and remainders of reals."""

    exponent = Parameter(1.7)
    V_m = State(0.5)
    x = State(1.0)
    y = State(2.0)
    by_nothing = State(0.0)
    left_by_nothing = State(0.0)
    syn = Receptor("pA")

    @staticmethod
    def update(state: Any, p: Any, input: Any) -> None:
        x = p.exponent + input.syn * 0.1
        y = p.exponent * 3 - input.syn * 0.3
        state.V_m = x**2 - y**3 + x**5 + y**7 / (1 + x**10) + x**-1 + y**-3 + abs(x) ** 0.5
        state.V_m += abs(y) ** p.exponent + x**0 + x**1
        state.by_nothing = x // 0.0
        state.left_by_nothing = x % 0.0
        state.x = x // y + y // -x + x % y - x % -y
        state.y = min(x, y, state.V_m, 100.0) + max(-x, y, -50, 2)

    @staticmethod
    def threshold(state: Any, p: Any) -> Any:
        return not (state.V_m < 1 or state.x == state.y) and -5 <= state.x < 40 != state.y

    @staticmethod
    def reset(state: Any, p: Any) -> None:
        state.x = 0.25 if state.x > 0 else -0.0
        if state.V_m > 1e9:
            state.V_m = 1
            state.y = 1


class Literals(Neuron):
    """Numbers that do not fit into a float, and those that are none."""

    V_m = State(0.5)
    huge = State(1.0)
    tiny = State(1.0)
    subnormal = State(1.0)
    rounded = State(1.0)
    largest = State(1.0)
    bounded = State(1.0)
    undefined = State(1.0)
    syn = Receptor("pA")

    @staticmethod
    def update(state: Any, p: Any, input: Any) -> None:
        state.V_m += input.syn * 1e-3
        state.huge = state.V_m * HUGE
        state.tiny = (state.V_m * TINY) * 1e30 * 1e30 * 1e260
        state.subnormal = state.V_m * 1e-42 * 1e36 * 123456.789
        state.rounded = state.V_m * ROUNDED_TWICE * 0.1 * 16777217
        state.largest = state.V_m * 1e-9 * 3.4028235e38 * 1e-9 + -0.0
        state.bounded = min(max(state.V_m, -NEVER), NEVER) * (1 if state.V_m < HUGE else 2)
        state.undefined = state.V_m if state.V_m < UNDEFINED else 1 - UNDEFINED * 0


class Drawing(Neuron):
    """Random numbers in and out of loops and branches."""

    lam = Parameter(4.0)
    many = Parameter(90.0)
    a = State(0.0)
    b = State(0.0)
    c = State(0.0)
    d = State(0.0)

    @staticmethod
    def update(state: Any, p: Any, input: Any) -> None:
        state.a = uniform() + normal() * 10
        state.b = poisson(p.lam) + 100 * poisson(p.many) + poisson(-p.lam)
        if state.a > 3:
            for i in range(3):
                state.c += normal()
                for _ in range(poisson(1.5)):
                    state.c -= uniform() + i
            state.d = uniform()
        else:
            for i in range(2):
                state.d += poisson(p.lam + i)
        for _ in range(2):
            for _ in range(2):
                state.a = state.a * 0.5 + uniform()
        for _ in range(poisson(2.0)):
            state.b += 0.5

    @staticmethod
    def threshold(state: Any, p: Any) -> Any:
        return uniform() < 0.5

    @staticmethod
    def reset(state: Any, p: Any) -> None:
        state.c = normal()


class OnlyLoopBound(Neuron):
    """Draws the number of passes of a loop that draws nothing itself."""

    x = State(0.0)

    @staticmethod
    def update(state: Any, p: Any, input: Any) -> None:
        for _ in range(poisson(2.0)):
            state.x += 1


ODD_NEURONS = [WholeNumbers, Powers, Literals, Drawing, OnlyLoopBound, Greek]
