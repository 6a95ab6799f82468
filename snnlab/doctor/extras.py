"""What may be absent: a browser for the tests, an MPI library, a GPU."""

from __future__ import annotations

import os
import shutil

from snnlab.doctor.finding import Finding, ask_python

__all__ = ["GET_BROWSER", "browser", "find_browser", "gpu", "mpi"]

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
    """Return which MPI library mpi4py loads."""
    code = "from mpi4py import MPI; print(MPI.Get_library_version().strip(chr(0)).splitlines()[0])"
    library = ask_python(code).strip()
    if library:
        return Finding("MPI library", "ok", library.split(",")[0])
    mend = "pip install 'snnlab-jupyter[mpi]', or load the cluster's MPI; one process needs none."
    return Finding("MPI library", "warning", "not found", mend)


def gpu() -> Finding:
    """Return the CUDA device, its driver and CuPy."""
    code = (
        "import cupy\n"
        "n = cupy.cuda.runtime.getDeviceCount() if cupy.cuda.is_available() else 0\n"
        "names = [cupy.cuda.runtime.getDeviceProperties(i)['name'].decode() for i in range(n)]\n"
        "print(', '.join(names) + ' with CuPy ' + cupy.__version__ if n else '')"
    )
    devices = ask_python(code).strip()
    if devices:
        return Finding("GPU", "ok", devices)
    driver = shutil.which("nvidia-smi")
    if driver is None:
        return Finding("GPU", "ok", "not found, the CPU engine is used")
    mend = "pip install 'snnlab-jupyter[cuda12]' (or [cuda13], whichever the driver supports)."
    return Finding("GPU", "warning", f"{driver}, but CuPy sees no device", mend)
