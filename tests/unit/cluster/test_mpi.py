"""The MPI of this environment is found, told what it needs, and missed with a remedy."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from snnlab.cluster import mpi
from snnlab.errors import ClusterError, DeviceUnavailable


def program(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "mpiexec"
    path.write_text("#!/bin/sh\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_program_of_the_environment_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, other = program(tmp_path / "own"), program(tmp_path / "other")
    monkeypatch.setenv("PATH", str(other.parent))
    assert mpi.mpiexec(own.parent) == own
    assert mpi.mpiexec(tmp_path) == other


def test_absent_program_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ClusterError, match=r"snnlab-jupyter\[mpi\]") as caught:
        mpi.mpiexec(tmp_path)
    assert str(tmp_path) in caught.value.got


@pytest.mark.parametrize("user", [0, 1000])
def test_only_root_says_that_it_is_root(user: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    names = mpi.launch_environment({})
    assert ("OMPI_ALLOW_RUN_AS_ROOT" in names) == (user == 0)
    assert names["PRTE_MCA_rmaps_default_mapping_policy"] == ":oversubscribe"


def test_what_the_user_has_set_stays() -> None:
    name = "PRTE_MCA_rmaps_default_mapping_policy"
    assert mpi.launch_environment({name: ":span"})[name] == ":span"


def test_absent_mpi4py_is_a_device_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    with pytest.raises(DeviceUnavailable, match="load the cluster's MPI"):
        mpi.world()


def test_absent_library_is_a_device_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mpi4py").mkdir()
    (tmp_path / "mpi4py/__init__.py").write_text("")
    (tmp_path / "mpi4py/MPI.py").write_text("raise RuntimeError('cannot load MPI library')")
    for name in [name for name in sys.modules if name.partition(".")[0] == "mpi4py"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DeviceUnavailable, match="cannot load MPI library"):
        mpi.world()
    for name in [name for name in sys.modules if name.partition(".")[0] == "mpi4py"]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({}, (0, 1)),
        ({"OMPI_COMM_WORLD_RANK": "2", "OMPI_COMM_WORLD_SIZE": "4"}, (2, 4)),
        ({"PMI_RANK": "1", "PMI_SIZE": "2"}, (1, 2)),
        ({"PMI_RANK": "1"}, (0, 1)),
    ],
)
def test_environment_tells_as_which_rank_mpiexec_started(
    environ: dict[str, str], told: tuple[int, int]
) -> None:
    assert mpi.launched_as(environ) == told
