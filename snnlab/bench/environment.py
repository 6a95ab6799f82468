"""What a measured process sees of the environment, and what is told of it afterwards."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from snnlab.bench.machine import MachineProfile

__all__ = ["environment_of_run", "packages", "stack_facts", "told_environment"]

PASSED_ON = (
    "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "USERPROFILE",
    "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV", "CONDA_PREFIX", "SNNLAB_CACHE_DIR",
    "XDG_CACHE_HOME", "CUDA_VISIBLE_DEVICES", "CUDA_PATH", "CUDA_HOME", "CC", "CXX",
)  # fmt: skip
"""Variables that a measured process gets, if they are set."""

PREFIXES = ("OMPI_", "PRTE_", "SLURM_", "NCCL_", "UCX_")

TOLD = (
    "LANG", "LC_ALL", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "OMP_PROC_BIND", "OMP_PLACES",
    "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "PYTHONHASHSEED",
    "OMPI_MCA_btl", "UCX_TLS",
)  # fmt: skip
"""Variables that go into the record."""


def environment_of_run(
    threads: int, tree: Path | None = None, *, environment: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return all that a measured process sees: few variables, fixed numbers of threads.

    Parameters
    ----------
    threads : int
        Of each rank.
    tree : Path, optional
        Code that goes before what is installed.
    environment : mapping, optional
        Default: that of this process.
    """
    have = os.environ if environment is None else environment
    found = {
        name: value for name, value in have.items()
        if name in PASSED_ON or name.startswith(PREFIXES)
    }  # fmt: skip
    numbers = ("OMP", "OPENBLAS", "MKL", "NUMBA")
    found |= {f"{name}_NUM_THREADS": str(threads) for name in numbers}
    found |= {"OMP_PROC_BIND": "close", "OMP_PLACES": "cores", "PYTHONHASHSEED": "0"}
    if tree is not None:
        found["PYTHONPATH"] = str(tree)
    elif "PYTHONPATH" in have:
        found["PYTHONPATH"] = have["PYTHONPATH"]
    return found


def told_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that may be told, of those that a process saw."""
    return {name: environment[name] for name in TOLD if name in environment}


def packages() -> list[str]:
    """Return every installed distribution of this interpreter: ``name==version``, sorted.

    Not as a mapping: names of packages may look like those of secrets, which are redacted.
    """
    every = (d.metadata for d in distributions())  # a file each, which takes long to read
    found = {f"{told['Name']}=={told['Version']}" for told in every if told["Name"]}
    return sorted(found, key=str.lower)


def stack_facts(versions: Mapping[str, str], machine: MachineProfile) -> dict[str, Any]:
    """Return what makes the software stack of a run.

    Parameters
    ----------
    versions : mapping
        Packages as the measured program told them.
    machine : MachineProfile
    """
    facts = machine.facts
    return {
        "packages": dict(sorted(versions.items())) or {"python": platform.python_version()},
        "os": f"{facts['os']} {facts['libc']}",
        "kernel_major": facts["kernel"].partition(".")[0],
        "driver": facts["driver"],
        "container": os.environ.get("SNNLAB_CONTAINER_DIGEST", ""),
        "compiler": platform.python_compiler() if not versions else "",
        "implementation": sys.implementation.name,
    }
