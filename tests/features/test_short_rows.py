"""Networks whose rows are short have the synapses and the spikes that they have with long ones."""

from __future__ import annotations

import numpy as np
import pytest

import snnlab.cpu.group_size
from snnlab.build import table
from snnlab.cpu.engine import CpuEngine
from snnlab.cuda.engine import CudaEngine
from snnlab.model.connectivity import (
    Connectivity,
    FixedIndegree,
    FixedOutdegree,
    FixedTotalNumber,
    PairwiseBernoulli,
)
from snnlab.model.distribution import ClippedNormal, Uniform
from snnlab.model.network import Network, Population, Projection
from snnlab.model.rewiring import Rewiring
from snnlab.model.stimuli import PoissonInput
from tests.connectivity import edges_of
from tests.host_device.host_device import HostDevice
from tests.networks import spikes
from tests.twins import assert_same_frame, assert_same_state

RULES = [FixedIndegree(6), FixedTotalNumber(6000), FixedOutdegree(6), PairwiseBernoulli(0.006)]
STEPS = 1000


def sparse(rule: Connectivity, *, is_drawn: bool) -> Network:
    """Two populations with few synapses, of which one row in many has none at all."""
    drawn = ClippedNormal(60.0, 6.0, low=0.0), Uniform(1.0, 3.0)
    weight, delay = drawn if is_drawn else (60.0, 1.5)
    populations = [Population(name, 1000, "LIFExp") for name in "ab"]
    return Network(
        populations,
        [Projection(pre, post, rule, weight, delay) for pre in "ab" for post in "ab"],
        stimuli=[PoissonInput(f"to {name}", name, rate=9000.0, weight=60.0) for name in "ab"],
        seed=5,
    )


def long_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "are_short", lambda counts: False)


@pytest.mark.parametrize("is_drawn", [False, True], ids=["shared", "drawn"])
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_the_synapses_are_the_same(
    rule: Connectivity, is_drawn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = sparse(rule, is_drawn=is_drawn)
    short = edges_of(network, 2)
    long_ones(monkeypatch)
    assert short.equals(edges_of(network, 2))
    assert len(short) > 20_000


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
@pytest.mark.parametrize("is_drawn", [False, True], ids=["shared", "drawn"])
def test_a_device_with_rows_in_bits_does_what_a_processor_does(
    rule: Connectivity, is_drawn: bool
) -> None:
    network = sparse(rule, is_drawn=is_drawn)
    on_device, alone = CudaEngine(network, HostDevice(seed=1)), CpuEngine(network, threads=1)
    assert all(on_device._arrays.drawn.row_bits)
    for n in (1, 99, 200):
        assert_same_frame(on_device.advance(n), alone.advance(n))
    assert_same_state(on_device.checkpoint(), alone.checkpoint())
    assert alone.advance(100).n_spikes > 100


@pytest.mark.parametrize("is_grouped", [False, True], ids=["at once", "in groups"])
@pytest.mark.parametrize("rule", RULES[::3], ids=lambda rule: type(rule).__name__)
def test_the_spikes_are_the_same(
    rule: Connectivity, is_grouped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_grouped:
        monkeypatch.setattr(snnlab.cpu.group_size, "AT_ONCE_BYTES", 0)
        monkeypatch.setattr(snnlab.cpu.group_size, "GROUP_SYNAPSES", 1)
    network = sparse(rule, is_drawn=True)
    engine = CpuEngine(network, threads=2)
    assert engine._built.connections.short_rows
    assert bool(engine._built.sizes.group_steps) == is_grouped
    short = spikes(engine, [STEPS // 3, STEPS - STEPS // 3])
    long_ones(monkeypatch)
    engine = CpuEngine(network, threads=1)
    assert not engine._built.connections.short_rows
    np.testing.assert_array_equal(short, spikes(engine, [STEPS]))
    assert len(short) > 500


def test_rows_that_learn_or_grow_are_long() -> None:
    populations = [Population("a", 500, "LIFExp"), Population("b", 500, "LIFExp")]
    learning = Projection("a", "b", FixedIndegree(4), 60.0, 1.5, synapse="STDP")
    fixed = Projection("b", "a", PairwiseBernoulli(0.008), 60.0, 1.5)
    network = Network(populations, [learning, fixed])
    (short,) = CpuEngine(network, threads=1)._built.connections.short_rows
    assert network.projections[short].name == "b->a"
    grown = Network(populations, [fixed], rewirings=[Rewiring("b->a", "Magnitude")])
    assert not CpuEngine(grown, threads=1)._built.connections.short_rows
