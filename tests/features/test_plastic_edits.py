"""Edits of a running network with plastic synapses keep what was learnt, and say so in numbers."""

import numpy as np
import pytest

from snnlab.cpu.engine import CpuEngine
from snnlab.model.edits import AddPopulation, SetParameter
from snnlab.model.network import Population
from tests.networks import plastic, spikes
from tests.synapses import by_hand, paired

pytestmark = pytest.mark.usefixtures("both_engines")


@pytest.fixture
def engine():
    running = CpuEngine(plastic(), threads=2)
    running.advance(400)
    return running


def edit(engine, target, name, value):
    engine.apply(SetParameter(target, name, value).apply(engine.network))


def test_a_parameter_of_the_rule_changes_in_place(engine):
    arrays = engine._arrays.connections.targets
    before = engine.synapses("source->a").weight
    edit(engine, "source->a", "learning_rate", 0.0)
    assert engine._arrays.connections.targets is arrays
    engine.advance(300)
    np.testing.assert_array_equal(engine.synapses("source->a").weight, before)
    edit(engine, "source->a", "learning_rate", 0.05)
    engine.advance(300)
    assert not np.array_equal(engine.synapses("source->a").weight, before)


def test_a_changed_time_constant_is_that_of_the_rule():
    pre, post = [100, 400], [150, 430]
    only_up = {"W_max": 2.0, "learning_rate": 0.1, "alpha": 0.0}
    network = paired("STDP", only_up, pre, post)
    engine = CpuEngine(network, threads=1, precision="float64")
    engine.advance(300)
    edit(engine, "plastic", "tau_plus", 5.0)
    engine.advance(300)
    parts = []
    for tau, times in ((20.0, ([100], [150])), (5.0, ([400], [430]))):
        parts.append(by_hand("STDP", only_up | {"tau_plus": tau}, *times, 600)[1].weight - 1.0)
    found = engine.synapses("plastic").weight[0] - 1.0
    # The traces of the first pair have all but gone when the second one comes.
    assert found == pytest.approx(sum(parts), rel=0.01)


def test_a_larger_bound_moves_the_fixed_point_and_nothing_else(engine):
    other = CpuEngine(plastic(), threads=1)
    other.advance(400)
    exponents = dict(engine._arrays.exponents)
    edit(engine, "source->a", "W_max", 64.0)
    edit(engine, "source->a", "W_max", 2.0)
    assert engine._arrays.exponents == exponents
    assert abs(len(spikes(engine, [100])) - len(spikes(other, [100]))) <= 5


def test_a_new_population_leaves_weights_and_traces_alone(engine):
    before = engine.checkpoint().arrays
    engine.apply(AddPopulation(Population("more", 500, "LIFExp")).apply(engine.network))
    after = engine.checkpoint().arrays
    learnt = [name for name in before if name.partition("/")[0] in ("synapse", "pre", "post")]
    assert len(learnt) > 10
    for name in learnt:
        np.testing.assert_array_equal(after[name], before[name], err_msg=name)


def test_other_start_weights_start_afresh(engine):
    kept = engine.synapses("a->a").weight
    edit(engine, "source->a", "weight", 0.5)
    np.testing.assert_array_equal(engine.synapses("source->a").weight, 0.5)
    np.testing.assert_array_equal(engine.synapses("a->a").weight, kept)


def test_static_synapses_are_listed_too(engine):
    static = engine.synapses("static")
    assert len(static) == 130 * 20
    np.testing.assert_array_equal(static.weight, 200.0)
    np.testing.assert_allclose(static.delay, 1.2)
    assert static.pre.max() < 200
    assert static.post.min() >= 450
