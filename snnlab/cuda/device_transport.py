"""`DeviceTransport`: MPI takes spikes from the memory of the GPU, and puts those of others there.

A kernel packs the spikes of a chunk, MPI gets addresses on the device, a kernel unpacks what has
come. The host learns how many spikes go to whom and come from whom, and nothing else: message
lengths and room depend on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numba import int64, njit

from snnlab.cpu.exchange import (
    ALL_STATE,
    ALLGATHER,
    ARRIVED,
    COLLECTIVE,
    IN_END,
    OUT_END,
    POINT_TO_POINT,
    SOME_STATE,
    UNDER_WAY,
    WAYS,
    WORD,
    WORLD,
    Exchange,
)
from snnlab.cpu.exchange_all import begin_all, judge_all, sent_to_all
from snnlab.cpu.exchange_some import begin_some, judge_some, receive_some, send_some, wait_some
from snnlab.cpu.warm import announced
from snnlab.cuda.device import Array, Device, Kernel, Module
from snnlab.cuda.grid import n_blocks
from snnlab.cuda.network import DeviceNetwork
from snnlab.cuda.program import THREADS
from snnlab.cuda.spikes import ArrivingSpikes
from snnlab.cuda.structs import pack, uploaded
from snnlab.cuda.transport import DEVICE
from snnlab.cuda.wire import Wire, wire_of
from snnlab.rules.call import call_rule
from snnlab.rules.lend import lend

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DeviceTransport"]

_WORDS = ("all_send", "all_receive", "some_send", "some_receive")
"""Arrays of `Exchange` and `Wire` that MPI reads and writes."""

_N_PARCEL = 6
"""Words of ``Parcel``."""

_PLACES = ("in_first", "in_room", "out_first", "out_room", "out_waits")
"""Arrays that change where somebody's spikes did not fit."""


@njit(nogil=True, error_model="numpy", cache=True)
def _begin(exchange):  # type: ignore[no-untyped-def]
    """Let all spikes of a chunk wait."""
    if exchange.mode & POINT_TO_POINT:
        begin_some(exchange)
        exchange.notes[SOME_STATE] = UNDER_WAY
    if exchange.mode & COLLECTIVE:
        begin_all(exchange)
        exchange.notes[ALL_STATE] = UNDER_WAY


@njit(nogil=True, error_model="numpy", cache=True)
def _swap(exchange):  # type: ignore[no-untyped-def]
    """Send and receive what has not arrived, and wait for it.

    Open MPI takes memory of a GPU in blocking collectives only, so that the one here is.
    """
    calls, size = exchange.calls, exchange.size[0]
    waits = exchange.notes[SOME_STATE] != ARRIVED
    if waits:
        receive_some(exchange)
        send_some(exchange)
    if exchange.notes[ALL_STATE] != ARRIVED:
        call_rule(
            calls[ALLGATHER],
            (exchange.all_send, int64(size), calls[WORD], exchange.all_receive, int64(size),
             calls[WORD], calls[WORLD]),
        )  # fmt: skip
        sent_to_all(exchange)
    if waits:
        wait_some(exchange)


@njit(nogil=True, error_model="numpy", cache=True)
def _judge(exchange):  # type: ignore[no-untyped-def]
    """Note what has arrived, and what is asked for again in more words."""
    if exchange.notes[ALL_STATE] != ARRIVED:
        judge_all(exchange)
    if exchange.notes[SOME_STATE] != ARRIVED:
        judge_some(exchange)


