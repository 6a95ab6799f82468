"""Maps of all sizes are specifications: what they run has the published numbers, PyGeNN, too."""

import math
import subprocess
import sys

import pytest

from snnlab.bench.adapters.adapter import Job
from snnlab.bench.adapters.any_command import AnyCommand
from snnlab.bench.adapters.plain import plain
from snnlab.bench.adapters.simulators import made
from snnlab.bench.measured import measured
from snnlab.bench.process import run_process
from snnlab.bench.science import activity, checks_of, complaint, read_spikes
from snnlab.bench.spec import load_spec
from snnlab.build.expected import expected_total
from tests.architecture.source import ROOT

SPECS = ROOT / "benchmarks/specs"

PYGENN = """
__version__ = "5.0"
class Group:
    def __init__(self, first, n, n_steps):
        self.num_neurons = n
        # Each neuron fires every 50 ms.
        times = [0.1 * step for step in range(n_steps) if step % 500 == 0]
        ids = list(range(n)) * len(times)
        self.spike_recording_data = [([t for t in times for _ in range(n)], ids)]
class Model:
    dt, t, calls = 0.1, 0.0, 0
    neuron_update_time = presynaptic_update_time = postsynaptic_update_time = 0.0
    def build(self): pass
    def load(self, num_recording_timesteps): self.n_steps = num_recording_timesteps
    def step_time(self):
        self.step = getattr(self, "step", 0) + 1
        self.t = self.step / 10
        self.neuron_update_time += 1e-6
    def custom_update(self, group): self.calls += 1
    def get_custom_update_time(self, group): return 1e-6 * self.calls
    def get_custom_update_host_time(self, group): return 0.0
    get_custom_update_remap_time = get_custom_update_host_time
    def pull_recording_buffers_from_device(self): pass
"""
PARAMETERS = """
net_dict, sim_dict = {}, {}
def set_params(net, sim, net_changes, sim_changes):
    return net_changes | {"neuron_param_space_src_corrTrue": {"stim_interval": 20.0},
                          "grid_num_x_default": 16, "update_interval": 1.0}, sim_changes
"""
TOPOMAP = """
import numpy as np
from pygenn import Group, Model
def initialize_topographic_map_model(net):
    n = 256 * net["scale"] ** 2
    return Model(), Group(0, n, 2000), Group(n, n, 2000), "feed-forward", "lateral", "rates"
def initialise_simulation(model, sim): return round(sim["tsim"] / model.dt)
def get_connectivity(p): return np.zeros(1600), np.zeros(1600)
def get_weights(p): return np.full(1600, 0.15)
def set_stimulus_rates(source, side, rates): pass
"""
"""The parts of PyGeNN and of the authors' program that are called, without what they compute."""


def cells(name):
    return load_spec(SPECS / f"{name}.yaml").cells()


@pytest.mark.parametrize("cell", cells("map"), ids=lambda cell: cell.label)
def test_maps_have_the_published_numbers(cell):
    side = 16 * cell["parameters"]["scale"]
    network = plain(made(cell, seed=3))
    assert [p.size for p in network.populations] == [side * side] * 2
    assert expected_total(network) == pytest.approx(4.0 * math.pi * side * side, rel=2e-3)
    rules = {r.projection: (r.every, r.attempts, r.weight, dict(r.parameters))
             for r in network.rewirings}  # fmt: skip
    common = {"w_threshold": 100.0, "p_elim_dep": 1.0, "p_elim_pot": 0.0068}
    attempts = 10 * (side // 16) ** 2
    assert rules == {
        "feed-forward": (1.0, attempts, 200.0, common | {"p_form": 0.16, "sigma_form": 2.5}),
        "lateral": (1.0, attempts, 200.0, common | {"p_form": 1.0, "sigma_form": 1.0}),
    }


def test_sizes_are_those_of_the_publication():
    sides = [16 * cell["parameters"]["scale"] for cell in cells("map")]
    assert sides == [16, 32, 48, 64, 80, 96, 112]


def test_the_authors_program_runs_the_same_maps():
    ours, theirs = cells("map"), cells("map-pygenn")
    for key in ("parameters", "warmup", "time", "checks", "repeats"):
        assert [cell[key] for cell in ours] == [cell[key] for cell in theirs]


def test_pygenn_is_called_and_read(tmp_path, monkeypatch):
    for name, source in (("pygenn", PYGENN), ("topomap/parameters", PARAMETERS),
                         ("topomap/topographic_map_model", TOPOMAP)):  # fmt: skip
        path = tmp_path / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(source)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("TOPOMAP", str(tmp_path / "topomap"))
    (cell,) = load_spec(SPECS / "map-pygenn.yaml").override(
        {"axes.scale": [2], "time": 100.0}
    ).cells()  # fmt: skip
    adapter = AnyCommand()
    job = Job(cell, 3, adapter.tree(cell), tmp_path)
    outcome = run_process(adapter.command(job), timeout_s=60.0)
    assert outcome.status == "ok", outcome.why
    found = measured(outcome.figures)
    assert found.versions == {"pygenn": "5.0"}
    assert found.numbers["n_synapses"] == 3200
    # 1000 steps and 100 updates after the warm-up.
    assert found.phases["simulate/update"] == pytest.approx(1e-3)
    assert found.phases["simulate/rewire"] == pytest.approx(1e-4)
    values = activity(*read_spikes(job.spikes), found) | dict(found.values)
    assert values["rate.target"] == pytest.approx(20.0)
    assert complaint(checks_of(cell["checks"], values)) == ""


def test_pygenn_without_the_authors_program_says_so(tmp_path, monkeypatch):
    (tmp_path / "pygenn.py").write_text(PYGENN)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.delenv("TOPOMAP", raising=False)
    words = ["--scale", "1", "--seed", "1", "--warmup", "0", "--time", "1", "--spikes", "s.npz"]
    done = subprocess.run(
        [sys.executable, str(SPECS / "run_pygenn.py"), *words], cwd=tmp_path, text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "TOPOMAP must name" in done.stderr
