"""A call on all ranks that is under way."""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from snnlab.cluster.engines import Engines
from snnlab.cluster.remote import Failure
from snnlab.errors import RankTimeout

__all__ = ["Call"]


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
        n_done = sum(future.done() for future in self._futures)
        return f"<Call of {self._name}: {n_done} of {len(self._futures)} ranks have answered>"

    def done(self) -> bool:
        """Return whether every rank has answered."""
        return all(future.done() for future in self._futures)

    def result(self, timeout: float | None = None) -> list[Any]:
        """Wait for all ranks and return their results in rank order.

        Parameters
        ----------
        timeout : float [s], optional
            How long to wait; default: as long as it takes.

        Raises
        ------
        SnnlabError
            The error that a rank raised: of its own class if it is one of snnlab's, otherwise
            `RankFailed`.
        RankTimeout
            Not all have answered in time. They go on; asking again is allowed.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        pending = {future for future in self._futures if not future.done()}
        while pending:
            left = 0.1 if deadline is None else min(0.1, deadline - time.monotonic())
            if left < 0:
                raise self._timeout(timeout)
            _, pending = wait(pending, left, FIRST_COMPLETED)
        answers = [future.result() for future in self._futures]
        for rank, answer in zip(self._engines.ranks, answers, strict=True):
            if isinstance(answer, Failure):
                raise answer.error(str(rank))
        return answers

    def _timeout(self, timeout: float | None) -> RankTimeout:
        waited_for = [
            str(rank.number)
            for rank, future in zip(self._engines.ranks, self._futures, strict=True)
            if not future.done()
        ]
        return RankTimeout(
            self._name, f"must be answered within {timeout:g} s",
            got=f"no answer of rank {', '.join(waited_for)}",
            remedy="They go on: ask again, Ranks.interrupt() or Ranks.restart().",
        )  # fmt: skip
