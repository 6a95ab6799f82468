"""A neuron model whose names are not ASCII."""
# ruff: noqa: PLC2401, RUF001

from __future__ import annotations

from typing import Any

from snnlab.model.neuron import Neuron
from snnlab.model.parameter import Parameter, Receptor, State
from snnlab.rules.intrinsics import abs, exp, log


class Greek(Neuron):
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
        state.λz = log(1 + abs(state.zλ)) if Δz < Δ else -Δ
        state.λzz = Δ - Δz
