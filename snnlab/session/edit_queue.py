"""Edits on their way to the simulation thread: checked at once, in order, newest value wins."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import Enum

from snnlab.errors import SnnlabError
from snnlab.model.edits import Edit, SetParameter
from snnlab.model.history import Applied
from snnlab.model.network import Network

__all__ = ["EditQueue", "HistoryStep", "Request"]

SHORTEST_INTERVAL = 0.06
"""Wall-clock time [s] between two changes of the same number: at most 17 a second.

Longer where a change itself takes longer, so that a slider never stops the simulation.
"""

Key = tuple[str, str]


class HistoryStep(Enum):
    """A step in the history instead of an edit."""

    UNDO = "undo"
    REDO = "redo"


@dataclass(frozen=True)
class Request:
    """Something that shall be changed, and who waits for it.

    Parameters
    ----------
    change : Edit or HistoryStep
    futures : tuple of Future
        More than one if a newer value took the place of older ones.
    """

    change: Edit | HistoryStep
    futures: tuple[Future[Applied], ...] = field(default_factory=lambda: (Future(),))

    @property
    def key(self) -> Key | None:
        """Which number is set; None for anything else."""
        if isinstance(self.change, SetParameter):
            return self.change.target, self.change.name
        return None


class EditQueue:
    """Collects edits from any thread for the one that applies them.

    Parameters
    ----------
    network : Network
        The network as it is now.
    wake : callable
        Called when something was added.
    """

    def __init__(self, network: Network, *, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._lock = threading.Lock()
        self._requests: list[Request] = []
        self._taken: list[Request] = []
        self._free_at: dict[Key, float] = {}
        self._network = network
        self._outlook = network
        self._closed: SnnlabError | None = None

    def submit(self, change: Edit | HistoryStep) -> Future[Applied]:
        """Add a change and return what will tell that it took effect.

        Raises
        ------
        SpecError
            The network that would result, after everything that is waiting, cannot be meant.
        StateError
            The session is closed.
        """
        request = Request(change)
        with self._lock:
            if self._closed is not None:
                raise self._closed
            if isinstance(change, Edit):
                self._outlook = change.apply(self._outlook)
            self._requests.append(request)
        self._wake()
        return request.futures[0]

    @property
    def outlook(self) -> Network:
        """The network as it will be after everything that is waiting."""
        return self._outlook

    @property
    def is_empty(self) -> bool:
        """Whether nothing is waiting."""
        return not self._requests

    def wait_s(self, now: float) -> float:
        """Return the time [s] until the waiting changes may be taken; infinity if there are none.

        A number that was changed a moment ago is not changed again yet. The whole queue waits with
        it, so that changes keep their order.
        """
        with self._lock:
            if not self._requests:
                return math.inf
            free_at = [self._free_at.get(r.key, now) for r in self._requests if r.key]
        return max(0.0, max(free_at, default=now) - now)

    def take(self) -> list[Request]:
        """Return what is to be applied now, in order, newest values only; then call `settle`."""
        with self._lock:
            requests, self._requests = self._requests, []
            self._taken = requests
        fewer = newest_only(requests)
        # Without the values in between, the order may lead through a network that cannot be meant.
        is_safe = len(fewer) == len(requests) or _can_be_applied(fewer, self._network)
        return fewer if is_safe else requests

    def settle(self, network: Network, began: float, ended: float) -> None:
        """Take note of what came of the changes that were taken.

        Parameters
        ----------
        network : Network
            The network that resulted; new edits are checked against it.
        began, ended : float [s]
            When they were taken, and when all were made.
        """
        free_at = ended + max(SHORTEST_INTERVAL - (ended - began), ended - began)
        with self._lock:
            self._free_at |= {r.key: free_at for r in self._taken if r.key}
            self._network = self._outlook = network
            for request in self._requests:
                self._outlook = _applied(request, self._outlook) or self._outlook

    def close(self, error: SnnlabError) -> None:
        """Answer everything that is waiting, and whatever still comes, with `error`."""
        with self._lock:
            self._closed = error
            requests, self._requests = self._requests, []
        for request in requests:
            for future in request.futures:
                if future.set_running_or_notify_cancel():
                    future.set_exception(error)


def newest_only(requests: Sequence[Request]) -> list[Request]:
    """Drop values that a later request sets anew, unless another kind of change lies between.

    Returns
    -------
    list of Request
        The later request also answers those who wait for the earlier one.
    """
    kept: list[Request] = []
    barrier = 0
    for request in requests:
        if request.key is None:
            barrier = len(kept) + 1
        older = [r for r in kept[barrier:] if r.key == request.key]
        for r in older:
            kept.remove(r)
        futures = sum((r.futures for r in older), ())
        kept.append(Request(request.change, futures + request.futures))
    return kept


def _can_be_applied(requests: Sequence[Request], network: Network) -> bool:
    for request in requests:
        following = _applied(request, network)
        if following is None:
            return False
        network = following
    return True


def _applied(request: Request, network: Network) -> Network | None:
    """Return the network after an edit; None if it cannot be meant."""
    if not isinstance(request.change, Edit):
        return network
    try:
        return request.change.apply(network)
    except SnnlabError:
        return None
