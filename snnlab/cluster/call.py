"""A call on all ranks that is under way."""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from snnlab.cluster.engines import Engines
from snnlab.cluster.remote import Failure
from snnlab.errors import ClusterError, RankTimeout, SnnlabError

__all__ = ["Call"]

GRACE = 2.0
"""How long [s] the other ranks may take to come back after one has failed or all were
interrupted; ranks that wait for it in a collective never do."""

_LOOK = 0.1
"""How often [s] it is looked whether all ranks live."""


class Call:
    """What `Ranks.submit` returns: results to come, one of each rank.

    Results live as long as this object; nothing else keeps them.

    Parameters
    ----------
    name : str
        What is called, for people.
    engines : Engines
        Where.
    futures : list of Future
        One for each rank, in rank order.
    """

    def __init__(self, name: str, engines: Engines, futures: list[Future[Any]]) -> None:
        self._name = name
        self._engines = engines
        self._futures = futures

    def __repr__(self) -> str:
        n_done = len(self._futures) - len(self._pending())
        return f"<Call of {self._name}: {n_done} of {len(self._futures)} ranks have answered>"

    def done(self) -> bool:
        """Return whether every rank has answered."""
        return not self._pending()

    def result(self, timeout: float | None = None) -> list[Any]:
        """Wait for all ranks and return their results in rank order.

        An interrupt while it waits goes on to all ranks.

        Parameters
        ----------
        timeout : float [s], optional
            How long to wait; default: as long as it takes.

        Raises
        ------
        SnnlabError
            The error that a rank raised: of its own class if it is one of snnlab's, otherwise
            `RankFailed`. Where others wait for that rank for ever, all are ended.
        RankDied
            A rank is gone; all are ended.
        RankTimeout
            Not all have answered in time. They go on; asking again is allowed.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            self._wait(deadline)
        except KeyboardInterrupt:
            self.interrupt()
            raise
        error = self._error()
        if error is not None:
            raise error
        if self._pending():
            raise self._timeout(timeout)
        return [future.result() for future in self._futures]

    def interrupt(self) -> None:
        """Interrupt all ranks, from any thread; end them if they do not come back soon."""
        try:
            if self._engines.lost is not None:
                return
            self._engines.interrupt()
            wait(self._pending(), GRACE)
            has_come_back = not self._pending()
        except KeyboardInterrupt:  # a second one: at once
            has_come_back = False
        if not has_come_back:
            error = ClusterError(
                self._name, "must be outside a collective to be interrupted",
                got="an interrupt that some ranks did not notice", context="All ranks were ended.",
                remedy="The next call starts them again.",
            )  # fmt: skip
            self._engines.abandon(error, is_replaceable=True)

    def _wait(self, deadline: float | None) -> None:
        """Wait until all have answered or the time is over; raise if one died or all are stuck."""
        stuck_at = None
        while pending := self._pending():
            self._engines.check()
            now = time.monotonic()
            if stuck_at is None and self._failures():
                stuck_at = now + GRACE
            if stuck_at is not None and now > stuck_at:
                raise self._stuck()
            if stuck_at is None and deadline is not None and now > deadline:
                return
            left = _LOOK if deadline is None else min(_LOOK, max(0.0, deadline - now))
            wait(pending, left, FIRST_COMPLETED)
        if any(future.exception() is not None for future in self._futures):
            self._engines.check()

    def _pending(self) -> list[Future[Any]]:
        return [future for future in self._futures if not future.done()]

    def _failures(self) -> dict[int, Failure]:
        """Rank -> what it ended in, for the ranks that have failed so far."""
        answers = {rank: _failure(future) for rank, future in enumerate(self._futures)}
        return {rank: failure for rank, failure in answers.items() if failure is not None}

    def _error(self, also: str = "") -> SnnlabError | None:
        """The error of the first rank that has failed; None if none has."""
        failures = self._failures()
        if not failures:
            return None
        # A rank whose call was dropped, or that was interrupted, tells less than one that failed.
        first = min(failures, key=lambda rank: (failures[rank].kind in _UNINFORMATIVE, rank))
        others = [str(rank) for rank in failures if rank != first]
        words = [f"So did rank {', '.join(others)}."] if others else []
        return failures[first].error(
            str(self._engines.ranks[first]), " ".join([*words, also] if also else words)
        )

    def _stuck(self) -> SnnlabError:
        """End ranks that wait for one that has failed; return the error of that one."""
        waiting = ", ".join(str(rank) for rank, f in enumerate(self._futures) if not f.done())
        error = self._error(
            f"Rank {waiting} waited for it in vain: all ranks were ended. Ranks.restart() starts "
            "them again."
        ) or ClusterError("the ranks", "must answer", got="no answer", remedy="Ranks.restart().")
        self._engines.abandon(error)
        return error

    def _timeout(self, timeout: float | None) -> RankTimeout:
        waited_for = [str(rank) for rank, f in enumerate(self._futures) if not f.done()]
        return RankTimeout(
            self._name, f"must be answered within {timeout:g} s",
            got=f"no answer of rank {', '.join(waited_for)}",
            remedy="They go on: ask again, Ranks.interrupt() or Ranks.restart().",
        )  # fmt: skip


_UNINFORMATIVE = ("KeyboardInterrupt", "TaskAborted")


def _failure(future: Future[Any]) -> Failure | None:
    """What a rank ended in; None if it has not answered, or has a result."""
    if not future.done():
        return None
    error = future.exception()
    if error is not None:  # outside the function: arguments that do not arrive, a dropped call
        kind = str(getattr(error, "ename", None) or type(error).__name__)
        message = str(getattr(error, "evalue", None) or error)
        return Failure(kind, message, {}, str(getattr(error, "traceback", None) or error))
    answer = future.result()
    return answer if isinstance(answer, Failure) else None
