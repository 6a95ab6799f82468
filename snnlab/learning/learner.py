"""Learning: a network, its weights, and what changes them, one batch after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.cuda.device import Device
from snnlab.errors import FormatError, SpecError
from snnlab.learning.cuda.training import DeviceTraining, Pull
from snnlab.learning.device import device_of
from snnlab.learning.eligibility import EligibilityRule
from snnlab.learning.eprop import EProp
from snnlab.learning.events import check_events
from snnlab.learning.initial import initial_weights
from snnlab.learning.optimisers import Adam, Optimiser
from snnlab.learning.outcome import Gradient, Outcome
from snnlab.learning.recurrent_network import RecurrentNetwork
from snnlab.learning.rewirer import Rewirer
from snnlab.learning.structural_plasticity import StructuralPlasticity
from snnlab.learning.synapses import Synapses
from snnlab.learning.task import Named
from snnlab.learning.trials import Trials
from snnlab.learning.weights import Weights

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Learner", "Update"]

_RATE_WEIGHT = 0.1
"""Weight of the newest batch in the average of firing rates."""


@dataclass(frozen=True)
class Update:
    """What one batch has done.

    Parameters
    ----------
    outcome : Outcome
        What its trials have done, before the update.
    n_rewired : dict of str to int
        Synapses that were replaced, by projection: ``"input"``, ``"recurrent"``.
    """

    outcome: Outcome
    n_rewired: Mapping[str, int]


class Learner:
    """Changes the weights of a network, batch by batch.

    Parameters
    ----------
    network : RecurrentNetwork
    weights : Weights, optional
        Where to start; default: `initial_weights`, whose signs are those of the connections where a
        rule of rewiring gives them one. They are copied.
    optimiser : Optimiser
    input_rewiring, recurrent_rewiring : StructuralPlasticity, str or None
        Who replaces synapses of the two projections: ``"DeepR"``, ``"SET"``, ``"RigL"``, or one of
        these with settings; None: nobody. The projection must be sparse.
    form : str
        Of e-prop; see `EProp`.
    eligibility : type of EligibilityRule, optional
        Of the online form: a rule of one's own; see `EProp`.
    eligibility_parameters : mapping, optional
        Of that rule: name -> number or quantity.
    drop_out : float
        Probability that an input spike is left out while learning.
    threads : int
        Of the CPU; results do not depend on it, to the bit.
    device : str or Device
        ``"cpu"``, ``"cuda:0"``, ..., or ``"auto"``; see `EProp`.

    Attributes
    ----------
    weights : Weights
        As they are now; what is written there counts from the next batch on.
    n_updates : int
        Batches that have been learnt; with the network's seed it names all that is drawn.
    rates : (n_hidden,) float64 [1/ms]
        Average firing rates, which the regulariser compares with the network's `f_target`.
    """

    def __init__(
        self, network: RecurrentNetwork, weights: Weights | None = None, *,
        optimiser: Optimiser | None = None,
        input_rewiring: StructuralPlasticity | str | None = None,
        recurrent_rewiring: StructuralPlasticity | str | None = None,
        form: str = "adjoint", eligibility: type[EligibilityRule] | None = None,
        eligibility_parameters: Mapping[str, float | str] | None = None,
        drop_out: float = 0.0, threads: int = 1, device: str | Device = "cpu",
    ) -> None:  # fmt: skip
        self.network = network
        self.optimiser = Adam() if optimiser is None else optimiser
        self.drop_out = drop_out
        self._weights = initial_weights(network) if weights is None else weights.copy()
        self._on_device: DeviceTraining | None = None
        self.n_updates = 0
        self.rates: NDArray[np.float64] = np.full(network.n_hidden, network.f_target / 1000.0)
        self._eprop = EProp(
            network, form=form, rule=eligibility, parameters=eligibility_parameters,
            threads=threads,
        )  # fmt: skip
        self._rewirers = self._rewired({"input": input_rewiring, "recurrent": recurrent_rewiring})
        if weights is None:
            for rewirer in self._rewirers.values():
                rewirer.start()
        self._moments = {
            name: tuple(np.zeros_like(w) for _ in range(self.optimiser.n_moments))
            for name, w in self._learnt().items()
        }
        chosen = device_of(device, network, form)
        if chosen is not None:
            self._on_device = DeviceTraining(
                network, chosen, self._weights, self._moments, self.optimiser
            )

    @property
    def weights(self) -> Weights:  # noqa: D102  (among the attributes above)
        if self._on_device is not None:
            self._on_device.collect()
        return self._weights

    def learn(
        self, trials: Trials, indices: ArrayLike | None = None, *,
        targets: NDArray[Any] | None = None, learning_rate: float | None = None,
    ) -> Update:  # fmt: skip
        """Learn one batch: one update of the weights.

        Parameters
        ----------
        trials : Trials
        indices : (n,) int64, optional
            The trials of the batch; default: all.
        targets : (n_trials, n_steps, n_outputs) real, optional
            For a network whose `readout` is regression.
        learning_rate : float, optional
            Of this update; default: the optimiser's.
        """
        due = {k: r for k, r in self._rewirers.items() if r.is_due(self.n_updates + 1)}
        if self._on_device is not None:
            named = Named.of(self.network, trials, indices, targets)
            return self._learn_on_device(self._on_device, named, due, learning_rate)
        gradient = self._eprop.gradient(
            self.weights, trials, indices, targets=targets, regulariser=self._regulariser(),
            drop_out=self.drop_out, update=self.n_updates,
            pairs=any(r.needs_pairs for r in due.values()),
        )  # fmt: skip
        self.n_updates += 1
        self._remember_rates(gradient.outcome, trials)
        rate = self.optimiser.learning_rate if learning_rate is None else learning_rate
        self._apply(gradient, rate, trials.n_steps)
        time = self.n_updates * trials.n_steps * trials.dt
        slowed = rate / self.optimiser.learning_rate
        n_rewired = {name: self._rewire(name, r, gradient, time, slowed) for name, r in due.items()}
        return Update(gradient.outcome, n_rewired)

    def evaluate(
        self, trials: Trials, indices: ArrayLike | None = None, *,
        targets: NDArray[Any] | None = None,
    ) -> Outcome:  # fmt: skip
        """Show trials without learning; see `EProp.evaluate`."""
        if self._on_device is not None:
            check_events(self.network, trials, 0.0)
            return self._on_device.show(Named.of(self.network, trials, indices, targets))
        return self._eprop.evaluate(self.weights, trials, indices, targets=targets)

    def rewired_by_l1(self) -> dict[str, tuple[int, float]]:
        """Return the number of synapses and l1 of each projection that l1 rewires, by name."""
        synapses = self._synapses()
        return {n: (synapses[n].n, r.l1) for n, r in self._rewirers.items() if r.l1 > 0.0}

    def state(self) -> dict[str, NDArray[Any]]:
        """Return copies of all arrays that learning goes on from, by name; see `restore`."""
        weights = self.weights
        found: dict[str, NDArray[Any]] = {
            "n_updates": np.array(self.n_updates),
            "rates": self.rates.copy(),
        }
        for name, moments in self._moments.items():
            found |= {f"{name}/moment/{k}": m.copy() for k, m in enumerate(moments)}
        found |= {f"{name}/weight": w.copy() for name, w in self._learnt().items()}
        found |= {f"{name}/pull": np.array(r.pull) for name, r in self._rewirers.items()}
        if weights.feedback is not None:
            found["feedback/weight"] = weights.feedback.copy()
        for name, synapses in self._synapses().items():
            if not synapses.is_dense:
                rows: dict[str, NDArray[Any]] = {
                    "start": synapses.start,
                    "post": synapses.post,
                    "sign": synapses.sign,
                }
                found |= {f"{name}/{key}": array.copy() for key, array in rows.items()}
        return found

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from what `state` of a learner of the same network has returned, bit for bit.

        Raises
        ------
        FormatError
            Arrays are missing, or of another network.
        """
        now = self.state()
        for name, array in now.items():
            if name not in state or np.shape(state[name]) != array.shape:
                got = str(np.shape(state[name])) if name in state else "none"
                raise FormatError(
                    f"state[{name!r}]", f"must be an array of the shape {array.shape}", got=got,
                    remedy="Restore what a learner of the same network and optimiser returned.",
                )  # fmt: skip
        self.n_updates = int(state["n_updates"])
        self.rates[:] = state["rates"]
        for name, moments in self._moments.items():
            for k, moment in enumerate(moments):
                moment[:] = state[f"{name}/moment/{k}"]
        for name, weight in self._learnt().items():
            weight[:] = state[f"{name}/weight"]
        if self._weights.feedback is not None:
            self._weights.feedback[:] = state["feedback/weight"]
        for name, synapses in self._synapses().items():
            if not synapses.is_dense:
                synapses.start[:] = state[f"{name}/start"]
                synapses.post[:] = state[f"{name}/post"]
                synapses.sign[:] = state[f"{name}/sign"]
        for name, rewirer in self._rewirers.items():
            rewirer.refresh()
            rewirer.pull = float(state[f"{name}/pull"])

    def close(self) -> None:
        """Let the threads end, and give the memory of the device back; the weights stay."""
        self._eprop.close()
        if self._on_device is not None:
            self._on_device.close()

    # ----------------------------------------------------------------------------------------------

    def _rewired(
        self, wanted: Mapping[str, StructuralPlasticity | str | None]
    ) -> dict[str, Rewirer]:
        found, synapses = {}, self._synapses()
        for name, plasticity in wanted.items():
            if plasticity is None:
                continue
            if name not in synapses:
                raise SpecError(
                    f"{name}_rewiring", "must be None: the network has no such synapses",
                    got=repr(plasticity), remedy="Write recurrent=True in the network.",
                )  # fmt: skip
            chosen = plasticity
            if isinstance(chosen, str):
                chosen = StructuralPlasticity(chosen)
            found[name] = Rewirer(self.network, name, synapses[name], chosen)
        return found

    def _rewire(
        self, name: str, rewirer: Rewirer, gradient: Gradient, time: float, slowed: float
    ) -> int:
        pairs = gradient.input_pairs if name == "input" else gradient.recurrent_pairs
        return rewirer.rewire(self.n_updates, time, self._moments[name], pairs, slowed)

    def _learn_on_device(
        self, device: DeviceTraining, named: Named, due: Mapping[str, Rewirer],
        learning_rate: float | None,
    ) -> Update:  # fmt: skip
        trials = named.trials
        check_events(self.network, trials, self.drop_out)
        n = trials.n_steps, named.n_trials
        rate = self.optimiser.learning_rate if learning_rate is None else learning_rate
        pulls = {k: Pull(r.l1_per_step * n[0] * n[1], r.gives_signs) for k, r in
                 self._rewirers.items()}  # fmt: skip
        outcome, pairs = device.learn(
            named, regulariser=self._regulariser(), drop_out=self.drop_out, update=self.n_updates,
            rate=rate, pulls=pulls, pairs=any(r.needs_pairs for r in due.values()),
        )  # fmt: skip
        self.n_updates += 1
        self._remember_rates(outcome, trials)
        time = self.n_updates * trials.n_steps * trials.dt
        n_rewired = {}
        for name, rewirer in due.items():
            device.collect_projection(name)
            n_rewired[name] = rewirer.rewire(
                self.n_updates, time, self._moments[name], pairs.get(name),
                rate / self.optimiser.learning_rate,
            )  # fmt: skip
            device.take_projection(name)
        return Update(outcome, n_rewired)

    def _synapses(self) -> dict[str, Synapses]:
        found = {"input": self._weights.input}
        if self._weights.recurrent is not None:
            found["recurrent"] = self._weights.recurrent
        return found

    def _learnt(self) -> dict[str, NDArray[Any]]:
        """Arrays that follow the gradient."""
        weights = self._weights
        found = {name: s.weight for name, s in self._synapses().items()}
        found |= {"output": weights.output, "bias": weights.bias}
        if self.network.feedback == "adaptive":
            assert weights.feedback is not None
            found["feedback"] = weights.feedback
        return found

    def _regulariser(self) -> NDArray[np.float64]:
        found = self.network.c_reg * (self.rates - self.network.f_target / 1000.0)
        return np.asarray(found, np.float64)

    def _remember_rates(self, outcome: Outcome, trials: Trials) -> None:
        time = max(outcome.loss.size, 1) * trials.n_steps * trials.dt
        self.rates += _RATE_WEIGHT * (outcome.spike_counts / time - self.rates)

    def _apply(self, gradient: Gradient, rate: float, n_steps: int) -> None:
        by_name: dict[str, Any] = {
            "input": gradient.input, "recurrent": gradient.recurrent,
            "output": gradient.output, "bias": gradient.bias, "feedback": gradient.output,
        }  # fmt: skip
        n = n_steps * gradient.outcome.loss.size
        for name, weight in self._learnt().items():
            arguments = weight, by_name[name], self._moments[name], self.n_updates, rate
            rewirer = self._rewirers.get(name)
            if rewirer is not None and rewirer.l1_per_step > 0.0:
                size = rewirer.l1_per_step * n
                self.optimiser.apply_pulled(*arguments, rewirer.signs(), size)
            else:
                self.optimiser.apply(*arguments)
