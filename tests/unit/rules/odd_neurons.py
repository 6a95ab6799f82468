"""Neuron models that use what the models of the package do not."""

from __future__ import annotations

from typing import Any

from snnlab.model.neuron import Neuron
from snnlab.model.parameter import Parameter, Receptor, State
from snnlab.rules.intrinsics import abs, exp, floor, log, max, min, normal, poisson, uniform

HUGE, TINY, NEVER = 1e300, 1e-310, float("inf")
UNDEFINED = float("nan")
ROUNDED_TWICE = 1.0000000596046448
"""Half a float beyond 1: what is rounded to a double first would be rounded the wrong way."""


class WholeNumbers(Neuron):
    """Whole numbers that wrap, are divided by anything, and count in loops of any direction."""

    state_a = State(3.0)
    state_b = State(-2.0)
    sum = State(0.0)
    syn = Receptor("pA")

    @staticmethod
    def update(state: Any, p: Any, input: Any) -> None:
        mixed = 12345
        for i in range(-4, 5):
            mixed = mixed * 1103515245 + i
            state.sum += mixed // (i * 3 - 1) + mixed % (i + 2) - (-mixed) // 7
            state.sum -= (mixed // i) % 1000 + abs(mixed) % 11 + min(mixed, i, 4) - max(i, 1)
            state.sum += mixed**3 % 17 + i**2
        lowest = -2147483647 - mixed * 0 - abs(mixed - mixed) - 1
        state.state_a += (lowest // -1) * 0.5 + lowest % -1 + abs(lowest) + -lowest
        for k in range(7, -6, -3):
            state.state_b = state.state_b * 0.5 + k
            k = k * 2
            state.state_b += k
        state.state_b += k
        for n in range(poisson(2.5), -2, -2):
            state.state_a = -state.state_a + n
        last = -7
        for last_of_some in range(3):
            last = last_of_some if state.state_b > input.syn else last
        state.state_a -= last

    @staticmethod
    def threshold(state: Any, p: Any) -> Any:
        return state.sum % 2 < 1

    @staticmethod
    def reset(state: Any, p: Any) -> None:
        state.sum = floor(state.sum / 3) - state.sum // 3 + state.sum % -3


class Powers(Neuron):
    """Powers of every kind, quotients and remainders of reals."""

    exponent = Parameter(1.7)
    V_m = State(0.5)
    x = State(1.0)
    y = State(2.0)
    syn = Receptor("pA")

    @staticmethod
    def update(state: Any, p: Any, input: Any) -> None:
        x, y = 0.0, 0.0
        x = state.x + input.syn
        y = state.y - input.syn
        state.V_m = x**2 - y**3 + x**5 + y**7 / (1 + x**10) + x**-1 + y**-3 + abs(x) ** 0.5
        state.V_m += abs(y) ** p.exponent + x**0 + x**1
        state.x = x // y + y // -x + x % y - x % -y + x // 0.0 * 0 + x % 0.0 * 0
        state.y = min(x, y, state.V_m, 100.0) + max(-x, y, -50, 2)

    @staticmethod
    def threshold(state: Any, p: Any) -> Any:
        return not (state.V_m < 1 or state.x == state.y) and -5 <= state.x < 40 != state.y

    @staticmethod
    def reset(state: Any, p: Any) -> None:
        state.x = 0.25 if state.x > 0 else -0.0
        if state.V_m != state.V_m:
            state.V_m = 1
            state.y = 1


class Literals(Neuron):
    """Numbers that do not fit into a float, and those that are none."""

    V_m = State(0.5)
    huge = State(1.0)
    tiny = State(1.0)
    rounded = State(1.0)
    bounded = State(1.0)
    undefined = State(1.0)
    syn = Receptor("pA")

    @staticmethod
    def update(state: Any, p: Any, input: Any) -> None:
        state.V_m += input.syn * 1e-3
        state.huge = state.V_m * HUGE
        state.tiny = (state.V_m * TINY) * 1e30 * 1e30 * 1e260 + 1e-45 * 1e30 * state.V_m
        state.rounded = state.V_m * ROUNDED_TWICE * 0.1 * 16777217 * 3.4028235e38 * -0.0
        state.rounded += state.V_m * ROUNDED_TWICE * 0.1 * 16777217
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


class Ὀδύσσεια(Neuron):
    """Names that are not ASCII, and such as look like what those become in C."""

    τ_m = Parameter(0.9)
    z3c4__m = Parameter(0.5)
    λz = State(1.0)
    λzz = State(2.0)
    zλ = State(3.0)
    syn = Receptor("pA", port="σ")

    @staticmethod
    def update(state: Any, p: Any, input: Any) -> None:
        Δ = state.λz * p.τ_m
        Δz = state.λzz * p.z3c4__m
        state.zλ = exp(-abs(Δ)) + Δz + input.σ
        state.λz = log(1 + abs(state.zλ)) if Δ > Δz else -Δ
        state.λzz = Δ - Δz


ODD_NEURONS = [WholeNumbers, Powers, Literals, Drawing, OnlyLoopBound, Ὀδύσσεια]
