"""Weights of plastic synapses take the way that they take in NEST, under the same spikes.

The weight is compared at every presynaptic spike of a second, relative to the largest one there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from snnlab.cpu.engine import CpuEngine
from snnlab.model.network import Network
from snnlab.model.synapse import lookup
from snnlab.model.synapses.stdp_dopamine import STDPDopamine
from snnlab.rules.intrinsics import max, min
from tests.peers.in_nest import NestRun, run_in_nest
from tests.peers.plastic_synapses import (
    CASES,
    DURATION,
    N_POST,
    N_PRE,
    plastic,
    short_term,
)

TOLERANCE = {"float64": 1e-9, "float32": 2e-6}
EVERY_STEP = {"float64": 1e-9, "float32": 1e-5}
"""Of rules that round their state in every step, not at spikes alone."""

Runs = dict[str, tuple[Network, NestRun]]


@pytest.fixture(scope="module")
def in_nest() -> Runs:
    """Synapse model -> the network and its run in NEST."""
    networks = [plastic(synapse) for synapse in CASES]
    runs = run_in_nest(networks, DURATION)
    return dict(zip(CASES, zip(networks, runs, strict=True), strict=True))


def recorded(run: NestRun, column: str) -> NDArray[np.float64]:
    """A column of what NEST says of the weights."""
    return run.samples[f"weights of plastic/{column}"]


def weights(network: Network, run: NestRun, precision: str) -> NDArray[np.float64]:
    """Our weights at the presynaptic spikes that NEST has recorded, in its order."""
    engine = CpuEngine(network, threads=1, precision=precision)
    first_pre, first_post = network.first_id("pre"), network.first_id("post")
    found = []
    for step in np.unique(recorded(run, "step")):
        # Dopamine acts on at the end of the step: NEST says what the weight was before.
        last = int(step) + (network.projection("plastic").modulator == "")
        engine.advance(last - engine.step)
        synapses = engine.synapses("plastic")
        table = np.zeros((N_PRE, N_POST))
        table[synapses.pre - first_pre, synapses.post - first_post] = synapses.weight
        now = recorded(run, "step") == step
        ends = (recorded(run, c)[now].astype(int) for c in ("pre", "post"))
        found.append(table[tuple(ends)])
    return np.concatenate(found)


def deviation(network: Network, run: NestRun, precision: str) -> float:
    """Largest difference of the weights, relative to the largest weight."""
    theirs = recorded(run, "weight")
    assert theirs.size > 300
    assert np.ptp(theirs) > 0.05 * np.abs(theirs).max(), "weights that stay prove nothing"
    apart = np.abs(weights(network, run, precision) - theirs).max()
    return float(apart / np.abs(theirs).max())


@pytest.mark.parametrize(
    "parameters",
    [{"U": 0.5, "tau_rec": 300.0}, {"U": 0.1, "tau_rec": 100.0, "tau_fac": 700.0}],
    ids=["depressing", "facilitating"],
)
def test_short_term_plasticity_moves_the_voltage_as_in_nest(parameters: dict[str, float]) -> None:
    network = short_term(parameters)
    (run,) = run_in_nest([network], DURATION)
    engine = CpuEngine(network, threads=1, precision="float64")
    found = engine.advance(round(DURATION / network.dt)).samples["voltage"]
    theirs = run.samples["voltage/V_m"]
    ours = found.values[: len(theirs), 0]
    assert np.ptp(theirs) > 0.3
    np.testing.assert_allclose(ours, theirs, atol=1e-6 * np.abs(theirs).max())
    other = CpuEngine(short_term(parameters | {"U": 0.4}), threads=1).advance(10_000)
    assert np.abs(other.samples["voltage"].values[:, 0] - theirs[:10_000]).max() > 0.05


@pytest.mark.parametrize("precision", TOLERANCE)
@pytest.mark.parametrize("synapse", CASES)
def test_weights_take_the_way_of_nest(in_nest: Runs, synapse: str, precision: str) -> None:
    tolerance = EVERY_STEP if lookup(synapse).has_every_step() else TOLERANCE
    assert deviation(*in_nest[synapse], precision) < tolerance[precision]


class RoundedFactor(STDPDopamine):
    """Multiplies by a factor close to 1, which is rounded the same way in every step."""

    @staticmethod
    def every_step(syn: Any, pre: Any, post: Any, mod: Any, p: Any) -> None:
        gained = syn.c * (mod.n * p.with_dopamine - p.without) - syn.lost
        weight = syn.weight + gained
        syn.lost = (weight - syn.weight) - gained
        syn.weight = min(max(weight, p.W_min), p.W_max)
        syn.c = syn.c * (1.0 + p.change_c)


def test_single_precision_needs_care_in_every_step(in_nest: Runs) -> None:
    network, run = in_nest["STDPDopamine"]
    careless = network.replace(
        projections=tuple(
            replace(p, synapse="RoundedFactor") if p.name == "plastic" else p
            for p in network.projections
        )
    )
    assert deviation(careless, run, "float64") < EVERY_STEP["float64"]
    assert deviation(careless, run, "float32") > EVERY_STEP["float32"]


CHANGES = {"delay": 1.4, "learning_rate": 0.0201, "tau_minus": 30.1, "alpha": 1.11}


@pytest.mark.parametrize("change", CHANGES)
def test_the_comparison_of_weights_bites(in_nest: Runs, change: str) -> None:
    _, run = in_nest["STDP"]
    changed = plastic("STDP", **{change: CHANGES[change]})
    assert deviation(changed, run, "float32") > 10 * TOLERANCE["float32"]
