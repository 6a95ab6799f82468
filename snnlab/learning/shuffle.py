"""The order in which trials are learnt: another one in each epoch, named by seed and epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from snnlab.build.random import stream_id, uniforms
from snnlab.errors import SpecError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["batches"]


def batches(n_trials: int, size: int, seed: int, epoch: int) -> list[NDArray[np.int64]]:
    """Return the batches of an epoch.

    Parameters
    ----------
    n_trials : int
    size : int
        Trials of a batch; the last one may be smaller.
    seed, epoch : int
        They name the order.

    Returns
    -------
    list of (n,) int64
        Each trial once.
    """
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise SpecError(
            "size", "must be a whole number >= 1", got=repr(size), remedy="32 trials are usual."
        )
    order = uniforms(n_trials, seed, stream_id("epoch", epoch)).argsort(kind="stable")
    return [order[k : k + size].astype(np.int64) for k in range(0, n_trials, size)]
