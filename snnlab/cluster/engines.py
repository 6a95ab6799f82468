"""Engines as ranks: calls go to all of them together, and the death of one is that of all."""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any, Protocol

import psutil

from snnlab.cluster.connected import Connected, Connection
from snnlab.cluster.death import Cause, cause, end_of, first_of
from snnlab.cluster.launcher import Launch
from snnlab.cluster.rank import Rank, identify, in_rank_order
from snnlab.cluster.remote import Failure, name_of, perform
from snnlab.cluster.started import Started
from snnlab.errors import RankDied, SnnlabError

__all__ = ["Engines"]

_HISTORY = 1000
"""Calls whose names ipyparallel's client keeps at most."""

_DROPPED = 0.5
"""How long [s] ranks may take to confirm that they have dropped calls."""


class Cluster(Protocol):
    """Controller and engines, whoever started them."""

    client: Any

    last_words: float
    """How long [s] its launcher may take to say how a rank died."""

    def is_over(self) -> bool:
        """Whether they are known to have ended."""

    def output(self) -> str:
        """Return what their launcher has written."""

    def end(self) -> None:
        """End them, if that is ours to do; doing it twice is allowed."""


class Engines:
    """The ranks of one start, which end together.

    Parameters
    ----------
    source : Launch or Connection
        What to start, or what to connect to.
    device : str
        What ranks compute on, see `snnlab.cluster.devices.device_for`.

    Raises
    ------
    ClusterError
        They cannot be started or reached.

    Attributes
    ----------
    lost : SnnlabError or None
        Why they were ended; None while they go on.
    died : int or None
        The rank that died first, if that is known to be the reason.
    """

    def __init__(self, source: Launch | Connection, device: str) -> None:
        self.lost: SnnlabError | None = None
        self.died: int | None = None
        self.is_replaceable = False
        self.ranks: tuple[Rank, ...] = ()
        self._lock = threading.Lock()
        self._cluster: Cluster = (
            Started(source) if isinstance(source, Launch) else Connected(source)
        )
        try:
            self.ranks = tuple(self._identified(device, source.timeout))
        except BaseException:
            self.end()
            raise

    def submit(
        self, function: Callable[..., Any], arguments: list[tuple[Any, ...]]
    ) -> list[Future[Any]]:
        """Send one call to each rank, or to each of the first ones.

        Parameters
        ----------
        function : callable
            Of a module that the ranks can import.
        arguments : list of tuple
            For each rank that is called, in rank order.

        Returns
        -------
        list of Future
            In rank order; a result is what the function returned, or a `Failure`; an exception is
            one of ipyparallel's.
        """
        self.check()
        # All ranks get the calls of several threads in the same order: they may be collective.
        with self._lock:
            del self._cluster.client.history[:-_HISTORY]
            return [
                self._send(rank.engine, function, args)
                for rank, args in zip(self.ranks[: len(arguments)], arguments, strict=True)
            ]

    def interrupt(self) -> None:
        """Interrupt what every rank is doing, and drop the calls that wait behind it."""
        client = self._cluster.client
        if client.outstanding:
            engines = [rank.engine for rank in self.ranks]
            dropped = client.abort(list(client.outstanding), engines, block=False)
            # Before the signal: a rank that comes back from this call makes the next one at once.
            wait([dropped], _DROPPED)
        for rank in self.ranks:
            if _is_here(rank):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(rank.pid, signal.SIGINT)
            else:
                client.send_signal(signal.SIGINT, [rank.engine], block=False)

    def check(self) -> None:
        """Raise why the ranks are gone, if they are, and see to it that all are.

        Raises
        ------
        RankDied
            Or what they were ended for.
        """
        if self.lost is None and (death := self._death()) is not None:
            error, died = death
            self.abandon(error, died)
        if self.lost is not None:
            self.end()
            raise self.lost

    def abandon(
        self, error: SnnlabError, died: int | None = None, *, is_replaceable: bool = False
    ) -> None:
        """End all ranks because of an error.

        Parameters
        ----------
        error : SnnlabError
            Why; whoever waits for a call gets it.
        died : int, optional
            The rank that died first, if that is why.
        is_replaceable : bool
            Whether the next call may start them again by itself.
        """
        with self._lock:
            if self.lost is None:
                self.lost, self.died, self.is_replaceable = error, died, is_replaceable
        self.end()

    def end(self) -> None:
        """End all ranks; doing it twice is allowed."""
        self._cluster.end()

    def _death(self) -> tuple[RankDied, int | None] | None:
        """The error for a rank that is gone, and which one; None if all are there."""
        gone = self._gone()
        if not gone and not self._cluster.is_over():
            return None
        told = self._cause(gone)
        first = gone[0] if gone else self.ranks[0]
        who = self.ranks[told.rank] if told and told.rank < len(self.ranks) else first
        error = RankDied(
            str(who) if gone or told else "the controller of the ranks",
            "must go on until it is ended", got=told.words if told else "it is gone",
            context=f"All {len(self.ranks)} ranks were ended, and what they held is lost. A rank "
            "that nobody has killed was often refused memory by the system.",
            remedy="Ranks.restart() starts them again; go on from the last checkpoint.",
        )  # fmt: skip
        return error, who.number if gone or told else None

    def _cause(self, gone: list[Rank]) -> Cause | None:
        """Which rank died first, and of what.

        The process tells it where its launcher has not yet looked, else the launcher does, which
        may take it a while on a busy machine.
        """
        ends = {rank.number: end_of(rank.pid) if _is_here(rank) else None for rank in gone}
        told = first_of(ends, is_certain=True)
        deadline = time.monotonic() + self._cluster.last_words
        while told is None:
            is_last = self._cluster.is_over() or time.monotonic() > deadline
            told = cause(self._cluster.output())  # after the look whether any more can come
            if is_last:
                break
            time.sleep(0.02)
        return told or first_of(ends, is_certain=False)

    def _identified(self, device: str, timeout: float) -> list[Rank]:
        """Ask all engines who they are."""
        engines = list(self._cluster.client.ids)
        asked = [self._send(engine, identify, (device,)) for engine in engines]
        told = [future.result(timeout) for future in asked]
        for engine, answer in zip(engines, told, strict=True):
            if isinstance(answer, Failure):
                raise answer.error(f"engine {engine}")
        return in_rank_order(told, engines, device)

    def _send(
        self, engine: int, function: Callable[..., Any], args: tuple[Any, ...]
    ) -> Future[Any]:
        view = self._cluster.client[engine]
        return view.apply_async(perform, name_of(function), *args)  # type: ignore[no-any-return]

    def _gone(self) -> list[Rank]:
        """Ranks that have left the controller, or whose process on this host has ended."""
        present = set(self._cluster.client.ids)
        return [
            rank
            for rank in self.ranks
            if (_is_here(rank) and not _is_alive(rank.pid)) or rank.engine not in present
        ]


def _is_here(rank: Rank) -> bool:
    return rank.host == platform.node()


def _is_alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
