"""Where two runs part: which spikes they share, and the first that they do not."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Shared", "first_difference", "shared"]

Spikes = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Step and neuron of each spike."""


class Shared(NamedTuple):
    """Which spikes of two runs are the same.

    Parameters
    ----------
    first, second : (n_spikes,) bool
        Whether each spike of the one, of the other, has its like there.
    """

    first: NDArray[np.bool_]
    second: NDArray[np.bool_]


def shared(first: Spikes, second: Spikes) -> Shared:
    """Return which spikes two runs have in common: the same neuron in the same step.

    Parameters
    ----------
    first, second : (step, neuron), each (n_spikes,) int64
        In any order; no neuron fires twice in a step.
    """
    a, b = _keys(*first), _keys(*second)
    return Shared(np.isin(a, b, assume_unique=True), np.isin(b, a, assume_unique=True))


def first_difference(first: Spikes, second: Spikes) -> int | None:
    """Return the first step in which two runs have different spikes; None if in no step.

    Parameters
    ----------
    first, second : (step, neuron), each (n_spikes,) int64
        Of the same interval.

    Examples
    --------
    >>> import numpy as np
    >>> a = np.array([1, 2, 5]), np.array([0, 0, 3])
    >>> b = np.array([1, 2, 6]), np.array([0, 0, 3])
    >>> first_difference(a, b)
    5
    """
    both = shared(first, second)
    alone = np.concatenate([first[0][~both.first], second[0][~both.second]])
    return int(alone.min()) if alone.size else None


def _keys(step: NDArray[np.int64], neuron: NDArray[np.int64]) -> NDArray[np.int64]:
    """One number a spike: global ids are below 2**31."""
    return (step.astype(np.int64) << 31) | neuron
