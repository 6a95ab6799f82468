"""What drives a network from outside, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field

from snnlab.model.distribution import Number

__all__ = ["STIMULI", "PoissonInput", "SpikeTrains", "StepCurrent", "Stimulus"]


@dataclass(frozen=True)
class Stimulus:
    """Abstract: something from outside that acts on one population.

    Parameters
    ----------
    name : str
        Unique within the network.
    target : str
        Name of the population.
    """

    name: str
    target: str


@dataclass(frozen=True)
class PoissonInput(Stimulus):
    """An independent Poisson spike train for every neuron of the target.

    Parameters
    ----------
    rate : number [Hz]
        Rate of each neuron's train (all its external synapses together).
    weight : number [unit of the receptor]
        Effect of one spike.
    receptor : str
        Where the spikes arrive; empty: the receptor that takes the sign of the weight.

    Notes
    -----
    The number of spikes in one step is drawn exactly (several may fall into one step). There is
    no delay: a delay would not change the statistics.
    """

    rate: Number = 0.0
    weight: Number = 0.0
    receptor: str = ""


@dataclass(frozen=True)
class StepCurrent(Stimulus):
    """A constant current into every neuron of the target from `start` to `stop`.

    Parameters
    ----------
    amplitude : number [pA]
        Added to ``I_e``.
    start, stop : number [ms]
        Times between which it flows; it acts on the steps that begin in [start, stop).
    """

    amplitude: Number = 0.0
    start: Number = 0.0
    stop: Number = 1e12


@dataclass(frozen=True)
class SpikeTrains(Stimulus):
    """Given spikes: the neurons of a `SpikeSource` population fire at these times.

    Parameters
    ----------
    times : tuple of float [ms]
        When; each must lie on the grid of time steps and be > 0.
    neurons : tuple of int
        Which neuron of the target population fires, one for each time.
    """

    times: tuple[float, ...] = field(default=())
    neurons: tuple[int, ...] = field(default=())


STIMULI: dict[str, type[Stimulus]] = {
    "poisson_input": PoissonInput,
    "step_current": StepCurrent,
    "spike_trains": SpikeTrains,
}
"""Name in files -> class."""
