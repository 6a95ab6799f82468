"""e-prop as its equations stand, per synapse and step: slow, in float64, for comparison.

It shares nothing with the compiled code but the description of the network, the weights, and which
input spikes are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.learning.outcome import Gradient, Outcome
from snnlab.learning.recurrent_network import RecurrentNetwork
from snnlab.learning.synapses import Synapses
from snnlab.learning.task import Task
from snnlab.learning.trials import Trials
from snnlab.learning.weights import Weights

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Reals = NDArray[np.float64]

__all__ = ["reference_gradient"]


def reference_gradient(
    network: RecurrentNetwork, weights: Weights, trials: Trials, indices: ArrayLike | None = None,
    *, targets: NDArray[Any] | None = None, regulariser: NDArray[Any] | None = None,
    drop_out: float = 0.0, update: int = 0,
) -> Gradient:  # fmt: skip
    """Return what `snnlab.learning.eprop.EProp.gradient` returns, by the equations of the paper.

    Parameters
    ----------
    network : RecurrentNetwork
    weights, trials, indices, targets, regulariser, drop_out, update
        See `snnlab.learning.eprop.EProp.gradient`.
    """
    task = Task.of(
        network, weights, trials, indices, targets=targets, regulariser=regulariser,
        drop_out=drop_out, update=update,
    )  # fmt: skip
    reference = _Reference(task)
    for b in range(task.n_trials):
        reference.show(b)
    return reference.gradient()


class _Reference:
    """Sums over the trials of a batch."""

    def __init__(self, task: Task) -> None:
        network, weights = task.network, task.weights
        self._task, self._network = task, network
        n_hidden, n_outputs, n = network.n_hidden, network.n_outputs, task.n_trials
        self._w_in = weights.input.matrix().astype(float)
        self._w_rec = np.zeros((n_hidden, n_hidden))
        if weights.recurrent is not None:
            self._w_rec = weights.recurrent.matrix().astype(float)
        self._w_out, self._bias = weights.output.astype(float), weights.bias.astype(float)
        self._feedback = task.feedback.T.astype(float)
        self._input, self._recurrent = np.zeros_like(self._w_in), np.zeros_like(self._w_rec)
        self._output, self._of_bias = np.zeros((n_hidden, n_outputs)), np.zeros(n_outputs)
        self._votes, self._loss = np.zeros((n, n_outputs)), np.zeros(n)
        self._n_spikes, self._counts = np.zeros(n, np.int64), np.zeros(n_hidden, np.int64)

    def show(self, b: int) -> None:
        """Show a trial, and add its gradient step by step."""
        network, regulariser = self._network, self._task.regulariser.astype(float)
        alpha, rho, kappa = network.alpha, network.rho, network.kappa
        n_hidden = network.n_hidden
        v, a, z, blocked = (np.zeros(n_hidden) for _ in range(4))
        y, of_bias, of_output = np.zeros(network.n_outputs), 0.0, np.zeros(n_hidden)
        trace = np.zeros(network.n_inputs + n_hidden)
        slow, filtered, total = (np.zeros((trace.size, n_hidden)) for _ in range(3))
        for t in range(self._task.n_steps):
            x = self._input_spikes(b, t)
            v = alpha * v + x @ self._w_in + z @ self._w_rec - network.v_th * z
            a = rho * a + z
            threshold = network.v_th + network.beta * a
            psi = (
                network.gamma
                / network.v_th
                * np.maximum(0.0, 1.0 - np.abs(v - threshold) / network.v_th)
            )
            psi[blocked > 0] = 0.0
            trace = alpha * trace + np.concatenate([x, z])
            z = ((v >= threshold) & (blocked == 0)).astype(float)
            blocked = np.where(z > 0, network.refractory_steps, np.maximum(blocked - 1, 0))
            y = kappa * y + z @ self._w_out + self._bias
            of_output, of_bias = kappa * of_output + z, kappa * of_bias + 1.0
            error = self._error(b, t, y)
            eligibility = psi * (trace[:, None] - network.beta * slow)
            slow = psi * trace[:, None] + (rho - network.beta * psi) * slow
            filtered = kappa * filtered + eligibility
            total += (self._feedback @ error) * filtered + regulariser * eligibility
            self._output += np.outer(of_output, error)
            self._of_bias += of_bias * error
            self._counts += z.astype(np.int64)
            self._n_spikes[b] += int(z.sum())
        self._input += total[: network.n_inputs]
        self._recurrent += total[network.n_inputs :]

    def _input_spikes(self, b: int, t: int) -> Reals:
        events = self._task.events
        mine = slice(events.offsets[b], events.offsets[b + 1])
        now = events.channel[mine][events.step[mine] == t]
        return np.bincount(now, minlength=self._network.n_inputs).astype(float)

    def _error(self, b: int, t: int, y: Reals) -> Reals:
        """Derivative of the loss by the outputs."""
        if t < self._network.first_vote:
            return np.zeros_like(y)
        self._votes[b] += y
        if self._network.readout == "regression":
            error = y - self._task.targets[b, t]
            self._loss[b] += 0.5 * (error**2).sum()
            return np.asarray(error, float)
        probability = np.exp(y - y.max()) / np.exp(y - y.max()).sum()
        label = self._task.labels[b]
        self._loss[b] -= np.log(probability[label])
        probability[label] -= 1.0
        return np.asarray(probability, float)

    def gradient(self) -> Gradient:
        """Return the sums."""
        weights = self._task.weights
        outcome = Outcome(
            self._votes, self._loss, self._n_spikes, self._counts,
            self._task.labels if self._task.has_labels else None,
        )  # fmt: skip
        recurrent, of_pairs = None, None
        if weights.recurrent is not None:
            recurrent = _of_weights(weights.recurrent, self._recurrent)
            of_pairs = self._recurrent
        return Gradient(
            _of_weights(weights.input, self._input), recurrent, self._output, self._of_bias,
            outcome, self._input, of_pairs,
        )  # fmt: skip


def _of_weights(synapses: Synapses, gradient: Reals) -> Reals:
    synapses.clear_autapses(gradient)
    return gradient if synapses.is_dense else gradient[synapses.pre, synapses.post]
