"""Which device and how many threads each rank takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from snnlab.errors import DeviceUnavailable

if TYPE_CHECKING:
    from snnlab.cluster.rank import Rank
    from snnlab.cuda.device import Device

__all__ = ["device_for", "devices_of", "gpu", "local_ranks", "own_local_rank", "threads_for"]

_LOCAL = (
    ("OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE"),
    ("MPI_LOCALRANKID", "MPI_LOCALNRANKS"),
)
"""Rank on the host, and number of ranks there: as Open MPI and as MPICH's family tell them."""


def local_ranks(hosts: Sequence[str]) -> list[tuple[int, int]]:
    """Return for each rank its number among the ranks of its host, and how many those are.

    Parameters
    ----------
    hosts : sequence of str
        Host of each rank, in rank order.

    Examples
    --------
    >>> local_ranks(["a", "b", "a"])
    [(0, 2), (0, 1), (1, 2)]
    """
    return [(hosts[:rank].count(host), hosts.count(host)) for rank, host in enumerate(hosts)]


def own_local_rank(environ: Mapping[str, str], world: Any) -> tuple[int, int]:
    """Return the number of this rank among those of its host, and how many those are.

    Parameters
    ----------
    environ : mapping
        The environment of this process, in which most MPI libraries tell it.
    world : MPI communicator
        Of all ranks; asked, by all of them together, where the environment says nothing.
    """
    for rank, size in _LOCAL:
        if rank in environ and size in environ:
            return int(environ[rank]), int(environ[size])
    from mpi4py import MPI

    shared = world.Split_type(MPI.COMM_TYPE_SHARED)
    try:
        return int(shared.rank), int(shared.size)
    finally:
        shared.Free()


def device_for(wanted: str, local_rank: int, gpus: Sequence[str]) -> str:
    """Return the device of a rank.

    Parameters
    ----------
    wanted : str
        ``"cpu"``; ``"cuda"``: a GPU; ``"auto"``: a GPU if the host has one.
    local_rank : int
        The rank's number among those of its host.
    gpus : sequence of str
        GPUs of the host that can be used: ``["cuda:0", "cuda:1"]``. Ranks take them in turn, so
        that more ranks than GPUs share them.

    Raises
    ------
    DeviceUnavailable
        An unknown name, or no GPU where one must be.
    """
    if wanted not in ("auto", "cpu", "cuda"):
        raise DeviceUnavailable(
            "device", "must be auto, cpu or cuda", got=repr(wanted),
            remedy='With "cuda" each rank takes the GPU of its number on its host.',
        )  # fmt: skip
    if wanted == "cpu" or (wanted == "auto" and not gpus):
        return "cpu"
    if not gpus:
        raise DeviceUnavailable(
            "device", "must be there on every host", got="no GPU that can be used",
            remedy='snnlab doctor says why; device="cpu" needs none.',
        )  # fmt: skip
    return gpus[local_rank % len(gpus)]


def devices_of(ranks: Iterable[Rank], wanted: str) -> tuple[str, ...]:
    """Return what each rank computes on, as far as it has been given that.

    Parameters
    ----------
    ranks : iterable of Rank
    wanted : str
        ``"cpu"``, or ``"cuda"``: the GPU of each.

    Raises
    ------
    DeviceUnavailable
        An unknown name, or a rank without a GPU.
    """
    if wanted not in ("cpu", "cuda"):
        raise DeviceUnavailable(
            "device", "must be cpu or cuda where there are several ranks", got=repr(wanted),
            remedy='With "cuda" each rank takes the GPU of its number on its host.',
        )  # fmt: skip
    if wanted == "cpu":
        return tuple("cpu" for _ in ranks)
    found = list(ranks)
    if without := [str(rank) for rank in found if rank.device == "cpu"]:
        raise DeviceUnavailable(
            "the ranks", "must have a GPU each", got=f"none for {', '.join(without)}",
            remedy='Start them with Ranks.start(..., device="cuda").',
        )  # fmt: skip
    return tuple(rank.device for rank in found)


def gpu(name: str) -> Device:
    """Return a GPU of this host, to be used by one engine.

    Parameters
    ----------
    name : str
        ``"cuda:1"``.

    Raises
    ------
    DeviceUnavailable
        It cannot be used.
    """
    from snnlab.cuda.available import device_index, require
    from snnlab.cuda.cupy_device import CupyDevice

    index = device_index(name) or 0
    require(index)
    return CupyDevice(index)


def threads_for(cores: int, n_local: int) -> int:
    """Return the threads of a rank.

    Parameters
    ----------
    cores : int
        Cores that the host gives to all its ranks together.
    n_local : int
        Ranks on the host.
    """
    return max(1, cores // n_local)
