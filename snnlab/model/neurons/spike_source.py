"""A source of spikes at given times."""

from __future__ import annotations

from typing import Any

from snnlab.model.neuron import Neuron
from snnlab.model.parameter import Receptor, State

__all__ = ["SpikeSource"]


class SpikeSource(Neuron):
    """Fires whenever it is told to (NEST's ``spike_generator``).

    Spike times are handed in as input of the receptor ``spikes``; the neuron fires in the step in
    which any arrives, once, however many they are.
    """

    fires = State(0.0, "1", "spikes that arrived in this step", low=0.0)

    spikes = Receptor("1", sign=0, doc="spikes to repeat")

    is_source = True
    nest_name = "spike_generator"

    @staticmethod
    def update(state: Any, p: Any, input: Any) -> None:
        """Keep what arrives until the threshold is tested."""
        state.fires = input.spikes

    @staticmethod
    def threshold(state: Any, p: Any) -> Any:
        """Fire if anything arrived."""
        return state.fires > 0
