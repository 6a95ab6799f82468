"""What else happened on the machine while something was measured."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from snnlab.bench.process import Usage

__all__ = ["Guards", "guards_now", "noise"]

NAN = float("nan")


@dataclass(frozen=True)
class Guards:
    """Counters of the system at one moment.

    Parameters
    ----------
    busy, steal : float [s]
        Time for which the cores worked, and for which the host took them away, since the start.
    throttle : float
        Times that a core was throttled, since the start.
    load : float
        Load average of one minute.
    freq : float [MHz]
        Clock of the processor.
    """

    busy: float = NAN
    steal: float = NAN
    throttle: float = NAN
    load: float = NAN
    freq: float = NAN

    def during(self, later: Guards, usage: Usage, n_cores: int) -> dict[str, float]:
        """Return the guards of a run, by variable of a record; what is not known is left out.

        Parameters
        ----------
        later : Guards
            After the run.
        usage : Usage
            What the run itself took.
        n_cores : int
            That it was held to.
        """
        foreign = (later.busy - self.busy - usage.cpu) / max(usage.wall * n_cores, 1e-9)
        found = {
            "load": self.load,
            "ctx_switch": usage.switches,
            "steal": later.steal - self.steal,
            "foreign": max(foreign, 0.0) if math.isfinite(foreign) else NAN,
            "freq": later.freq,
            "throttle": later.throttle - self.throttle,
        }
        return {name: value for name, value in found.items() if math.isfinite(value)}


def guards_now(cores: Sequence[int], *, root: Path = Path("/")) -> Guards:
    """Read the counters of some cores; NaN for what the system does not tell.

    Parameters
    ----------
    cores : sequence of int
    root : Path
        Where ``/sys`` is found.
    """
    busy, steal = _times(cores)
    return Guards(busy, steal, _throttled(cores, root), _load(), _freq())


def noise(
    guards: Mapping[str, float], sentinel: Sequence[float], *, foreign: float, change: float
) -> str:
    """Return why a run is noisy; empty if it is not.

    Parameters
    ----------
    guards : mapping
        As of `Guards.during`.
    sentinel : sequence of float [s]
        Before and after the batch.
    foreign : float
        Largest share of the cores that others may take.
    change : float
        Largest change of the sentinel.
    """
    found = []
    if guards.get("foreign", 0.0) > foreign:
        found.append(f"others took {guards['foreign']:.0%} of the cores")
    if guards.get("throttle", 0.0) > 0.0:
        found.append("the processor was throttled")
    moved = abs(sentinel[-1] / sentinel[0] - 1.0) if len(sentinel) == 2 else 0.0
    if moved > change:
        found.append(f"the machine changed by {moved:.1%} during the batch")
    return ", ".join(found)


def _times(cores: Sequence[int]) -> tuple[float, float]:
    every = psutil.cpu_times(percpu=True)
    mine = [every[core] for core in cores if core < len(every)]
    busy = sum(sum(t) - t.idle - getattr(t, "iowait", 0.0) - _counted_twice(t) for t in mine)
    known = [t.steal for t in mine if hasattr(t, "steal")]
    steal = sum(known) if known else NAN
    return busy - (steal if math.isfinite(steal) else 0.0), steal


def _counted_twice(times: object) -> float:
    """Linux counts the time of guests among that of users as well."""
    return float(getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0))


def _throttled(cores: Sequence[int], root: Path) -> float:
    folder = root / "sys/devices/system/cpu"
    files = [folder / f"cpu{core}/thermal_throttle/core_throttle_count" for core in cores]
    known = [float(file.read_text()) for file in files if file.is_file()]
    return sum(known) if known else NAN


def _load() -> float:
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else NAN


def _freq() -> float:
    try:
        found = psutil.cpu_freq()
    except (OSError, NotImplementedError):  # how psutil says that this system tells none
        return NAN
    return float(found.current) if found is not None else NAN
