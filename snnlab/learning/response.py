"""What one trial does to a network, step by step: hidden spikes and outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from snnlab.learning.crew import Crew
from snnlab.learning.recurrent_network import RecurrentNetwork
from snnlab.learning.show import run_forward
from snnlab.learning.shown import Shown
from snnlab.learning.task import Task
from snnlab.learning.trials import Trials
from snnlab.learning.weights import Weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Response", "respond"]


@dataclass(frozen=True)
class Response:
    """Hidden spikes and outputs in one trial.

    Parameters
    ----------
    step : (n_spikes,) int64
        Ascending.
    neuron : (n_spikes,) int64
        Which hidden neuron fired in that step.
    outputs : (n_steps, n_outputs) float64
    dt : float [ms]
    n_hidden : int
    first_vote : int
        The step from which on outputs count.
    """

    step: NDArray[np.int64]
    neuron: NDArray[np.int64]
    outputs: NDArray[np.float64]
    dt: float
    n_hidden: int
    first_vote: int

    @property
    def votes(self) -> NDArray[np.float64]:
        """Outputs, summed over the steps that count, (n_outputs,) float64."""
        found: NDArray[np.float64] = self.outputs[self.first_vote :].sum(0)
        return found

    @property
    def prediction(self) -> int:
        """The output with the largest vote."""
        return int(self.votes.argmax())


def respond(network: RecurrentNetwork, weights: Weights, trials: Trials, k: int) -> Response:
    """Show trial number `k` and return what it does; nothing is learnt.

    Parameters
    ----------
    network : RecurrentNetwork
    weights : Weights
    trials : Trials
        With labels, or of a network whose `readout` is regression.
    k : int

    Raises
    ------
    SpecError
        There is no such trial, or the trials do not fit the network.
    """
    targets = None
    if network.readout != "softmax":
        targets = np.zeros((len(trials), trials.n_steps, network.n_outputs), network.precision)
    task = Task.of(network, weights, trials, [k], targets=targets)
    shown = Shown.room(network, task.n_steps, 1, keeps_psi=False)
    run_forward(task, shown, 0, 1, Crew(1))
    start = shown.spike_start[0]
    neuron = shown.spikes[0, : start[-1]].astype(np.int64)
    step = np.repeat(np.arange(task.n_steps), np.diff(start))
    return Response(
        step, neuron, _outputs(network, weights, step, neuron, task.n_steps), network.dt,
        network.n_hidden, network.first_vote,
    )  # fmt: skip


def _outputs(
    network: RecurrentNetwork, weights: Weights, step: NDArray[np.int64],
    neuron: NDArray[np.int64], n_steps: int,
) -> NDArray[np.float64]:  # fmt: skip
    """The outputs that these spikes bring about."""
    found = np.tile(np.asarray(weights.bias, np.float64), (n_steps, 1))
    np.add.at(found, step, np.asarray(weights.output, np.float64)[neuron])
    kappa = np.exp(-network.dt / network.tau_out)
    for t in range(1, n_steps):
        found[t] += kappa * found[t - 1]
    return found
