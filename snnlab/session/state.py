"""The states of a session."""

from __future__ import annotations

from enum import Enum

__all__ = ["SessionState"]


class SessionState(Enum):
    """What a session is doing."""

    PAUSED = "paused"
    RUNNING = "running"
    FAILED = "failed"
    """The simulation raised an error; `reset` starts anew."""
    CLOSED = "closed"
