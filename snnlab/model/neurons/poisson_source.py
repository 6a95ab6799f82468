"""A source of spikes at random times."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from snnlab.errors import SpecError
from snnlab.model.neuron import Neuron
from snnlab.model.parameter import Parameter, State
from snnlab.rules.intrinsics import uniform

__all__ = ["PoissonSource"]

MS_PER_S = 1000.0


class PoissonSource(Neuron):
    """Fires at random with a given rate, each neuron on its own (NEST's ``poisson_generator``).

    In each step a neuron fires with probability rate dt, independently of everything else.

    Notes
    -----
    At most one spike per step: the mean rate is exact, intervals are geometric with a
    resolution of dt. NEST's generator can put several spikes into one step.
    """

    rate = Parameter(0.0, "Hz", "mean firing rate", low=0.0, slider=(0.0, 100.0))

    fires = State(0.0, "1", "1 if the neuron fires in this step, else 0", 0.0, 1.0)

    is_source = True
    nest_name = "poisson_generator"

    @staticmethod
    def derive(p: SimpleNamespace, dt: float) -> dict[str, Any]:
        """Return the probability of a spike in one step."""
        return {"probability": p.rate * dt / MS_PER_S}

    @staticmethod
    def update(state: Any, p: Any, input: Any) -> None:
        """Throw the die."""
        state.fires = 1.0 if uniform() < p.probability else 0.0

    @staticmethod
    def threshold(state: Any, p: Any) -> Any:
        """Fire if the die says so."""
        return state.fires > 0

    @classmethod
    def check(cls, p: Mapping[str, float], dt: float, *, context: str = "") -> None:
        """Refuse a rate of more than one spike per step."""
        super().check(p, dt, context=context)
        if p["rate"] * dt > MS_PER_S:
            most = MS_PER_S / dt
            raise SpecError(
                f"{cls.__name__}.rate", f"must be <= {most:g} Hz, one spike per step of {dt:g} ms",
                got=f"{p['rate']:g} Hz", context=context,
                remedy="Use a shorter dt, or several sources.",
            )  # fmt: skip
