"""Plausible ranges of state variables: what lies outside cannot be meant by any neuron.

Far beyond what tissue does, so that nothing that can be meant is refused; near enough to find a
voltage that grows without end soon.
"""

__all__ = ["CONDUCTANCE", "CURRENT", "RECOVERY", "SLOPE", "VOLTAGE"]

VOLTAGE = (-1000.0, 1000.0)
"""Of a membrane potential [mV]; a membrane breaks down at about 200 mV."""

CURRENT = (-1e6, 1e6)
"""Of a synaptic or an adaptation current [pA]; 1 uA would charge 250 pF by 400 mV in 0.1 ms."""

SLOPE = (-1e8, 1e8)
"""Of the slope of a synaptic current [pA/ms]: 1 uA within 10 us."""

CONDUCTANCE = (-1e3, 1e5)
"""Of a synaptic conductance [nS]: thousands of times the leak.

Below 0 because a published network draws its start values from a normal distribution.
"""

RECOVERY = (-1e4, 1e4)
"""Of the recovery variable of Izhikevich's model [mV/ms]; it is about 10."""
