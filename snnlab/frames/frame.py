"""`Frame`: the only packet that leaves an engine.

Plots, files, statistics and widgets read Frames and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from snnlab.frames.health import Trouble
from snnlab.frames.structure import StructuralEvents
from snnlab.frames.synapse_ids import SynapseIds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Frame", "Samples"]


@dataclass(frozen=True)
class Samples:
    """State variables sampled by one recorder during a frame.

    Parameters
    ----------
    steps : (n_samples,) int64
        Number of updates that the state had seen when it was sampled; time is ``steps * dt``.
    values : (n_samples, n_variables, n_neurons) float32 or float64 [unit of the variable]
        Or (n_samples, n_variables, n_synapses).
    synapses : SynapseIds, optional
        Which synapses these are; None: they are neurons, which the network names. Frames of one
        structure share it, so that it takes memory once.
    """

    steps: NDArray[np.int64]
    values: NDArray[np.floating]
    synapses: SynapseIds | None = None

    def between(self, first: int, last: int) -> Samples:
        """Return a view of the samples ``first <= i < last``."""
        return replace(self, steps=self.steps[first:last], values=self.values[first:last])

    @classmethod
    def joined(cls, parts: Sequence[Samples]) -> Samples:
        """Return the samples of several parts, at least one, as one."""
        import numpy as np

        steps = np.concatenate([part.steps for part in parts])
        values = np.concatenate([part.values for part in parts])
        return replace(parts[0], steps=steps, values=values)


@dataclass(frozen=True)
class Frame:
    """What happened in the steps ``t_start <= step < t_stop``.

    Parameters
    ----------
    t_start, t_stop : int [steps]
        The interval; frames of a run follow each other without a gap.
    dt : float [ms]
        Time step.
    step : (n_spikes,) int64
        Step in which each spike was found, ascending; its time is ``(step + 1) * dt``.
    neuron : (n_spikes,) int64
        Global id of each spike's neuron, ascending within a step.
    counts : (n_populations,) int64
        Number of spikes of each population, in network order.
    samples : mapping
        Recorder name -> `Samples`.
    wall_s : float [s]
        Wall-clock time that the engine took.
    timings : mapping
        Phase -> its part of `wall_s` [s], mean over the threads: ``update``, ``deliver``,
        ``plasticity``, ``record``, and ``other``, which is waiting for the slowest thread and
        everything else. They add up to `wall_s`; empty if the engine does not measure them.
    health : tuple of Trouble
        What went wrong in these steps; empty if all is well.
    structure : StructuralEvents
        Synapses that were formed and removed, ``t_start <= step < t_stop``: a rewiring that is due
        when `t_stop` steps are done takes place in the next frame.
    """

    t_start: int
    t_stop: int
    dt: float
    step: NDArray[np.int64]
    neuron: NDArray[np.int64]
    counts: NDArray[np.int64]
    samples: Mapping[str, Samples] = field(default_factory=dict)
    wall_s: float = 0.0
    timings: Mapping[str, float] = field(default_factory=dict)
    health: tuple[Trouble, ...] = ()
    structure: StructuralEvents = field(default_factory=StructuralEvents.none)

    @property
    def n_spikes(self) -> int:
        """Number of spikes of all populations."""
        return int(self.step.size)

    @property
    def sampled_bytes(self) -> int:
        """Memory that the samples and the structural events take [bytes]."""
        sampled = sum(s.steps.nbytes + s.values.nbytes for s in self.samples.values())
        return sampled + self.structure.nbytes

    @property
    def duration(self) -> float:
        """Model time that the frame covers [ms]."""
        return (self.t_stop - self.t_start) * self.dt

    @property
    def times(self) -> NDArray[np.float64]:
        """Spike times [ms], shape (n_spikes,)."""
        import numpy as np

        return np.multiply(self.step + 1, self.dt, dtype=np.float64)
