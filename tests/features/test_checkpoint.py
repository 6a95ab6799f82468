"""A restored run goes on bit for bit, on any number of threads."""

import numpy as np
import pytest

from snnlab.cpu.engine import CpuEngine
from snnlab.model.edits import AddPopulation, SetParameter
from snnlab.model.network import Population
from tests.networks import balanced, layered, spikes


@pytest.mark.parametrize("make", [balanced, layered])
@pytest.mark.parametrize("threads", [1, 3])
def test_restore_continues_as_the_original(make, threads):
    engine = CpuEngine(make(), threads=2)
    engine.advance(777)
    kept = engine.checkpoint()
    expected = spikes(engine, [500])
    other = CpuEngine(make(), threads=threads)
    other.advance(123)
    other.restore(kept)
    assert other.step == 777
    np.testing.assert_array_equal(spikes(other, [200, 300]), expected)


def test_taking_a_checkpoint_changes_nothing():
    one, two = CpuEngine(balanced(), threads=2), CpuEngine(balanced(), threads=2)
    one.advance(333)
    two.advance(333)
    two.checkpoint()
    np.testing.assert_array_equal(spikes(one, [333]), spikes(two, [333]))


def test_input_under_way_is_part_of_the_state():
    """Without the ring the continuation differs: the test bites."""
    engine = CpuEngine(balanced(), threads=1)
    engine.advance(777)
    kept = engine.checkpoint()
    expected = spikes(engine, [500])
    for name in kept.arrays:
        if name.startswith("ring/"):
            kept.arrays[name][:] = 0
    engine.restore(kept)
    assert not np.array_equal(spikes(engine, [500]), expected)


def test_restore_goes_back_over_edits():
    engine = CpuEngine(balanced(), threads=2)
    engine.advance(300)
    kept = engine.checkpoint()
    expected = spikes(engine, [300])
    engine.apply(SetParameter("", "g", 2.0).apply(engine.network))
    engine.apply(AddPopulation(Population("more", 10, "LIFExp")).apply(engine.network))
    engine.advance(200)
    engine.restore(kept)
    assert engine.network == balanced()
    np.testing.assert_array_equal(spikes(engine, [300]), expected)
