"""Learning on a device: weights stay there from batch to batch, until the host wants them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.cuda.device import Array, Device
from snnlab.errors import SpecError
from snnlab.learning.cuda.adjoint import DeviceAdjoint
from snnlab.learning.cuda.layout import PULLS
from snnlab.learning.optimisers import SGD, Adam, Optimiser
from snnlab.learning.outcome import Outcome
from snnlab.learning.recurrent_network import RecurrentNetwork
from snnlab.learning.task import Named
from snnlab.learning.weights import Weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Moments = Mapping[str, tuple[NDArray[Any], ...]]

__all__ = ["DeviceTraining", "Pull"]

_N_CONSTANTS = 8


@dataclass(frozen=True)
class Pull:
    """What draws the weights of a projection towards 0.

    Parameters
    ----------
    size : float
        Added to the gradient, times a sign.
    by_sign : bool
        Whether that is the sign of the connection; else it is that of the weight.
    """

    size: float
    by_sign: bool


class DeviceTraining:
    """Weights of a learner on a device.

    Parameters
    ----------
    network : RecurrentNetwork
    device : Device
    weights : Weights
    moments : mapping
        Name -> what the optimiser keeps for each of these weights.
        Both are the learner's own, on the host: `collect` and `collect_projection` write there.
    optimiser : Optimiser

    Raises
    ------
    SpecError
        The optimiser has no kernel.
    """

    def __init__(
        self, network: RecurrentNetwork, device: Device, weights: Weights, moments: Moments,
        optimiser: Optimiser,
    ) -> None:  # fmt: skip
        if not isinstance(optimiser, SGD | Adam):
            raise SpecError(
                "Learner.optimiser", "must be Adam or SGD on a GPU", got=type(optimiser).__name__,
                remedy="Write device='cpu' for an optimiser of your own.",
            )  # fmt: skip
        self._weights, self._moments, self._optimiser = weights, moments, optimiser
        self._device, self._adjoint = device, DeviceAdjoint(network, device)
        self._held = self._adjoint.hold(weights, optimiser.n_moments)
        self._constants = device.empty((len(moments), _N_CONSTANTS), network.precision)
        self._host_is_ahead, self._device_is_ahead = True, False

    def learn(
        self, named: Named, *, regulariser: NDArray[Any], drop_out: float, update: int, rate: float,
        pulls: Mapping[str, Pull], pairs: bool,
    ) -> tuple[Outcome, dict[str, NDArray[Any]]]:  # fmt: skip
        """Learn a batch.

        Parameters
        ----------
        named : Named
        regulariser, drop_out, pairs
            See `DeviceAdjoint.learn`.
        update : int
            Number of updates before this one.
        rate : float
            Learning rate.
        pulls : mapping
            Name of a projection -> what draws its weights towards 0.

        Returns
        -------
        outcome : Outcome
        pairs : dict of str
            Name of a projection -> gradients of all pairs, if they were wanted.
        """
        self._catch_up()
        found = self._adjoint.learn(
            self._held, named, regulariser=regulariser, drop_out=drop_out, update=update,
            pairs=pairs,
        )  # fmt: skip
        self._device_is_ahead = True
        self._apply(found, update + 1, rate, pulls)
        outcome = self._adjoint.outcome(named, learns=True)
        return outcome, self._pairs(found) if pairs else {}

    def show(self, named: Named) -> Outcome:
        """Show trials without learning."""
        self._catch_up()
        self._adjoint.show(self._held, named)
        return self._adjoint.outcome(named, learns=False)

    def collect(self) -> None:
        """Bring all weights to the host, where they may be changed until the next batch."""
        if self._device_is_ahead:
            self._held.give(self._weights, self._moments)
        self._host_is_ahead, self._device_is_ahead = True, False

    def collect_projection(self, name: str) -> None:
        """Bring the weights of a projection to the host, where it is rewired."""
        if not self._host_is_ahead:
            self._held.give_projection(name, self._weights, self._moments)

    def take_projection(self, name: str) -> None:
        """Take a projection back that has been rewired."""
        if not self._host_is_ahead:
            self._held.take_projection(name, self._weights, self._moments)

    def close(self) -> None:
        """Bring all weights to the host and give the memory of the device back."""
        self.collect()
        self._adjoint.close()

    # ----------------------------------------------------------------------------------------------

    def _catch_up(self) -> None:
        if self._host_is_ahead:
            self._held.take(self._weights, self._moments)
        self._host_is_ahead = False

    def _apply(
        self, gradients: Mapping[str, Array], n: int, rate: float, pulls: Mapping[str, Pull]
    ) -> None:
        """Let all weights follow their gradient."""
        kernel = "adapt" if isinstance(self._optimiser, Adam) else "descend"
        arrays = self._held.arrays()
        constants = np.zeros(self._constants.shape)
        its = self._optimiser.constants(n, rate)
        constants[:, : len(its)] = its
        for row, name in enumerate(self._moments):
            if name in pulls:
                constants[row, -1] = pulls[name].size
        self._device.write(self._constants, constants.astype(self._constants.dtype))
        for row, name in enumerate(self._moments):
            weight = arrays[name]
            gradient = gradients["output" if name == "feedback" else name]
            size = int(np.prod(weight.shape))
            self._adjoint.kernels.each(
                kernel, size, weight, gradient, self._held.moments[name], self._constants, row,
                self._held.signs(name), size, _pulls(pulls.get(name)),
            )  # fmt: skip
        self._held.pack(self._adjoint.task)

    def _pairs(self, found: Mapping[str, Array]) -> dict[str, NDArray[Any]]:
        """Gradients of all pairs, on the host."""
        fetched = {}
        for name, projection in self._held.projections().items():
            array = found.get(f"{name}/pairs")
            if array is not None:
                shape = (projection.rows.n_pre, projection.rows.n_post)
                flat = self._device.download(array).reshape(-1)
                fetched[name] = flat[: shape[0] * shape[1]].reshape(shape)
        return fetched


def _pulls(pull: Pull | None) -> int:
    if pull is None or pull.size == 0.0:
        return PULLS["PULLS_NOTHING"]
    return PULLS["PULLS_BY_SIGN" if pull.by_sign else "PULLS_BY_WEIGHT"]
