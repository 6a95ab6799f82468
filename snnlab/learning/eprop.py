"""e-prop: gradients of a network, in one of two forms that return the same numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.cuda.device import Device
from snnlab.errors import SpecError
from snnlab.learning.adjoint import adjoint_gradient
from snnlab.learning.crew import Crew
from snnlab.learning.cuda.adjoint import DeviceAdjoint
from snnlab.learning.device import device_of
from snnlab.learning.eligibility import EligibilityRule
from snnlab.learning.events import check_events
from snnlab.learning.online import Eligibility, online_gradient
from snnlab.learning.outcome import Gradient, Outcome
from snnlab.learning.recurrent_network import RecurrentNetwork
from snnlab.learning.show import show
from snnlab.learning.task import Named, Task
from snnlab.learning.trials import Trials
from snnlab.learning.weights import Weights

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["FORMS", "EProp"]

FORMS = ("adjoint", "online")
"""How gradients are computed."""


class EProp:
    """Gradients of a network by e-prop.

    Parameters
    ----------
    network : RecurrentNetwork
    form : str
        ``"adjoint"``: goes back in time once a trial has been shown, and touches a synapse only
        when its source has fired. ``"online"``: keeps eligibility traces of every synapse, goes
        forwards in time alone, and needs no memory for it.
    rule : type of EligibilityRule, optional
        Of the online form; default: that of the network's neurons, `ALIFEligibility` or
        `LIFEligibility`.
    parameters : mapping, optional
        Of the rule: name -> number or quantity; what is not named has the rule's default.
    threads : int
        Of the CPU; results do not depend on it, to the bit.
    device : str or Device
        ``"cpu"``; ``"cuda:0"``, ...: this GPU; ``"auto"``: a GPU if there is one and the network is
        large enough to gain. For the adjoint form; results do not depend on it, to the bit.

    Notes
    -----
    What makes it e-prop is what the gradient leaves out: paths through recurrent weights to other
    neurons, the reset, and the refractory state.

    References
    ----------
    Bellec et al., Nature Communications 11, 3625, 2020.
    """

    def __init__(
        self, network: RecurrentNetwork, *, form: str = "adjoint",
        rule: type[EligibilityRule] | None = None,
        parameters: Mapping[str, float | str] | None = None, threads: int = 1,
        device: str | Device = "cpu",
    ) -> None:  # fmt: skip
        if form not in FORMS:
            raise SpecError("form", "must be " + " or ".join(map(repr, FORMS)), got=repr(form))
        if form == "adjoint" and rule is not None:
            raise SpecError(
                "rule", "must be None: the adjoint form is that of ALIFEligibility",
                got=rule.__name__, remedy="Write form='online' for a rule of your own.",
            )  # fmt: skip
        self.network, self.form = network, form
        self._crew = Crew(threads)
        found = device_of(device, network, form)
        self._on_device = None if found is None else DeviceAdjoint(network, found)
        self._eligibility = None
        if form == "online":
            self._eligibility = Eligibility.of(network, rule, parameters or {})

    def gradient(
        self, weights: Weights, trials: Trials, indices: ArrayLike | None = None, *,
        targets: NDArray[Any] | None = None, regulariser: NDArray[Any] | None = None,
        drop_out: float = 0.0, update: int = 0, pairs: bool = False,
    ) -> Gradient:  # fmt: skip
        """Return the gradient of the loss, summed over some trials.

        Parameters
        ----------
        weights : Weights
        trials : Trials
        indices : (n,) int64, optional
            Which trials, in this order; default: all.
        targets : (n_trials, n_steps, n_outputs) real, optional
            What outputs should be, for a network whose `readout` is regression.
        regulariser : (n_hidden,) real, optional
            ``c_reg (f - f_target)`` of each neuron, rates in spikes/ms; default: 0.
        drop_out : float
            Probability that an input spike is left out.
        update : int
            Names, with the network's seed, which ones.
        pairs : bool
            Whether gradients of pairs without a synapse are wanted, too.

        Raises
        ------
        SpecError
            The trials do not fit the network.
        OutOfMemory
            They do not fit on the device.
        """
        if self._on_device is not None:
            named = Named.of(self.network, trials, indices, targets)
            check_events(self.network, trials, drop_out)
            return _on_device(
                self._on_device, weights, named, drop_out=drop_out, update=update, pairs=pairs,
                regulariser=np.zeros(self.network.n_hidden) if regulariser is None else regulariser,
            )  # fmt: skip
        task = Task.of(
            self.network, weights, trials, indices, targets=targets, regulariser=regulariser,
            drop_out=drop_out, update=update,
        )  # fmt: skip
        if self._eligibility is None:
            return adjoint_gradient(task, self._crew, pairs=pairs)
        found = online_gradient(task, self._crew, self._eligibility)
        if not pairs:
            return found
        # Traces of pairs without a synapse would cost as much as those of a dense network.
        of_pairs = adjoint_gradient(task, self._crew, pairs=True)
        return replace(
            found, input_pairs=of_pairs.input_pairs, recurrent_pairs=of_pairs.recurrent_pairs
        )

    def evaluate(
        self, weights: Weights, trials: Trials, indices: ArrayLike | None = None, *,
        targets: NDArray[Any] | None = None,
    ) -> Outcome:  # fmt: skip
        """Show some trials and return what they have done; no spike is left out.

        Parameters
        ----------
        weights, trials, indices, targets : see `gradient`
        """
        if self._on_device is not None:
            named = Named.of(self.network, trials, indices, targets)
            check_events(self.network, trials, 0.0)
            held = self._on_device.hold(weights)
            held.take(weights)
            self._on_device.show(held, named)
            return self._on_device.outcome(named, learns=False)
        task = Task.of(self.network, weights, trials, indices, targets=targets)
        return show(task, self._crew)

    def close(self) -> None:
        """Let the threads end, and give the memory of the device back."""
        self._crew.close()
        if self._on_device is not None:
            self._on_device.close()


def _on_device(
    adjoint: DeviceAdjoint, weights: Weights, named: Named, *, regulariser: NDArray[Any],
    drop_out: float, update: int, pairs: bool,
) -> Gradient:  # fmt: skip
    held = adjoint.hold(weights)
    held.take(weights)
    found = adjoint.learn(
        held, named, regulariser=regulariser, drop_out=drop_out, update=update, pairs=pairs
    )
    return adjoint.gradient(found, weights, adjoint.outcome(named, learns=True))
