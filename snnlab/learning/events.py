"""Input spikes of a batch, with some of them left out at random."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit, uint32, uint64

from snnlab.build.random import stream_id
from snnlab.errors import SpecError
from snnlab.learning.recurrent_network import RecurrentNetwork
from snnlab.learning.trials import Trials
from snnlab.rules.philox import philox4x32

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Events", "check_events", "events_of"]


class Events(NamedTuple):
    """Input spikes of the trials of a batch, one trial after the other.

    Parameters
    ----------
    channel, step : (n_events,) int32
    offsets : (n_trials + 1,) int64
    """

    channel: NDArray[np.int32]
    step: NDArray[np.int32]
    offsets: NDArray[np.int64]


def events_of(
    network: RecurrentNetwork, trials: Trials, indices: NDArray[np.int64], drop_out: float,
    update: int,
) -> Events:  # fmt: skip
    """Gather the input spikes of some trials.

    Parameters
    ----------
    network : RecurrentNetwork
        Its seed names the random numbers.
    trials : Trials
    indices : (n,) int64
        Which of them.
    drop_out : float
        Probability that an input spike is left out.
    update : int
        Number of the update of the weights that they are for, which names the random numbers too.

    Raises
    ------
    SpecError
        The trials have channels that the network has not, or the probability is none.
    """
    check_events(network, trials, drop_out)
    sizes = np.diff(trials.offsets)[indices]
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    channel, step = np.empty(offsets[-1], np.int32), np.empty(offsets[-1], np.int32)
    stream = np.uint32(stream_id("drop-out"))
    threshold = np.uint64(round(drop_out * 2.0**32))
    found = _gather(
        trials.channel, trials.step, trials.offsets, indices, offsets, threshold,
        np.uint32(update), np.uint32(network.seed), stream, channel, step,
    )  # fmt: skip
    return Events(channel[: found[-1]], step[: found[-1]], found)


def check_events(network: RecurrentNetwork, trials: Trials, drop_out: float) -> None:
    """Check that a network has the channels of trials, and that spikes can be left out so.

    Raises
    ------
    SpecError
        See `events_of`.
    """
    if trials.n_channels != network.n_inputs:
        raise SpecError(
            "Trials.n_channels", f"must be the network's n_inputs, {network.n_inputs}",
            got=str(trials.n_channels), remedy="Make the network for the channels of the trials.",
        )  # fmt: skip
    if not 0.0 <= drop_out < 1.0:
        raise SpecError(
            "drop_out", "must be >= 0 and < 1", got=repr(drop_out), remedy="0.1 costs nothing."
        )


@njit(nogil=True, error_model="numpy", cache=True)
def _gather(  # type: ignore[no-untyped-def]
    channel, step, offsets, indices, begin, threshold, update, seed, stream, to_channel, to_step
):
    """Copy the events that stay; number `e` of a trial goes where its random word says so."""
    found = np.zeros(begin.size, np.int64)
    n = 0
    for b in range(indices.size):
        trial = indices[b]
        for block in range((offsets[trial + 1] - offsets[trial] + 3) // 4):
            words = (uint32(0), uint32(0), uint32(0), uint32(0))
            if threshold > uint64(0):
                words = philox4x32(uint32(block), uint32(trial), update, 0, seed, stream)
            first = offsets[trial] + 4 * block
            for k in range(min(4, offsets[trial + 1] - first)):
                if uint64(words[k]) >= threshold:
                    to_channel[n], to_step[n] = channel[first + k], step[first + k]
                    n += 1
        found[b + 1] = n
    return found
