"""Everything that happened, in memory, up to a limit."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from snnlab.frames.decimate import until
from snnlab.frames.frame import Frame
from snnlab.frames.structure import StructuralEvents
from snnlab.model.network import Network
from snnlab.model.recorders import Recorder, SynapseRecorder
from snnlab.record.layout import Layout

__all__ = ["Recording", "Section", "default_limit", "meaning"]

_MOST_BYTES = 2**30
_LARGEST_SHARE = 0.25
_FRAME_BYTES = 1500
"""A frame without content: the objects themselves."""


def default_limit() -> int:
    """Return 1 GiB, or a quarter of the memory that is free here if that is less [bytes]."""
    from snnlab.build.memory import available_bytes

    return min(_MOST_BYTES, int(_LARGEST_SHARE * available_bytes()))


@dataclass
class Section:
    """Frames in which a global id means the same neuron throughout.

    Parameters
    ----------
    network : Network
        The network when the section began.
    frames : sequence of Frame
        In memory or still on disk; without a gap, oldest first.
    """

    network: Network
    frames: Sequence[Frame] = field(default_factory=list)


class _Growing(Section):
    frames: list[Frame]


class Recording:
    """The frames of a run, for one writer and any number of readers.

    Parameters
    ----------
    network : Network
    limit_bytes : int
        The run has to pause beyond this; may be changed at any time.
    """

    def __init__(self, network: Network, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self._lock = threading.Lock()
        self._n_bytes = 0
        self._sections = [_Growing(network)]

    @property
    def n_bytes(self) -> int:
        """Bytes of everything that is kept."""
        return self._n_bytes

    @property
    def is_full(self) -> bool:
        """Whether the limit is reached."""
        return self._n_bytes >= self.limit_bytes

    @property
    def sections(self) -> tuple[Section, ...]:
        """A copy of all sections, oldest first; a structural edit begins a new one."""
        with self._lock:
            return tuple(Section(s.network, list(s.frames)) for s in self._sections)

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The frames since the last structural edit."""
        with self._lock:
            return tuple(self._sections[-1].frames)

    def append(self, frame: Frame) -> None:
        """Keep the next frame."""
        with self._lock:
            self._sections[-1].frames.append(frame)
            self._n_bytes += frame_bytes(frame)

    def change_structure(self, network: Network) -> bool:
        """Begin a section if ids or recorders mean something else now; return whether they do."""
        with self._lock:
            section = self._sections[-1]
            if meaning(section.network) == meaning(network):
                return False
            if section.frames:
                self._sections.append(_Growing(network))
            else:
                section.network = network
            return True

    def clear(self, network: Network) -> None:
        """Forget everything."""
        with self._lock:
            self._sections = [_Growing(network)]
            self._n_bytes = 0

    def rewind(self, step: int, network: Network) -> None:
        """Forget what happened from `step` on, where `network` ran."""
        with self._lock:
            while len(self._sections) > 1 and _begin(self._sections[-1]) >= step:
                self._sections.pop()
            section = self._sections[-1]
            section.frames = _frames_until(section, step)
            frames = [frame for s in self._sections for frame in s.frames]
            self._n_bytes = sum(frame_bytes(frame) for frame in frames)
        self.change_structure(network)

    def spikes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return step and global id of all spikes since the last structural edit, in order."""
        frames = self.frames
        if not frames:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        steps = np.concatenate([frame.step for frame in frames])
        return steps, np.concatenate([frame.neuron for frame in frames])

    def structural_events(self, rewiring: str | None = None) -> StructuralEvents:
        """Return the synapses formed and removed since the last structural edit, in order.

        Parameters
        ----------
        rewiring : str, optional
            Name of the rewiring; default: all.

        Raises
        ------
        SpecError
            There is no such rewiring.
        """
        section = self.sections[-1]
        place = None if rewiring is None else Layout.of(section.network).rewiring(rewiring)
        found = StructuralEvents.joined(frame.structure for frame in section.frames)
        return found if place is None else found.of(place)


def _begin(section: Section) -> float:
    """Step at which a section begins; one without frames begins later than any."""
    return section.frames[0].t_start if section.frames else np.inf


def _frames_until(section: _Growing, step: int) -> list[Frame]:
    sizes = [population.size for population in section.network.populations]
    return [
        frame if frame.t_stop <= step else until(frame, step, sizes)
        for frame in section.frames
        if frame.t_start < step
    ]


def frame_bytes(frame: Frame) -> int:
    """Return the memory that a frame takes [bytes]."""
    return _FRAME_BYTES + frame.step.nbytes + frame.neuron.nbytes + frame.sampled_bytes


def meaning(network: Network) -> tuple[object, ...]:
    """Return all that ids, counts, samples and structural events depend on."""
    sizes = tuple((p.name, p.size) for p in network.populations)
    rewirings = tuple((r.name, r.projection) for r in network.rewirings)
    drawn = tuple(_drawn_from(network, recorder) for recorder in network.recorders)
    return sizes, rewirings, network.recorders, drawn


def _drawn_from(network: Network, recorder: Recorder) -> tuple[object, ...]:
    """All that decides which synapses a recorder may choose among, and the unit of their weight."""
    if not isinstance(recorder, SynapseRecorder):
        return ()
    p = network.projection(recorder.projection)
    spaces = network.population(p.pre).space, network.population(p.post).space
    ends = p.pre, p.post, network.receptor_of(p), p.synapse
    return (*ends, p.rule, network.delay_of(p), *spaces)
