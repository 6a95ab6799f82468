"""Rules that propose sources: which pairs they look at, whoever computes it."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.cpu.engine import CpuEngine
from snnlab.frames.structure import StructuralEvents
from snnlab.model.connectivity import PairwiseBernoulli
from snnlab.model.network import Network, Population, Projection
from snnlab.model.parameter import Parameter
from snnlab.model.rewiring import Rewiring, RewiringRule
from snnlab.rules.intrinsics import floor, uniform
from tests.features.test_rewiring import assert_same, run
from tests.host_device.host_device import HostDevice
from tests.twins import Twins

N_PRE, N_POST = 230, 200


class Neighbours(RewiringRule):
    """Looks at sources whose number is near that of the target; crowded targets look at none."""

    reach = Parameter(3.0)

    @staticmethod
    def propose(target, p):
        if target.indegree > 5:
            return -1
        return target.number + floor((2.0 * uniform() - 1.0) * p.reach)

    @staticmethod
    def prune(syn, pair, p):
        return uniform() < 0.3

    @staticmethod
    def accept(pair, p):
        return True


def near(*, slots: int = 0) -> Network:
    source = Population("source", N_PRE, "PoissonSource", {"rate": 50.0})
    target = Population("target", N_POST, "LIFDelta")
    projection = Projection(
        "source", "target", PairwiseBernoulli(0.01), 2.0, 0.3, name="p", synapse="STDP",
        parameters={"W_max": 4.0},
    )  # fmt: skip
    rewiring = Rewiring("p", Neighbours, 0.5, 120, slots=slots)
    return Network([source, target], [projection], rewirings=[rewiring])


def indegrees(engine: CpuEngine) -> np.ndarray:
    return np.bincount(engine.synapses("p").post - N_PRE, minlength=N_POST)


@pytest.mark.parametrize("slots", [0, 12])
def test_only_proposed_pairs_are_connected(slots: int) -> None:
    engine = CpuEngine(near(slots=slots), threads=2)
    before = indegrees(engine)
    events = engine.advance(400).structure
    formed = events.at(events.is_formed)
    apart = formed.pre - (formed.post - N_PRE)
    assert len(formed) > 300
    assert set(apart.tolist()) == set(range(-3, 3))
    after = indegrees(engine)
    assert (after <= np.maximum(before, 6)).all()  # none is looked at beyond five
    assert np.median(after) >= 5


def test_threads_partitions_and_cuts_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = run(CpuEngine(near(), threads=1), (400,))
    assert_same(run(CpuEngine(near(), threads=2), (1, 99, 300)), expected)
    monkeypatch.setattr("snnlab.build.layout.MAX_PARTITION", 128)
    assert_same(run(CpuEngine(near(), threads=2), (400,)), expected)


@pytest.mark.parametrize("slots", [0, 12])
def test_both_engines_agree_to_the_bit(slots: int) -> None:
    twins = Twins(near(slots=slots), HostDevice(seed=3))
    events = StructuralEvents.joined(frame.structure for frame in twins.advance(150, 100))
    assert len(events) > 300
    twins.compare()
