"""``snnlab doctor``: what is installed, what is not, and how to mend it.

Nothing here imports the packages it asks about. What can only be learnt by loading a library is
asked of a Python process of its own, so that a broken MPI or GPU driver cannot take the doctor down.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = [
    "CHECKS",
    "Finding",
    "add_arguments",
    "diagnose",
    "find_browser",
    "main",
    "report",
]

DISTRIBUTION = "snnlab-jupyter"
State = Literal["ok", "warning", "missing"]
SIGNS: dict[State, str] = {"ok": "ok", "warning": "warning", "missing": "MISSING"}

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_BROWSERS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Parameters
    ----------
    name : str
        What was looked for.
    state : {"ok", "warning", "missing"}
        ``"warning"``: snnlab works, something is slower or absent; ``"missing"``: it does not.
    found : str
        Version, path or size, as text.
    mend : str
        What to do, as a sentence; empty when there is nothing to do.
    """

    name: str
    state: State
    found: str
    mend: str = ""


# ---------------------------------------------------------------------------------------------
# The machine


def python() -> Finding:
    """Return the version of this Python and where it is."""
    return Finding("Python", "ok", f"{platform.python_version()} ({sys.executable})")


def system() -> Finding:
    """Return the operating system."""
    return Finding("System", "ok", f"{platform.platform(terse=True)} {platform.machine()}")


def cores() -> Finding:
    """Return how many cores this process may use."""
    usable = usable_cores(Path("/sys/fs/cgroup"))
    return Finding("Cores", "ok", f"{usable:g} usable of {os.cpu_count()}")


def usable_cores(cgroup: Path) -> float:
    """Return the cores that affinity and the container's quota leave to this process.

    Parameters
    ----------
    cgroup : Path
        Folder of the control group, ``/sys/fs/cgroup`` on Linux.
    """
    affinity = getattr(os, "sched_getaffinity", None)
    allowed = float(len(affinity(0)) if affinity else os.cpu_count() or 1)
    quota, _, period = _read(cgroup / "cpu.max").partition(" ")
    return min(allowed, int(quota) / int(period)) if quota.isdigit() and period else allowed


def memory() -> Finding:
    """Return the memory that this process may use."""
    import psutil

    total = min(psutil.virtual_memory().total, memory_limit(Path("/sys/fs/cgroup")))
    free = min(psutil.virtual_memory().available, total)
    text = f"{free / 2**30:.1f} GiB free of {total / 2**30:.1f} GiB"
    if free >= 2**30:
        return Finding("Memory", "ok", text)
    return Finding("Memory", "warning", text, "Close other programs, or scale networks down.")


def memory_limit(cgroup: Path) -> float:
    """Return the container's limit [byte], infinite if there is none.

    Parameters
    ----------
    cgroup : Path
        Folder of the control group; both versions of Linux's control groups are understood.
    """
    limits = [_read(cgroup / name) for name in ("memory.max", "memory/memory.limit_in_bytes")]
    return min((float(limit) for limit in limits if limit.isdigit()), default=float("inf"))


def cache_folder() -> Finding:
    """Return whether compiled code can be kept on disk."""
    folder = Path(os.environ.get("NUMBA_CACHE_DIR") or Path(__file__).parent)
    return _writable("Cache folder", folder)


# ---------------------------------------------------------------------------------------------
# The packages


def packages() -> list[Finding]:
    """Return one finding for each package that snnlab requires."""
    from packaging.requirements import Requirement

    wanted = [Requirement(line) for line in importlib.metadata.requires(DISTRIBUTION) or ()]
    needed = [need for need in wanted if need.marker is None or need.marker.evaluate({"extra": ""})]
    return [package(need.name, str(need.specifier)) for need in needed]


def package(name: str, specifier: str = "") -> Finding:
    """Return whether a package is installed in a version that fits.

    Parameters
    ----------
    name : str
        Name of the distribution.
    specifier : str
        Accepted versions, e.g. ``">=8.1"``; empty: any.
    """
    from packaging.specifiers import SpecifierSet

    mend = f"pip install '{name}{specifier}'"
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, "missing", "not installed", mend)
    if SpecifierSet(specifier).contains(version, prereleases=True):
        return Finding(name, "ok", version)
    return Finding(name, "missing", f"{version}, needs {specifier}", mend)


