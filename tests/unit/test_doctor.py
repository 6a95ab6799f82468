"""The doctor: every finding is true, and says how to mend what is not."""

from __future__ import annotations

import argparse
import json
import stat
from pathlib import Path

import pytest

from snnlab import doctor
from snnlab.cuda.facts import Facts, Gpu
from snnlab.doctor import Finding, extras, finding, installed, machine


@pytest.fixture(scope="module")
def findings() -> list[Finding]:
    return doctor.diagnose()


def test_this_environment_misses_nothing(findings: list[Finding]) -> None:
    assert [f for f in findings if f.state == "missing"] == []


def test_each_name_appears_once(findings: list[Finding]) -> None:
    names = [f.name for f in findings]
    assert len(set(names)) == len(names)
    wanted = {
        "Python",
        "Cores",
        "Memory",
        "numba",
        "jupyterlab",
        "MPI library",
        "Several ranks",
        "GPU",
    }
    assert wanted <= set(names)


def test_whatever_is_not_ok_can_be_mended(findings: list[Finding]) -> None:
    assert [f for f in findings if (f.state != "ok") != bool(f.mend)] == []


def test_absent_package_names_its_installation() -> None:
    found = installed.package("snnlab-imaginary", ">=2")
    assert found == Finding(
        "snnlab-imaginary", "missing", "not installed", "pip install 'snnlab-imaginary>=2'"
    )


def test_old_package_names_what_is_needed() -> None:
    found = installed.package("numpy", ">=999")
    assert found.state == "missing"
    assert found.found.endswith("needs >=999")


def test_extensions_are_found_where_they_lie(tmp_path: Path) -> None:
    assert installed.widget_extensions([tmp_path]) == set()
    (tmp_path / "anywidget").mkdir()
    (tmp_path / "anywidget/package.json").write_text("{}")
    assert installed.widget_extensions([tmp_path]) == {"anywidget"}


@pytest.mark.parametrize(
    ("quota", "expected"), [("50000 100000", 0.5), ("100000 100000", 1.0), ("150000 100000", None)]
)
def test_container_s_quota_limits_the_cores(
    tmp_path: Path, quota: str, expected: float | None
) -> None:
    free = machine.usable_cores(tmp_path)
    (tmp_path / "cpu.max").write_text(quota + "\n")
    assert machine.usable_cores(tmp_path) == (min(free, 1.5) if expected is None else expected)


def test_no_quota_leaves_all_cores(tmp_path: Path) -> None:
    free = machine.usable_cores(tmp_path)
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert machine.usable_cores(tmp_path) == free >= 1


@pytest.mark.parametrize("name", ["memory.max", "memory/memory.limit_in_bytes"])
def test_container_s_memory_limit(tmp_path: Path, name: str) -> None:
    assert machine.memory_limit(tmp_path) == float("inf")
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("1073741824\n")
    assert machine.memory_limit(tmp_path) == 2**30
    file.write_text("max\n")
    assert machine.memory_limit(tmp_path) == float("inf")


def test_unwritable_folder_is_reported(tmp_path: Path) -> None:
    assert machine.writable("Cache folder", tmp_path / "new").state == "ok"
    (tmp_path / "file").touch()
    found = machine.writable("Cache folder", tmp_path / "file/below")
    assert found.state == "warning"
    assert "Not a directory" in found.found


