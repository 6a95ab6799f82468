"""Simulators as the runner sees them: commands, versions, and what is refused."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from snnlab.bench.adapters.adapter import Job
from snnlab.bench.adapters.choice import adapter_for
from snnlab.bench.environment import environment_of_run, told_environment
from snnlab.bench.one_run import Arm, run_once
from snnlab.bench.spec import Cell, spec_from
from snnlab.bench.tree import Tree, own_tree, tree_of
from snnlab.cuda.available import obstacle
from snnlab.cuda.probe import look
from snnlab.errors import SpecError
from tests.architecture.source import ROOT

SMALL = {"N": 500}


def cell_of(**values: object) -> Cell:
    own = {"model": "brunel", "parameters": SMALL, "warmup": 10, "time": 50}
    (cell,) = spec_from("small", **(own | values)).cells()
    return cell


def test_snnlab_is_run_with_all_that_was_asked_for(tmp_path: Path) -> None:
    adapter = adapter_for("snnlab", {"snnlab": "/opt/python"})
    cell = cell_of(threads=2, precision="float64", device="cuda", ranks=3)
    words = adapter.command(Job(cell, 7, own_tree(), tmp_path))
    assert words[0] == "/opt/python"
    options = dict(zip(words[3::2], words[4::2], strict=True))
    assert words[2] == "brunel"
    assert options == {
        "--parameters": '{"N": 500}', "--seed": "7", "--device": "cuda", "--ranks": "3",
        "--precision": "float64", "--threads": "2", "--warmup": "10", "--time": "50",
        "--spikes": str(tmp_path / "spikes.npz"),
    }  # fmt: skip


def test_a_real_run_gives_phases_counts_and_versions() -> None:
    cell = cell_of(checks={"rate": [10, 200]})
    run = run_once(Arm(cell, adapter_for("snnlab"), own_tree()), 3)
    assert run.status == "ok", run.why
    assert {"construct", "compile", "presim", "simulate", "simulate/update"} <= set(run.phases)
    parts = sum(s for path, s in run.phases.items() if path.startswith("simulate/"))
    assert 0.0 < parts <= 1.05 * run.phases["simulate"]
    assert run.numbers["n_synapses"] == 500 * 50
    assert run.numbers["n_syn_events"] == 50 * run.numbers["n_spikes"]
    assert run.versions["snnlab"]
    again = run_once(Arm(cell, adapter_for("snnlab"), own_tree()), 3)
    assert again.numbers["n_spikes"] == run.numbers["n_spikes"]


@pytest.mark.mpi
@pytest.mark.timeout(120)
def test_ranks_give_the_same_spikes() -> None:
    cells = [cell_of(), *(cell_of(ranks=2, exchange=e) for e in ("point_to_point", "collective"))]
    alone, *ranks = (run_once(Arm(cell, adapter_for("snnlab"), own_tree()), 3) for cell in cells)
    for run in ranks:
        assert run.status == "ok", run.why
        assert run.numbers["n_spikes"] == alone.numbers["n_spikes"]
        assert run.values["cv"] == alone.values["cv"]
        assert run.phases["simulate/communicate"] > 0.0
        assert run.n_bytes["peak"] > 2 * alone.n_bytes["peak"]  # of this process, and of both


def test_construction_alone_has_no_simulation_and_may_touch_memory_before() -> None:
    cell = cell_of(time=0, warmup=0, touch=0.01, checks={"n_synapses": [25000, 25000]})
    assert adapter_for("snnlab").command(Job(cell, 1, own_tree(), Path()))[-2:] == [
        "--touch", "0.01",
    ]  # fmt: skip
    run = run_once(Arm(cell, adapter_for("snnlab"), own_tree()), 1)
    assert run.status == "ok", run.why
    assert run.phases["construct"] > 0.0
    assert "simulate" not in run.phases


def test_another_installation_is_not_measured_by_mistake(tmp_path: Path) -> None:
    """The tree has no snnlab, so that the program finds the installed one."""
    tree = replace(own_tree(), folder=tmp_path)
    adapter = adapter_for("snnlab")
    run = run_once(Arm(cell_of(), adapter, tree), 1)
    assert run.status == "failed"
    assert "version that is measured" in run.why or "No module named" in run.why


@pytest.mark.parametrize("device", ["cuda", "cuda:0"])
def test_what_cannot_run_here_says_why(device: str) -> None:
    reason = adapter_for("snnlab").missing(cell_of(device=device))
    assert bool(reason) is (obstacle(look(), 0) is not None)
    assert "one CPU" in adapter_for("nest").missing(cell_of(device=device))
    nowhere = adapter_for("brian2", {"brian2": "/nowhere/python"})
    assert "/nowhere/python" in nowhere.missing(cell_of())
    command = cell_of(simulator="command", command=["no-such-program"])
    assert "no-such-program" in adapter_for("command").missing(command)


def test_ranks_on_gpus_are_refused_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = adapter_for("snnlab")
    cell = cell_of(device="cuda", ranks=2)
    assert bool(adapter.missing(cell)) is (obstacle(look(), 0) is not None)
    assert "device cuda, not cuda:1" in adapter.missing(cell_of(device="cuda:1", ranks=2))
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("snnlab.cluster.mpi.sysconfig.get_path", lambda name: "/nowhere")
    assert "mpiexec: must be there to start ranks" in adapter.missing(cell)


def test_names_in_a_command_are_filled_in_and_nothing_else(tmp_path: Path) -> None:
    words = ["{python}", "x.py", "--n={N}", "{seed}", "{time}", "$HOME `ls` {{}}"]
    cell = cell_of(simulator="command", command=words)
    job = Job(cell, 4, Tree(tmp_path), tmp_path)
    assert adapter_for("command").command(job) == [
        sys.executable, "x.py", "--n=500", "4", "50", "$HOME `ls` {{}}",
    ]  # fmt: skip
    wrong = Job(
        replace(cell, values=cell.values | {"command": ("{home}",)}), 4, Tree(tmp_path), tmp_path
    )
    with pytest.raises(SpecError, match="must use names that are there"):
        adapter_for("command").command(wrong)


def test_a_run_sees_little_of_the_environment() -> None:
    have = {"PATH": "/bin", "MY_TOKEN": "x", "PYTHONPATH": "/mine", "OMP_NUM_THREADS": "64"}
    found = environment_of_run(2, Path("/tree"), environment=have)
    assert "MY_TOKEN" not in found
    assert (found["PYTHONPATH"], found["OMP_NUM_THREADS"]) == ("/tree", "2")
    assert "PATH" not in told_environment(found)


def test_a_folder_without_git_has_no_version(tmp_path: Path) -> None:
    assert tree_of(tmp_path) == Tree(tmp_path)
    tree = tree_of(ROOT)
    assert (tree.folder, len(tree.commit)) == (ROOT, 40)
    assert tree.commit_order > 100
    assert Tree.from_facts(tree.folder, tree.facts()) == tree


def test_nest_translates_the_network_and_its_timers_count_on() -> None:
    nest = adapter_for("nest")
    cell = cell_of(
        simulator="nest", model="hpc", parameters={"scale": 0.1, "K_scaling": 0.1}, time=200,
        warmup=100, checks={"rate": [3, 15]},
    )  # fmt: skip
    if reason := nest.missing(cell):  # there is a wheel for Linux alone
        assert "has no package nest" in reason
        assert sys.platform != "linux"
        return
    run = run_once(Arm(cell, nest, nest.tree(cell)), 1)
    assert run.status == "ok", run.why
    assert run.versions["nest"]
    start, before, after = run.raw["time_simulate"]
    assert start <= before <= after
    assert after - before == pytest.approx(run.phases["simulate"], rel=0.2)
    assert run.numbers["n_synapses"] == 1125 * 1125
