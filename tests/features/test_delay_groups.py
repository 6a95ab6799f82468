"""Delivery in groups of delays is delivery all at once, to the bit; here on small networks."""

import numpy as np
import pytest

from snnlab.cpu import built, memory
from snnlab.cpu import group_size as rule
from snnlab.cpu.engine import CpuEngine
from snnlab.cpu.program import HORIZON, QUEUED
from snnlab.model.connectivity import AllToAll, FixedIndegree
from snnlab.model.distribution import Uniform
from snnlab.model.edits import AddPopulation, SetParameter
from snnlab.model.network import Network, Population, Projection
from snnlab.model.stimuli import SpikeTrains
from tests.networks import balanced, layered, plastic, spikes

STEPS = 700


def fan() -> Network:
    """Given spikes go over many delays, none of them short, to neurons that are connected alike."""
    source = Population("source", 30, "SpikeSource")
    relays = Population("relays", 500, "LIFDelta", {"I_e": 300.0})
    times = tuple(np.sort(np.random.default_rng(3).uniform(0.5, 69.0, 400)).round(1).tolist())
    return Network(
        [source, relays],
        [
            Projection("source", "relays", AllToAll(), 0.8, Uniform(1.0, 6.0)),
            Projection("relays", "relays", FixedIndegree(40), Uniform(0.1, 0.4), Uniform(1.0, 5.0)),
        ],
        stimuli=[SpikeTrains("given", "source", times, tuple(k * 7 % 30 for k in range(400)))],
        name="fan",
    )


NETWORKS = {"layered": layered, "fan": fan}


@pytest.fixture(params=NETWORKS)
def network(request):
    return NETWORKS[request.param]()


@pytest.fixture
def open_with(monkeypatch):
    """Open a network with groups of so many delays; 0: all at once."""

    def open_with(network, steps, threads=1):
        monkeypatch.setattr(built, "group_steps", lambda *_: steps)
        engine = CpuEngine(network, threads=threads)
        assert engine._arrays.program.group_steps == steps
        return engine

    return open_with


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("steps", [1, 2, 8, 64])
def test_spikes_are_those_of_delivery_at_once(open_with, network, steps, threads):
    at_once = spikes(open_with(network, 0), [STEPS])
    assert len(at_once) > 300, "a silent network would prove nothing"
    np.testing.assert_array_equal(spikes(open_with(network, steps, threads), [STEPS]), at_once)


@pytest.mark.parametrize("cuts", [[1] * 100, [7, 1, 1, 30, 2, 59]])
def test_chops_and_checkpoints_between_them_do_not_matter(open_with, network, cuts):
    at_once, grouped = open_with(network, 0), open_with(network, 4, threads=2)
    for cut in cuts:
        np.testing.assert_array_equal(spikes(grouped, [cut]), spikes(at_once, [cut]))
        if cut > 1 or grouped.step % 10 == 0:
            expect_same_state(grouped, at_once)


def expect_same_state(a, b):
    found, wanted = a.checkpoint().arrays, b.checkpoint().arrays
    assert found.keys() == wanted.keys()
    for name in wanted:
        np.testing.assert_array_equal(found[name], wanted[name], err_msg=name)


@pytest.mark.parametrize(("before", "after"), [(4, 4), (0, 4), (4, 0), (2, 16)])
def test_a_checkpoint_is_taken_up_with_other_groups(open_with, network, before, after):
    engine = open_with(network, before)
    engine.advance(233)
    kept = engine.checkpoint()
    whole = spikes(engine, [300])
    other = open_with(network, after, threads=2)
    other.advance(100)  # so that there is something to forget
    other.restore(kept)
    np.testing.assert_array_equal(spikes(other, [300]), whole)


EDITS = {
    "shared weight": SetParameter("c->a", "weight", -400.0),
    "drawn weights": SetParameter("a->a", "weight", Uniform(50.0, 130.0)),
    "weight beyond the range": SetParameter("c->a", "weight", -90000.0),
    "longer delays": SetParameter("b->a", "delay", Uniform(2.0, 20.0)),
    "structure": AddPopulation(Population("bystander", 400, "LIFExp")),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_edits_of_a_running_network(open_with, edit):
    def edited(steps):
        engine = open_with(layered(), steps, threads=2)
        before = spikes(engine, [233])
        engine.apply(edit.apply(engine.network))
        return np.concatenate([before, spikes(engine, [300])])

    np.testing.assert_array_equal(edited(4), edited(0))


def test_a_queue_that_is_full_loses_nothing(open_with, network, monkeypatch):
    at_once = spikes(open_with(network, 0), [STEPS])
    monkeypatch.setattr(memory, "_QUEUE_CAPACITY", 5)
    np.testing.assert_array_equal(spikes(open_with(network, 4, threads=2), [STEPS]), at_once)


@pytest.mark.parametrize("part", ["queue", "near ring", "horizon"])
def test_a_lost_part_of_the_input_under_way_is_noticed(open_with, network, part):
    """The switch: what the comparisons above hold is in the queue and in the near ring."""
    at_once, grouped = spikes(open_with(network, 0), [STEPS]), open_with(network, 8)
    before = spikes(grouped, [236])
    memory = grouped._arrays.memory
    assert memory.groups[0, QUEUED] > 0
    assert memory.near.any()
    if part == "queue":
        memory.groups[:, QUEUED] = 0
    elif part == "near ring":
        memory.near[:] = 0
    else:
        memory.groups[:, HORIZON] += 1000
    after = np.concatenate([before, spikes(grouped, [STEPS - 236])])
    assert not np.array_equal(after, at_once)


def test_groups_are_for_rings_that_no_cache_holds(monkeypatch):
    monkeypatch.setattr(rule, "GROUP_SYNAPSES", 1)
    assert group_size(layered()) == 0
    monkeypatch.setattr(rule, "AT_ONCE_BYTES", 0)
    assert group_size(layered()) > 0


def test_groups_are_large_enough_to_go_to_a_row_for_them(monkeypatch):
    """30 sources with 500 synapses over 51 delays, 500 with 40 over 41: 1.6 a delay."""
    monkeypatch.setattr(rule, "AT_ONCE_BYTES", 0)
    monkeypatch.setattr(rule, "GROUP_SYNAPSES", 8)
    assert group_size(fan()) == 8
    monkeypatch.setattr(rule, "GROUP_SYNAPSES", 1)
    assert group_size(fan()) == 1
    monkeypatch.setattr(rule, "GROUP_SYNAPSES", 64)
    assert group_size(fan()) == 0, "with 64 steps more the near ring is as long as the other"


@pytest.mark.parametrize("make", [balanced, plastic])
def test_no_groups_without_drawn_delays_or_with_plastic_synapses(make, monkeypatch):
    monkeypatch.setattr(rule, "AT_ONCE_BYTES", 0)
    monkeypatch.setattr(rule, "GROUP_SYNAPSES", 1)
    assert group_size(make()) == 0


def group_size(network: Network) -> int:
    """What the engine chooses."""
    return CpuEngine(network, threads=1)._arrays.program.group_steps
