"""Processes that were started here: a controller, engines, and the guard that ends them."""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path
from typing import Any

from snnlab.cluster import background
from snnlab.cluster.guard import Guard
from snnlab.cluster.launcher import SHARED_MEMORY, Launch, is_readable_by_others
from snnlab.errors import ClusterError

__all__ = ["Started"]

_REMEDY = "snnlab doctor says what is missing; a longer timeout helps a busy machine."


class Started:
    """Controller and engines, from their start to their end.

    Parameters
    ----------
    launch : Launch
        What to start.

    Raises
    ------
    ClusterError
        They cannot be started; what they have written says why.
    """

    last_words = 3.0
    """How long [s] its launcher may take to say how a rank died: it ends the others before."""

    def __init__(self, launch: Launch) -> None:
        self.cluster_id = f"snnlab-{os.getpid()}-{secrets.token_hex(4)}"
        self.client: Any = None
        self._launch = launch
        self._cluster = launch.cluster(self.cluster_id)
        profile = Path(self._cluster.profile_dir)
        folders = [profile / "security", profile / "log", SHARED_MEMORY]
        self._guard = Guard(self.cluster_id, folders)
        try:
            if shared := launch.shared_memory(self.cluster_id):
                shared.mkdir(mode=0o700)
            self._start(time.monotonic() + launch.timeout)
        except BaseException:
            self.end()
            raise

    def is_over(self) -> bool:
        """Whether the launcher of the engines, or the controller, has ended."""
        return any(part.state == "after" for part in self._parts())

    def output(self) -> str:
        """Return the last lines that controller and launcher have written."""
        texts = [_output(part) for part in self._parts()]
        return "\n".join("\n".join(text.splitlines()[-20:]) for text in texts if text)

    def end(self) -> None:
        """End all processes; doing it twice is allowed."""
        if self.client is not None:
            self.client.close(linger=0)
        self._guard.end()

    def _start(self, deadline: float) -> None:
        """Start controller and engines, and connect to them."""
        left = deadline - time.monotonic()
        try:
            background.run(self._cluster.start_cluster(self._launch.n), left)
            for command in _ends_of_jobs(self._parts()):
                self._guard.run_at_the_end(command)
            told = background.run(self._cluster.controller.get_connection_info(), left)
            self.client = background.run(self._cluster.connect_client(), left)
        except (TimeoutError, OSError, RuntimeError) as error:
            raise ClusterError(
                "the controller of the ranks", "must start", got=str(error) or repr(error),
                context=self.output(), remedy=_REMEDY,
            ) from error  # fmt: skip
        if is_readable_by_others(told["client"]):
            raise ClusterError(
                "the controller of the ranks", "must be encrypted beyond this computer",
                got=str(told["client"]["interface"]),
                remedy='Give the address as Ranks.start(ip="*"), not in settings or a profile.',
            )  # fmt: skip
        self._wait_for_engines(deadline)

    def _wait_for_engines(self, deadline: float) -> None:
        n = self._launch.n
        while len(self.client.ids) < n:
            if self.is_over() or time.monotonic() > deadline:
                raise ClusterError(
                    f"{n} ranks", "must start",
                    got=f"{len(self.client.ids)} within {self._launch.timeout:g} s",
                    context=self.output(), remedy=_REMEDY,
                )  # fmt: skip
            time.sleep(0.02)

    def _parts(self) -> list[Any]:
        parts = [self._cluster.controller, *self._cluster.engines.values()]
        return [part for part in parts if part is not None]


def _output(part: Any) -> str:
    """What a launcher has written: kept by ipyparallel once it has ended, in a file before."""
    path = Path(part.output_file)
    if path.is_file():
        return path.read_text(errors="replace")
    return str(getattr(part, "_output", None) or "")


def _ends_of_jobs(parts: list[Any]) -> list[list[str]]:
    """The commands that end the jobs of a batch system."""
    jobs = [part for part in parts if getattr(part, "job_id", "")]
    return [[*part.delete_command, part.job_id] for part in jobs]
