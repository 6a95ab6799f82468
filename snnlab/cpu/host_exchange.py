"""`HostExchange`: exchange of spikes for an engine whose neurons are on another device.

Its spikes come to the host chunk by chunk, those of other ranks go back from there. In between the
same compiled code packs, sends and unpacks them as in the loop of the CPU.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from snnlab.build.layout import Layout
from snnlab.cpu.exchange import STAGE, WAYS, Exchange
from snnlab.cpu.exchange_spikes import begin_exchange, finish_exchange
from snnlab.cpu.program import SpikeLists
from snnlab.cpu.ranks import with_fewer_spikes, with_less, with_spikes, with_words
from snnlab.cpu.warm import announced
from snnlab.rules.call import call_rule
from snnlab.rules.lend import Lent, lend

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["HostExchange"]

_OWN, _OTHERS = range(2)
"""The two lists of spikes: of this rank, and of all others."""

_FIRST_SPIKES = 1024
"""For how many spikes the lists have room at first."""


class _Blocks(NamedTuple):
    """What packing and unpacking read of a network; see `snnlab.arrays.program.Program`."""

    bounds: NDArray[np.int64]
    block_population: NDArray[np.int64]


@njit(nogil=True, error_model="numpy", cache=True)
def _begin(address, blocks, lists, exchange, start):  # type: ignore[no-untyped-def]
    call_rule(address, (blocks, lists, exchange, 0, start))


@njit(nogil=True, error_model="numpy", cache=True)
def _finish(address, blocks, lists, exchange):  # type: ignore[no-untyped-def]
    call_rule(address, (blocks, lists, exchange))


class HostExchange:
    """Sends the spikes of this rank's neurons, and returns those of others that matter here.

    Parameters
    ----------
    exchange : Exchange
        What this rank must know of the others.
    layout : Layout
    first, stop : int
        The blocks of this rank.
    """

    def __init__(self, exchange: Exchange, layout: Layout, first: int, stop: int) -> None:
        self._exchange = exchange
        self._blocks = lend(_Blocks(np.array([first, stop], np.int64), layout.block_population))
        n_ends = layout.sizes.size + 1
        self._lists = SpikeLists(
            spike_slot=np.empty((1, 2, _FIRST_SPIKES), np.int32),
            spike_step=np.empty((1, 2, _FIRST_SPIKES), np.int64),
            spike_start=np.zeros((1, 2, n_ends), np.int64),
        )
        self._lend()
        with announced():
            kinds = {
                "program": self._blocks.kind, "memory": self._lent[0].kind,
                "exchange": self._lent[1].kind,
            }  # fmt: skip
            self._begin, self._finish = (
                part.address(kinds) for part in (begin_exchange, finish_exchange)
            )

    def _lend(self) -> None:
        self._lent: tuple[Lent, Lent] = lend(self._lists), lend(self._exchange)

    @property
    def way(self) -> str:
        """How spikes are exchanged, in words."""
        return WAYS[self._exchange.mode]

    def exchanged(
        self, slot: NDArray[np.int32], step: NDArray[np.int64], start: int
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Tell the spikes of a chunk, and return those of other ranks; all ranks call this.

        Parameters
        ----------
        slot : (n,) int32
        step : (n,) int64
            Own spikes; those of a neuron in order of time.
        start : int
            First step of the chunk.

        Returns
        -------
        slot, step
            Spikes of others that are wanted here, by population; those of a neuron in order of
            time. Valid until the next call.
        """
        self._take(slot, step)
        _begin(self._begin, self._blocks, *self._lent, start)
        _finish(self._finish, self._blocks, *self._lent)
        while self._exchange.notes[STAGE]:  # it lacks memory for what has come
            self._exchange = with_words(self._exchange)
            self._lists = with_spikes(self._lists, self._exchange)
            self._lend()
            _finish(self._finish, self._blocks, *self._lent)
        self._give_back()
        n = int(self._lists.spike_start[0, _OTHERS, -1])
        return self._lists.spike_slot[0, _OTHERS, :n], self._lists.spike_step[0, _OTHERS, :n]

    def _give_back(self) -> None:
        """Give memory back that a burst of spikes has taken, long after it."""
        exchange = with_less(self._exchange)
        lists = with_fewer_spikes(self._lists, exchange, _FIRST_SPIKES)
        if exchange is not self._exchange or lists is not self._lists:
            self._exchange, self._lists = exchange, lists
            self._lend()

    def _take(self, slot: NDArray[np.int32], step: NDArray[np.int64]) -> None:
        """Put own spikes into their list, which becomes longer if it must."""
        room = self._lists.spike_slot.shape[2]
        if slot.size > room:
            shape = (1, 2, 2 * slot.size)
            self._lists = self._lists._replace(
                spike_slot=np.empty(shape, np.int32), spike_step=np.empty(shape, np.int64)
            )
            self._lend()
        self._lists.spike_slot[0, _OWN, : slot.size] = slot
        self._lists.spike_step[0, _OWN, : step.size] = step
        self._lists.spike_start[0, _OWN, -1] = slot.size
