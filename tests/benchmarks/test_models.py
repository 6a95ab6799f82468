"""The timed networks have the published numbers, and files of them hold nothing but numbers."""

import json
import math

import numpy as np
import pytest

from benchmarks.activity import activity, complaint
from benchmarks.models import MODELS
from snnlab.bench.adapters.plain import plain
from snnlab.build.expected import expected_total
from snnlab.interop import native_json
from snnlab.model.network import Network
from tests.networks import balanced

SYNAPSES = {
    "brunel4k": 1.6e6, "brunel10k": 10e6, "brunel20k": 40e6,
    "microcircuit0.1": 2_988_807, "microcircuit0.1k1": 29_888_099, "microcircuit1": 298_880_968,
    "hpc0.2k0.1": 2250 * 1125, "hpc0.2k0.1-stdp": 2250 * 1125, "hpc1": 11_250**2,
    "hpc0.5": 11_250 * 5_625, "brunel_ring1x5k": 2.5e6, "brunel_ring2x5k": 5e6,
    "multi_area4": 15_113_924, "brunel_ring4": 0.4e6,
    "coba4k": 0.32e6, "stdp5k": 2.5e6, "stdp10k": 10e6,
    "build-indegree": 40e6, "build-total": 40e6, "build-bernoulli": 40e6,
}  # fmt: skip


@pytest.mark.parametrize("name", SYNAPSES)
def test_number_of_synapses(name):
    assert expected_total(MODELS[name].make(1)) == pytest.approx(SYNAPSES[name], rel=2e-3)


