"""Who is compared, and with which command each runs a network file."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from snnlab.bench.adapters.simulators import PROGRAMS, lacks
from snnlab.cluster.mpi import launch_environment, mpiexec

__all__ = ["PEERS", "Simulator", "simulators"]

PEERS = ("nest", "brian2", "ranks")

_THE_ONE = ((),)
_WAYS = ("point_to_point", "collective")


@dataclass(frozen=True)
class Simulator:
    """A simulator in an interpreter of its own.

    Parameters
    ----------
    name : str
        Of the package, and of ``run_<name>.py``.
    python : str
        The interpreter that has it.
    package : str
        What the interpreter must have; default: that of this name.
    launcher : tuple
        What starts the interpreter, with arguments.
    settings : tuple
        Extra arguments, one tuple a setting. Where there are several all run in the first round,
        and from then on the fastest one.
    runs_all : bool
        Whether all of them run in every round instead.
    """

    name: str
    python: str
    settings: tuple[tuple[str, ...], ...] = _THE_ONE
    runs_all: bool = False
    package: str = ""
    launcher: tuple[str, ...] = ()

    @property
    def program(self) -> Path:
        """What runs a network file in it."""
        return PROGRAMS / f"run_{self.name}.py"

    def command(
        self, setting: Sequence[str], network: Path, spikes: Path, *, threads: int,
        warmup: float, time: float, touch: float = 0.0,
    ) -> list[str]:  # fmt: skip
        """Return the command that runs a network file."""
        # An argument that is given twice counts as it is given last.
        return [
            *self.launcher, self.python, str(self.program), str(network),
            "--threads", str(threads), "--warmup", str(warmup), "--time", str(time),
            "--touch", str(touch), "--spikes", str(spikes), *setting,
        ]  # fmt: skip

    def missing(self) -> str:
        """Return why the simulator cannot run here; empty if its package is found."""
        return lacks(self.python, self.package or self.name)


def simulators(
    peers: Sequence[str], pythons: Mapping[str, str], threads: int
) -> dict[str, Simulator]:
    """Return snnlab and the peers by name.

    Parameters
    ----------
    peers : sequence of str
        Of `PEERS`.
    pythons : mapping
        Peer -> interpreter; default: the one that runs this.
    threads : int
        Brian2 may be faster with one thread, so it runs with one as well; snnlab on ranks has one
        each.
    """
    counts = sorted({threads, 1}, reverse=True)
    settings = {
        "brian2": tuple(
            ("--threads", str(n), "--precision", precision)
            for n in counts
            for precision in ("float32", "float64")
        ),
        "ranks": tuple(("--exchange", way) for way in _WAYS),
    }
    found = {
        name: Simulator(name, pythons.get(name, sys.executable), settings.get(name, _THE_ONE))
        for name in ("snnlab", *peers)
    }
    if "ranks" in found:
        found["ranks"] = replace(
            found["ranks"], runs_all=True, package="mpi4py", launcher=_mpi(threads)
        )
    return found


def _mpi(n: int) -> tuple[str, ...]:
    """What starts `n` ranks."""
    settings = [f"{name}={value}" for name, value in launch_environment().items()]
    return ("env", *settings, str(mpiexec()), "-n", str(n))
