"""Whether the MPI library takes memory of a GPU: asked of the library itself, where it can be."""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Mapping
from typing import Any

__all__ = ["loaded_library", "refusal", "write_answer"]

_CUDA = 0
"""`MPIX_GPU_SUPPORT_CUDA` of MPICH and its family."""

_CRAY_SWITCH = "MPICH_GPU_SUPPORT_ENABLED"
"""Cray's MPICH takes memory of a GPU where this is 1; it then does not start without the library
that does so."""


def refusal(library: Any, version: str, environ: Mapping[str, str]) -> str:
    """Return why an MPI library that has been started does not take memory of a GPU.

    Parameters
    ----------
    library : ctypes.CDLL
        Finds the functions of the library.
    version : str
        How the library describes itself.
    environ : mapping
        The environment of the process.

    Returns
    -------
    str
        Empty if it does.

    Notes
    -----
    Open MPI and MVAPICH2 have ``int MPIX_Query_cuda_support(void)``, MPICH and what comes from it
    ``int MPIX_GPU_query_support(int gpu_type, int *is_supported)``. A library without either is
    taken to refuse: memory of a GPU would end the process there.
    """
    name = _name(version)
    if "CRAY MPICH" in version.upper() and environ.get(_CRAY_SWITCH) != "1":
        return f"{name}: {_CRAY_SWITCH} is not 1"
    asked = _asked(library)
    if asked is None:
        return f"{name} has no function that says whether it does"
    function, takes = asked
    return "" if takes else f"{name} says no ({function})"


def loaded_library() -> tuple[ctypes.CDLL, str]:
    """Return what finds the functions of the MPI library that mpi4py loads, and its version."""
    from mpi4py import MPI

    return ctypes.CDLL(MPI.__file__), MPI.Get_library_version()


def write_answer() -> None:
    """Print which MPI library there is, and why it does not take memory of GPUs, as JSON."""
    library, version = loaded_library()
    sys.stdout.write(json.dumps([_name(version), refusal(library, version, os.environ)]))


def _name(version: str) -> str:
    """The library in a few words."""
    lines = version.strip("\0 \n").splitlines()
    return lines[0].split(",")[0] if lines else "MPI"


def _asked(library: Any) -> tuple[str, bool] | None:
    """Which function of the library was asked, and its answer; None if it has none."""
    if hasattr(library, name := "MPIX_GPU_query_support"):
        query = getattr(library, name)
        query.argtypes, query.restype = [ctypes.c_int, ctypes.POINTER(ctypes.c_int)], ctypes.c_int
        takes = ctypes.c_int(0)
        failed = query(_CUDA, ctypes.byref(takes))
        return name, failed == 0 and takes.value == 1
    if hasattr(library, name := "MPIX_Query_cuda_support"):
        query = getattr(library, name)
        query.argtypes, query.restype = [], ctypes.c_int
        return name, query() == 1
    return None
