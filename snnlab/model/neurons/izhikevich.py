"""Izhikevich's neuron: two variables, twenty kinds of firing."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from snnlab.errors import SpecError
from snnlab.model.neuron import Neuron
from snnlab.model.neurons.ranges import RECOVERY, VOLTAGE
from snnlab.model.parameter import Parameter, Receptor, State

__all__ = ["Izhikevich"]


class Izhikevich(Neuron):
    """Izhikevich's neuron with jumps of the voltage as synapses (NEST's ``izhikevich``).

    With V_m in mV, time in ms and I_e in Izhikevich's units, which NEST calls pA::

        dV_m/dt = 0.04 V_m^2 + 5 V_m + 140 - U_m + I_e + sum_k w_k delta(t - t_k)
        dU_m/dt = a (b V_m - U_m)
        V_m >= V_th:  V_m <- c,  U_m <- U_m + d

    Notes
    -----
    Forward Euler with the step dt, both variables from the values at its beginning, as NEST with
    ``consistent_integration``. The results depend on dt.

    References
    ----------
    Izhikevich, IEEE Trans. Neural Networks 14, 2003.
    """

    a = Parameter(0.02, "1/ms", "rate of the recovery", slider=(0.01, 0.2))
    b = Parameter(0.2, "1/ms", "sensitivity of the recovery to V_m", slider=(0.1, 0.3))
    c = Parameter(-65.0, "mV", "reset potential", slider=(-70.0, -45.0))
    d = Parameter(8.0, "mV/ms", "rise of the recovery with a spike", slider=(0.0, 10.0))
    V_th = Parameter(30.0, "mV", "peak at which a spike is registered", slider=(0.0, 40.0))
    I_e = Parameter(0.0, "pA", "constant input current", slider=(-20.0, 40.0))

    V_m = State(-65.0, "mV", "membrane potential", *VOLTAGE)
    U_m = State(-13.0, "mV/ms", "recovery", *RECOVERY)

    exc = Receptor("mV", sign=1, port="syn", doc="excitatory jumps of the voltage")
    inh = Receptor("mV", sign=-1, port="syn", doc="inhibitory jumps of the voltage")

    nest_name = "izhikevich"

    @staticmethod
    def derive(p: SimpleNamespace, dt: float) -> dict[str, Any]:
        """Return the time step, and the share of the recovery that a step renews."""
        return {"dt": dt, "a_dt": p.a * dt}

    @classmethod
    def approximated(cls, p: Mapping[str, float]) -> dict[str, float]:
        """Return the time constants of the recovery, and of the voltage where it rests."""
        found = {"time constant of V_m at -65 mV": 1.0 / abs(0.08 * -65.0 + 5.0)}
        return found | ({"1 / a": 1.0 / abs(p["a"])} if p["a"] else {})

    @staticmethod
    def update(state: Any, p: Any, input: Any) -> None:
        """Advance both variables by one Euler step."""
        V = state.V_m
        slope = 0.04 * V * V + 5.0 * V + 140.0 - state.U_m + p.I_e
        state.U_m += p.a_dt * (p.b * V - state.U_m)
        state.V_m = V + p.dt * slope + input.syn

    @staticmethod
    def threshold(state: Any, p: Any) -> Any:
        """Register a spike at its peak."""
        return state.V_m >= p.V_th

    @staticmethod
    def reset(state: Any, p: Any) -> None:
        """Reset the voltage and raise the recovery."""
        state.V_m = p.c
        state.U_m += p.d

    @classmethod
    def check(cls, p: Mapping[str, float], dt: float, *, context: str = "") -> None:
        """Refuse a reset at or above the peak, and a step at which Euler's scheme explodes."""
        super().check(p, dt, context=context)
        if abs(p["a"]) * dt >= 2.0:
            raise SpecError(
                f"{cls.__name__}.a", f"must be < 2 / dt = {2.0 / dt:g} 1/ms",
                got=f"{p['a']:g} 1/ms", context=context,
                remedy="Make a or dt smaller: with this step the recovery grows without end.",
            )  # fmt: skip
        if p["c"] >= p["V_th"]:
            raise SpecError(
                f"{cls.__name__}.c", f"must be < V_th = {p['V_th']:g} mV",
                got=f"{p['c']:g} mV", context=context,
                remedy="A reset at or above the peak would fire in every step.",
            )  # fmt: skip
