"""What comes of showing trials to a network: votes, losses, spikes, and the gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Gradient", "Outcome"]


@dataclass(frozen=True)
class Outcome:
    """What trials have done, in the order in which they were named.

    Parameters
    ----------
    votes : (n_trials, n_outputs) float64
        Outputs, summed over the steps that count.
    loss : (n_trials,) float64
        Sum over the steps that count.
    n_spikes : (n_trials,) int64
        Of hidden neurons.
    spike_counts : (n_hidden,) int64
        Of each hidden neuron, over all trials.
    labels : (n_trials,) int64 or None
        What was right.
    """

    votes: NDArray[np.float64]
    loss: NDArray[np.float64]
    n_spikes: NDArray[np.int64]
    spike_counts: NDArray[np.int64]
    labels: NDArray[np.int64] | None

    @property
    def predictions(self) -> NDArray[np.int64]:
        """The output with the largest vote of each trial, (n_trials,) int64."""
        best: NDArray[np.int64] = self.votes.argmax(1)
        return best

    @property
    def n_correct(self) -> int:
        """Trials whose largest vote is their label."""
        return 0 if self.labels is None else int((self.predictions == self.labels).sum())


@dataclass(frozen=True)
class Gradient:
    """Gradient of the loss of a batch, summed over its trials, and what the trials have done.

    Parameters
    ----------
    input : (n_inputs, n_hidden) or (n_synapses,) real
        Of the weights in `Weights.input`, in their order.
    recurrent : (n_hidden, n_hidden) or (n_synapses,) real, or None
    output : (n_hidden, n_outputs) real
    bias : (n_outputs,) real
    outcome : Outcome
    input_pairs, recurrent_pairs : (n_pre, n_hidden) real, or None
        Of all pairs, connected or not, where it was asked for.
    """

    input: NDArray[Any]
    recurrent: NDArray[Any] | None
    output: NDArray[Any]
    bias: NDArray[Any]
    outcome: Outcome
    input_pairs: NDArray[Any] | None = None
    recurrent_pairs: NDArray[Any] | None = None
