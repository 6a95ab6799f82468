"""Where data come from: versions, machine, time, and the network itself as text."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from snnlab import __version__

__all__ = ["cpu_model", "describe", "origin", "versions"]

PACKAGES = ("numpy", "numba", "llvmlite", "scipy", "xarray")
"""What results or their storage depend on."""


@cache
def versions() -> dict[str, str]:
    """Return name -> version of snnlab, Python and the packages that results depend on."""
    found = {"snnlab": __version__, "python": platform.python_version()}
    return found | {package: _version(package) for package in PACKAGES}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


@cache
def cpu_model() -> str:
    """Return the name that the processor gives itself."""
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for line in listing.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def describe(network: str, *, device: str, edits: str = "[]") -> dict[str, str]:
    """Return the provenance of a run as text attributes of a data set.

    Parameters
    ----------
    network : str
        The network at the start of the run, as native JSON.
    device : str
        What computed it: ``"cpu"``, ``"cuda:0"``.
    edits : str
        JSON list of the edits that took effect, each with its step.

    Returns
    -------
    dict of str
    """
    return origin(device) | {"network": network, "edits": edits}


def origin(device: str) -> dict[str, str]:
    """Return when, on what and with which versions something is computed, now.

    Parameters
    ----------
    device : str
        What computes it: ``"cpu"``, ``"cuda:0"``.
    """
    attributes = {f"version_{name}": text for name, text in versions().items()}
    return attributes | {
        "date_created": datetime.now(UTC).isoformat(timespec="seconds"),
        "device": device,
        "processor": cpu_model(),
        "platform": platform.platform(),
    }
