"""Networks that simulators are compared on have the published numbers, and numbers alone."""

import json
import math

import pytest

from snnlab.bench.adapters.plain import plain
from snnlab.bench.adapters.simulators import made
from snnlab.bench.bars import Kept
from snnlab.bench.importers.files import import_results
from snnlab.bench.spec import load_spec
from snnlab.bench.table import page, promised
from snnlab.build.expected import expected_total
from snnlab.interop import native_json
from tests.architecture.source import ROOT

SPECS = {
    spec.name: spec
    for folder in ("side_by_side", "ranks")
    for spec in map(load_spec, sorted((ROOT / "benchmarks/specs" / folder).glob("*.yaml")))
}

SYNAPSES = {
    "brunel4k": 1.6e6, "brunel10k": 10e6, "brunel20k": 40e6,
    "microcircuit0.1": 2_988_807, "microcircuit0.1k1": 29_888_099, "microcircuit1": 298_880_968,
    "hpc1": 11_250**2, "brunel_ring2x5k": 5e6, "multi_area4": 15_113_924,
    "coba4k": 0.32e6, "stdp5k": 2.5e6, "stdp10k": 10e6,
    "build-indegree": 40e6, "build-total": 40e6, "build-bernoulli": 40e6,
}  # fmt: skip


def load_folder(name):
    return SPECS[name].folder.name


def network_of(name, seed=1):
    return made(SPECS[name].cells()[0], seed)


def test_every_specification_is_looked_at():
    assert set(SYNAPSES) == set(SPECS)


@pytest.mark.parametrize("name", SYNAPSES)
def test_number_of_synapses(name):
    expected = expected_total(network_of(name))
    assert expected == pytest.approx(SYNAPSES[name], rel=2e-3)
    low, high = SPECS[name].values["checks"]["n_synapses"]
    assert low <= expected <= high
    # Numbers that are drawn may differ by five standard deviations, all others not at all.
    assert high - low <= 10.0 * math.sqrt(expected) + 1e3


@pytest.mark.parametrize("name", SYNAPSES)
def test_simulators_take_turns_on_the_same_network(name):
    cells = SPECS[name].cells()
    simulators = {cell["simulator"] for cell in cells}
    assert {"snnlab", "nest"} <= simulators
    for key in ("model", "parameters", "warmup", "time", "touch", "checks"):
        assert all(cell[key] == cells[0][key] for cell in cells)
    assert cells[0]["time"] == (0.0 if name.startswith("build") else 1000.0)
    assert {cell["threads"] * cell["ranks"] for cell in cells if cell["simulator"] != "brian2"} == {
        2
    }


@pytest.mark.parametrize("name", SYNAPSES)
def test_every_specification_promises_something(name):
    bars = SPECS[name].values["bars"]
    assert bars["nest.construct"] >= 5.0
    assert name.startswith("build") or bars["nest.simulate"] >= 8.0


def test_figures_that_are_told_keep_the_promises():
    """The records behind the table of README.md, judged by the bars of today."""
    files = sorted((ROOT / "benchmarks/records").glob("20261126T01*.jsonl"))
    records = [record for file in files for record in import_results(file)]
    bars = {name: spec.values["bars"] for name, spec in SPECS.items()}
    found = promised(records, bars)
    assert {promise.network for promise in found} == {
        name for name in SYNAPSES if load_folder(name) == "side_by_side"
    }
    assert [str(p) for p in found if p.kept is not Kept.YES] == []
    told = (ROOT / "docs/benchmarks.md").read_text()
    assert told.endswith(page(records, bars).removeprefix("# Benchmark\n"))
    ratios = {p.network: p.value for p in found if p.figure in ("nest.simulate", "nest.construct")}
    for line in (ROOT / "README.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 7 and cells[1].endswith(" s"):
            told = float(cells[5])
            assert any(told == pytest.approx(ratio, rel=0.02) for ratio in ratios.values()), line


@pytest.mark.parametrize("n", [4_000, 10_000, 20_000])
def test_numbers_of_the_balanced_networks(n):
    network = plain(network_of(f"brunel{n // 1000}k", 7))
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
    network = plain(network_of(name))
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
    rates = {f"rate.{p.name}" for p in network.populations}
    assert rates <= set(SPECS[name].values["checks"])


@pytest.mark.parametrize("n", [5_000, 10_000])
def test_numbers_of_the_plastic_networks(n):
    network = plain(network_of(f"stdp{n // 1000}k"))
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
    low, high = SPECS[f"stdp{n // 1000}k"].values["checks"]["weight_mean"]
    assert 0.94 * weight < low < high < 1.04 * weight


@pytest.mark.parametrize("name", SYNAPSES)
def test_files_hold_numbers_only(name):
    data = json.loads(native_json.dumps(plain(network_of(name))))
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
