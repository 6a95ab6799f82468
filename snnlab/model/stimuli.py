"""What drives a network from outside, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from snnlab.model.distribution import Number

__all__ = [
    "STIMULI", "MovingBlob", "PoissonInput", "SpikeTrains", "StepCurrent", "Stimulus", "Volley",
]  # fmt: skip


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
class MovingBlob(Stimulus):
    """Rates with a Gaussian bump that jumps to another place every now and then.

    A neuron at distance d from the centre fires at ``base + peak exp(-d^2 / (2 sigma^2))``; so
    neighbours fire together, as neurons of a retina do. The centre is the position of a neuron
    that is drawn anew every `interval`, each as likely as any other.

    Parameters
    ----------
    base : number [Hz]
        Rate far from the centre; added to the target's ``rate``. The target is a population of
        ``PoissonSource`` neurons, or of others with a parameter ``rate``, that has a space.
    peak : number [Hz]
        What the centre has more.
    sigma : number [um]
        Width of the bump.
    interval : number [ms]
        Time for which it stays in one place; a multiple of the time step.
    tile : (2,) float [um], optional
        Width and height with which the pattern repeats, so that a larger sheet has as many bumps
        for its area, all at the same place of their tiles. Default: one bump.
    is_correlated : bool
        If False all neurons fire at the same, constant rate: the mean of these over all neurons
        and centres.

    Notes
    -----
    Distances are those on a torus where the space is periodic or there are tiles. The defaults
    have a mean of 20 Hz on a torus of 16 x 16 um, for instance
    ``Grid((16.0, 16.0), True, (16, 16))``.

    References
    ----------
    Bamford, Murray, Willshaw (2010), IEEE Trans. Neural Netw. 21, 286-304.
    Bogdan, Rowley, Rhodes, Furber (2018), Front. Neurosci. 12, 434.
    """

    base: Number = 5.0
    peak: Number = 152.8
    sigma: Number = 2.0
    interval: Number = 20.0
    tile: tuple[float, float] | None = None
    is_correlated: bool = True

    def __post_init__(self) -> None:
        given: Any = self.tile
        if isinstance(given, list):
            object.__setattr__(self, "tile", tuple(given))


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


@dataclass(frozen=True)
class Volley(Stimulus):
    """Spikes that arrive from outside at the same times at all neurons, or at some in a row.

    As from a `SpikeSource` that has a synapse onto each of them, without the source.

    Parameters
    ----------
    times : tuple of float [ms]
        When they arrive; each must lie on the grid of time steps and be > 0, none twice.
    weight : number [unit of the receptor]
        Effect of one spike.
    first, last : int
        Neurons of the population that get them, both included; -1 counts from the end.
    receptor : str
        Where they arrive; empty: the receptor that takes the sign of the weight.
    """

    times: tuple[float, ...] = field(default=())
    weight: Number = 0.0
    first: int = 0
    last: int = -1
    receptor: str = ""

    def neurons(self, size: int) -> range:
        """Return which neurons of a population of `size` get the spikes."""
        return range(self.first % size, self.last % size + 1)


STIMULI: dict[str, type[Stimulus]] = {
    "poisson_input": PoissonInput,
    "step_current": StepCurrent,
    "moving_blob": MovingBlob,
    "spike_trains": SpikeTrains,
    "volley": Volley,
}
"""Name in files -> class."""
