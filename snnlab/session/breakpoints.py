"""Breakpoints: conditions that pause a run at the very step at which they come to hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count

from snnlab.errors import SpecError
from snnlab.frames.frame import Frame
from snnlab.frames.weights import WeightPicture
from snnlab.model.network import Network
from snnlab.session.conditions import Condition, Probe

__all__ = ["Breakpoints", "Hit"]

_Placed = tuple[int, Condition]
"""A condition with a number of its own: one that is taken away and added again is another one."""


@dataclass(frozen=True)
class Hit:
    """A condition that has come to hold.

    Parameters
    ----------
    condition : Condition
    step : int
        Number of steps done when it did.
    value : float
        What was looked at.
    """

    condition: Condition
    step: int
    value: float

    @property
    def text(self) -> str:
        """What has come to hold, in words."""
        return self.condition.says(self.value)


@dataclass
class _Watched:
    condition: Condition
    probe: Probe
    is_armed: bool = True

    def first(self, frame: Frame) -> Hit | None:
        """Where it comes to hold in a frame: it did not hold where it was looked at before."""
        is_armed = self.is_armed
        for step, value in self.probe.values(frame):
            holds = self._holds(value)
            if holds and is_armed:
                return Hit(self.condition, step, value)
            is_armed = not holds
        return None

    def follow(self, whole: Frame, until: int) -> None:
        """Take note of how it stands after `until` steps of a frame."""
        for step, value in self.probe.values(whole):
            if step <= until:
                self.is_armed = not self._holds(value)

    def _holds(self, value: float) -> bool:
        below, above = self.condition.limits
        return value > above or value < below


class Breakpoints:
    """The conditions of one session; any thread may add and remove them.

    A condition pauses the run where it comes to hold, once: it has to cease before it pauses again.
    """

    def __init__(self) -> None:
        self._placed: tuple[_Placed, ...] = ()
        self._serial = count()
        self._watched: dict[_Placed, _Watched] = {}
        self._network: Network | None = None
        self._missing: set[_Placed] = set()
        self._asleep_until = 0

    def __iter__(self) -> Iterator[Condition]:
        return iter([condition for _, condition in self._placed])

    def __len__(self) -> int:
        return len(self._placed)

    def add(self, condition: Condition, network: Network) -> None:
        """Pause when `condition` comes to hold; see `Session.break_when`."""
        condition.probe(network)
        if condition not in list(self):
            self._placed = (*self._placed, (next(self._serial), condition))

    def take(self, conditions: Iterable[Condition], *, until: int) -> None:
        """Place those of a file, which do not pause the repetition of its run `until` a step.

        What they look at may come to the network with an edit; until then it pauses nothing.
        """
        self._placed = tuple((next(self._serial), condition) for condition in conditions)
        self._asleep_until = until

    def remove(self, condition: Condition) -> None:
        """No longer pause there; nothing happens if it is not there."""
        self._placed = tuple(placed for placed in self._placed if placed[1] != condition)

    def clear(self) -> None:
        """Remove all of them."""
        self._placed = ()

    # --- the simulation thread alone ---------------------------------------------------------

    def begin(self) -> None:
        """Take note that the run starts anew or goes on from another moment."""
        self._watched, self._asleep_until = {}, 0

    def room(self, step: int, network: Network) -> int | None:
        """How many steps a run may advance before weights have to be read; None: any."""
        self._look_out(network, step)
        due = [at for w in self._watched.values() for at, _ in w.probe.due(step)]
        return min(due) - step if due else None

    def first(
        self, frame: Frame, network: Network, weights: Callable[[str], WeightPicture]
    ) -> Hit | None:
        """Return the first condition that comes to hold in the next frame of a run.

        Parameters
        ----------
        frame : Frame
            Not longer than there was `room` for.
        network : Network
        weights : callable
            Reads those of a projection as they are at the end of the frame.
        """
        self._look_out(network, frame.t_start)
        read: dict[str, WeightPicture] = {}
        for watched in self._watched.values():
            for at, projection in watched.probe.due(frame.t_stop - 1):
                if at == frame.t_stop:
                    if projection not in read:
                        read[projection] = weights(projection)
                    watched.probe.read(read[projection])
        hits = [hit for w in self._watched.values() if (hit := w.first(frame)) is not None]
        return min(hits, key=lambda hit: hit.step, default=None)

    def passed(self, whole: Frame, kept: Frame) -> None:
        """Take note of the part of a frame that the run went on with."""
        for watched in self._watched.values():
            watched.follow(whole, kept.t_stop)
            watched.probe.keep(kept)

    def _look_out(self, network: Network, step: int) -> None:
        """Have a probe for each condition, and none for others; ids may mean other neurons now."""
        if not self._placed or step < self._asleep_until:
            self._watched = {}
            return
        if self._network is not network:
            if self._network is None or _sizes(self._network) != _sizes(network):
                self._watched = {}
            self._network = network
            self._missing = {placed for placed in self._watched if not _is_there(placed, network)}
        now = set(self._placed)
        for placed in now - set(self._watched) - self._missing:
            if _is_there(placed, network):
                self._watched[placed] = _Watched(placed[1], placed[1].probe(network))
            else:
                self._missing.add(placed)
        kept = now - self._missing
        self._watched = {placed: w for placed, w in self._watched.items() if placed in kept}


def _sizes(network: Network) -> list[tuple[str, int]]:
    return [(p.name, p.size) for p in network.populations]


def _is_there(placed: _Placed, network: Network) -> bool:
    """Whether a network still has what a condition looks at."""
    try:
        placed[1].probe(network)
    except SpecError:
        return False
    return True
