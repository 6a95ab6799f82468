"""What the machine gives: Python, system, cores, memory, a folder for compiled code."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from pathlib import Path

from snnlab.doctor.finding import Finding
from snnlab.rules.cache import cache_directory

__all__ = [
    "cache_folder",
    "cores",
    "memory",
    "memory_limit",
    "python",
    "system",
    "usable_cores",
    "writable",
]


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
    return writable("Cache folder", cache_directory())


def writable(name: str, folder: Path) -> Finding:
    """Return whether files can be made in `folder`, which is made if it is not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            return Finding(name, "ok", str(folder))
    except OSError as error:
        mend = "Set SNNLAB_CACHE_DIR to a folder that you may write to."
        return Finding(name, "warning", f"{folder}: {error.strerror}", mend)


def _read(path: Path) -> str:
    return path.read_text().strip() if path.is_file() else ""