def threads() -> Finding:
    """Return which library runs Numba's threads."""
    code = (
        "import importlib\n"
        "for layer in ('tbbpool', 'omppool', 'workqueue'):\n"
        "    try: importlib.import_module('numba.np.ufunc.' + layer)\n"
        "    except ImportError: continue\n"
        "    print(layer); break"
    )
    layer = ask_python(code).strip()
    if layer in ("tbbpool", "omppool"):
        return Finding("Threads", "ok", {"tbbpool": "TBB", "omppool": "OpenMP"}[layer])
    mend = (
        "Install an OpenMP runtime (libgomp1 on Debian, libomp with Homebrew) or pip install tbb."
    )
    return Finding("Threads", "warning", layer or "Numba does not load", mend)


def lab_extensions() -> Finding:
    """Return whether JupyterLab can show the widgets."""
    from jupyter_core.paths import jupyter_path

    found = widget_extensions(map(Path, jupyter_path("labextensions")))
    absent = [name for name in WIDGET_EXTENSIONS if name not in found]
    if not absent:
        return Finding("Widgets in JupyterLab", "ok", ", ".join(sorted(found)))
    mend = "pip install --force-reinstall anywidget jupyterlab_widgets, then reload the page."
    return Finding("Widgets in JupyterLab", "missing", f"no {' and no '.join(absent)}", mend)


WIDGET_EXTENSIONS = ("anywidget", "@jupyter-widgets/jupyterlab-manager")


def widget_extensions(folders: Iterable[Path]) -> set[str]:
    """Return which of the extensions that snnlab's widgets need lie in `folders`."""
    return {
        name
        for folder in folders
        for name in WIDGET_EXTENSIONS
        if (folder / name / "package.json").is_file()
    }


# ---------------------------------------------------------------------------------------------
# What may be absent


def browser() -> Finding:
    """Return which browser the browser tests would use."""
    path = find_browser()
    if path:
        return Finding("Browser for tests", "ok", path)
    return Finding("Browser for tests", "warning", "not found", GET_BROWSER)


GET_BROWSER = (
    "Install Chromium (Debian: apt-get install chromium; macOS: brew install chromium) "
    "or set CHROMIUM to the path of a browser."
)


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
    mend = (
        "pip install 'snnlab-jupyter[mpi]', or load your cluster's MPI. One process works without."
    )
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


# ---------------------------------------------------------------------------------------------
# The whole


CHECKS: tuple[Callable[[], Finding | list[Finding]], ...] = (
    python,
    system,
    cores,
    memory,
    cache_folder,
    packages,
    threads,
    lab_extensions,
    mpi,
    gpu,
    browser,
)


def diagnose() -> list[Finding]:
    """Return the findings of all checks, in the order in which a reader wants them."""
    findings: list[Finding] = []
    for check in CHECKS:
        found = check()
        findings += found if isinstance(found, list) else [found]
    return findings


def report(findings: Sequence[Finding]) -> str:
    """Return the findings as text for a terminal, one per line, mends indented below."""
    width = max((len(finding.name) for finding in findings), default=0)
    lines = []
    for finding in findings:
        lines.append(f"{SIGNS[finding.state]:8}{finding.name:{width}}  {finding.found}")
        lines += [f"{'':8}{'':{width}}  {finding.mend}"] if finding.mend else []
    return "\n".join(lines)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``snnlab doctor``."""
    parser.add_argument("--json", action="store_true", help="write the findings as JSON")


def main(args: argparse.Namespace) -> int:
    """Print the findings; return 1 if something that snnlab needs is missing, else 0."""
    findings = diagnose()
    as_json = json.dumps([dataclasses.asdict(finding) for finding in findings], indent=2)
    print(as_json if args.json else report(findings))
    return int(any(finding.state == "missing" for finding in findings))


def ask_python(code: str, *, timeout: float = 60.0) -> str:
    """Return what `code` prints in a Python process of its own; empty if it fails.

    Parameters
    ----------
    code : str
        A short program.
    timeout : float [s]
        How long it may take.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=timeout
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout if done.returncode == 0 else ""


def _read(path: Path) -> str:
    return path.read_text().strip() if path.is_file() else ""


def _writable(name: str, folder: Path) -> Finding:
    try:
        with tempfile.NamedTemporaryFile(dir=folder):
            return Finding(name, "ok", str(folder))
    except OSError as error:
        mend = "Set NUMBA_CACHE_DIR to a folder that you may write to."
        return Finding(name, "warning", f"{folder}: {error.strerror}", mend)
