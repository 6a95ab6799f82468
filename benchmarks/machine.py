"""On what, and with which state of the repository, a benchmark ran."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path
from typing import Any

import psutil

from snnlab.bench.machine import available_cores
from snnlab.record.provenance import cpu_model

__all__ = ["machine", "revision"]


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
