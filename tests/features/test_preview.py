"""What is told of a network before it is built, beside what it then holds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from snnlab import presets
from snnlab.cpu import machine_speed, work
from snnlab.cpu.built import build
from snnlab.cpu.cost import cost_of
from snnlab.cpu.engine import CpuEngine
from snnlab.model.connectivity import (
    AllToAll,
    FixedIndegree,
    FixedOutdegree,
    FixedTotalNumber,
    PairwiseBernoulli,
)
from snnlab.model.distribution import Uniform
from snnlab.model.network import Network, Population, Projection
from snnlab.presets import card
from tests.networks import balanced

EXACT = ("brunel", "brunel_ring", "hpc", "microcircuit", "multi_area", "stdp")
"""Presets whose rules fix the number of synapses."""

RULES = {
    "in-degree": FixedIndegree(20),
    "out-degree": FixedOutdegree(20),
    "total": FixedTotalNumber(9000),
    "all": AllToAll(),
    "Bernoulli": PairwiseBernoulli(0.05),
}


def held(network: Network, threads: int) -> int:
    """Bytes of the arrays that are there once it is built."""
    return build(network, threads=threads, precision="float32")[1].n_bytes


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("name", presets.names())
def test_bytes_of_presets(name: str, threads: int) -> None:
    network = presets.load(name, **card(name).settings)
    told, found = cost_of(network, threads=threads, factor=1.0).n_bytes, held(network, threads)
    assert told == (found if name in EXACT else pytest.approx(found, rel=0.02))


def drawn(rule: object, kind: str) -> Network:
    """Two populations, connected by a rule in one of the ways in which synapses are stored."""
    weight = Uniform(0.1, 0.5) if kind == "drawn" else 0.3
    delay = Uniform(1.0, 4.0) if kind == "drawn" else 1.5
    synapse = "STDP" if kind == "plastic" else "Static"
    return Network(
        [
            Population("a", 500, "LIFDelta"),
            Population("b", 300, "LIFExp", {"tau_m": Uniform(9, 20)}),
        ],
        [
            Projection("a", "a", rule, weight, delay, synapse=synapse, name="one"),
            Projection("a", "b", rule, weight, delay, name="two"),
        ],
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["equal", "drawn", "plastic"])
@pytest.mark.parametrize("name", RULES)
def test_bytes_of_drawn_networks(name: str, kind: str) -> None:
    network = drawn(RULES[name], kind)
    told, found = cost_of(network, threads=2, factor=1.0).n_bytes, held(network, 2)
    assert told == pytest.approx(found, rel=0.01)


def test_planted_error_of_a_byte_a_synapse_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from snnlab.build import held as counted

    network = presets.load("brunel", **card("brunel").settings)
    monkeypatch.setitem(counted._BESIDE_TARGET, counted.SHARED, 1)
    assert cost_of(network, threads=1, factor=1.0).n_bytes > 1.1 * held(network, 1)


def test_ranks_share_what_one_process_holds() -> None:
    network = balanced(4000)
    alone, shared = (cost_of(network, threads=1, ranks=n, factor=1.0) for n in (1, 4))
    assert 0.2 * alone.n_bytes < shared.n_bytes < 0.5 * alone.n_bytes
    assert shared.n_synapses == alone.n_synapses


def test_more_is_needed_while_it_is_built_than_afterwards() -> None:
    """Weights that become plastic are drawn as numbers of quantiles first."""
    cost = cost_of(drawn(FixedIndegree(400), "plastic"), threads=1, factor=1.0)
    assert cost.n_bytes < cost.peak_bytes


def test_cost_follows_the_machine_rates_and_sizes() -> None:
    network = balanced(1000)
    usual = cost_of(network, threads=1, factor=1.0)
    assert usual.rate == pytest.approx(8.0)
    slow = cost_of(network, threads=1, factor=2.0)
    assert slow.real_time_factor == pytest.approx(2 * usual.real_time_factor)
    assert slow.build_s == pytest.approx(2 * usual.build_s)
    busy = cost_of(network, {"exc": 100.0, "inh": 100.0}, threads=1, factor=1.0)
    assert busy.real_time_factor > usual.real_time_factor
    finer = cost_of(network.replace(dt=0.05), threads=1, factor=1.0)
    assert finer.real_time_factor > 1.5 * usual.real_time_factor


def factor(name: str, **settings: Any) -> float:
    """The real-time factor that is told of a preset, for the machine of the constants."""
    return cost_of(presets.load(name, **settings), threads=1, factor=1.0).real_time_factor


def test_rules_are_told_by_their_attempts() -> None:
    name, attempts = "topographic_map", {1.0: 10, 2.0: 40}
    added = {s: factor(name, scale=s) - factor(name, scale=s, rewired=False) for s in attempts}
    each = 2 * 1e3 * work._ATTEMPT_S  # two rules, once a millisecond
    assert added[2.0] - added[1.0] == pytest.approx(each * 30, rel=0.3)
    assert added[1.0] > each * 10


def test_stimuli_that_move_are_told_by_how_often_and_whom_they_change() -> None:
    moves, stays = (
        factor("topographic_map_slots", rewired=False, correlated=c) for c in (True, False)
    )
    found = (moves - stays) * 20e-3  # of a change: the blob jumps every 20 ms
    assert found == pytest.approx(work._CHANGE_S + 256 * work._CHANGED_S, rel=0.05)


def test_synaptic_elements_are_told_by_their_number() -> None:
    small, large = (factor("homeostatic", N=n, speed=20.0) for n in (300, 600))
    network = presets.load("homeostatic", N=300, speed=20.0)
    kinds = {e.population: len(e.elements) for e in network.synaptic_elements}
    more = sum(network.population(name).size * n for name, n in kinds.items())
    updates_per_s = 1e3 / (network.rewiring_steps_of(network.rewirings[0]) * network.dt)
    assert large - small > updates_per_s * more * work._GROWN_S
    bare = network.replace(rewirings=(), synaptic_elements=())
    without = cost_of(bare, threads=1, factor=1.0).real_time_factor
    assert small - without > updates_per_s * len(network.rewirings) * work._MATCHED_S


def test_models_with_more_to_do_take_longer() -> None:
    names = ("LIFDelta", "LIFExp", "LIFCondExp", "AdEx")
    took = [work._update_s(Population("a", 1, name).model) for name in names]
    assert took == sorted(took)
    assert np.diff(took).min() > 0


@pytest.fixture
def own_cache(tmp_path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """A cache directory of its own, and what was measured."""
    taken: list[float] = []
    monkeypatch.setattr(machine_speed, "cache_directory", lambda: tmp_path)
    monkeypatch.setattr(machine_speed, "measured_slowness", lambda: taken.append(1.5) or 1.5)
    machine_speed.slowness.cache_clear()
    yield taken
    machine_speed.slowness.cache_clear()


def test_speed_is_measured_once_on_a_machine(own_cache, monkeypatch, tmp_path) -> None:
    for expected in (1, 1):
        machine_speed.slowness.cache_clear()
        assert machine_speed.slowness() == 1.5
        assert len(own_cache) == expected
    machine_speed.slowness.cache_clear()
    monkeypatch.setattr(machine_speed, "machine_class", lambda: "another one")
    machine_speed.slowness()
    assert len(own_cache) == 2
    monkeypatch.setattr(machine_speed, "_ON_REFERENCE", 0.5)
    machine_speed.slowness.cache_clear()
    machine_speed.slowness()
    assert len(own_cache) == 3
    (tmp_path / "machine_speed.json").write_text("[]")
    machine_speed.slowness.cache_clear()
    machine_speed.slowness()
    assert len(own_cache) == 4


def test_speed_of_this_machine_is_a_number_of_its_order() -> None:
    assert 0.1 < machine_speed.measured_slowness() < 20.0


def test_time_in_which_other_programs_compute_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain, advance = machine_speed.measured_slowness(), CpuEngine.advance

    def late(self: CpuEngine, n_steps: int) -> Any:
        time.sleep(0.2)  # many times what the steps take
        return advance(self, n_steps)

    monkeypatch.setattr(CpuEngine, "advance", late)
    assert machine_speed.measured_slowness() < 3 * plain
