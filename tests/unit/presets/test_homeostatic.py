"""The network that grows has the numbers of NEST's example."""

from __future__ import annotations

import pytest

from snnlab.cpu.engine import CpuEngine
from snnlab.errors import SpecError
from snnlab.presets import load


def test_it_has_the_numbers_of_the_example() -> None:
    network = load("homeostatic")
    assert [p.size for p in network.populations] == [800, 200]
    assert network.expected_synapses() == 0
    for name, target in (("exc", 0.05), ("inh", 0.2)):
        elements = network.elements_of(name)
        assert network.calcium_of(elements) == {"tau_Ca": 10000.0, "beta_Ca": 0.001, "Ca": 0.0}
        growth = network.growth_of(elements)
        assert {numbers["eps"] for numbers in growth.values()} == {target}
        fast = 4e-4 if name == "inh" else 1e-4
        assert growth["Den_ex"]["growth_rate"] == pytest.approx(fast)
        assert growth["Den_in"]["growth_rate"] == pytest.approx(1e-4)
    assert {network.rewiring_steps_of(r) for r in network.rewirings} == {10_000}


def test_speed_keeps_the_target() -> None:
    network = load("homeostatic", N=20, speed=4.0)
    shared = network.calcium_of(network.elements_of("exc"))
    assert shared["tau_Ca"] * shared["beta_Ca"] == pytest.approx(10.0)
    assert {network.rewiring_steps_of(r) for r in network.rewirings} == {2500}
    with pytest.raises(SpecError, match="at least 5"):
        load("homeostatic", N=4)


def test_it_begins_to_grow() -> None:
    engine = CpuEngine(load("homeostatic", N=100, speed=20.0, dt=0.5), threads=1)
    frame = engine.advance(2000)
    assert frame.structure.is_formed.sum() > 20
    assert engine.synaptic_elements("exc").Ca.mean() > 0.005
