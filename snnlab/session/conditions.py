"""Conditions that a run can be paused by: rate, CV, recorded value, weights, a spike of a neuron.

They are values, not text: nothing that a user or a file gives is ever executed. What is looked at,
and at which steps, does not depend on how a run is cut into frames.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from snnlab.analysis.irregularity import mean_cv
from snnlab.errors import SpecError, unknown_name

if TYPE_CHECKING:
    from snnlab.frames.frame import Frame
    from snnlab.frames.weights import WeightPicture
    from snnlab.model.network import Network

__all__ = [
    "STATISTICS", "Condition", "CvBeyond", "Probe", "RateBeyond", "SampleBeyond", "SpikeOf",
    "WeightBeyond",
]  # fmt: skip

_NO_LIMITS = -math.inf, math.inf

LOOKS_PER_WINDOW = 10
"""How often a rate is looked at in the time over which it is averaged."""

STATISTICS: dict[str, Callable[..., Any]] = {"mean": np.mean, "min": np.min, "max": np.max}


Due = tuple[int, str]
"""A step at which weights are needed, and the name of their projection."""


class Probe(Protocol):
    """What a condition looks at in the frames of one run."""

    def values(self, frame: Frame) -> Iterator[tuple[int, float]]:
        """Yield step and value at each step of the next frame that is looked at, in order."""
        ...

    def keep(self, frame: Frame) -> None:
        """Take note that this is what the run went on with."""
        ...

    def due(self, step: int) -> tuple[Due, ...]:
        """For each projection that it reads, the next step after `step` at which it does.

        Empty if it needs nothing but frames.
        """
        ...

    def read(self, weights: WeightPicture) -> None:
        """Get the weights that were due."""
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


class _Beyond(ABC):
    """Abstract: a number leaves a range."""

    above: float
    below: float

    def __post_init__(self) -> None:
        if math.isnan(self.above) or math.isnan(self.below) or self.limits == _NO_LIMITS:
            raise SpecError(
                type(self).__name__, "must have a number above or below which it holds",
                got=f"above={self.above!r}, below={self.below!r}",
                remedy="Write for example above=50.",
            )  # fmt: skip

    @property
    def limits(self) -> tuple[float, float]:
        """It holds for a value below the first or above the second."""
        return self.below, self.above

    def _which(self, value: float) -> str:
        """The limit that a value is beyond, in words."""
        return f"above {self.above:g}" if value > self.above else f"below {self.below:g}"


class _SpikesBeyond(_Beyond):
    """Abstract: what the spikes of a population in a window are like leaves a range."""

    population: str
    window: float

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_time(self.window, f"{type(self).__name__}.window")

    def probe(self, network: Network) -> Probe:
        """Return what looks at a run of `network`."""
        population = network.population(self.population)
        n_steps = max(1, round(self.window / network.dt))
        first = network.first_id(population.name)
        return self._probe(first, population.size, n_steps, network.dt)

    @abstractmethod
    def _probe(self, first: int, size: int, n_steps: int, dt: float) -> Probe: ...


@dataclass(frozen=True)
class RateBeyond(_SpikesBeyond):
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

    def says(self, value: float) -> str:
        """Return in words what has come to hold."""
        return f"the rate of {self.population!r} is {value:.4g} Hz, {self._which(value)} Hz"

    def _probe(self, first: int, size: int, n_steps: int, dt: float) -> Probe:
        return _RateProbe(first, size, n_steps, dt)


@dataclass(frozen=True)
class CvBeyond(_SpikesBeyond):
    """The irregularity of a population's spike trains leaves a range.

    It is the mean of the CV of the intervals over the neurons with three spikes or more in the
    window; while there is none, nothing holds.

    Parameters
    ----------
    population : str
    above, below : float
        It holds above the one and below the other; one of them has to be given.
    window : float [ms]
        Model time that is looked back; it has to be over once before anything holds.
    """

    population: str
    above: float = math.inf
    below: float = -math.inf
    window: float = 1000.0

    def says(self, value: float) -> str:
        """Return in words what has come to hold."""
        return f"the CV of {self.population!r} is {value:.4g}, {self._which(value)}"

    def _probe(self, first: int, size: int, n_steps: int, dt: float) -> Probe:
        return _CvProbe(first, size, n_steps)


@dataclass(frozen=True)
class WeightBeyond(_Beyond):
    """The weights of a projection leave a range.

    They are read where they are, at whole multiples of a time: no recorder is needed. The mean is
    the same however threads and ranks share the synapses.

    Parameters
    ----------
    projection : str
    above, below : float [unit of the weight]
        It holds above the one and below the other; one of them has to be given.
    of : str
        ``"mean"``, ``"min"`` or ``"max"`` over the synapses.
    every : float [ms]
        Model time between two looks. The run waits for each.
    """

    projection: str
    above: float = math.inf
    below: float = -math.inf
    of: str = "mean"
    every: float = 100.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_time(self.every, "WeightBeyond.every")
        if self.of not in STATISTICS:
            raise unknown_name("statistic of WeightBeyond", self.of, STATISTICS)

    def probe(self, network: Network) -> Probe:
        """Return what looks at a run of `network`."""
        network.projection(self.projection)
        return _WeightProbe(self, max(1, round(self.every / network.dt)))

    def says(self, value: float) -> str:
        """Return in words what has come to hold."""
        what = f"the {self.of} weight of {self.projection!r}"
        return f"{what} is {value:.4g}, {self._which(value)}"


@dataclass(frozen=True)
class SampleBeyond(_Beyond):
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
        super().__post_init__()
        if self.of not in STATISTICS:
            raise unknown_name("statistic of SampleBeyond", self.of, STATISTICS)

    def probe(self, network: Network) -> Probe:
        """Return what looks at a run of `network`."""
        variables = network.recorder(self.recorder).variables
        if self.variable not in variables:
            raise unknown_name(f"variable of {self.recorder!r}", self.variable, variables)
        return _SampleProbe(self, tuple(variables).index(self.variable))

    def says(self, value: float) -> str:
        """Return in words what has come to hold."""
        what = f"the {self.of} of {self.variable} in {self.recorder!r}"
        return f"{what} is {value:.4g}, {self._which(value)}"


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


class _FrameProbe:
    """Abstract: needs nothing but frames, and nothing of earlier ones."""

    def keep(self, frame: Frame) -> None:
        pass

    def due(self, step: int) -> tuple[Due, ...]:
        return ()

    def read(self, weights: WeightPicture) -> None:
        pass


class _WindowProbe(_FrameProbe, ABC):
    """Abstract: the spikes of a population in the last window, looked at at a grid of steps."""

    def __init__(self, first: int, size: int, n_steps: int) -> None:
        self._first, self._size, self._n_steps = first, size, n_steps
        self._every = max(1, n_steps // LOOKS_PER_WINDOW)
        self._step: NDArray[np.int64] = np.empty(0, np.int64)
        self._neuron: NDArray[np.int64] = np.empty(0, np.int64)
        self._began: int | None = None

    def values(self, frame: Frame) -> Iterator[tuple[int, float]]:
        steps, neurons = self._with(frame)
        began = frame.t_start if self._began is None else self._began
        first = max(frame.t_start + 1, began + self._n_steps)
        first = -(-first // self._every) * self._every
        for step in range(first, frame.t_stop + 1, self._every):
            start, stop = np.searchsorted(steps, [step - self._n_steps, step])
            yield step, self._value(steps[start:stop], neurons[start:stop])

    def keep(self, frame: Frame) -> None:
        self._began = frame.t_start if self._began is None else self._began
        steps, neurons = self._with(frame)
        is_late = steps >= frame.t_stop - self._n_steps
        self._step, self._neuron = steps[is_late], neurons[is_late]

    def _with(self, frame: Frame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        is_mine = (frame.neuron >= self._first) & (frame.neuron < self._first + self._size)
        steps = np.concatenate([self._step, frame.step[is_mine]])
        return steps, np.concatenate([self._neuron, frame.neuron[is_mine] - self._first])

    @abstractmethod
    def _value(self, steps: NDArray[np.int64], neurons: NDArray[np.int64]) -> float: ...


class _RateProbe(_WindowProbe):
    def __init__(self, first: int, size: int, n_steps: int, dt: float) -> None:
        super().__init__(first, size, n_steps)
        self._hz = 1000.0 / (size * n_steps * dt)

    def _value(self, steps: NDArray[np.int64], neurons: NDArray[np.int64]) -> float:
        return steps.size * self._hz


class _CvProbe(_WindowProbe):
    def _value(self, steps: NDArray[np.int64], neurons: NDArray[np.int64]) -> float:
        return mean_cv(steps, neurons, self._size)


class _SampleProbe(_FrameProbe):
    def __init__(self, condition: SampleBeyond, place: int) -> None:
        self._recorder, self._place = condition.recorder, place
        self._reduce = STATISTICS[condition.of]

    def values(self, frame: Frame) -> Iterator[tuple[int, float]]:
        samples = frame.samples.get(self._recorder)
        if samples is None or not samples.values.shape[-1]:
            return
        reduced = self._reduce(samples.values[:, self._place], axis=-1)
        yield from zip(samples.steps.tolist(), reduced.tolist(), strict=True)


class _WeightProbe(_FrameProbe):
    def __init__(self, condition: WeightBeyond, every: int) -> None:
        self._projection, self._every, self._of = condition.projection, every, condition.of
        self._last: tuple[int, float] | None = None

    def values(self, frame: Frame) -> Iterator[tuple[int, float]]:
        if self._last is not None and frame.t_start < self._last[0] <= frame.t_stop:
            yield self._last

    def due(self, step: int) -> tuple[Due, ...]:
        return (((step // self._every + 1) * self._every, self._projection),)

    def read(self, weights: WeightPicture) -> None:
        found = {"mean": weights.mean, "min": weights.low, "max": weights.high}
        self._last = weights.step, found[self._of]


class _SpikeProbe(_FrameProbe):
    def __init__(self, neuron: int) -> None:
        self._neuron = neuron

    def values(self, frame: Frame) -> Iterator[tuple[int, float]]:
        for step in frame.step[frame.neuron == self._neuron].tolist():
            yield step, 0.0
            yield step + 1, 1.0


def _check_time(milliseconds: float, where: str) -> None:
    if not (math.isfinite(milliseconds) and milliseconds > 0):
        raise SpecError(where, "must be > 0 ms", got=f"{milliseconds!r}")
