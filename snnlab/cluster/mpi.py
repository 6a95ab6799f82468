"""The MPI of this environment: what its start needs, which program starts it, its world."""

from __future__ import annotations

import os
import shutil
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snnlab.errors import ClusterError, DeviceUnavailable

__all__ = ["first", "launch_environment", "launched_as", "mpiexec", "world"]

_REMEDY = "pip install 'snnlab-jupyter[mpi]', or load the cluster's MPI (module load openmpi)."

_SETTINGS = {
    # More ranks than cores: slow, but they run.
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
    # A rank computes in several threads: it must not be held to one core.
    "PRTE_MCA_hwloc_default_binding_policy": "none",
}
_ROOT_SETTINGS = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def launch_environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables that Open MPI needs to start ranks here; others ignore them.

    Parameters
    ----------
    environ : mapping, optional
        What is set already, which goes first; default: the environment of this process.
    """
    is_set = os.environ if environ is None else environ
    wanted = dict(_SETTINGS)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        wanted |= _ROOT_SETTINGS
    return {name: is_set.get(name, value) for name, value in wanted.items()}


_LAUNCHED = (("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"), ("PMI_RANK", "PMI_SIZE"))
"""Rank, and number of ranks: as Open MPI and as MPICH's family tell them."""


def launched_as(environ: Mapping[str, str] | None = None) -> tuple[int, int]:
    """Return as which rank this process was started by mpiexec, of how many; ``(0, 1)``: alone.

    Parameters
    ----------
    environ : mapping, optional
        Default: the environment of this process. MPI itself is not started for the answer.
    """
    told = os.environ if environ is None else environ
    for rank, size in _LAUNCHED:
        if rank in told and size in told:
            return int(told[rank]), int(told[size])
    return 0, 1


def mpiexec(scripts: Path | None = None) -> Path:
    """Return the program that starts ranks: of this Python environment, else of PATH.

    Parameters
    ----------
    scripts : Path, optional
        Where this environment keeps programs, also when it is not activated.

    Raises
    ------
    ClusterError
        There is none.
    """
    folder = Path(sysconfig.get_path("scripts")) if scripts is None else scripts
    found = shutil.which("mpiexec", path=folder) or shutil.which("mpiexec")
    if found is None:
        raise ClusterError(
            "mpiexec", "must be there to start ranks",
            got=f"none in {folder} and none in PATH", remedy=_REMEDY,
        )  # fmt: skip
    return Path(found)


def world() -> Any:
    """Return MPI's communicator of all ranks; the first call starts MPI in this process.

    Raises
    ------
    DeviceUnavailable
        There is no mpi4py, or no MPI library that it can load.
    """
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:
        raise DeviceUnavailable(
            "MPI", "must be installed to compute on several ranks",
            got=" ".join(str(error).split()), remedy=_REMEDY,
        ) from error  # fmt: skip
    return MPI.COMM_WORLD


def first(n: int) -> Any:
    """Return a communicator of the first `n` ranks; those beyond them need not ask for it."""
    everybody = world()
    if n == everybody.Get_size():
        return everybody
    return everybody.Create_group(everybody.Get_group().Incl(range(n)))
