"""Looks at every frame of a simulation, says what is wrong, and tells what has to pause it."""

from __future__ import annotations

from dataclasses import replace

from snnlab.frames.frame import Frame
from snnlab.frames.health import Kind, Trouble
from snnlab.model.network import Network
from snnlab.session.messages import MessageLog
from snnlab.session.rate_watch import RateWatch
from snnlab.session.watch import Watch

__all__ = ["Guard"]

_LASTING = frozenset({Kind.NOT_FINITE, Kind.OUT_OF_BOUNDS})
"""Kinds that every later frame shows again."""


class Guard:
    """The health of one simulation; only the simulation thread calls it.

    Parameters
    ----------
    messages : MessageLog
        Learns of all trouble, of what lasts once.

    Attributes
    ----------
    watch : Watch
        What to look out for; may be replaced at any time, by any thread.
    trouble : Trouble or None
        What paused the last run.
    """

    def __init__(self, messages: MessageLog) -> None:
        self.watch = Watch()
        self.trouble: Trouble | None = None
        self._messages = messages
        self._told: set[tuple[Kind, str]] = set()
        self._rates: RateWatch | None = None
        self._used = self.watch

    def begin(self) -> None:
        """Take note that the run starts anew or goes on from another moment."""
        self._told.clear()
        self._rates = None

    @property
    def rates(self) -> dict[str, float]:
        """Rate [Hz] of each population that has fired for a while."""
        return {} if self._rates is None else self._rates.usual

    def examined(self, frame: Frame, network: Network) -> Frame:
        """Return the frame with what its counts and those before it say about its health."""
        if self._rates is None or self._used is not self.watch:
            self._used = self.watch
            self._rates = RateWatch(network, self._used)
        found = self._rates.passed(frame, network)
        return replace(frame, health=frame.health + found) if found else frame

    def weigh(self, frame: Frame) -> Trouble | None:
        """Say what is wrong with a frame; return what has to pause the run."""
        urgent = next((t for t in frame.health if t.kind in self._used.pauses), None)
        if urgent is not None:
            self.trouble = urgent
            self._messages.error(urgent.as_error(), f"Paused at t = {urgent.t:g} ms")
            return urgent
        for trouble in frame.health:
            is_new = (trouble.kind, trouble.population) not in self._told
            if is_new or trouble.kind not in _LASTING:
                self._told.add((trouble.kind, trouble.population))
                self._messages.warning(trouble.text, trouble.as_error())
        return None
