"""Every parameter can change while the network runs; state that remains is kept."""

import dataclasses

import numpy as np
import pytest

from snnlab.cpu.engine import CpuEngine
from snnlab.errors import BuildError
from snnlab.model.distribution import Normal
from snnlab.model.edits import (
    SetParameter,
)
from snnlab.model.network import Network, Population
from snnlab.model.recorders import StateRecorder
from snnlab.model.stimuli import SpikeTrains, StepCurrent
from tests.network_edits import EDITS
from tests.networks import balanced, layered, spikes

pytestmark = pytest.mark.usefixtures("both_engines")


def states(engine):
    return {k: v for k, v in engine.checkpoint().arrays.items() if k.startswith("state/")}


def same_states(one, two):
    return all(np.array_equal(one[name], two[name]) for name in one.keys() & two.keys())


@pytest.mark.parametrize("name", EDITS)
def test_edit_keeps_the_state_and_changes_the_run(name):
    engine = CpuEngine(balanced(), threads=2)
    engine.advance(400)
    before = states(engine)
    undisturbed = CpuEngine(balanced(), threads=1)
    undisturbed.advance(400)
    edited = EDITS[name].apply(engine.network)
    engine.apply(edited)
    assert engine.network == edited
    assert engine.step == 400
    assert same_states(before, states(engine))
    is_same = np.array_equal(spikes(engine, [600]), spikes(undisturbed, [600]))
    assert is_same == (name == "population added")  # it is not connected


@pytest.mark.parametrize("name", EDITS)
def test_edit_then_undo_leaves_the_run_as_it_was(name):
    engine, undisturbed = CpuEngine(balanced(), threads=2), CpuEngine(balanced(), threads=1)
    engine.advance(400)
    undisturbed.advance(400)
    edit = EDITS[name]
    inverse = edit.inverse(engine.network)
    engine.apply(edit.apply(engine.network))
    engine.apply(inverse.apply(engine.network))
    if name == "population removed":
        assert not np.array_equal(states(engine)["state/inh"], states(undisturbed)["state/inh"])
        return  # what is removed with its neurons comes back fresh
    np.testing.assert_array_equal(spikes(engine, [600]), spikes(undisturbed, [600]))


def test_edited_network_equals_one_built_that_way():
    built = CpuEngine(balanced(g=3.0), threads=1)
    edited = CpuEngine(balanced(g=5.0), threads=2)
    edited.apply(SetParameter("", "g", 3.0).apply(edited.network))
    np.testing.assert_array_equal(spikes(edited, [800]), spikes(built, [800]))


def test_numbers_change_in_place():
    engine = CpuEngine(balanced(), threads=1)
    pool = engine._built.connections.targets
    engine.apply(SetParameter("", "g", 3.0).apply(engine.network))
    assert engine._built.connections.targets is pool


def test_seed_and_time_step_name_the_whole_run():
    engine = CpuEngine(balanced(), threads=1)
    for change in ({"seed": 5}, {"dt": 0.05}):
        with pytest.raises(BuildError, match="must stay while the network runs"):
            engine.apply(engine.network.replace(**change))
    assert engine.advance(10).t_stop == 10


def test_neurons_added_at_the_end_start_fresh():
    engine = CpuEngine(layered(), threads=2)
    engine.advance(300)
    before = states(engine)["state/a"]
    grown = [dataclasses.replace(p, size=400) if p.name == "a" else p
             for p in engine.network.populations]  # fmt: skip
    engine.apply(engine.network.replace(populations=grown))
    after = states(engine)["state/a"]
    assert after.shape == (before.shape[0], 400)
    np.testing.assert_array_equal(after[:, :300], before)


def one_neuron(*stimuli, **parameters):
    neuron = Population("one", 1, "LIFExp", parameters)
    recorder = StateRecorder("V", "one", ("V_m",), (0,))
    return Network([neuron], stimuli=stimuli, recorders=[recorder])


def test_step_current_flows_between_its_times():
    network = one_neuron(StepCurrent("pulse", "one", amplitude=100.0, start=5.0, stop=10.0))
    samples = CpuEngine(network, threads=1, precision="float64").advance(200).samples["V"]
    v = samples.values[:, 0, 0]
    rest = network.parameters_of(network.populations[0])["E_L"]
    np.testing.assert_allclose(v[samples.steps <= 50], rest, atol=1e-12)
    assert v[samples.steps == 51] > rest
    assert samples.steps[np.argmax(v)] == 100


def test_step_current_does_not_depend_on_chops():
    network = one_neuron(StepCurrent("pulse", "one", amplitude=900.0, start=5.0, stop=60.0))
    whole = CpuEngine(network, threads=1).advance(1000)
    engine = CpuEngine(network, threads=1)
    pieces = [engine.advance(n) for n in (49, 1, 1, 549, 400)]
    assert whole.n_spikes > 0
    np.testing.assert_array_equal(np.concatenate([p.step for p in pieces]), whole.step)


def test_samples_do_not_depend_on_chops():
    whole = CpuEngine(layered(), threads=1).advance(500).samples["voltage"]
    engine = CpuEngine(layered(), threads=2)
    pieces = [engine.advance(n).samples["voltage"] for n in (1, 3, 96, 7, 393)]
    np.testing.assert_array_equal(np.concatenate([p.steps for p in pieces]), whole.steps)
    np.testing.assert_array_equal(np.concatenate([p.values for p in pieces]), whole.values)
    assert whole.values.shape == (100, 1, 2)


def test_given_spikes_fire_at_their_times():
    source = Population("source", 3, "SpikeSource")
    trains = SpikeTrains("given", "source", (0.1, 2.5, 2.5, 7.0), (0, 2, 1, 0))
    found = spikes(CpuEngine(Network([source], stimuli=[trains]), threads=1), [3, 50, 47])
    np.testing.assert_array_equal(found, [[0, 0], [24, 1], [24, 2], [69, 0]])


def test_parameters_drawn_for_each_neuron_differ_and_are_reproducible():
    population = Population("p", 500, "LIFExp", {"I_e": Normal(600.0, 100.0)})
    rates = [
        np.bincount(spikes(CpuEngine(Network([population]), threads=t), [5000])[:, 1],
                    minlength=500)
        for t in (1, 2)
    ]  # fmt: skip
    np.testing.assert_array_equal(rates[0], rates[1])
    assert rates[0].std() > 2
