"""The same network on two engines, which must not differ in anything that one can see."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from snnlab.arrays.engine import ArrayEngine
from snnlab.cpu.engine import CpuEngine
from snnlab.cuda.device import Device
from snnlab.cuda.engine import CudaEngine
from snnlab.engine import Checkpoint
from snnlab.errors import SnnlabError
from snnlab.frames.frame import Frame
from snnlab.model.edits import Edit
from snnlab.model.network import Network


def assert_same_frame(a: Frame, b: Frame) -> None:
    """Spikes, counts, samples, structural events and health are equal, samples to the bit."""
    assert (a.t_start, a.t_stop) == (b.t_start, b.t_stop)
    np.testing.assert_array_equal(a.step, b.step)
    np.testing.assert_array_equal(a.neuron, b.neuron)
    np.testing.assert_array_equal(a.counts, b.counts)
    assert a.samples.keys() == b.samples.keys()
    for name, sampled in a.samples.items():
        np.testing.assert_array_equal(sampled.steps, b.samples[name].steps)
        np.testing.assert_array_equal(sampled.values, b.samples[name].values)
    for one, other in zip(a.structure.columns, b.structure.columns, strict=True):
        np.testing.assert_array_equal(one, other)
    assert [str(t) for t in a.health] == [str(t) for t in b.health]


def assert_same_state(a: Checkpoint, b: Checkpoint) -> None:
    """All arrays of two checkpoints are equal, to the bit."""
    assert a.step == b.step
    assert a.arrays.keys() == b.arrays.keys()
    for name, array in a.arrays.items():
        assert array.dtype == b.arrays[name].dtype, name
        np.testing.assert_array_equal(array, b.arrays[name], err_msg=name)


def assert_same_synapses(a: ArrayEngine, b: ArrayEngine) -> None:
    """Every projection has the same synapses with the same state, in the same order."""
    for projection in a.network.projections:
        one, other = a.synapses(projection.name), b.synapses(projection.name)
        for field in ("pre", "post", "delay", "weight"):
            np.testing.assert_array_equal(getattr(one, field), getattr(other, field), field)
        assert one.variables.keys() == other.variables.keys()
        for name, values in one.variables.items():
            np.testing.assert_array_equal(values, other.variables[name], name)


class Twins:
    """A network on the CPU engine and on a device.

    Parameters
    ----------
    network : Network
    device : Device
    precision : str
    """

    def __init__(self, network: Network, device: Device, *, precision: str = "float32") -> None:
        self.cpu = CpuEngine(network, threads=1, precision=precision)
        self.cuda = CudaEngine(network, device, precision=precision)

    def advance(self, *chops: int) -> Iterable[Frame]:
        """Advance both in these pieces, and compare; return the frames."""
        frames = []
        for n in chops:
            frames.append(self.cpu.advance(n))
            assert_same_frame(frames[-1], self.cuda.advance(n))
        return frames

    def n_spikes(self, *chops: int) -> int:
        """Advance both, and return the number of spikes, so that a test can ask for some."""
        return sum(frame.step.size for frame in self.advance(*chops))

    def edit(self, *edits: Edit) -> bool:
        """Make edits on both; return whether both could, and compare what they said if not."""
        network = self.cpu.network
        for edit in edits:
            network = edit.apply(network)
        said = [_said(engine.apply, network) for engine in (self.cpu, self.cuda)]
        assert said[0] == said[1]
        return not said[0]

    def compare(self) -> None:
        """Compare the whole state."""
        assert_same_state(self.cpu.checkpoint(), self.cuda.checkpoint())


def _said(apply: Callable[[Network], None], network: Network) -> str:
    try:
        apply(network)
    except SnnlabError as error:
        return str(error)
    return ""
