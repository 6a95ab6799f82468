"""What is to be computed of a batch, in the form that the compiled code takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.errors import SpecError
from snnlab.learning.constants import constants_of
from snnlab.learning.events import Events, events_of
from snnlab.learning.recurrent_network import RecurrentNetwork
from snnlab.learning.synapses import Synapses
from snnlab.learning.trials import Trials
from snnlab.learning.weights import Weights

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Named", "Task"]

Rows = tuple["NDArray[Any]", "NDArray[Any]", "NDArray[np.int64]", "NDArray[np.int32]"]


@dataclass(frozen=True)
class Named:
    """Trials of a batch by their numbers, with what they should do.

    Parameters
    ----------
    trials : Trials
    indices : (n,) int64
    labels : (n,) int64 or None
        None for regression.
    targets : (n, n_steps, n_outputs) real
        Empty unless outputs are regression.
    """

    trials: Trials
    indices: NDArray[np.int64]
    labels: NDArray[np.int64] | None
    targets: NDArray[Any]

    @classmethod
    def of(
        cls, network: RecurrentNetwork, trials: Trials, indices: ArrayLike | None,
        targets: NDArray[Any] | None,
    ) -> Named:  # fmt: skip
        """Check that a network can be shown some trials."""
        chosen = np.arange(len(trials)) if indices is None else np.asarray(indices, np.int64)
        _check_trials(network, trials, chosen)
        labels = _labels(network, trials, chosen)
        return cls(trials, chosen, labels, _targets(network, trials, chosen, targets))

    @property
    def n_trials(self) -> int:
        """Trials of the batch."""
        return int(self.indices.size)


@dataclass(frozen=True)
class Task:
    """Trials of a batch and what they are shown to; see `snnlab.learning.forward.forward`."""

    network: RecurrentNetwork
    weights: Weights
    c: NDArray[Any]
    settings: NDArray[np.int64]
    events: Events
    rows_in: Rows
    rows_rec: Rows
    labels: NDArray[np.int64]
    targets: NDArray[Any]
    regulariser: NDArray[Any]
    feedback: NDArray[Any]
    has_labels: bool

    @classmethod
    def of(
        cls, network: RecurrentNetwork, weights: Weights, trials: Trials,
        indices: ArrayLike | None, *, targets: NDArray[Any] | None = None,
        regulariser: NDArray[Any] | None = None, drop_out: float = 0.0, update: int = 0,
    ) -> Task:  # fmt: skip
        """Gather what a batch needs; see `snnlab.learning.eprop.EProp.gradient`."""
        named = Named.of(network, trials, indices, targets)
        is_softmax = network.readout == "softmax"
        of_steps = (trials.n_steps, network.refractory_steps, network.first_vote, int(is_softmax))
        reg = np.zeros(network.n_hidden) if regulariser is None else regulariser
        feedback = weights.output if weights.feedback is None else weights.feedback
        return cls(
            network,
            weights,
            constants_of(network),
            np.array(of_steps, np.int64),
            events_of(network, trials, named.indices, drop_out, update),
            _rows(weights.input, network),
            _rows(weights.recurrent, network),
            np.zeros(named.n_trials, np.int64) if named.labels is None else named.labels,
            named.targets,
            np.asarray(reg, network.precision),
            np.ascontiguousarray(feedback.T),
            named.labels is not None,
        )

    @property
    def n_trials(self) -> int:
        """Trials of the batch."""
        return int(self.labels.size)

    @property
    def n_steps(self) -> int:
        """Steps of a trial."""
        return int(self.settings[0])


def _rows(synapses: Synapses | None, network: RecurrentNetwork) -> Rows:
    dtype, none = network.precision, np.zeros(0, np.int32)
    if synapses is None:
        start = np.zeros(network.n_hidden + 1, np.int64)
        return np.zeros(0, dtype), np.zeros((0, 0), dtype), start, none
    if synapses.is_dense:
        return np.zeros(0, dtype), synapses.weight, synapses.start, none
    return synapses.weight, np.zeros((0, 0), dtype), synapses.start, synapses.post


def _check_trials(network: RecurrentNetwork, trials: Trials, chosen: NDArray[np.int64]) -> None:
    if chosen.size and not (chosen.min() >= 0 and chosen.max() < len(trials)):
        raise SpecError(
            "indices", f"must be trials in 0 ... {len(trials) - 1}",
            got=f"{chosen.min()} ... {chosen.max()}", remedy="Trials are numbered from 0.",
        )  # fmt: skip
    if abs(trials.dt - network.dt) > 1e-9 * network.dt:
        raise SpecError(
            "Trials.dt", f"must be the network's time step, {network.dt:g} ms",
            got=f"{trials.dt:g} ms", remedy="Give both the same dt.",
        )  # fmt: skip
    if network.first_vote >= trials.n_steps:
        raise SpecError(
            "RecurrentNetwork.t_vote", "must be before the end of the trials, "
            f"{trials.n_steps * trials.dt:g} ms", got=f"{network.t_vote:g} ms",
            remedy="Without votes nothing is learnt.",
        )  # fmt: skip


def _labels(
    network: RecurrentNetwork, trials: Trials, chosen: NDArray[np.int64]
) -> NDArray[np.int64] | None:
    if network.readout != "softmax":
        return None
    if trials.labels is None:
        raise SpecError(
            "Trials.labels", "must be given: outputs of the network are classes", got="None",
            remedy="Write readout='regression' to learn the course of outputs instead.",
        )  # fmt: skip
    labels = np.ascontiguousarray(trials.labels[chosen], np.int64)
    if labels.size and not (labels.min() >= 0 and labels.max() < network.n_outputs):
        raise SpecError(
            "Trials.labels", f"must be classes in 0 ... {network.n_outputs - 1}",
            got=f"{labels.min()} ... {labels.max()}",
            remedy="Give the network an output for each class.",
        )  # fmt: skip
    return labels


def _targets(
    network: RecurrentNetwork, trials: Trials, chosen: NDArray[np.int64],
    targets: NDArray[Any] | None,
) -> NDArray[Any]:  # fmt: skip
    if network.readout == "softmax":
        return np.zeros((0, 0, 0), network.precision)
    shape = (len(trials), trials.n_steps, network.n_outputs)
    if targets is None or targets.shape != shape:
        raise SpecError(
            "targets", f"must have the shape (n_trials, n_steps, n_outputs), {shape}",
            got="None" if targets is None else str(targets.shape),
            remedy="They say what outputs should be at each step of each trial.",
        )  # fmt: skip
    return np.ascontiguousarray(targets[chosen], network.precision)
