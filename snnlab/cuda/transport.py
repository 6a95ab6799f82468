"""How the spikes of a GPU get into MPI's hands: through the host, or from the GPU's own memory."""

from __future__ import annotations

from typing import Protocol

from snnlab.arrays.world import World
from snnlab.cpu.host_exchange import HostExchange
from snnlab.cuda.network import DeviceNetwork
from snnlab.cuda.spikes import ArrivingSpikes
from snnlab.cuda.trains import listed, trains
from snnlab.errors import DeviceUnavailable, SpecError

__all__ = ["DEVICE", "HOST", "TRANSPORTS", "HostTransport", "Transport", "check", "chosen"]

HOST, DEVICE = "host", "device"

TRANSPORTS = ("auto", HOST, DEVICE)
"""What may be asked for; ``"auto"``: from the device where MPI takes its memory."""

_REMEDY = (
    "Use an MPI that was built with CUDA and load mpi4py with it (Open MPI configured "
    "--with-cuda, or MPICH with CUDA; Cray's needs MPICH_GPU_SUPPORT_ENABLED=1), or leave "
    "transport out: spikes then go through the host. snnlab doctor says what is loaded."
)


class Transport(Protocol):
    """Lets other ranks have the spikes of a chunk, and puts theirs into the record."""

    name: str
    """``"host"`` or ``"device"``."""

    @property
    def way(self) -> str:
        """How spikes are exchanged, in words."""
        ...

    @property
    def nbytes(self) -> int:
        """Bytes on the device."""
        ...

    def exchange(
        self, network: DeviceNetwork, spikes: ArrivingSpikes, pending: tuple[int, int, int],
        start: int,
    ) -> int:  # fmt: skip
        """Exchange the spikes of a chunk; all ranks call this.

        Parameters
        ----------
        network : DeviceNetwork
        spikes : ArrivingSpikes
            Own ones, on their way to the host.
        pending : turn, first, last
            Where they are in the record.
        start : int
            First step of the chunk.

        Returns
        -------
        int
            Entries that were put behind them.
        """
        ...


class HostTransport:
    """Fetches own spikes, exchanges them on the host, and sends those of others to the device.

    Parameters
    ----------
    exchange : HostExchange
    """

    name = HOST

    def __init__(self, exchange: HostExchange) -> None:
        self._exchange = exchange

    @property
    def way(self) -> str:
        """How spikes are exchanged, in words."""
        return self._exchange.way

    @property
    def nbytes(self) -> int:
        """Bytes on the device: none, its lists and messages are on the host."""
        return 0

    def exchange(
        self, network: DeviceNetwork, spikes: ArrivingSpikes, pending: tuple[int, int, int],
        start: int,
    ) -> int:  # fmt: skip
        """Exchange the spikes of a chunk; see `Transport`."""
        turn, _, last = pending
        slot, step = self._exchange.exchanged(*listed(*spikes.columns()), start)
        fired, steps = trains(slot, step, start)
        network.add_spikes(turn, last, fired, start, steps)
        return int(fired.size)


def check(transport: str, device: str = "cuda") -> None:
    """Look whether a transport can be meant, for ranks on such a device.

    Raises
    ------
    SpecError
        No such transport; the memory of a device where ranks have none.
    """
    if transport not in TRANSPORTS:
        raise SpecError(
            "transport", f"must be one of {', '.join(TRANSPORTS)}", got=repr(transport)
        )  # fmt: skip
    if transport == DEVICE and device == "cpu":
        raise SpecError(
            "transport", "must be auto or host where ranks compute on CPUs", got=repr(transport),
            remedy='Leave it out, or use device="cuda".',
        )  # fmt: skip


def chosen(world: World, transport: str) -> str:
    """Return the transport that all ranks take; all of them call this.

    Parameters
    ----------
    world : World
    transport : str
        One of `TRANSPORTS`.

    Raises
    ------
    DeviceUnavailable
        The device's memory is asked for, and MPI does not take it on some rank.
    """
    if world.n_ranks == 1 or transport == HOST:
        return HOST
    refusal = world.refuses_gpus()
    if not world.any(bool(refusal)):
        return DEVICE
    if transport == DEVICE:
        raise DeviceUnavailable(
            "transport", "must be auto or host where MPI does not take memory of GPUs",
            got=f"'device', but {refusal or 'it does not on another rank'}", remedy=_REMEDY,
        )  # fmt: skip
    return HOST
