"""The plastic balanced network has the numbers of the benchmark and stays irregular."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.analysis.irregularity import mean_cv
from snnlab.cpu.engine import CpuEngine
from snnlab.presets.stdp import stdp


def test_only_synapses_between_excitatory_neurons_are_plastic() -> None:
    network = stdp()
    assert {p.name: p.synapse for p in network.projections} == {
        "exc->exc": "STDP", "exc->inh": "Static", "inh->exc": "Static", "inh->inh": "Static",
    }  # fmt: skip
    assert network.expected_synapses() == 2_500_000
    parameters = network.synapse_parameters_of(network.projection("exc->exc"))
    start = network.weight_of(network.projection("exc->exc")).value
    assert parameters["W_max"] == pytest.approx(2.0 * start)
    assert parameters["alpha"] == 1.05


def test_weights_spread_around_where_they_began() -> None:
    """About 6 % after a second, as in NEST and Brian2; the mean stays within 2 %."""
    engine = CpuEngine(stdp(N=2000), threads=2)
    start = engine.synapses("exc->exc").weight.mean()
    frame = engine.advance(11_000)
    weight = engine.synapses("exc->exc").weight / start
    assert 0.97 < weight.mean() < 1.03
    assert 0.03 < weight.std() < 0.12
    late = frame.step > 1000
    assert mean_cv(frame.times[late], frame.neuron[late], 2000) == pytest.approx(1.0, abs=0.25)
    assert np.all((weight >= 0) & (weight <= 2.0 + 1e-6))
