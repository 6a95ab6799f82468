"""Whether MPI takes memory of GPUs is asked of the library: here of small ones, compiled for it."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from snnlab.cluster.gpu_aware import refusal

OPEN_MPI = "int MPIX_Query_cuda_support(void) { return ANSWER; }"
MPICH = """
int MPIX_GPU_query_support(int kind, int *is_supported) {
    *is_supported = kind == 0 ? ANSWER : 1; /* the others are no GPUs of NVIDIA */
    return FAILURE;
}
int MPIX_Query_cuda_support(void) { return 1; } /* not asked: the other one is */
"""
CRAY = "CRAY MPICH version 8.1.30.8 (ANL base 3.4a2)\0"

Compile = Callable[..., ctypes.CDLL]


@pytest.fixture
def library(tmp_path: Path) -> Compile:
    """Compiles and loads a library."""

    def compiled(source: str, answer: int = 0, failure: int = 0) -> ctypes.CDLL:
        path = tmp_path / f"mpi{len(list(tmp_path.iterdir()))}.so"
        command = [os.environ.get("CC", "cc"), "-shared", "-fPIC", f"-DANSWER={answer}",
                   f"-DFAILURE={failure}", "-x", "c", "-", "-o", str(path)]  # fmt: skip
        subprocess.run(command, input=source, text=True, check=True)
        return ctypes.CDLL(str(path))

    return compiled


def test_open_mpi_says_it(library: Compile) -> None:
    version = "Open MPI v5.0.11, package: Open MPI, ident: 5.0.11\0"
    assert refusal(library(OPEN_MPI, answer=1), version, {}) == ""
    told = refusal(library(OPEN_MPI, answer=0), version, {})
    assert told == "Open MPI v5.0.11 says no (MPIX_Query_cuda_support)"


def test_mpich_says_it_of_nvidia(library: Compile) -> None:
    version = "MPICH Version:\t4.2.1\nMPICH Release date: today"
    assert refusal(library(MPICH, answer=1), version, {}) == ""
    assert "says no (MPIX_GPU_query_support)" in refusal(library(MPICH, answer=0), version, {})
    assert "says no" in refusal(library(MPICH, answer=1, failure=15), version, {})


def test_a_library_without_an_answer_refuses(library: Compile) -> None:
    silent = library("int MPI_Init(void) { return 0; }")
    assert refusal(silent, "Fujitsu MPI 4", {}) == (
        "Fujitsu MPI 4 has no function that says whether it does"
    )
    assert refusal(silent, "\0", {}).startswith("MPI has no function")


def test_cray_has_a_switch(library: Compile) -> None:
    """Without it the library ends the process, whatever it says of itself."""
    aware = library(MPICH, answer=1)
    assert "MPICH_GPU_SUPPORT_ENABLED is not 1" in refusal(aware, CRAY, {})
    assert "is not 1" in refusal(aware, CRAY, {"MPICH_GPU_SUPPORT_ENABLED": "0"})
    assert refusal(aware, CRAY, {"MPICH_GPU_SUPPORT_ENABLED": "1"}) == ""


@pytest.mark.mpi
def test_the_library_that_is_loaded_answers(mpi_library: str) -> None:
    """Whatever it is: in a process of its own, and without an end of that process."""
    code = "from snnlab.cluster.mpi_world import MpiWorld; print(repr(MpiWorld().refuses_gpus()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "''" or "says no" in done.stdout or "has no" in done.stdout
