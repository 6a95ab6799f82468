"""The processes behind ranks, from one start to their end: controller, engines, guard, client."""

from __future__ import annotations

import os
import secrets
import signal
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from snnlab.cluster import background
from snnlab.cluster.guard import Guard
from snnlab.cluster.launcher import Launch
from snnlab.cluster.rank import Rank, identify, in_rank_order
from snnlab.cluster.remote import Failure, name_of, perform
from snnlab.errors import ClusterError, SnnlabError

__all__ = ["Engines"]

_HISTORY = 1000
"""Calls whose names ipyparallel's client keeps at most."""


class Engines:
    """Engines that were started together, and end together.

    Parameters
    ----------
    launch : Launch
        What to start.
    device : str
        What ranks compute on, see `snnlab.cluster.devices.device_for`.

    Raises
    ------
    ClusterError
        They cannot be started.
    """

    def __init__(self, launch: Launch, device: str) -> None:
        self.launch = launch
        self.cluster_id = f"snnlab-{os.getpid()}-{secrets.token_hex(4)}"
        self.lost: SnnlabError | None = None
        self.ranks: tuple[Rank, ...] = ()
        self._client: Any = None
        self._lock = threading.Lock()
        self._cluster = launch.cluster(self.cluster_id)
        profile = Path(self._cluster.profile_dir)
        self._guard = Guard(self.cluster_id, [profile / "security", profile / "log"])
        try:
            self._start(time.monotonic() + launch.timeout)
            self.ranks = tuple(self._identified(device))
        except BaseException:
            self.end()
            raise

    def _start(self, deadline: float) -> None:
        """Start controller and engines, and connect to them."""
        left = deadline - time.monotonic()
        try:
            background.run(self._cluster.start_cluster(self.launch.n), left)
            self._client = background.run(self._cluster.connect_client(), left)
        except (TimeoutError, OSError, RuntimeError) as error:
            raise ClusterError(
                "the controller of the ranks", "must start", got=str(error) or repr(error),
                context=self.output(),
                remedy="snnlab doctor says what is missing; a longer timeout helps a busy machine.",
            ) from error  # fmt: skip
        self._wait_for_engines(deadline)

    def _wait_for_engines(self, deadline: float) -> None:
        n = self.launch.n
        while len(self._client.ids) < n:
            if self.is_over() or time.monotonic() > deadline:
                raise ClusterError(
                    f"{n} ranks", "must start",
                    got=f"{len(self._client.ids)} within {self.launch.timeout:g} s",
                    context=self.output(),
                    remedy="snnlab doctor says what is missing; a longer timeout helps a busy "
                    "machine.",
                )  # fmt: skip
            time.sleep(0.02)

    def _identified(self, device: str) -> list[Rank]:
        """Ask all engines who they are."""
        engines = list(self._client.ids)
        asked = [self._send(engine, identify, (device,)) for engine in engines]
        told = [future.result(self.launch.timeout) for future in asked]
        for engine, answer in zip(engines, told, strict=True):
            if isinstance(answer, Failure):
                raise answer.error(f"engine {engine}")
        return in_rank_order(told, engines, device)

    def submit(self, function: Any, arguments: list[tuple[Any, ...]]) -> list[Future[Any]]:
        """Send one call to each rank.

        Parameters
        ----------
        function : callable
            Of a module that the ranks can import.
        arguments : list of tuple
            For each rank, in rank order.

        Returns
        -------
        list of Future
            In rank order; a result is what the function returned, a `Failure`, or an error of
            ipyparallel.
        """
        # All ranks get the calls of several threads in the same order: they may be collective.
        with self._lock:
            del self._client.history[:-_HISTORY]
            return [
                self._send(rank.engine, function, args)
                for rank, args in zip(self.ranks, arguments, strict=True)
            ]

    def _send(self, engine: int, function: Any, args: tuple[Any, ...]) -> Future[Any]:
        view = self._client[engine]
        return view.apply_async(perform, name_of(function), *args)  # type: ignore[no-any-return]

    def interrupt(self) -> None:
        """Interrupt what every rank is doing."""
        self._client.send_signal(signal.SIGINT, [rank.engine for rank in self.ranks], block=False)

    def is_over(self) -> bool:
        """Whether the launcher of the engines, or the controller, has ended."""
        parts = [self._cluster.controller, *self._cluster.engines.values()]
        return any(part is not None and part.state == "after" for part in parts)

    def output(self) -> str:
        """Return the last lines that controller and launcher have written."""
        parts = [self._cluster.controller, *self._cluster.engines.values()]
        texts = [_output(part) for part in parts if part is not None]
        return "\n".join("\n".join(text.splitlines()[-20:]) for text in texts if text)

    def end(self) -> None:
        """End all processes; doing it twice is allowed."""
        if self._client is not None:
            self._client.close(linger=0)
        self._guard.end()


def _output(part: Any) -> str:
    """What a launcher has written: kept by ipyparallel once it has ended, in a file before."""
    path = Path(part.output_file)
    if path.is_file():
        return path.read_text(errors="replace")
    return str(getattr(part, "_output", None) or "")
