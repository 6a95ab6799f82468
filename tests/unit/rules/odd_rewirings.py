"""Rewiring rules that use what the rules of the package do not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from snnlab.model.parameter import Parameter
from snnlab.model.rewiring import RewiringRule
from snnlab.rules.intrinsics import exp, floor, log, max, min, normal, sqrt, tanh, uniform

STATES = ("weight", "age", "level")


class EveryDecision(RewiringRule):
    """Reads all that there is, and draws in and outside of branches and loops."""

    gain = Parameter(0.3)
    unread = Parameter(5.0)
    reach = Parameter(4.0, "um", above=0.0)

    @staticmethod
    def derive(p: SimpleNamespace, dt: float) -> dict[str, Any]:
        return {"third": p.gain / 3, "half": p.reach / 2}

    @staticmethod
    def prune(syn: Any, pair: Any, p: Any) -> Any:
        total = 0.0
        noise = normal()
        for i in range(4):
            if uniform() < p.gain:
                total += i // 2 + noise * normal()
        if syn.level > 1 and not pair.distance > p.reach:
            return total + tanh(syn.age) > sqrt(abs(syn.weight)) * uniform()
        if pair.indegree % 3 == 1:
            for k in range(2):
                total = max(total, k * uniform())
            return total > p.third
        return floor(syn.age) < min(pair.indegree, total)

    @staticmethod
    def accept(pair: Any, p: Any) -> Any:
        odds = p.third + exp(-pair.distance / p.half) / (1 + log(1 + pair.indegree**2))
        return uniform() < odds or normal() > 2


class Always(RewiringRule):
    """Reads nothing: what is there goes, and what goes comes back."""

    replaces = True

    @staticmethod
    def prune(syn: Any, pair: Any, p: Any) -> Any:
        return True

    @staticmethod
    def accept(pair: Any, p: Any) -> Any:
        return True


class Ordered(RewiringRule):
    """Draws nothing, so that plain Python and compiled code must agree."""

    slope = Parameter(0.7)
    offset = Parameter(1.1)

    @staticmethod
    def prune(syn: Any, pair: Any, p: Any) -> Any:
        if pair.indegree > 4.0:
            return syn.weight * p.slope < tanh(syn.level) + syn.age
        return exp(syn.weight) < p.offset * pair.distance

    @staticmethod
    def accept(pair: Any, p: Any) -> Any:
        return pair.distance < p.offset and pair.indegree * p.slope < 3.0


ODD_REWIRINGS = (EveryDecision, Always, Ordered)
