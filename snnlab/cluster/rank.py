"""Who a rank is: what it tells of itself, and what it is given."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass

from snnlab import __version__
from snnlab.cluster.devices import device_for, local_ranks, threads_for
from snnlab.cluster.mpi import world
from snnlab.errors import ClusterError

__all__ = ["Identity", "Rank", "gpus_here", "identify", "in_rank_order"]


@dataclass(frozen=True)
class Rank:
    """One process of several.

    Parameters
    ----------
    number : int
        Its MPI rank, counted from 0.
    host : str
        Name of the computer it runs on.
    pid : int
        Its process there.
    cores : int
        Cores that its host gives to all ranks there.
    device : str
        What it computes on: ``"cpu"``, ``"cuda:0"``.
    threads : int
        Threads it may use without taking another rank's cores.
    engine : int
        Its number as an engine of ipyparallel, which is not its rank.
    """

    number: int
    host: str
    pid: int
    cores: int
    device: str
    threads: int
    engine: int

    def __str__(self) -> str:
        return f"rank {self.number} on {self.host} (process {self.pid})"


@dataclass(frozen=True)
class Identity:
    """What a process tells of itself: rank and size of its MPI world, host, version, GPUs."""

    rank: int
    size: int
    host: str
    pid: int
    cores: int
    gpus: tuple[str, ...]
    version: str


def identify(wanted: str) -> Identity:
    """Return who this process is.

    Parameters
    ----------
    wanted : str
        Device as in `device_for`; GPUs are looked for unless it is ``"cpu"``.
    """
    communicator = world()
    return Identity(
        int(communicator.rank), int(communicator.size), platform.node(), os.getpid(), _cores(),
        () if wanted == "cpu" else gpus_here(), __version__,
    )  # fmt: skip


def in_rank_order(
    identities: Sequence[Identity], engines: Sequence[int], wanted: str
) -> list[Rank]:
    """Return the ranks in the order of their numbers, each with a device and threads.

    Parameters
    ----------
    identities : sequence of Identity
        In the order of `engines`.
    engines : sequence of int
        Numbers of the engines; their order says nothing about that of the ranks.
    wanted : str
        Device, see `device_for`.

    Raises
    ------
    ClusterError
        They do not form one MPI world, or have another version of snnlab than this process.
    """
    _check_world(identities)
    _check_versions(identities)
    order = sorted(range(len(identities)), key=lambda i: identities[i].rank)
    ordered = [identities[i] for i in order]
    places = local_ranks([who.host for who in ordered])
    return [
        Rank(
            who.rank, who.host, who.pid, who.cores, device_for(wanted, local, who.gpus),
            threads_for(who.cores, n_local), engines[i],
        )
        for i, who, (local, n_local) in zip(order, ordered, places, strict=True)
    ]  # fmt: skip


def _check_world(identities: Sequence[Identity]) -> None:
    numbers = sorted(who.rank for who in identities)
    sizes = {who.size for who in identities}
    if numbers != list(range(len(identities))) or sizes != {len(identities)}:
        raise ClusterError(
            "the engines", f"must be ranks 0 to {len(identities) - 1} of one MPI world",
            got=f"ranks {numbers} of worlds of {sorted(sizes)}",
            remedy="Start all engines in one MPI launch, with the flag --mpi.",
        )  # fmt: skip


def _check_versions(identities: Sequence[Identity]) -> None:
    others = {who.host: who.version for who in identities if who.version != __version__}
    if others:
        raise ClusterError(
            "snnlab", f"must have version {__version__} on all hosts, as here",
            got=", ".join(f"{version} on {host}" for host, version in others.items()),
            remedy="Install the same version there, or start the engines from this environment.",
        )  # fmt: skip


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def gpus_here() -> tuple[str, ...]:
    """Return the GPUs of this host that can be used: ``("cuda:0", "cuda:1")``."""
    from snnlab.cuda.available import usable
    from snnlab.cuda.probe import look

    return tuple(usable(look()))
