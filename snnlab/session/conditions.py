"""Conditions that a run can be paused by: a rate, a recorded value, a spike of one neuron.

They are values, not text: nothing that a user or a file gives is ever executed. What is looked at,
and at which steps, does not depend on how a run is cut into frames.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from snnlab.errors import SpecError, unknown_name

if TYPE_CHECKING:
    from snnlab.frames.frame import Frame
    from snnlab.model.network import Network

__all__ = ["Condition", "Probe", "RateBeyond", "SampleBeyond", "SpikeOf"]

LOOKS_PER_WINDOW = 10
"""How often a rate is looked at in the time over which it is averaged."""

STATISTICS: dict[str, Callable[..., Any]] = {"mean": np.mean, "min": np.min, "max": np.max}


class Probe(Protocol):
    """What a condition looks at in the frames of one run."""

    def values(self, frame: Frame) -> Iterator[tuple[int, float]]:
        """Yield step and value at each step of the next frame that is looked at, in order."""
        ...

    def keep(self, frame: Frame) -> None:
        """Take note that this is what the run went on with."""
        ...


class Condition(Protocol):
    """Something that may come to hold; a frozen value."""

    @property
    def limits(self) -> tuple[float, float]:
        """It holds for a value below the first or above the second."""
        ...

    def probe(self, network: Network) -> Probe:
        """Return what looks at a run of `network`.

        Raises
        ------
        SpecError
            The network does not have what it looks at.
        """
        ...

    def says(self, value: float) -> str:
        """Return in words what has come to hold."""
        ...


@dataclass(frozen=True)
class RateBeyond:
    """The mean rate of a population leaves a range.

    Parameters
    ----------
    population : str
    above, below : float [Hz]
        It holds above the one and below the other; one of them has to be given.
    window : float [ms]
        Model time over which the rate is averaged; it has to be over once before anything holds.
    """

    population: str
    above: float = math.inf
    below: float = -math.inf
    window: float = 100.0

    def __post_init__(self) -> None:
        _check_limits(self, self.above, self.below)
        if not (math.isfinite(self.window) and self.window > 0):
            raise SpecError("RateBeyond.window", "must be > 0 ms", got=f"{self.window!r}")

    @property
    def limits(self) -> tuple[float, float]:
        """It holds for a value below the first or above the second."""
        return self.below, self.above

    def probe(self, network: Network) -> Probe:
        """Return what looks at a run of `network`."""
        population = network.population(self.population)
        n_steps = max(1, round(self.window / network.dt))
        return _RateProbe(network.first_id(population.name), population.size, n_steps, network.dt)

    def says(self, value: float) -> str:
        """Return in words what has come to hold."""
        return f"the rate of {self.population!r} is {value:.4g} Hz, {_beyond(self, value)} Hz"


@dataclass(frozen=True)
class SampleBeyond:
    """What a recorder samples leaves a range: potentials of neurons, weights of synapses.

    Parameters
    ----------
    recorder : str
        Name of a recorder of neurons or of synapses.
    variable : str
        One of its state variables.
    above, below : float [unit of the variable]
        It holds above the one and below the other; one of them has to be given.
    of : str
        ``"mean"``, ``"min"`` or ``"max"`` over what is recorded.
    """

    recorder: str
    variable: str
    above: float = math.inf
    below: float = -math.inf
    of: str = "mean"

    def __post_init__(self) -> None:
        _check_limits(self, self.above, self.below)
        if self.of not in STATISTICS:
            raise unknown_name("statistic of SampleBeyond", self.of, STATISTICS)

    @property
    def limits(self) -> tuple[float, float]:
        """It holds for a value below the first or above the second."""
        return self.below, self.above

    def probe(self, network: Network) -> Probe:
        """Return what looks at a run of `network`."""
        variables = network.recorder(self.recorder).variables
        if self.variable not in variables:
            raise unknown_name(f"variable of {self.recorder!r}", self.variable, variables)
        return _SampleProbe(self, tuple(variables).index(self.variable))

    def says(self, value: float) -> str:
        """Return in words what has come to hold."""
        what = f"the {self.of} of {self.variable} in {self.recorder!r}"
        return f"{what} is {value:.4g}, {_beyond(self, value)}"


@dataclass(frozen=True)
class SpikeOf:
    """One neuron fires; holds once for each of its spikes.

    Parameters
    ----------
    population : str
    neuron : int
        Its index in the population.
    """

    population: str
    neuron: int = 0

    @property
    def limits(self) -> tuple[float, float]:
        """It holds for a value below the first or above the second."""
        return -math.inf, 0.5

    def probe(self, network: Network) -> Probe:
        """Return what looks at a run of `network`."""
        size = network.population(self.population).size
        if not 0 <= self.neuron < size:
            raise SpecError(
                "SpikeOf.neuron", f"must be from 0 to {size - 1}", got=f"{self.neuron}",
                context=f"Population {self.population!r}.",
            )  # fmt: skip
        return _SpikeProbe(network.first_id(self.population) + self.neuron)

    def says(self, value: float) -> str:
        """Return in words what has come to hold."""
        return f"neuron {self.neuron} of {self.population!r} has fired"


# --- how they look ------------------------------------------------------------------------------


class _RateProbe:
    """Spikes of the last window, counted at a grid of steps."""

    def __init__(self, first: int, size: int, n_steps: int, dt: float) -> None:
        self._first, self._size, self._n_steps = first, size, n_steps
        self._every = max(1, n_steps // LOOKS_PER_WINDOW)
        self._hz = 1000.0 / (size * n_steps * dt)
        self._spikes: NDArray[np.int64] = np.empty(0, np.int64)
        self._began: int | None = None

    def values(self, frame: Frame) -> Iterator[tuple[int, float]]:
        spikes = np.concatenate([self._spikes, self._mine(frame)])
        began = frame.t_start if self._began is None else self._began
        first = max(frame.t_start + 1, began + self._n_steps)
        first = -(-first // self._every) * self._every
        for step in range(first, frame.t_stop + 1, self._every):
            n = np.searchsorted(spikes, step) - np.searchsorted(spikes, step - self._n_steps)
            yield step, float(n) * self._hz

    def keep(self, frame: Frame) -> None:
        self._began = frame.t_start if self._began is None else self._began
        spikes = np.concatenate([self._spikes, self._mine(frame)])
        self._spikes = spikes[spikes >= frame.t_stop - self._n_steps]

    def _mine(self, frame: Frame) -> NDArray[np.int64]:
        is_mine = (frame.neuron >= self._first) & (frame.neuron < self._first + self._size)
        return frame.step[is_mine]


class _SampleProbe:
    def __init__(self, condition: SampleBeyond, place: int) -> None:
        self._recorder, self._place = condition.recorder, place
        self._reduce = STATISTICS[condition.of]

    def values(self, frame: Frame) -> Iterator[tuple[int, float]]:
        samples = frame.samples.get(self._recorder)
        if samples is None or not samples.values.shape[-1]:
            return
        reduced = self._reduce(samples.values[:, self._place], axis=-1)
        yield from zip(samples.steps.tolist(), reduced.tolist(), strict=True)

    def keep(self, frame: Frame) -> None:
        pass


class _SpikeProbe:
    def __init__(self, neuron: int) -> None:
        self._neuron = neuron

    def values(self, frame: Frame) -> Iterator[tuple[int, float]]:
        for step in frame.step[frame.neuron == self._neuron].tolist():
            yield step, 0.0
            yield step + 1, 1.0

    def keep(self, frame: Frame) -> None:
        pass


def _check_limits(condition: Condition, above: float, below: float) -> None:
    if math.isnan(above) or math.isnan(below) or (math.isinf(above) and math.isinf(below)):
        raise SpecError(
            type(condition).__name__, "must have a number above or below which it holds",
            got=f"above={above!r}, below={below!r}", remedy="Write for example above=50.",
        )  # fmt: skip


def _beyond(condition: Condition, value: float) -> str:
    below, above = condition.limits
    return f"above {above:g}" if value > above else f"below {below:g}"