class DeviceTransport:
    """Exchanges spikes between devices; see `snnlab.cuda.transport.Transport`.

    Parameters
    ----------
    exchange : Exchange
        What this rank must know of the others.
    module : Module
        The program of the network.
    device : Device
    is_merged : bool
        Whether the spikes of a neuron in a chunk must be one entry of the record.
    """

    name = DEVICE

    def __init__(
        self, exchange: Exchange, module: Module, device: Device, *, is_merged: bool
    ) -> None:
        self._device = device
        self._pack, self._unpack = (
            module.kernel(name) for name in ("pack_spikes", "unpack_spikes")
        )
        self._wire: Wire = uploaded(wire_of(exchange, is_merged=is_merged), device)
        self._exchange = _addressing(exchange, self._wire, device)
        self._parcel: Array = device.zeros(_N_PARCEL, np.int64)
        self._words: Array = device.empty(len(Wire._fields), np.uint64)
        self._is_stale = True
        self._n_spikes = 0
        self._lend()
        with announced():
            for function in (_begin, _swap, _judge):
                function.compile((self._lent.kind,))

    def _lend(self) -> None:
        self._lent = lend(self._exchange)
        self._device.write(self._words, pack(self._wire, self._device))

    @property
    def way(self) -> str:
        """How spikes are exchanged, in words."""
        return WAYS[self._exchange.mode]

    @property
    def nbytes(self) -> int:
        """Bytes on the device."""
        return sum(int(a.nbytes) for a in self._wire if hasattr(a, "nbytes"))

    def exchange(
        self, network: DeviceNetwork, spikes: ArrivingSpikes, pending: tuple[int, int, int],
        start: int,
    ) -> int:  # fmt: skip
        """Exchange the spikes of a chunk; see `snnlab.cuda.transport.Transport`."""
        notes = self._exchange.notes
        _begin(self._lent)
        if self._is_stale:  # the device knows who was asked again last time
            self._write_places()
            self._is_stale = False
        while True:
            self._ask(pending, start)
            visits = max(self._wire.n_mark_words, 1)
            self._launch(self._pack, network, (pending[2] - pending[1]) * visits)
            self._read_numbers(is_own=True)
            with self._device.current():
                _swap(self._lent)
            n_entries = self._take(network)
            _judge(self._lent)
            if notes[ALL_STATE] == ARRIVED and notes[SOME_STATE] == ARRIVED:
                break
            self._make_words()
        if network.make_room(pending[0], pending[2], self._n_spikes):
            return self._take(network)
        return n_entries

    def _take(self, network: DeviceNetwork) -> int:
        """Unpack what has come; return how many entries these are, 0 where something lacks."""
        self._launch(self._unpack, network, self._n_spikes)
        return self._read_numbers(is_own=False)

    def _ask(self, pending: tuple[int, int, int], start: int) -> None:
        """Say which spikes are meant; see ``Parcel`` in ``exchange.cu``."""
        notes = self._exchange.notes
        ways = COLLECTIVE * int(notes[ALL_STATE] != ARRIVED)
        ways += POINT_TO_POINT * int(notes[SOME_STATE] != ARRIVED)
        numbers = [ways, int(self._exchange.size[0]), *pending, start]
        self._device.write(self._parcel, np.array(numbers, np.int64))

    def _launch(self, kernel: Kernel, network: DeviceNetwork, n: int) -> None:
        """Launch in as many threads as there are spikes, as far as the device holds them."""
        n_wanted = n_blocks(kernel, THREADS, n)
        kernel(n_wanted, THREADS, network.words, self._words, self._parcel)

    def _read_numbers(self, *, is_own: bool) -> int:
        """Let the host know how many spikes go out, or have come; return the entries."""
        exchange = self._exchange
        told = self._device.download(cast("Array", self._wire.told)).astype(np.int64)
        n_out, n_all = exchange.n_out.size, exchange.n_all.size
        if is_own:
            waits = exchange.out_waits != 0
            exchange.n_out[waits] = told[1 : 1 + n_out][waits]
        else:
            exchange.n_all[:] = told[1 + n_out : 1 + n_out + n_all]
            exchange.n_in[:] = told[1 + n_out + n_all :]
            own = int(exchange.n_all[exchange.rank]) if n_all else 0
            self._n_spikes = int(exchange.n_all.sum() + exchange.n_in.sum()) - own
        return int(told[0])

    def _write_places(self) -> None:
        """Let the device know where words are, and who waits."""
        for name in _PLACES:
            self._device.write(getattr(self._wire, name), getattr(self._exchange, name))

    def _make_words(self) -> None:
        """Make room for the words that are asked for again, and twice as many to come."""
        exchange, notes = self._exchange, self._exchange.notes
        size = 2 * int(exchange.size[0])
        if notes[ALL_STATE] != ARRIVED and int(exchange.size[0]) > exchange.all_send.size:
            self._lengthen("all_send", size, keeps=False)
            self._lengthen("all_receive", size * exchange.n_ranks, keeps=False)
        for name, end in (("some_send", OUT_END), ("some_receive", IN_END)):
            if notes[end] > getattr(exchange, name).size:
                self._lengthen(name, 2 * int(notes[end]), keeps=True)
        self._exchange = _addressing(self._exchange, self._wire, self._device)
        self._lend()
        self._write_places()
        self._is_stale = True

    def _lengthen(self, name: str, n: int, *, keeps: bool) -> None:
        """Give words more room; those that have arrived already stay, if it `keeps` them."""
        old: Array = getattr(self._wire, name)
        longer = self._device.zeros(n, np.uint64)
        if keeps:
            self._device.write(longer, self._device.download(old), 0)
        self._wire = self._wire._replace(**cast("Any", {name: longer}))


def _addressing(exchange: Exchange, wire: Wire, device: Device) -> Exchange:
    """The same, with words whose addresses are those of the device."""
    arrays = {name: _named(cast("Array", getattr(wire, name)), device) for name in _WORDS}
    return exchange._replace(**cast("Any", arrays))


def _named(array: Array, device: Device) -> NDArray[np.uint64]:
    """An array of the host with the address of one of the device; its contents are not there."""

    class Named:
        __array_interface__ = {  # noqa: RUF012
            "data": (device.address(array), False), "shape": array.shape, "typestr": "<u8",
            "version": 3,
        }  # fmt: skip

    return np.asarray(Named())
