"""Processes that take turns: each computes a block, then waits until it is told to go on."""

from __future__ import annotations

import random
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, cast

from snnlab.bench.process import Outcome, end_group, held_to, judged, usage_of

__all__ = ["TURN", "Command", "run_in_turns"]

TURN = "turn"
"""Line that a program prints when it is ready for its next block; a line to it lets it go on."""


@dataclass(frozen=True)
class Command:
    """A program that takes turns.

    Parameters
    ----------
    words : sequence
        Program and arguments.
    environment : mapping
        All that it sees.
    folder : Path, optional
        Where it runs.
    """

    words: Sequence[str]
    environment: Mapping[str, str]
    folder: Path | None = None


class _Player:
    """One running program."""

    def __init__(self, command: Command) -> None:
        self.err = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `outcome`
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            [str(word) for word in command.words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.err, start_new_session=True, env=dict(command.environment),
            cwd=command.folder,
        )  # fmt: skip
        self._in = cast("IO[bytes]", self.process.stdin)
        self._out = cast("IO[bytes]", self.process.stdout)
        self.active = 0.0
        self.is_waiting = True
        self._told: list[bytes] = []

    def play(self, *, is_first: bool = False) -> None:
        """Let it compute until it waits for its turn again, or ends."""
        began = self.began if is_first else time.perf_counter()
        if not is_first:
            self._go_on()
        for line in self._out:
            if line.strip() == TURN.encode():
                break
            self._told.append(line)
        else:
            self.is_waiting = False
        self.active += time.perf_counter() - began

    def _go_on(self) -> None:
        try:
            self._in.write(b"\n")
            self._in.flush()
        except BrokenPipeError:
            self.is_waiting = False  # it has died; its exit code tells why

    def outcome(self, *, is_late: bool, limit: float) -> Outcome:
        """Wait for its end; what it waited for its turns is not its time."""
        self._out.close()
        with suppress(BrokenPipeError):  # it has died, and its exit code tells why
            self._in.close()
        usage = replace(usage_of(self.process, self.began), wall=self.active)
        self.err.seek(0)
        err = self.err.read().decode(errors="replace")
        self.err.close()
        if is_late:
            return Outcome("timeout", f"not done after {limit:g} s", usage=usage)
        out = b"".join(self._told).decode(errors="replace")
        return judged(self.process.returncode, out, err, usage)


def run_in_turns(
    commands: Sequence[Command],
    *,
    timeout_s: float,
    cores: Sequence[int] | None,
    seed: int,
    started: Callable[[int, int], object] = lambda number, pid: None,
) -> list[Outcome]:
    """Run programs at the same time, of which only one computes at any moment.

    Parameters
    ----------
    commands : sequence of Command
        Each prints `TURN` and waits for a line of input before each of its blocks.
    timeout_s : float [s]
        For each; after the sum of them all are ended.
    cores : sequence of int, optional
        What all of them are held to; default: what this process may use.
    seed : int
        Of the order in each round, which chance decides.
    started : callable
        Called with the number of a program and its process id.

    Raises
    ------
    OSError
        There is no such program.
    """
    coin = random.Random(seed)
    limit = timeout_s * len(commands)
    players: list[_Player] = []
    late = threading.Event()

    def end() -> None:
        late.set()
        for player in players:
            if player.process.poll() is None:
                end_group(player.process.pid)

    timer = threading.Timer(limit, end)
    timer.daemon = True
    timer.start()
    try:
        for number, command in enumerate(commands):
            with held_to(cores):
                players.append(_Player(command))
            started(number, players[-1].process.pid)
            players[-1].play(is_first=True)
        while waiting := [player for player in players if player.is_waiting]:
            for player in coin.sample(waiting, len(waiting)):
                player.play()
    except BaseException:  # Ctrl-C must not leave a simulator behind
        for player in players:
            end_group(player.process.pid)
            player.process.wait()
        raise
    finally:
        timer.cancel()
    return [player.outcome(is_late=late.is_set(), limit=limit) for player in players]
