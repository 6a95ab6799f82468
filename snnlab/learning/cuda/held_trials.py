"""Trials on a device: held there while they live, if there is room, else sent batch by batch."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit, uint32

from snnlab.cuda.device import Array, Device
from snnlab.learning.trials import Trials

if TYPE_CHECKING:
    from numpy.typing import NDArray

    _Sent = tuple[Array, Array, Array, NDArray[np.int64]]

__all__ = ["Held", "HeldTrials", "trials_bytes"]

_SHARE = 0.5
"""Of the memory that is free, what trials may take that are held."""


def trials_bytes(n_events: int, n_trials: int, n_steps: int) -> int:
    """Return what trials take on a device."""
    return 2 * n_events + 4 * n_trials * (n_steps + 1) + 8 * (n_trials + 1)


@dataclass(frozen=True)
class Held:
    """Trials on a device.

    Parameters
    ----------
    channel : (n_events,) uint16
    step_start : (n_trials, n_steps + 1) uint32
        Where the spikes of steps begin within their trial.
    first : (n_trials + 1,) int64
        Where the spikes of trials begin.
    offsets : (n_trials + 1,) int64
        The same on the host.
    rows : (n,) int64
        Which rows of them a batch is.
    """

    channel: Array
    step_start: Array
    first: Array
    offsets: NDArray[np.int64]
    rows: NDArray[np.int64]


class HeldTrials:
    """All trials that a device holds.

    Parameters
    ----------
    device : Device
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._held: weakref.WeakKeyDictionary[Trials, _Sent] = weakref.WeakKeyDictionary()

    def of(self, trials: Trials, indices: NDArray[np.int64]) -> Held:
        """Return a batch of trials on the device."""
        if trials not in self._held and self._has_room(trials):
            self._held[trials] = self._sent(trials)
        if trials in self._held:
            return Held(*self._held[trials], indices)
        batch = trials.take(indices)
        return Held(*self._sent(batch), np.arange(indices.size))

    def close(self) -> None:
        """Hold nothing any more."""
        self._held.clear()

    def _has_room(self, trials: Trials) -> bool:
        needed = trials_bytes(trials.n_events, len(trials), trials.n_steps)
        return needed <= _SHARE * self._device.free_bytes()

    def _sent(self, trials: Trials) -> _Sent:
        starts = np.empty((len(trials), trials.n_steps + 1), np.uint32)
        _start_steps(trials.step, trials.offsets, starts)
        # Memory of no bytes has no address.
        channel = trials.channel.astype(np.uint16) if trials.n_events else np.zeros(1, np.uint16)
        send = self._device.upload
        return send(channel), send(starts), send(trials.offsets), trials.offsets


@njit(nogil=True, error_model="numpy", cache=True)
def _start_steps(step, offsets, starts):  # type: ignore[no-untyped-def]
    """Write where the spikes of each step begin within their trial."""
    for b in range(offsets.size - 1):
        e, n = offsets[b], offsets[b + 1]
        for t in range(starts.shape[1]):
            while e < n and step[e] < t:
                e += 1
            starts[b, t] = uint32(e - offsets[b])
