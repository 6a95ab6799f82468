"""Interleaving: who runs when, which setting goes on, and peers that hang, die or are missing."""

import sys
from dataclasses import dataclass, replace

import pytest

from benchmarks.models import Model
from benchmarks.records import check
from benchmarks.rounds import Plan, run_rounds
from benchmarks.simulators import Simulator, simulators
from tests.networks import balanced

RUNS = """
import json, sys
import numpy as np
network, spikes = json.load(open(sys.argv[1])), sys.argv[2]
assert network["seed"] >= 1
draw = np.random.default_rng(network["seed"])
n = sum(p["size"] for p in network["populations"])
np.savez(spikes, step=draw.integers(0, 5000, 10 * n), neuron=draw.integers(0, n, 10 * n))
seconds = {"slow": 2.0, "quick": 1.0}.get(sys.argv[-1], 0.5)
print(json.dumps({"phases": {"construct": 0.1, "simulate": seconds}, "n_synapses": 100 * n,
                  "bytes": {"peak": 1000}, "versions": {"fake": "1"}}))
"""
SILENT = RUNS.replace("10 * n", "0 * n")
DIES = "import sys; sys.exit('out of memory')"
HANGS = "import time; time.sleep(600)"
SAYS_NOTHING = 'print(\'{"phases": {"presim": 1.0}}\')'
IMPOSSIBLE = RUNS.replace('"construct": 0.1', '"construct": -0.1')
INVENTED = RUNS.replace('"versions"', '"joy": 1, "versions"')
WITHOUT_SPIKES = RUNS.replace("np.savez(spikes, ", "dict(")


@dataclass(frozen=True)
class Scripted(Simulator):
    """A simulator that is a few lines of Python."""

    source: str = RUNS

    def command(self, setting, network, spikes, **_):
        return [self.python, "-c", self.source, str(network), str(spikes), *setting]

    def missing(self):
        return "not here" if self.source == "" else ""


MODEL = Model(lambda seed: balanced(1000, seed=seed), rate=(10.0, 30.0), time=500.0)


def scripted(name="snnlab", source=RUNS, settings=((),)):
    return Scripted(name, sys.executable, settings, source=source)


def records_of(*them, models=None, **options):
    plan = Plan(models or {"m": MODEL}, {s.name: s for s in them}, threads=1, **options)
    records = list(run_rounds(plan, say=lambda _: None))
    for record in records:
        check(record)
    return records


def test_simulators_alternate_and_so_does_who_begins():
    records = records_of(scripted("snnlab"), scripted("nest"), rounds=3)
    assert [(r["round"], r["simulator"]) for r in records] == [
        (1, "snnlab"), (1, "nest"), (2, "nest"), (2, "snnlab"), (3, "snnlab"), (3, "nest"),
    ]  # fmt: skip
    assert {r["seed"] for r in records} == {1, 2, 3}
    assert len({r["session"] for r in records}) == 1


def test_figures_follow_from_what_was_printed_and_from_the_spikes():
    (record,) = records_of(scripted(), rounds=1)
    figures = record["figures"]
    assert record["versions"] == {"fake": "1"}
    assert figures["n_spikes"] == 10_000
    assert figures["rate"] == pytest.approx(20.0)
    assert figures["real_time_factor"] == pytest.approx(1.0)
    assert figures["ns_per_event"] == pytest.approx(0.5e9 / 1e6)
    assert figures["bytes_per_synapse"] == pytest.approx(0.01)


def test_all_settings_run_once_and_the_fastest_goes_on():
    peer = scripted("brian2", settings=(("slow",), ("quick",), ("slow", "too", "slow")))
    settings = [r["setting"] for r in records_of(peer, rounds=3)]
    assert settings == ["slow", "quick", "slow too slow", "quick", "quick"]


@pytest.mark.parametrize(
    ("source", "status", "why"),
    [
        (DIES, "failed", "out of memory"),
        (HANGS, "timeout", "not done after 2 s"),
        (SILENT, "regime", "rate 0 Hz, expected 10 ... 30 Hz"),
        (SAYS_NOTHING, "failed", "gave no build_s, n_synapses, peak_bytes, simulate_s, spikes"),
        (WITHOUT_SPIKES, "failed", "gave no spikes"),
        (IMPOSSIBLE, "failed", "a phases.construct that is finite and at least 0 (got -0.1)"),
        (INVENTED, "failed", "must be an existing name (got 'joy')"),
        ("", "skipped", "not here"),
    ],
)
def test_peer_in_trouble_is_recorded_and_the_others_go_on(source, status, why):
    slow_peers = (("quick",),) if source else (("slow",), ("quick",))
    peer = scripted("nest", source, slow_peers)
    records = records_of(peer, scripted("snnlab"), rounds=2, timeout_s=2.0 if why[0] == "n" else 60)
    found = {r["simulator"]: [] for r in records}
    for r in records:
        found[r["simulator"]].append((r["status"], why in r["why"]))
    assert found["nest"] == [(status, True)] * 2
    assert [s for s, _ in found["snnlab"]] == ["ok"] * 2


def test_model_that_a_peer_cannot_run_is_said_to_be_left_out():
    model = replace(MODEL, skip={"brian2": "too large"})
    records = records_of(scripted("brian2"), models={"m": model}, rounds=1)
    assert [(r["status"], r["why"]) for r in records] == [("skipped", "too large")]


def test_busy_runs_stand_beside_quiet_ones():
    records = records_of(scripted("snnlab"), scripted("nest"), rounds=2, busy=["snnlab"])
    kinds = [(r["simulator"], r["busy"]) for r in records]
    assert kinds == [
        ("snnlab", False), ("snnlab", True), ("nest", False),
        ("nest", False), ("snnlab", False), ("snnlab", True),
    ]  # fmt: skip


def test_interpreter_without_the_package_is_missing():
    nest = simulators(["nest"], {"nest": "/nowhere/python"}, 2)["nest"]
    assert "/nowhere/python" in nest.missing()
    absent = Simulator("no_such_simulator", sys.executable)
    assert "no package no_such_simulator" in absent.missing()
    assert simulators([], {}, 2)["snnlab"].missing() == ""


def test_brian2_runs_with_both_precisions_and_numbers_of_threads():
    assert len(simulators(["brian2"], {}, 2)["brian2"].settings) == 4
    assert len(simulators(["brian2"], {}, 1)["brian2"].settings) == 2


def test_every_way_to_exchange_runs_in_every_round():
    ranks = scripted("ranks", settings=(("quick",), ("slow",)))
    every = replace(ranks, runs_all=True)
    assert [r["setting"] for r in records_of(every, rounds=2)] == ["quick", "slow"] * 2


@pytest.mark.mpi
@pytest.mark.timeout(200)
def test_ranks_give_the_spikes_of_one_process():
    them = simulators(["ranks"], {}, 2)
    records = records_of(*them.values(), models={"m": replace(MODEL, rate=None)}, rounds=1)
    assert [(r["simulator"], r["setting"], r["status"]) for r in records] == [
        ("snnlab", "", "ok"),
        ("ranks", "--exchange point_to_point", "ok"),
        ("ranks", "--exchange collective", "ok"),
    ]
    first, *others = (r["figures"] for r in records)
    for figures in others:
        assert figures["rates"] == first["rates"]
        assert (figures["n_spikes"], figures["cv"]) == (first["n_spikes"], first["cv"])
        assert figures["timings"]["exchange"] > 0
    assert simulators(["ranks"], {"ranks": sys.executable}, 2)["ranks"].missing() == ""
