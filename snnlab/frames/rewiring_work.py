"""`RewiringWork`: what the rule of a rewiring has done, and how long it took."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["RewiringWork"]


@dataclass(frozen=True)
class RewiringWork:
    """What the rule of one rewiring has done since an engine was made.

    Parameters
    ----------
    rewiring : str
        Its name.
    attempts : int
        Pairs that the rule was asked about.
    formed, removed : int
        Synapses.
    short : int
        Synapses that should have been replaced, and for which no place was found.
    seconds : float [s]
        Wall-clock time, mean over the threads.
    """

    rewiring: str
    attempts: int = 0
    formed: int = 0
    removed: int = 0
    short: int = 0
    seconds: float = 0.0
