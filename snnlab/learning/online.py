"""The gradient of e-prop with eligibility traces, forwards in time: memory does not grow with it.

The batch is cut into parts that do not depend on the number of threads; each part sums its own
gradient, and these are summed in the order of the parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.errors import unknown_name
from snnlab.learning.crew import Crew
from snnlab.learning.eligibility import ALIFEligibility, EligibilityRule, LIFEligibility
from snnlab.learning.online_trial import learn_online
from snnlab.learning.outcome import Gradient, Outcome
from snnlab.learning.recurrent_network import RecurrentNetwork
from snnlab.learning.synapses import Synapses, by_target
from snnlab.learning.task import Task
from snnlab.rules.eligibility import NETWORK
from snnlab.rules.eligibility_kernel import EligibilityKernels, compile_eligibility_kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Index = tuple[NDArray[np.int64], NDArray[np.int32]]

__all__ = ["Eligibility", "online_gradient"]

_PARTS = 4
"""Parts of a batch: as many threads have something to do."""


@dataclass(frozen=True)
class Eligibility:
    """A compiled eligibility rule with its numbers."""

    kernels: EligibilityKernels
    params: NDArray[Any]

    @classmethod
    def of(
        cls, network: RecurrentNetwork, rule: type[EligibilityRule] | None,
        parameters: Mapping[str, float | str],
    ) -> Eligibility:  # fmt: skip
        """Compile a rule for a network; without one, that of its neurons."""
        chosen: Any = rule or (ALIFEligibility if network.beta > 0.0 else LIFEligibility)
        kernels = compile_eligibility_kernels(chosen, precision=network.precision)
        values: dict[str, float] = {name: getattr(network, name) for name in NETWORK}
        for name in parameters:
            if name not in chosen.parameters:
                raise unknown_name(f"parameter of {chosen.__name__}", name, chosen.parameters)
        for name, parameter in chosen.parameters.items():
            value = parameters.get(name, parameter.default)
            values[name] = parameter.check(value, where=f"{chosen.__name__}.{name}")
        values |= chosen.derive(SimpleNamespace(**values), network.dt)
        read = [values[name] for name in kernels.tree.parameters] or [0.0]
        return cls(kernels, np.array(read, network.precision))


def online_gradient(task: Task, crew: Crew, eligibility: Eligibility) -> Gradient:
    """Compute the gradient of a batch.

    Parameters
    ----------
    task : Task
    crew : Crew
    eligibility : Eligibility
    """
    n = task.n_trials
    bounds = [n * k // _PARTS for k in range(_PARTS + 1)]
    projections = [_Projection(task.weights.input, eligibility)]
    projections.append(_Projection(task.weights.recurrent, eligibility))
    parts = [_Part(task, projections) for _ in range(_PARTS)]
    votes, loss = np.zeros((n, task.network.n_outputs)), np.zeros(n)
    n_spikes = np.zeros(n, np.int64)

    def work(low: int, high: int) -> None:
        rooms = [p.room() for p in projections]
        for k in range(low, high):
            parts[k].learn(bounds[k], bounds[k + 1], eligibility, rooms, n_spikes, loss, votes)

    crew.share(_PARTS, work)
    total = parts[0]
    for part in parts[1:]:
        total.add(part)
    labels = task.labels if task.has_labels else None
    return Gradient(
        projections[0].by_source(total.gradients[0]),
        None if task.weights.recurrent is None else projections[1].by_source(total.gradients[1]),
        total.output,
        total.bias,
        Outcome(votes, loss, n_spikes, total.counts, labels),
    )


class _Projection:
    """Synapses of a projection by target."""

    def __init__(self, synapses: Synapses | None, eligibility: Eligibility) -> None:
        self._synapses = synapses
        kernels = eligibility.kernels
        self._n_states = max(len(kernels.tree.states), 1)
        self._dtype = eligibility.params.dtype
        self.address, self.n = 0, 0
        self.index: Index = np.zeros(1, np.int64), np.zeros(1, np.int32)
        self._place: NDArray[np.int64] = np.zeros(0, np.int64)
        if synapses is None:
            return
        if synapses.is_dense:
            self.address, self.n = kernels.dense, synapses.weight.size
        else:
            self.address, self.n = kernels.sparse, synapses.n
            first, pre, self._place = by_target(synapses.start, synapses.post, synapses.n_post)
            self.index = first, pre

    def room(self) -> tuple[NDArray[Any], ...]:
        """Room for the traces of a thread."""
        return tuple(np.empty(self.n, self._dtype) for _ in range(self._n_states))

    def by_source(self, gradient: NDArray[Any]) -> NDArray[Any]:
        """Return a gradient in the order of the weights."""
        assert self._synapses is not None
        if self._synapses.is_dense:
            n_pre, n_post = self._synapses.weight.shape
            found = np.ascontiguousarray(gradient.reshape(n_post, n_pre).T)
            self._synapses.clear_autapses(found)
            return found
        found = np.empty_like(gradient)
        found[self._place] = gradient
        return found


class _Part:
    """What a part of the batch sums."""

    def __init__(self, task: Task, projections: list[_Projection]) -> None:
        self._task, self._projections = task, projections
        dtype = task.c.dtype
        self.gradients = [np.zeros(p.n, dtype) for p in projections]
        self.output, self.bias = (
            np.zeros_like(task.weights.output),
            np.zeros_like(task.weights.bias),
        )
        self.counts = np.zeros(task.network.n_hidden, np.int64)

    def learn(
        self, first: int, last: int, eligibility: Eligibility,
        rooms: list[tuple[NDArray[Any], ...]], n_spikes: NDArray[np.int64],
        loss: NDArray[np.float64], votes: NDArray[np.float64],
    ) -> None:  # fmt: skip
        """Show the trials of the part."""
        task, (of_input, of_recurrent) = self._task, self._projections
        learn_online(  # type: ignore[call-arg]
            task.c, task.settings, task.events, first, last, task.rows_in, task.rows_rec,
            task.weights.output, task.weights.bias, task.labels, task.targets, task.feedback,
            task.regulariser, of_input.address, of_recurrent.address, eligibility.params,
            of_input.index, of_recurrent.index, rooms[0], rooms[1], *self.gradients, self.output,
            self.bias, self.counts, n_spikes, loss, votes,
        )  # fmt: skip

    def add(self, other: _Part) -> None:
        """Add what another part has summed."""
        for k, gradient in enumerate(other.gradients):
            self.gradients[k] += gradient
        self.output += other.output
        self.bias += other.bias
        self.counts += other.counts
