"""What is written while trials are shown: room for a group of them at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.learning.recurrent_network import RecurrentNetwork

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LONGEST_CHUNK", "Shown"]

LONGEST_CHUNK = 1536
"""Steps of a trial that are kept whole; a longer one is kept in pieces, and computed twice."""

_GROUP_BYTES = 2**25
"""About what the trials of a group may keep: what many need more than is gained by."""


@dataclass
class Shown:
    """Room for the trials of a group; see `snnlab.learning.forward.forward`."""

    n_trials: int
    chunk: int
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
        # Rows that lie a multiple of 4096 bytes apart would share few places of the cache.
        stride = -(-n_hidden // 16) * 16 + 16
        a_trial = (chunk * stride if keeps_psi else 0) + n_steps * (network.n_outputs + 8)
        n = max(1, min(n_batch, _GROUP_BYTES // (a_trial * dtype.itemsize)))
        n_chunks = -(-n_steps // chunk)
        most = n_hidden * (n_steps // (network.refractory_steps + 1) + 1)
        return cls(
            n_trials=n,
            chunk=chunk,
            psi=np.empty((n, chunk if keeps_psi else 0, stride), dtype),
            kept=np.empty((n, n_chunks if n_chunks > 1 else 0, 3, n_hidden), dtype),
            error=np.empty((n, n_steps, network.n_outputs), dtype),
            spike_start=np.empty((n, n_steps + 1), np.int64),
            spikes=np.empty((n, most), np.uint16),
            loss=np.empty(n),
            votes=np.empty((n, network.n_outputs)),
        )
