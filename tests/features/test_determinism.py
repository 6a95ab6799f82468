"""Same network, seed and edits: the same spikes, whatever the threads, the chops and the views."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnlab.cpu.engine import CpuEngine
from snnlab.model.edits import AddPopulation, SetParameter
from snnlab.model.network import Population
from tests.networks import balanced, layered, plastic, spikes

pytestmark = pytest.mark.usefixtures("both_engines")

NETWORKS = {"balanced": balanced, "layered": layered, "plastic": plastic}
STEPS = 1500


@pytest.fixture(scope="module", params=NETWORKS)
def case(request):
    """A network and its spikes on one thread in one call."""
    network = NETWORKS[request.param]()
    reference = spikes(CpuEngine(network, threads=1), [STEPS])
    assert len(reference) > 300, "a silent network would prove nothing"
    return network, reference


@pytest.mark.parametrize("threads", [2, 3, 4])
def test_threads_do_not_matter(case, threads):
    network, reference = case
    np.testing.assert_array_equal(spikes(CpuEngine(network, threads=threads), [STEPS]), reference)


def test_another_seed_gives_other_spikes(case):
    network, reference = case
    other = spikes(CpuEngine(network.replace(seed=2), threads=1), [STEPS])
    assert not np.array_equal(other, reference)


@settings(max_examples=8)
@given(
    cuts=st.lists(st.integers(1, STEPS - 1), max_size=60, unique=True), threads=st.integers(1, 2)
)
def test_chops_do_not_matter(cuts, threads):
    edges = [0, *sorted(cuts), STEPS]
    network = balanced(600)
    whole = spikes(CpuEngine(network, threads=1), [STEPS])
    chopped = spikes(CpuEngine(network, threads=threads), np.diff(edges))
    np.testing.assert_array_equal(chopped, whole)


def test_single_steps_of_a_network_with_all_storage_kinds():
    network = layered()
    whole = spikes(CpuEngine(network, threads=1), [300])
    np.testing.assert_array_equal(spikes(CpuEngine(network, threads=2), [1] * 300), whole)


def test_a_lost_spike_is_noticed(case):
    """The comparison bites: one spike less is another result."""
    network, reference = case
    shorter = network.replace(stimuli=network.stimuli[1:])
    assert not np.array_equal(spikes(CpuEngine(shorter, threads=1), [STEPS]), reference)


def test_recorders_change_nothing(case):
    network, reference = case
    silent = network.replace(recorders=())
    np.testing.assert_array_equal(spikes(CpuEngine(silent, threads=2), [STEPS]), reference)


def test_a_population_that_is_not_connected_changes_nothing(case):
    network, reference = case
    larger = AddPopulation(Population("bystander", 333, "LIFExp")).apply(network)
    np.testing.assert_array_equal(spikes(CpuEngine(larger, threads=2), [STEPS]), reference)


def test_the_name_of_a_stimulus_names_its_numbers(case):
    network, reference = case
    renamed = dataclasses.replace(network.stimuli[0], name="another")
    other = network.replace(stimuli=(renamed, *network.stimuli[1:]))
    assert not np.array_equal(spikes(CpuEngine(other, threads=1), [STEPS]), reference)


@pytest.mark.parametrize("threads", [1, 2])
def test_edits_take_effect_at_their_step_whatever_the_threads(threads):
    def run(n_threads, chop):
        engine = CpuEngine(balanced(), threads=n_threads)
        first = spikes(engine, [chop] * (600 // chop))
        engine.apply(SetParameter("", "g", 3.0).apply(engine.network))
        engine.apply(SetParameter("exc", "tau_m", 25.0).apply(engine.network))
        return np.concatenate([first, spikes(engine, [chop] * (600 // chop))])

    np.testing.assert_array_equal(run(threads, 600), run(1, 4))


def test_precision_is_a_choice():
    network = balanced()
    single = spikes(CpuEngine(network, threads=1), [STEPS])
    double = spikes(CpuEngine(network, threads=1, precision="float64"), [STEPS])
    also_double = spikes(CpuEngine(network, threads=2, precision="float64"), [500, 1000])
    np.testing.assert_array_equal(double, also_double)
    assert abs(len(double) / len(single) - 1) < 0.1
