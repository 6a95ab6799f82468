"""Energy that the processors count themselves (RAPL), where the system lets it be read.

Linux shows a counter for each package under ``powercap``; since 2020 only the administrator may
read it unless somebody has changed that. What cannot be read is not there: nothing is estimated.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

__all__ = ["METHOD", "Counter", "counters", "joules", "reason"]

METHOD = "RAPL: all that a package did meanwhile"

POWERCAP = Path("/sys/class/powercap")


class Counter(NamedTuple):
    """A counter of energy at one moment.

    Parameters
    ----------
    value, largest : int [uJ]
        It begins anew after `largest`.
    """

    value: int
    largest: int


def counters(folder: Path = POWERCAP) -> dict[str, Counter]:
    """Return the counters of all packages that may be read, by name: ``"package-0"``."""
    found = {}
    for package in sorted(folder.glob("intel-rapl:[0-9]*")):
        if package.name.count(":") > 1:
            continue  # a part of a package, which counts it too
        with contextlib.suppress(OSError, ValueError):
            value, largest = (
                int((package / name).read_text()) for name in ("energy_uj", "max_energy_range_uj")
            )
            found[(package / "name").read_text().strip()] = Counter(value, largest)
    return found


def reason(folder: Path = POWERCAP) -> str:
    """Return why no package can be read."""
    found = list(folder.glob("intel-rapl:[0-9]*"))
    return "RAPL: the counters may not be read" if found else "RAPL: no counters"


def joules(before: Mapping[str, Counter], after: Mapping[str, Counter]) -> dict[str, float]:
    """Return the energy [J] between two readings, of each package that was read both times.

    A counter that began anew did so once: of 250 kJ, as usual, that is an hour at 70 W.
    """
    spent = {}
    for name in before.keys() & after.keys():
        used = after[name].value - before[name].value
        spent[name] = (used if used >= 0 else used + before[name].largest) * 1e-6
    return dict(sorted(spent.items()))
