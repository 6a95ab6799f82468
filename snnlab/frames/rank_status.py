"""`RankStatus`: what one of several processes holds, how busy it is, and what it died of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["COMPUTING", "RankLoad", "RankStatus", "imbalance", "waiting_s"]

COMPUTING = ("update", "deliver", "plasticity", "record", "rewire")
"""Phases in which a rank works on its own share; in `exchange` it also waits for the others."""


@dataclass(frozen=True)
class RankLoad:
    """What a rank did in a while.

    Parameters
    ----------
    elapsed_s : float [s]
        How long the while was, wall clock; the rank had nothing to do in what `seconds` leave.
    seconds : mapping
        Phase -> its wall-clock time [s], mean over the threads of the rank: see `Frame.timings`.
    n_spikes : int
        Spikes of its neurons.
    duration : float [ms]
        Model time that passed.
    memory_bytes : int
        Memory of the process, everything included, as the system counts it (resident set).
    """

    elapsed_s: float
    seconds: Mapping[str, float]
    n_spikes: int
    duration: float
    memory_bytes: int

    @property
    def computing_s(self) -> float:
        """Wall-clock time spent on its own share [s]."""
        return sum(self.seconds.get(phase, 0.0) for phase in COMPUTING)

    @property
    def busy(self) -> float:
        """Part of the time spent on its own share, 0 to 1."""
        return self.computing_s / self.elapsed_s if self.elapsed_s > 0 else 0.0


@dataclass(frozen=True)
class RankStatus:
    """One of several processes that hold a network together.

    Parameters
    ----------
    number : int
        Its MPI rank, counted from 0.
    host : str
    pid : int
        Its process there.
    device : str
        What it computes on: ``"cpu"``, ``"cuda:0"``.
    threads : int
    n_neurons, n_synapses : int
        Its share of the network.
    n_bytes : int
        What that takes.
    exchange : str
        How it exchanges spikes with the others: ``"collective"``, ``"point to point"``, ``"none"``.
    load : RankLoad, optional
        What it did last; None before it has done anything.
    end : str
        What it died of, or why it was ended; empty while it lives.
    has_died : bool
        Whether it died by itself; the others are ended for it.
    transport : str
        What a GPU hands to MPI: ``"device"``, its own memory; ``"host"``, a copy; empty on CPUs.
    """

    number: int
    host: str
    pid: int
    device: str
    threads: int
    n_neurons: int
    n_synapses: int
    n_bytes: int
    exchange: str
    load: RankLoad | None = None
    end: str = ""
    has_died: bool = False
    transport: str = ""


def imbalance(loads: Sequence[RankLoad]) -> float:
    """Return how unequal the work is: time of the busiest rank over the mean of all.

    Returns
    -------
    float
        At least 1, which is perfect; 1.2: a fifth is lost. 1 where nobody has worked.
    """
    times = [load.computing_s for load in loads]
    mean = sum(times) / len(times) if times else 0.0
    return max(times) / mean if mean > 0 else 1.0


def waiting_s(loads: Sequence[RankLoad]) -> list[float]:
    """Return about how long each rank has waited for the others within `exchange` [s].

    The one that spent least time there came last and waited least: what others spent beyond that
    was waiting. Where ranks take turns in being last, it is more than this.
    """
    times = [load.seconds.get("exchange", 0.0) for load in loads]
    least = min(times, default=0.0)
    return [time - least for time in times]
