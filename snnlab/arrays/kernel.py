"""What the arrays of a network need to know of compiled models, for whichever processor."""

from __future__ import annotations

from typing import Protocol

from snnlab.rules.synapse import SynapseRule

__all__ = ["NeuronKernel", "SynapseKernel"]


class NeuronKernel(Protocol):
    """A compiled neuron model."""

    @property
    def address(self) -> int:
        """How the engine finds the compiled step: an address, or the number of a case."""
        ...

    @property
    def state_names(self) -> tuple[str, ...]:
        """State variables in the order of declaration: the first words of a neuron."""
        ...

    @property
    def varying_names(self) -> tuple[str, ...]:
        """Parameters with a value for each neuron: the words after these."""
        ...

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Parameters that all neurons of a population share."""
        ...

    @property
    def n_words(self) -> int:
        """Reals per neuron: states and varying parameters."""
        ...


class SynapseKernel(Protocol):
    """A compiled synapse model; the numbers say how the engine finds its functions."""

    @property
    def rule(self) -> SynapseRule:
        """Names of states, traces and parameters, in the order in which they are stored."""
        ...

    @property
    def spike(self) -> int:
        """Brings a row up to date and delivers a presynaptic spike."""
        ...

    @property
    def catch_up(self) -> int:
        """Brings a row up to date."""
        ...

    @property
    def every_step(self) -> int:
        """Brings a row up to date, then runs the rule of every step; 0 if there is none."""
        ...

    @property
    def pre_spike(self) -> int:
        """Lets a spike change the traces of its source."""
        ...

    @property
    def post_spike(self) -> int:
        """Lets a spike change the traces of its target."""
        ...

    @property
    def mod_step(self) -> int:
        """Lets the modulation go on by a step."""
        ...