def executable(path: Path) -> Path:
    path.write_text("#!/bin/sh\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_browser_named_by_the_user_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = executable(tmp_path / "my-browser")
    executable(tmp_path / "chromium")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    assert extras.find_browser() == str(tmp_path / "chromium")
    monkeypatch.setenv("CHROMIUM", str(mine))
    assert extras.find_browser() == str(mine)


def test_absent_browser_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(extras, "MAC_BROWSERS", ())
    found = extras.browser()
    assert (found.state, found.found) == ("warning", "not found")
    assert "apt-get install chromium" in found.mend


def test_what_starts_ranks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = executable(tmp_path / "mpiexec")
    monkeypatch.setattr("snnlab.cluster.mpi.sysconfig.get_path", lambda name: str(tmp_path))
    monkeypatch.setattr(extras, "ask_python", lambda code: "9.2.0\n")
    assert extras.ranks() == Finding("Several ranks", "ok", f"{program}, ipyparallel 9.2.0")
    monkeypatch.setattr(extras, "ask_python", lambda code: "")
    assert extras.ranks().state == "warning"
    program.unlink()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "load the cluster's MPI" in extras.ranks().mend


def test_what_mpi_takes_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"": "straight from their memory", "it says no": "through the host"}
    for refusal, told in asked.items():
        monkeypatch.setattr(
            extras, "ask_python", lambda code, answer=refusal: json.dumps(["Open MPI v5", answer])
        )
        assert extras.mpi().found == f"Open MPI v5; ranks on GPUs send spikes {told}"
    monkeypatch.setattr(extras, "ask_python", lambda code: "")
    assert (extras.mpi().state, extras.mpi().found) == ("warning", "not found")


def test_slurm_without_what_submits_to_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert extras.slurm().found.startswith("submitit 1.")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(extras, "ask_python", lambda code: "")
    assert extras.slurm() == Finding("Batch jobs", "ok", "no Slurm here")
    executable(tmp_path / "sbatch")
    assert "snnlab-jupyter[slurm]" in extras.slurm().mend


def test_gpu_that_can_be_used() -> None:
    facts = Facts(
        driver_cuda=(12, 4), driver="550.54.15", packages=("cupy-cuda12x 14.2.0",), cupy="14.2.0",
        cupy_cuda=(12, 9), nvrtc=(12, 9), gpus=(Gpu("NVIDIA H100", 90, 80 * 2**30),),
    )  # fmt: skip
    found = extras.of_facts(facts)
    assert (found.state, found.mend) == ("ok", "")
    assert found.found == "NVIDIA H100, 80.0 GiB; driver 550.54.15 (CUDA 12.4), CuPy 14.2.0"


def test_gpu_that_cannot_be_used_can_be_mended() -> None:
    found = extras.of_facts(Facts(driver_cuda=(13, 0)))
    assert found == Finding(
        "GPU", "warning", "CuPy: must be installed to compute on a GPU (got no CuPy package).",
        "pip install 'snnlab-jupyter[cuda13]'.",
    )  # fmt: skip


def test_machine_without_a_gpu_lacks_nothing() -> None:
    assert extras.of_facts(Facts()) == Finding("GPU", "ok", "not found, the CPU engine is used")


def test_driver_that_ends_the_process_that_asks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "ask_python", lambda code: "")
    found = extras.gpu()
    assert found.state == "warning"
    assert "show_config" in found.mend


def test_asking_python() -> None:
    assert finding.ask_python("print(6 * 7)") == "42\n"
    assert finding.ask_python("print(1); raise SystemExit(3)") == ""
    assert finding.ask_python("import time; time.sleep(60)", timeout=0.2) == ""


def test_report_sets_mends_below() -> None:
    text = doctor.report(
        [Finding("MPI", "ok", "Open MPI v5"), Finding("Browser", "warning", "none", "Get one.")]
    )
    assert text.splitlines() == [
        "ok      MPI      Open MPI v5",
        "warning Browser  none",
        "                 Get one.",
    ]


def test_json_holds_the_same_findings(
    findings: list[Finding], capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctor.main(argparse.Namespace(json=True)) == 0
    written = json.loads(capsys.readouterr().out)
    assert [entry["name"] for entry in written] == [f.name for f in findings]
    assert set(written[0]) == {"name", "state", "found", "mend"}


def test_missing_package_is_an_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = Finding("numpy", "missing", "not installed", "pip install numpy")
    monkeypatch.setattr(doctor, "CHECKS", (lambda: [absent],))
    assert doctor.main(argparse.Namespace(json=False)) == 1
