"""What ipyparallel is told to start."""

from __future__ import annotations

import subprocess
import sys

import pytest

from snnlab.cluster.launcher import LAUNCHERS, SHARED_MEMORY, Launch, is_readable_by_others
from snnlab.errors import SpecError


def encrypts(launch: Launch) -> bool:
    return "--IPController.enable_curve=True" in launch.controller_arguments()


def test_connections_are_encrypted_where_others_can_reach_them() -> None:
    assert not encrypts(Launch(2))
    assert not encrypts(Launch(2, ip="localhost"))
    assert encrypts(Launch(2, ip="*"))
    assert encrypts(Launch(2, ip="10.0.0.1"))


@pytest.mark.parametrize(
    ("address", "key", "is_open"),
    [
        ("tcp://127.0.0.1", None, False),
        ("tcp://0.0.0.0", None, True),
        ("tcp://10.0.0.1", "", True),
        ("tcp://0.0.0.0", "a key", False),
    ],
)
def test_controller_that_others_can_read(address: str, key: str | None, is_open: bool) -> None:
    told = {"interface": address, "curve_serverkey": key}
    assert is_readable_by_others(told) == is_open


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_every_launcher_is_known_to_ipyparallel(launcher: str) -> None:
    cluster = Launch(3, launcher).cluster("a-name")
    assert cluster.engine_launcher_class.__name__ == f"{LAUNCHERS[launcher]}EngineSetLauncher"
    assert (cluster.cluster_id, cluster.n) == ("a-name", 3)


@pytest.mark.parametrize("launcher", ["pbs", "sge"])
def test_job_starts_one_mpi_world(launcher: str) -> None:
    config = Launch(3, launcher).config("a-name")[f"{LAUNCHERS[launcher]}EngineSetLauncher"]
    assert "mpiexec -n {n} {program_and_args}" in config.batch_template
    assert "--mpi" in config.engine_args


def test_settings_of_the_user_go_first() -> None:
    settings = {"SlurmEngineSetLauncher.queue": "gpu", "SlurmEngineSetLauncher.engine_args": []}
    config = Launch(2, "slurm", settings=settings).config("a-name")
    assert config.SlurmEngineSetLauncher.queue == "gpu"
    assert config.SlurmEngineSetLauncher.engine_args == []


def test_memory_that_ranks_share_carries_the_name_on_this_host_only() -> None:
    assert Launch(2).shared_memory("a-name") == SHARED_MEMORY / "a-name"
    assert Launch(2, ip="*").shared_memory("a-name") is None
    assert Launch(2, "slurm").shared_memory("a-name") is None


@pytest.mark.parametrize("n", [0, -1, 2.0, True])
def test_number_of_ranks_must_be_meant(n: int) -> None:
    with pytest.raises(SpecError, match="whole number"):
        Launch(n)


def test_unknown_launcher_names_those_there_are() -> None:
    with pytest.raises(SpecError, match="mpi, slurm, pbs"):
        Launch(2, "condor")


@pytest.mark.parametrize("name", ["queue", "A.b.c", "A.b c"])
def test_setting_needs_a_class_and_a_name(name: str) -> None:
    with pytest.raises(SpecError, match=r"SlurmEngineSetLauncher\.queue"):
        Launch(2, settings={name: 1})


def test_heavy_packages_wait_until_ranks_are_asked_for() -> None:
    code = "import sys, snnlab.cluster; print({'mpi4py', 'ipyparallel'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_ranks_here_let_others_have_the_cores_on_which_they_wait() -> None:
    here = Launch(2).config("x").MPIEngineSetLauncher.environment
    job = Launch(2, "slurm").config("x").SlurmEngineSetLauncher.environment
    assert here["OMPI_MCA_mpi_yield_when_idle"] == "1"
    assert "OMPI_MCA_mpi_yield_when_idle" not in job
