"""Declarations that the leaky integrate-and-fire models share. Not a model."""

from __future__ import annotations

from snnlab.model.parameter import Parameter

__all__ = ["CurrentMembrane"]


class CurrentMembrane:
    """Parameters of a leaky membrane driven by currents, with NEST's names and defaults."""

    C_m = Parameter(250.0, "pF", "membrane capacitance", above=0.0, slider=(50.0, 500.0))
    tau_m = Parameter(10.0, "ms", "membrane time constant", above=0.0, slider=(5.0, 50.0))
    t_ref = Parameter(2.0, "ms", "refractory period", low=0.0, slider=(0.0, 10.0))
    E_L = Parameter(-70.0, "mV", "leak reversal potential", slider=(-90.0, -50.0))
    V_th = Parameter(-55.0, "mV", "firing threshold", slider=(-65.0, -40.0))
    V_reset = Parameter(-70.0, "mV", "reset potential", slider=(-90.0, -56.0))
    I_e = Parameter(0.0, "pA", "constant input current", slider=(-500.0, 1000.0))
