"""Synapse models that use what the models of the package do not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from snnlab.model.parameter import Parameter, State
from snnlab.model.synapse import ModTrace, PostTrace, PreTrace, Synapse
from snnlab.rules.intrinsics import abs, exp, floor, log, max, min, sqrt, tanh


class EveryEvent(Synapse):
    """Reads and writes all that there is in all of its functions."""

    tau = Parameter(20.0, "ms")
    tau_slow = Parameter(300.0, "ms")
    tau_long = Parameter(1e9, "ms")
    tau_none = Parameter(0.0, "ms", low=0.0)
    gain = Parameter(0.3)

    age = State(0.0)
    level = State(1.0)
    count = State(0.0)

    near = PreTrace("tau", rest=0.25)
    far = PreTrace("tau_long", rest=-0.5)
    gone = PreTrace("tau_none", rest=1e-42)
    after = PostTrace("tau_long")
    unread = PostTrace("tau", rest=3.0)
    reward = ModTrace("tau_slow", rest=0.1)
    novelty = ModTrace("tau")

    @staticmethod
    def derive(p: SimpleNamespace, dt: float) -> dict[str, Any]:
        return {"third": p.gain / 3}

    @staticmethod
    def on_pre(syn: Any, pre: Any, post: Any, p: Any) -> Any:
        total = 0
        for i in range(5, 0, -2):
            total += i // 2 - i % 3
            if pre.near > i * p.gain:
                syn.level = tanh(syn.level + i)
        syn.count += 1
        effect = syn.weight * pre.far + total
        syn.age = 0
        return min(effect, p.third) if syn.level > 0 else -effect

    @staticmethod
    def on_post(syn: Any, pre: Any, post: Any, p: Any) -> None:
        if syn.count > 2 and not post.after < p.gain:
            syn.weight += p.gain * exp(-abs(syn.weight)) * pre.near
        else:
            syn.weight = max(syn.weight - log(1 + post.after**2), -5.0)
        syn.level = sqrt(abs(syn.level)) // 0.3

    @staticmethod
    def every_step(syn: Any, pre: Any, post: Any, mod: Any, p: Any) -> None:
        syn.age += 1
        change = mod.reward * pre.gone + mod.novelty * post.after
        for _ in range(2):
            change = change * 0.5 + p.third
        syn.weight = syn.weight + (change if syn.age % 3 < 1 else floor(change))

    @staticmethod
    def pre_spike(pre: Any, p: Any) -> None:
        pre.near += 1
        if pre.far > p.gain:
            pre.far = pre.far * 1e-38
        pre.gone = 1e-39

    @staticmethod
    def post_spike(post: Any, p: Any) -> None:
        post.after = (post.after + p.third) ** 3

    @staticmethod
    def mod_spike(mod: Any, p: Any) -> None:
        mod.reward = mod.reward * 0.5 + p.gain if mod.novelty < 2 else 0
        mod.novelty += 1.0


class OnlySteps(Synapse):
    """Has no traces, and is changed by steps alone."""

    tau = Parameter(20.0, "ms")

    @staticmethod
    def every_step(syn: Any, pre: Any, post: Any, mod: Any, p: Any) -> None:
        syn.weight -= syn.weight / p.tau


ODD_SYNAPSES = [EveryEvent, OnlySteps]
