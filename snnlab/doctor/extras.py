"""What may be absent: a browser for the tests, an MPI library, what starts ranks, a GPU."""

from __future__ import annotations

import json
import os
import shutil

from snnlab.cuda.available import obstacle, summary
from snnlab.cuda.facts import Facts
from snnlab.doctor.finding import Finding, ask_python

__all__ = ["GET_BROWSER", "browser", "find_browser", "gpu", "mpi", "ranks", "slurm"]

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_BROWSERS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
GET_BROWSER = (
    "Install Chromium (Debian: apt-get install chromium; macOS: brew install chromium) "
    "or set CHROMIUM to the path of a browser."
)


def browser() -> Finding:
    """Return which browser the browser tests would use."""
    path = find_browser()
    if path:
        return Finding("Browser for tests", "ok", path)
    return Finding("Browser for tests", "warning", "not found", GET_BROWSER)


def find_browser() -> str | None:
    """Return the path of a Chromium or Chrome, None if there is none.

    The variable CHROMIUM goes first, then PATH, then where macOS keeps programs.
    """
    names = [os.environ.get("CHROMIUM", ""), *BROWSERS, *MAC_BROWSERS]
    return next((path for name in names if name and (path := shutil.which(name))), None)


def mpi() -> Finding:
    """Return which MPI library mpi4py loads, and whether it takes memory of GPUs."""
    asked = ask_python("from snnlab.cluster.gpu_aware import write_answer; write_answer()")
    if asked:
        library, refusal = json.loads(asked)
        gpus = "through the host" if refusal else "straight from their memory"
        return Finding("MPI library", "ok", f"{library}; ranks on GPUs send spikes {gpus}")
    mend = "pip install 'snnlab-jupyter[mpi]', or load the cluster's MPI; one process needs none."
    return Finding("MPI library", "warning", "not found", mend)


def ranks() -> Finding:
    """Return what would start several ranks."""
    from snnlab.cluster.mpi import mpiexec
    from snnlab.errors import ClusterError

    try:
        program = mpiexec()
    except ClusterError as error:
        return Finding("Several ranks", "warning", error.got, error.remedy)
    version = ask_python("import ipyparallel; print(ipyparallel.__version__)").strip()
    if version:
        return Finding("Several ranks", "ok", f"{program}, ipyparallel {version}")
    mend = "pip install --force-reinstall ipyparallel ipykernel"
    return Finding("Several ranks", "warning", "ipyparallel cannot be loaded", mend)


def gpu() -> Finding:
    """Return the GPUs, their memory, driver and CuPy, or why there is none to compute on."""
    asked = ask_python("from snnlab.cuda.probe import write_facts; write_facts()")
    return of_facts(Facts.from_json(json.loads(asked))) if asked else no_answer()


def slurm() -> Finding:
    """Return whether benchmarks can be submitted as batch jobs."""
    submitit = ask_python("import submitit; print(submitit.__version__)").strip()
    has_slurm = shutil.which("sbatch") is not None
    if submitit:
        where = "Slurm" if has_slurm else "no Slurm here"
        return Finding("Batch jobs", "ok", f"submitit {submitit}, {where}")
    if not has_slurm:
        return Finding("Batch jobs", "ok", "no Slurm here")
    mend = "pip install 'snnlab-jupyter[slurm]' to measure in batch jobs."
    return Finding("Batch jobs", "warning", "Slurm without submitit", mend)


def no_answer() -> Finding:
    """Return the finding for a look at the GPUs that ended a process."""
    mend = "Run python -c 'import cupy; cupy.show_config()' to see why; the CPU engine is used."
    return Finding("GPU", "warning", "the look for one was broken off", mend)


def of_facts(facts: Facts) -> Finding:
    """Return what the facts mean for somebody who wants to compute on a GPU."""
    if not facts.has_driver:
        return Finding("GPU", "ok", "not found, the CPU engine is used")
    error = obstacle(facts, 0)
    if error is None:
        return Finding("GPU", "ok", summary(facts))
    return Finding("GPU", "warning", str(error).splitlines()[0], error.remedy)
