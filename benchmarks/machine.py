"""On what, and with which state of the repository, a benchmark ran."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from snnlab.record.provenance import cpu_model

__all__ = ["available_cores", "keep_to", "machine", "revision"]


def available_cores() -> list[int]:
    """Return the numbers of the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def keep_to(cores: Sequence[int]) -> None:
    """Keep this process, and all that it starts, to some cores, where the system can do that.

    Simulator and busy process must share the same cores, whatever the machine has besides.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)


def machine() -> dict[str, Any]:
    """Return what the figures depend on: processor, cores in use, memory, system."""
    return {
        "processor": cpu_model(),
        "cores": len(available_cores()),
        "memory_bytes": psutil.virtual_memory().total,
        "platform": platform.platform(),
    }


def revision(folder: Path) -> str:
    """Return the commit of a checkout, with ``+`` if files differ from it; empty without git."""
    try:
        commit = _git(folder, "rev-parse", "--short=12", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return ""
    return commit + ("+" if changed else "")


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=folder, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()