@pytest.mark.parametrize("n", [4_000, 10_000, 20_000])
def test_numbers_of_the_balanced_networks(n):
    network = plain(MODELS[f"brunel{n // 1000}k"].make(7))
    k_exc = n // 10 * 4 // 5
    weight = 0.2 * math.sqrt(800 / k_exc)
    assert network.seed == 7
    assert [p.size for p in network.populations] == [n * 4 // 5, n // 5]
    found = {p.name: (p.rule.indegree, p.weight.value, p.delay.value) for p in network.projections}
    for post in ("exc", "inh"):
        assert found[f"exc->{post}"] == pytest.approx((k_exc, weight, 1.5))
        assert found[f"inh->{post}"] == pytest.approx((k_exc / 4, -6.0 * weight, 1.5))
    # Twice the rate that reaches threshold, from k_exc external synapses.
    rate = 2.0 * k_exc * 20.0 / (weight * k_exc * 20.0) * 1000.0
    assert [s.rate for s in network.stimuli] == pytest.approx([rate, rate])
    neuron = network.populations[0].parameters
    expected = {"tau_m": 20.0, "V_th": 20.0, "V_reset": 10.0, "E_L": 0.0, "t_ref": 2.0}
    assert {name: neuron[name] for name in expected} == expected


@pytest.mark.parametrize("name", ["microcircuit0.1", "microcircuit0.1k1", "microcircuit1"])
def test_numbers_of_the_microcircuits(name):
    network = plain(MODELS[name].make(1))
    k_scale = 0.1 if name == "microcircuit0.1" else 1.0
    projections = {p.name: p for p in network.projections}
    weight = 87.8088 / math.sqrt(k_scale)
    assert projections["L4E->L4E"].weight.mean == pytest.approx(weight, rel=1e-4)
    assert projections["L4E->L23E"].weight.mean == pytest.approx(2 * weight, rel=1e-4)
    assert projections["L4I->L4E"].weight.mean == pytest.approx(-4 * weight, rel=1e-4)
    assert (projections["L4E->L4E"].delay.mean, projections["L4E->L4E"].delay.std) == (1.5, 0.75)
    assert [s.rate for s in network.stimuli] == pytest.approx(
        [8.0 * k_scale * k for k in (1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100)]
    )
    currents = [p.parameters["I_e"] for p in network.populations]
    assert all(c > 0 for c in currents) if k_scale < 1 else currents == [0.0] * 8


@pytest.mark.parametrize("n", [5_000, 10_000])
def test_numbers_of_the_plastic_networks(n):
    network = plain(MODELS[f"stdp{n // 1000}k"].make(1))
    plastic = [p for p in network.projections if p.synapse != "Static"]
    assert [(p.name, p.synapse, p.delay.value, p.dendritic_fraction) for p in plastic] == [
        ("exc->exc", "STDP", 1.5, 1.0)
    ]
    weight = 0.2 * math.sqrt(800 / (n // 10 * 4 // 5))
    assert plastic[0].weight.value == pytest.approx(weight)
    assert plastic[0].parameters == pytest.approx({
        "tau_plus": 20.0, "tau_minus": 20.0, "learning_rate": 0.01, "alpha": 1.05,
        "W_max": 2.0 * weight,
    })  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_files_hold_numbers_only(name):
    data = json.loads(native_json.dumps(plain(MODELS[name].make(1))))
    assert data["knobs"] == []
    for projection in data["projections"]:
        assert isinstance(projection["weight"], dict)
        assert isinstance(projection["delay"], dict)
        assert projection["receptor"]
    for stimulus in data["stimuli"]:
        numbers = [
            v for k, v in stimulus.items() if k not in ("kind", "name", "target", "receptor")
        ]
        assert not any(isinstance(value, str) for value in numbers)
    for population in data["populations"]:
        values = [*population["parameters"].values(), *population["initial"].values()]
        assert not any(isinstance(value, str) for value in values)


# --- what a run must have done --------------------------------------------------------------------


def spikes_of(path, network, rate, duration):
    """Poisson spikes of all neurons."""
    draw = np.random.default_rng(1)
    n = draw.poisson(rate * 1e-3 * duration * network.n_neurons)
    step = draw.integers(0, round(duration / network.dt), n)
    np.savez(path, step=step, neuron=draw.integers(0, network.n_neurons, n))
    return n


def test_activity_counts_spikes_and_events(tmp_path):
    network = balanced(1000)
    n = spikes_of(tmp_path / "s.npz", network, rate=25.0, duration=2000.0)
    found = activity(network, tmp_path / "s.npz", 2000.0)
    assert found["n_spikes"] == n
    assert found["n_events"] == 100 * n  # in- and out-degree of every neuron
    assert found["rate"] == pytest.approx(25.0, rel=0.03)
    assert found["rates"] == pytest.approx([25.0, 25.0], rel=0.05)
    assert found["cv"] == pytest.approx(1.0, abs=0.1)


def test_events_weigh_each_population_by_its_outdegree(tmp_path):
    network = balanced(1000)
    few = [p for p in network.projections if p.name != "inh->exc"]
    network = network.replace(projections=few)
    np.savez(tmp_path / "s.npz", step=[0, 0, 0], neuron=[0, 1, 999])
    assert activity(network, tmp_path / "s.npz", 100.0)["n_events"] == 2 * 100 + 20


def judged(name, **changes) -> str:
    model = MODELS[name]
    network: Network = model.make(1)
    middle = {"rate": sum(model.rate) / 2, "cv": sum(model.cv) / 2}
    figures = middle | {"n_synapses": round(network.expected_synapses())} | changes
    return complaint(model, network, figures)


def test_weights_that_ran_away_are_another_regime():
    start = 0.2 * math.sqrt(800 / 400)
    assert judged("stdp5k", weight_mean=0.99 * start) == ""
    assert "weight 0.5 of the start" in judged("stdp5k", weight_mean=0.5 * start)


def test_model_in_its_regime_is_accepted():
    assert judged("coba4k") == ""
    assert judged("microcircuit1") == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rate": 0.0, "cv": None}, "rate 0 Hz, expected 14 ... 26 Hz; cv undefined"),
        ({"rate": 80.0}, "rate 80 Hz"),
        ({"cv": 0.1}, "cv 0.1, expected 1.2 ... 1.9"),
        ({"n_synapses": 1000}, "1000 synapses, expected 320000"),
    ],
)
def test_another_regime_is_not(changes, words):
    assert words in judged("coba4k", **changes)
