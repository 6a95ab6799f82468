"""One network on several ranks is the network of one process: spikes, weights, synapses."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
import pytest

import snnlab
from snnlab import presets
from snnlab.cluster import Ranks
from snnlab.cluster.engine import ClusterEngine
from snnlab.cpu.engine import CpuEngine
from snnlab.engine import Engine
from snnlab.errors import RankDied, SpecError
from snnlab.frames.frame import Frame
from snnlab.model.network import Network
from tests.cluster import on_ranks
from tests.features.test_homeostatic import growing
from tests.networks import balanced, layered

pytestmark = [pytest.mark.mpi, pytest.mark.timeout(280)]


def plastic_map() -> Network:
    """STDP, and synapses that come and go from whoever spiked last."""
    return presets.load("topographic_map_slots")


CASES: list[Callable[[], Network]] = [balanced, layered, plastic_map]


def _advanced(engine: Engine, pieces: tuple[int, ...]) -> list[Frame]:
    return [engine.advance(n) for n in pieces]


def _check_equal(frames: list[Frame], expected: list[Frame]) -> None:
    assert sum(frame.step.size for frame in expected) > 50
    for frame, wanted in zip(frames, expected, strict=True):
        np.testing.assert_array_equal(frame.step, wanted.step)
        np.testing.assert_array_equal(frame.neuron, wanted.neuron)
        np.testing.assert_array_equal(frame.counts, wanted.counts)
        for name, samples in wanted.samples.items():
            np.testing.assert_array_equal(frame.samples[name].values, samples.values)
        for column in ("step", "rewiring", "is_formed", "pre", "post"):
            np.testing.assert_array_equal(
                getattr(frame.structure, column), getattr(wanted.structure, column)
            )


def _check_same_state(one: Engine, other: Engine) -> None:
    wanted, got = one.checkpoint().arrays, other.checkpoint().arrays
    assert got.keys() == wanted.keys()
    for name, array in wanted.items():
        np.testing.assert_array_equal(got[name], array, err_msg=name)


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_ranks_compute_what_one_process_does(three: Ranks, make: Callable[[], Network]) -> None:
    network = make()
    alone = CpuEngine(network, threads=1)
    together = ClusterEngine(network, three, threads=1)
    try:
        pieces = (1, 700, 799)
        _check_equal(_advanced(together, pieces), _advanced(alone, pieces))
        _check_same_state(alone, together)
        assert together.report.n_synapses == alone.report.n_synapses
        np.testing.assert_array_equal(together.out_degrees(), alone.out_degrees())
        name = network.projections[0].name
        mine, theirs = alone.synapses(name), together.synapses(name)
        for column in ("pre", "post", "weight", "delay"):
            np.testing.assert_array_equal(getattr(theirs, column), getattr(mine, column))
        for p in network.projections:
            picture, whole = together.weights(p.name), alone.weights(p.name)
            for part in ("matrix", "edges", "counts", "low", "high", "mean"):
                np.testing.assert_array_equal(getattr(picture, part), getattr(whole, part))
    finally:
        together.close()
        alone.close()


def test_only_the_first_rank_gathers_the_state(three: Ranks) -> None:
    engine = ClusterEngine(plastic_map(), three, threads=1)
    engine.advance(200)
    whole = engine.checkpoint().n_bytes
    first, *others = three.call(on_ranks.exported_bytes)
    assert first == whole > 100_000
    assert max(others) < 2_000  # a few numbers of each population
    engine.close()


@pytest.mark.parametrize("make", [plastic_map, layered, growing], ids=lambda make: make.__name__)
def test_state_moves_between_numbers_of_ranks(
    ranks: Ranks, three: Ranks, make: Callable[[], Network]
) -> None:
    network = make()
    straight = CpuEngine(network, threads=1)
    first, second = ClusterEngine(network, ranks), ClusterEngine(network, three)
    back = CpuEngine(network, threads=1)
    try:
        straight.advance(1200)
        first.advance(400)
        second.restore(first.checkpoint())
        second.advance(400)
        back.restore(second.checkpoint())
        back.advance(400)
        _check_same_state(straight, back)
    finally:
        for engine in (straight, first, second, back):
            engine.close()


def test_edits_reach_every_rank(three: Ranks) -> None:
    network = balanced()
    louder = network.replace(knobs=tuple(
        snnlab.Knob(knob.name, knob.value * 1.2) if knob.name == "J" else knob
        for knob in network.knobs
    ))  # fmt: skip
    larger = balanced(1400)
    alone, together = CpuEngine(network, threads=1), ClusterEngine(network, three, threads=1)
    try:
        for engine in (alone, together):
            engine.advance(300)
            engine.apply(louder)
            engine.advance(300)
            engine.apply(larger)
        _check_equal(_advanced(together, (600,)), _advanced(alone, (600,)))
        _check_same_state(alone, together)
    finally:
        together.close()
        alone.close()


def test_an_unknown_exchange_is_refused(ranks: Ranks) -> None:
    with pytest.raises(SpecError, match="point_to_point"):
        ClusterEngine(balanced(), ranks, exchange="smoke signals")


def test_projections_may_go_different_ways(ranks: Ranks) -> None:
    ways = {"a->a": "collective", "b->a": "point_to_point", "c->a": "point_to_point"}
    engine = ClusterEngine(layered(), ranks, exchange=ways)
    assert [share.exchange for share in engine.shares] == ["collective and point to point"] * 2
    engine.close()
    with pytest.raises(SpecError, match="'nowhere'"):
        ClusterEngine(layered(), ranks, exchange={"nowhere": "collective"})


@pytest.mark.parametrize("exchange", ["collective", "point_to_point"])
def test_memory_of_messages_shrinks_after_a_burst(ranks: Ranks, exchange: str) -> None:
    for first, burst, last in ranks.call(on_ranks.buffers_of_a_burst, exchange):
        assert burst.agreed >= 4 * first.agreed
        assert burst.words >= burst.agreed
        assert last.agreed == first.agreed
        assert last.words <= 4 * last.agreed


def test_engine_goes_on_from_a_checkpoint_after_a_rank_died(ranks: Ranks) -> None:
    alone, engine = CpuEngine(balanced(), threads=1), ClusterEngine(balanced(), ranks, threads=1)
    alone.advance(600)
    engine.advance(300)
    kept = engine.checkpoint()
    os.kill(ranks.ranks[1].pid, 9)
    with pytest.raises(RankDied):
        engine.advance(100_000)
    engine.restore(kept)
    engine.advance(600 - kept.step)
    _check_same_state(alone, engine)
    engine.close()
    alone.close()
