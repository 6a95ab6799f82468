"""Synapses that come and go on ranks are those of one process, whatever lets them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from snnlab.cluster import Ranks
from snnlab.cluster.engine import ClusterEngine
from snnlab.cpu.engine import CpuEngine
from snnlab.errors import SpecError
from snnlab.model.connectivity import FixedIndegree
from snnlab.model.edits import AddRecorder, Lesion, Recover, SetParameter
from snnlab.model.network import Network, Population, Projection
from snnlab.model.neurons import LIFExp
from snnlab.model.parameter import Parameter
from snnlab.model.recorders import StateRecorder, SynapseRecorder
from snnlab.model.rewiring import Rewiring
from tests.cluster import on_ranks
from tests.cluster.both import Both, both, events_of
from tests.features.test_homeostatic import growing, states_of
from tests.features.test_lesions import lesionable
from tests.networks import plastic
from tests.rewired_networks import ranked, ranking, replacing, rows, signed, weighing
from tests.rewiring_rules import Busy, Crowded, Spread
from tests.twins import assert_same_state

pytestmark = [pytest.mark.mpi, pytest.mark.timeout(280)]


def wide(network: Network, name: str = "target") -> Network:
    """Return it with so many targets that every rank has some: 4 blocks of neurons."""
    target = network.population(name)
    space = None if target.space is None else replace(target.space, shape=(20, 20))
    wider = replace(target, size=400, space=space)
    populations = [wider if p.name == name else p for p in network.populations]
    return network.replace(populations=populations)


def test_lesions_while_it_runs(several: Ranks) -> None:
    with both(wide(lesionable(partner="last_spike")), several) as pair:
        assert pair.n_ranks_of("target") > 1
        pair.advance(50)
        pair.edit(Lesion("source", range(40)), Lesion("target", [3, 5, (120, 144)]))
        pair.compare()
        events = events_of(pair.advance(1, 99))
        assert events.is_lesion.sum() > 100
        assert events.at(~events.is_lesion).is_formed.sum() > 20
        pair.compare()
        pair.edit(Recover("target", range(130)), Lesion("given", 3))
        events = events_of(pair.advance(80))
        recovered = pair.alone.network.first_id("target") + np.array([3, 5, 125])
        assert np.isin(events.at(events.is_formed).post, recovered).any()
        pair.compare()


# --- recorders of synapses ------------------------------------------------------------------------


def watched() -> Network:
    """Recorders of all synapses of a projection, of chosen ones, and of neurons beside them."""
    return wide(plastic(), "a").replace(recorders=[
        SynapseRecorder("all", "source->a", ("weight",), interval=1.3),
        SynapseRecorder("some", "b->b", ("weight", "c"), sources=(3, 70), interval=0.7),
        SynapseRecorder("one rank", "a->a", targets=(5,), interval=2.0),
        StateRecorder("neurons", "a", ("V_m",), (0, 249), interval=0.5),
    ])  # fmt: skip


def test_recorders_of_synapses(several: Ranks) -> None:
    with both(watched(), several) as pair:
        assert pair.n_ranks_of("a") > 1
        frames = pair.advance(1, 77, 200)
        moved = frames[-1].samples["all"]
        assert moved.synapses is not None
        assert moved.values.shape == (15, 1, moved.synapses.n)
        assert np.ptp(moved.values[:, 0], axis=0).max() > 0
        pair.compare()
        pair.edit(AddRecorder(SynapseRecorder("chosen", "a->a", synapses=(7, 4000), interval=1.0)))
        samples = pair.advance(50)[0].samples["chosen"]
        assert samples.synapses is not None
        assert samples.synapses.number.tolist() == [7, 4000]


def test_a_recorder_that_chooses_nothing_is_refused_on_ranks(ranks: Ranks) -> None:
    recorder = SynapseRecorder("none", "a->a", synapses=(10**6,))
    with pytest.raises(SpecError, match=r"none.*synapses"):
        ClusterEngine(plastic().replace(recorders=[recorder]), ranks, threads=1)


# --- models and rules that ranks cannot import ----------------------------------------------------


def test_models_of_a_notebook_cell(several: Ranks) -> None:
    class Tired(LIFExp):
        """A spike sets it back further."""

        further = Parameter(2.0, "mV", "below the usual reset")

        @staticmethod
        def derive(p, dt):
            return LIFExp.derive(p, dt) | {"low": p.V_reset - p.further}

        @staticmethod
        def reset(state, p):
            state.V_m = p.low
            state.refractory = p.refractory_steps

    network = wide(lesionable())
    target = replace(network.population("target"), neuron=Tired, parameters={"further": 3.0})
    populations = [target if p.name == "target" else p for p in network.populations]
    with both(network.replace(populations=populations), several) as pair:
        events = events_of(pair.advance(1, 149))
        assert events.is_formed.sum() > 20
        pair.edit(SetParameter("target", "further", 8.0))
        pair.advance(100)
        pair.compare()


# --- rules that rank, and rules that look at rows -------------------------------------------------


def by_rank() -> Network:
    """Rules that rank the synapses of a target, of a source, of a projection, and by pairs."""
    return wide(ranking(
        Rewiring("forward", Crowded, 1.0, name="crowded"),
        Rewiring("forward", Busy, 0.5, 40, name="attempts"),
        Rewiring("forward", Spread, 2.0, name="spread", weight=1.0),
        Rewiring("lateral", "SET", 1.5, name="set", weight=0.3),
    ))  # fmt: skip


def by_gradient() -> Network:
    """RigL with a fraction that falls, then pruning on a schedule, of synapses that learn."""
    pruning = {"s_initial": 0.9, "s_final": 0.97, "t_start": 5.0, "t_stop": 20.0}
    return wide(ranking(
        Rewiring("forward", "RigL", 1.5, 1, {"t_stop": 9.0}, name="rigl", weight=0.0),
        Rewiring("forward", "MagnitudePruning", 2.0, 1, pruning, name="pruning"),
    ))  # fmt: skip


@pytest.mark.parametrize(
    "make", [by_rank, by_gradient, lambda: wide(rows())], ids=["rank", "gradient", "rows"]
)
def test_rules_that_compare_synapses(several: Ranks, make: Callable[[], Network]) -> None:
    with both(make(), several) as pair:
        assert pair.n_ranks_of("target") > 1
        events = events_of(pair.advance(1, 99, 150))
        assert min(events.is_formed.sum(), (~events.is_formed).sum()) > 100
        pair.compare()


# --- rules that replace ---------------------------------------------------------------------------


@pytest.mark.parametrize("make", [replacing, signed, weighing, ranked], ids=lambda m: m.__name__)
def test_rules_that_replace(several: Ranks, make: Callable[[], Network]) -> None:
    network = wide(make())
    with both(network, several) as pair:
        assert pair.n_ranks_of("target") > 1
        before = len(pair.alone.synapses(network.projections[0].name))
        events = events_of(pair.advance(1, 60, 90))
        assert events.is_formed.sum() > 200
        pair.compare()
        if make is signed:  # DEEP R alone: as many come as go
            assert len(pair.together.synapses("p")) == before


@pytest.mark.parametrize("make", [replacing, ranked], ids=lambda m: m.__name__)
def test_rows_that_are_full_get_room(several: Ranks, make: Callable[[], Network]) -> None:
    usual = several.call(on_ranks.leave_room, 1, 1)[0]
    try:
        with both(wide(make()), several) as pair:
            before = several.call(on_ranks.n_places)
            pair.advance(1, 60)
            assert several.call(on_ranks.n_places) != before
            pair.compare()
    finally:
        several.call(on_ranks.leave_room, *usual)


# --- synaptic elements ----------------------------------------------------------------------------


def check_elements(pair: Both) -> None:
    """Compare calcium, elements, and how many of them have a synapse."""
    for mine, theirs in zip(states_of(pair.alone), states_of(pair.together), strict=True):
        np.testing.assert_array_equal(theirs, mine)


def test_synaptic_elements(several: Ranks) -> None:
    with both(wide(growing(), "exc"), several) as pair:
        assert pair.n_ranks_of("exc") > 1
        events = events_of(pair.advance(1, 4, 205, 190))
        for k in range(4):
            assert events.of(k).is_formed.sum() > 20
        assert (~events.is_formed).sum() > 20
        check_elements(pair)
        pair.compare()
        pair.edit(Lesion("exc", range(100, 200)))
        check_elements(pair)
        assert (~events_of(pair.advance(150)).is_formed).sum() > 50
        pair.edit(Recover("exc", range(150)))
        pair.advance(50)
        check_elements(pair)
        pair.compare()


def test_elements_move_between_numbers_of_ranks(ranks: Ranks) -> None:
    network = wide(growing(), "exc")
    straight, back = CpuEngine(network, threads=1), CpuEngine(network, threads=1)
    there = ClusterEngine(network, ranks, threads=1)
    for engine in (straight, there):
        engine.advance(150)
    straight.advance(150)
    back.restore(there.checkpoint())
    back.advance(75)
    there.restore(back.checkpoint())
    there.advance(75)
    assert_same_state(there.checkpoint(), straight.checkpoint())
    there.close()


# --- one process again ------------------------------------------------------------------------


@pytest.mark.parametrize("make", [signed, by_gradient], ids=["DEEP R", "RigL"])
def test_rules_go_on_in_one_process(ranks: Ranks, make: Callable[[], Network]) -> None:
    network = wide(make())
    straight, back = CpuEngine(network, threads=1), CpuEngine(network, threads=1)
    there = ClusterEngine(network, ranks, threads=1)
    straight.advance(160)
    there.advance(80)
    back.restore(there.checkpoint())
    assert len(back.advance(80).structure) > 20
    assert_same_state(back.checkpoint(), straight.checkpoint())
    there.close()


# --- plastic synapses of sources that not all ranks hear ------------------------------------------


def sparse() -> Network:
    """Sources without a target on the first rank, and a modulator without any synapse."""
    populations = [
        Population("target", 400, "LIFExp"),
        Population("source", 150, "PoissonSource", {"rate": 60.0}),
        Population("dopamine", 20, "PoissonSource", {"rate": 50.0}),
    ]
    rule = FixedIndegree(2)
    return Network(populations, [
        Projection("source", "target", rule, 900.0, 0.7, name="stdp", synapse="STDP",
                   parameters={"W_max": 1500.0}),
        Projection("source", "target", rule, 900.0, 0.7, name="modulated", synapse="STDPDopamine",
                   parameters={"W_max": 1500.0}, modulator="dopamine"),
    ])  # fmt: skip


def test_sources_that_not_all_ranks_hear(several: Ranks) -> None:
    with both(sparse(), several, exchange="point_to_point") as pair:
        assert pair.n_ranks_of("target") > 1
        assert sum(frame.step.size for frame in pair.advance(300, 400)) > 300
        pair.compare()
