"""What is written while trials are shown: room for a group of them at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.learning.recurrent_network import RecurrentNetwork

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LONGEST_CHUNK", "Shown", "bundle_trials"]

LONGEST_CHUNK = 1536
"""Steps of a trial that are kept whole; a longer one is kept in pieces, and computed twice."""

_GROUP_BYTES = 2**25
"""About what the trials of a group may keep: what many need more than is gained by."""


_BUNDLE_STEPS = 512
"""Steps of trials that are sorted and summed together: their rows stay in the cache."""


def bundle_trials(network: RecurrentNetwork, n_steps: int, chunk: int) -> int:
    """Return how many trials are summed together.

    Where a bundle ends is part of the order of sums, so it depends neither on the size of a batch
    nor on the memory that there is.
    """
    return min(max(1, _BUNDLE_STEPS // chunk), _group_trials(network, n_steps, chunk))


def _group_trials(network: RecurrentNetwork, n_steps: int, chunk: int) -> int:
    """Trials that a group may keep."""
    a_trial = chunk * _stride(network.n_hidden) + n_steps * (network.n_outputs + 8)
    return int(max(1, _GROUP_BYTES // (a_trial * np.dtype(network.precision).itemsize)))


def _stride(n_hidden: int) -> int:
    """Numbers from row to row, which must not share few places of the cache (4096 bytes apart)."""
    return -(-n_hidden // 16) * 16 + 16


@dataclass
class Shown:
    """Room for the trials of a group; see `snnlab.learning.forward.forward`."""

    n_trials: int
    chunk: int
    bundle: int
    psi: NDArray[Any]
    kept: NDArray[Any]
    error: NDArray[Any]
    spike_start: NDArray[np.int64]
    spikes: NDArray[np.uint16]
    loss: NDArray[np.float64]
    votes: NDArray[np.float64]

    @classmethod
    def room(
        cls, network: RecurrentNetwork, n_steps: int, n_batch: int, *, keeps_psi: bool,
        longest: int = LONGEST_CHUNK,
    ) -> Shown:  # fmt: skip
        """Make room for as many trials of a batch as fit, however many threads there are."""
        dtype, n_hidden = np.dtype(network.precision), network.n_hidden
        chunk = min(n_steps, longest) if keeps_psi else n_steps
        bundle = bundle_trials(network, n_steps, chunk)
        # What is shown alone keeps no pseudo-derivatives.
        fit = _group_trials(network, n_steps, chunk if keeps_psi else 0)
        n = min(n_batch, max(fit // bundle, 1) * bundle)
        stride = _stride(n_hidden)
        n_chunks = -(-n_steps // chunk)
        most = n_hidden * (n_steps // (network.refractory_steps + 1) + 1)
        return cls(
            n_trials=n,
            chunk=chunk,
            bundle=bundle,
            psi=np.empty((n, chunk if keeps_psi else 0, stride), dtype),
            kept=np.empty((n, n_chunks if n_chunks > 1 else 0, 3, n_hidden), dtype),
            error=np.empty((n, n_steps, network.n_outputs), dtype),
            spike_start=np.empty((n, n_steps + 1), np.int64),
            spikes=np.empty((n, most), np.uint16),
            loss=np.empty(n),
            votes=np.empty((n, network.n_outputs)),
        )
