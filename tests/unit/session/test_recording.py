"""The recording in memory: sections, bytes, spikes."""

from __future__ import annotations

import numpy as np

from snnlab.frames.frame import Frame, Samples
from snnlab.model.connectivity import FixedIndegree
from snnlab.model.edits import SetParameter
from snnlab.model.network import Network, Population
from snnlab.model.recorders import StateRecorder, SynapseRecorder
from snnlab.session.recording import Recording, frame_bytes, meaning
from tests.networks import plastic


def network(size: int = 5, **changes: object) -> Network:
    """One population."""
    return Network([Population("exc", size, "LIFDelta")]).replace(**changes)


def frame(t_start: int, n_spikes: int) -> Frame:
    """Ten steps; every spike in the first one."""
    step, neuron = np.full(n_spikes, t_start), np.arange(n_spikes)
    samples = {"V": Samples(np.arange(10), np.zeros((10, 1, 1)))}
    return Frame(t_start, t_start + 10, 0.1, step, neuron, np.array([n_spikes]), samples)


def test_bytes_and_limit() -> None:
    recording = Recording(network(), limit_bytes=10_000)
    recording.append(frame(0, 100))
    assert recording.n_bytes == frame_bytes(frame(0, 100))
    assert 100 * 16 + 10 * 16 < recording.n_bytes < 100 * 16 + 10 * 16 + 3000
    assert not recording.is_full
    for k in range(1, 5):
        recording.append(frame(10 * k, 100))
    assert recording.is_full
    recording.clear(network())
    assert (recording.n_bytes, recording.frames) == (0, ())


def test_spikes() -> None:
    recording = Recording(network(), limit_bytes=10_000)
    assert recording.spikes()[0].dtype == np.int64
    recording.append(frame(0, 2))
    recording.append(frame(10, 1))
    step, neuron = recording.spikes()
    assert (step.tolist(), neuron.tolist()) == ([0, 0, 10], [0, 1, 0])


def test_a_change_of_structure_begins_a_section() -> None:
    recording = Recording(network(), limit_bytes=10_000)
    recording.append(frame(0, 2))
    assert not recording.change_structure(network(name="renamed"))
    assert recording.change_structure(network(6))
    assert recording.change_structure(network(7))
    recording.append(frame(10, 1))
    assert recording.change_structure(network(7, recorders=[StateRecorder("V", "exc")]))
    sections = recording.sections
    assert [s.network.n_neurons for s in sections] == [5, 7, 7]
    assert [len(s.frames) for s in sections] == [1, 1, 0]
    assert recording.spikes()[0].size == 0


def test_going_back_forgets_what_came_after() -> None:
    recording = Recording(network(), limit_bytes=10_000)
    for k in range(3):
        recording.append(frame(10 * k, 2))
    recording.change_structure(network(6))
    recording.append(frame(30, 3))
    recording.rewind(15, network())
    assert [[f.t_stop for f in s.frames] for s in recording.sections] == [[10, 15]]
    assert recording.n_bytes == sum(frame_bytes(f) for f in recording.frames)
    recording.rewind(10, network(6))
    assert [[f.t_stop for f in s.frames] for s in recording.sections] == [[10], []]
    assert recording.sections[-1].network.n_neurons == 6
    recording.rewind(0, network())
    assert (recording.n_bytes, recording.frames, len(recording.sections)) == (0, (), 1)


def test_what_decides_which_synapses_are_recorded_begins_a_section() -> None:
    watched = plastic().replace(recorders=[SynapseRecorder("w", "source->a")])
    for field, value, is_new in (
        ("weight", 0.7, False), ("W_max", 3.0, False), ("delay", 1.0, True),
        ("rule", FixedIndegree(61), True),
    ):  # fmt: skip
        edit = SetParameter("source->a", field, value)
        assert (meaning(edit.apply(watched)) != meaning(watched)) is is_new
        assert meaning(edit.apply(plastic())) == meaning(plastic())
