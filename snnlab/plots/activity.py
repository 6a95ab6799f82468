"""What plots are drawn from: the spikes of an interval and the populations they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from snnlab.frames.decimate import merged
from snnlab.frames.frame import Frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from snnlab.model.network import Network

__all__ = ["Activity", "Group"]


@dataclass(frozen=True)
class Group:
    """A population as plots see it: its name and its global ids ``first ... first + size - 1``."""

    name: str
    first: int
    size: int

    @classmethod
    def all_of(cls, network: Network) -> tuple[Group, ...]:
        """Return the populations of a network, in order."""
        return tuple(cls(p.name, network.first_id(p.name), p.size) for p in network.populations)


@dataclass(frozen=True)
class Activity:
    """The spikes of an interval.

    Parameters
    ----------
    frame : Frame
        One frame with everything that happened in the interval.
    groups : tuple of Group
        All populations, in network order.
    """

    frame: Frame
    groups: tuple[Group, ...]

    @classmethod
    def of_frames(cls, frames: Sequence[Frame], network: Network) -> Activity:
        """Return the activity in frames that follow each other; none of them gives silence."""
        groups = Group.all_of(network)
        return cls(merged(frames) if frames else _silence(network.dt, len(groups)), groups)

    @property
    def t_start(self) -> float:
        """Start of the interval [ms]."""
        return self.frame.t_start * self.frame.dt

    @property
    def t_stop(self) -> float:
        """End of the interval [ms]; no spike is silence, not missing data."""
        return self.frame.t_stop * self.frame.dt

    @property
    def n_neurons(self) -> int:
        """Number of neurons of all populations."""
        return sum(group.size for group in self.groups)

    def window(self, t_start: float | None, t_stop: float | None) -> Activity:
        """Return what happened in ``t_start < t <= t_stop`` [ms]; None leaves an end as it is.

        Outside the interval that was simulated there are no spikes.
        """
        frame = self.frame
        start = frame.t_start if t_start is None else round(t_start / frame.dt)
        stop = frame.t_stop if t_stop is None else round(t_stop / frame.dt)
        stop = max(stop, start + 1)
        first, last = np.searchsorted(frame.step, [start, stop])
        step, neuron = frame.step[first:last], frame.neuron[first:last]
        return replace(
            self, frame=replace(frame, t_start=start, t_stop=stop, step=step, neuron=neuron)
        )

    def of(self, group: Group) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return times [ms] and global ids of the spikes of one population."""
        neuron = self.frame.neuron
        mine = (neuron >= group.first) & (neuron < group.first + group.size)
        return self.frame.times[mine], neuron[mine]


def _silence(dt: float, n_populations: int) -> Frame:
    """One step without a spike, for a run that has not begun."""
    nothing = np.empty(0, np.int64)
    return Frame(0, 1, dt, nothing, nothing, np.zeros(n_populations, np.int64))
