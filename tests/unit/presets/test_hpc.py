"""The scalable balanced network has the numbers of the benchmark, at any scale."""

from __future__ import annotations

import math

import numpy as np
import pytest

from snnlab.cpu.engine import CpuEngine
from snnlab.errors import SpecError
from snnlab.presets.hpc import C_M, TAU_M, TAU_SYN, V_TH, drive_rate, hpc, psc_per_psp, strengths


def test_the_full_network_is_the_published_one() -> None:
    network = hpc()
    assert {p.name: p.size for p in network.populations} == {"exc": 9000, "inh": 2250}
    assert network.expected_synapses() == 11_250 * 11_250
    assert network.knob_values == pytest.approx({"g": 5.0, "eta": 1.685, "J": 0.14})
    weights = {p.name: network.weight_of(p).value for p in network.projections}
    assert weights["exc->inh"] == pytest.approx(45.6096, abs=1e-4)
    assert weights["inh->exc"] == pytest.approx(-228.048, abs=1e-3)
    assert not any(p.rule.autapses for p in network.projections)


def test_scale_leaves_indegrees_as_they_are() -> None:
    network = hpc(scale=20.0)
    assert network.n_neurons == 225_000
    assert [p.rule.indegree for p in network.projections] == [9000, 9000, 2250, 2250]


def test_a_weight_is_the_peak_of_the_potential() -> None:
    """The closed form against the membrane equation, integrated in small steps."""
    dt, potential, current, slope, peak = 1e-4, 0.0, 0.0, math.e / TAU_SYN, 0.0
    for _ in range(40_000):
        potential += dt * (-potential / TAU_M + current / C_M)
        current += dt * (slope - current / TAU_SYN)
        slope -= dt * slope / TAU_SYN
        peak = max(peak, potential)
    assert psc_per_psp() == pytest.approx(1.0 / peak, rel=2e-4)


def test_the_drive_is_eta_times_what_reaches_threshold() -> None:
    assert drive_rate() == pytest.approx(20_856.037, abs=1e-3)
    charge = math.e * TAU_SYN * 0.14 * psc_per_psp()  # pA ms
    assert 1e-3 * drive_rate(eta=1.0) * charge * TAU_M / C_M == pytest.approx(V_TH)
    network = hpc(K_scaling=0.2)
    stimulus = network.stimulus("drive of exc")
    mean = network.number(stimulus.rate, "Hz", where="") * network.weight_of(stimulus).value
    assert mean == pytest.approx(drive_rate() * 0.14 * psc_per_psp())  # whatever J is


@pytest.mark.parametrize("k_scaling", [0.05, 0.1, 0.5, 1.0, 2.0])
def test_smaller_indegrees_keep_mean_and_variance_of_the_input(k_scaling: float) -> None:
    g, j = strengths(k_scaling)
    excitation, inhibition = 9000.0 * k_scaling, 2250.0 * k_scaling
    assert j * (g * inhibition - excitation) == pytest.approx(0.14 * (5.0 * 2250.0 - 9000.0))
    variance = j**2 * (g**2 * inhibition + excitation)
    assert variance == pytest.approx(0.14**2 * (25.0 * 2250.0 + 9000.0))
    assert g > 4.0


def test_smaller_indegrees_keep_relative_plasticity() -> None:
    full, small = (hpc(scale=0.1, K_scaling=k, variant="stdp") for k in (1.0, 0.1))
    relative = []
    for network in (full, small):
        projection = network.projection("exc->exc")
        p = network.synapse_parameters_of(projection)
        weight = network.weight_of(projection).value
        up, down = p["learning_rate"] * weight ** (p["mu"] - 1.0), p["learning_rate"] * p["alpha"]
        relative.append((up, down))
    assert relative[0] == pytest.approx((0.1 * 45.6096**-0.6, 0.1 * 0.0513), rel=1e-5)
    assert relative[1] == pytest.approx(relative[0])


def test_only_synapses_between_excitatory_neurons_are_plastic() -> None:
    network = hpc(variant="stdp")
    models = {p.name: p.synapse for p in network.projections}
    assert models.pop("exc->exc") == "STDPPowerLaw"
    assert set(models.values()) == {"Static"}


@pytest.mark.parametrize(
    ("settings", "got"),
    [({"K_scaling": -1.0}, "-1"), ({"K_scaling": 0.03}, "0.03"), ({"scale": 0.0}, "0")],
)
def test_scalings_that_cannot_be_meant_are_refused(settings: dict, got: str) -> None:
    with pytest.raises(SpecError) as caught:
        hpc(**settings)
    assert caught.value.got == got


def test_an_unknown_variant_gets_the_nearest() -> None:
    with pytest.raises(SpecError) as caught:
        hpc(variant="ignore")
    assert "'ignore_and_fire'" in caught.value.remedy


def rates(**settings: object) -> dict[str, float]:
    """Mean rate [Hz] of each population from 200 to 700 ms."""
    network = hpc(**settings)
    engine = CpuEngine(network, threads=2)
    engine.advance(2000)
    frame = engine.advance(5000)
    engine.close()
    return {
        p.name: n / p.size / 0.5 for p, n in zip(network.populations, frame.counts, strict=True)
    }


def test_smaller_indegrees_keep_the_rates() -> None:
    """8.2 Hz with full in-degrees at scale 4; 7.5 Hz with a tenth of them at the same size."""
    assert rates(scale=0.5, K_scaling=0.1) == pytest.approx({"exc": 8.2, "inh": 8.2}, rel=0.15)


def test_neurons_that_ignore_each_other_fire_at_the_rate_of_the_drive() -> None:
    """Rates do not depend on who is connected to whom, though spikes are delivered."""
    ours = [
        rates(scale=0.2, K_scaling=k, variant="ignore_and_fire", seed=seed)["exc"]
        for seed, k in ((1, 0.001), (1, 0.1), (2, 0.1))
    ]
    assert ours[0] == ours[1]
    assert ours[2] == pytest.approx(ours[1], rel=0.05)
    assert np.all(np.array(ours) > 5.0)
