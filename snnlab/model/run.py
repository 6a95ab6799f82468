"""`Run`: all that decides what a simulation computes, and so all that is needed to repeat it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snnlab.model.history import Applied
    from snnlab.model.network import Network

__all__ = ["Run"]


@dataclass(frozen=True)
class Run:
    """A run from its start to a moment.

    Parameters
    ----------
    network : Network
        At the start.
    edits : tuple of Applied
        What was changed since then, in order, undos included.
    step : int
        Time step at which it ends.
    """

    network: Network
    edits: tuple[Applied, ...]
    step: int
