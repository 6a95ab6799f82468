"""How weights follow a gradient: stochastic gradient descent and Adam."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numba import njit

from snnlab.learning.crossing import pull
from snnlab.model.parameter import Parameter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Moments = tuple[NDArray[Any], ...]

__all__ = ["SGD", "Adam", "Optimiser"]

_RATE = Parameter(1e-3, "1", "learning rate", above=0.0, slider=(1e-5, 1e-1))
_PERSISTENCE = Parameter(0.9, "1", "part of a moment that stays", low=0.0, below=1.0)


@dataclass(frozen=True)
class Optimiser(ABC):
    """Abstract: what an update does with the gradient of a batch, summed over its trials.

    Parameters
    ----------
    learning_rate : float
    """

    learning_rate: float = 1e-3

    n_moments: ClassVar[int] = 0
    """Numbers that it keeps for each weight."""

    def __post_init__(self) -> None:
        for field in fields(self):
            parameter = _DECLARED[field.name]
            where = f"{type(self).__name__}.{field.name}"
            object.__setattr__(
                self, field.name, parameter.check(getattr(self, field.name), where=where)
            )

    def apply_pulled(
        self, weight: NDArray[Any], gradient: NDArray[Any], moments: Moments, n: int, rate: float,
        sign: NDArray[Any], size: float,
    ) -> None:  # fmt: skip
        """The same as `apply`, with ``size * sign`` added to the gradient.

        Parameters
        ----------
        weight, gradient, moments, n, rate
            See `apply`; the gradient may be changed.
        sign : (n,) real
            -1, 0 or 1; weights have one dimension then.
        size : float
        """
        pull(gradient, sign, gradient.dtype.type(size))
        self.apply(weight, gradient, moments, n, rate)

    @abstractmethod
    def apply(
        self, weight: NDArray[Any], gradient: NDArray[Any], moments: Moments, n: int, rate: float
    ) -> None:
        """Change weights and moments in place.

        Parameters
        ----------
        weight, gradient : (...) real
        moments : tuple of (...) real
            As many as `n_moments`; all start from 0.
        n : int
            Number of this update, from 1.
        rate : float
            Learning rate of this update.
        """


@dataclass(frozen=True)
class SGD(Optimiser):
    """Stochastic gradient descent, with momentum if wanted.

    ::

        m <- momentum m + gradient
        w <- w - learning_rate m

    Parameters
    ----------
    momentum : float
        Part of the moment that stays; 0: plain descent.
    """

    momentum: float = 0.0

    n_moments: ClassVar[int] = 1

    def constants(self, n: int, rate: float) -> tuple[float, ...]:
        """Return learning rate and momentum."""
        return rate, self.momentum

    def apply(
        self, weight: NDArray[Any], gradient: NDArray[Any], moments: Moments, n: int, rate: float
    ) -> None:
        """Change weights and the moment in place; see `Optimiser.apply`."""
        constants = np.array(self.constants(n, rate), weight.dtype)
        _descend(weight.reshape(-1), gradient.reshape(-1), moments[0].reshape(-1), constants)


@dataclass(frozen=True)
class Adam(Optimiser):
    """Adam: every weight moves by about the learning rate, whatever the size of its gradient.

    ::

        m <- beta_1 m + (1 - beta_1) gradient
        s <- beta_2 s + (1 - beta_2) gradient^2
        w <- w - learning_rate (m / (1 - beta_1^n)) / (sqrt(s / (1 - beta_2^n)) + epsilon)

    Parameters
    ----------
    beta_1, beta_2 : float
        Parts of the two moments that stay.
    epsilon : float
        Least size of a gradient that counts.

    Notes
    -----
    n counts updates of the network. A synapse that is formed later starts with moments of 0, and
    moves by up to 3 learning rates in its first steps.

    References
    ----------
    Kingma, Ba, "Adam: a method for stochastic optimization", International Conference on Learning
    Representations, 2015; arXiv 1412.6980.
    """

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    n_moments: ClassVar[int] = 2

    def constants(self, n: int, rate: float) -> tuple[float, ...]:
        """Return parts of both moments, the learning rate without bias and what is beside it."""
        one, two = self.beta_1, self.beta_2
        return (
            one, 1.0 - one, two, 1.0 - two, rate / (1.0 - one**n), 1.0 / (1.0 - two**n),
            self.epsilon,
        )  # fmt: skip

    def apply(
        self, weight: NDArray[Any], gradient: NDArray[Any], moments: Moments, n: int, rate: float
    ) -> None:
        """Change weights and moments in place; see `Optimiser.apply`."""
        constants = np.array(self.constants(n, rate), weight.dtype)
        first, second = moments
        _adapt(
            weight.reshape(-1), gradient.reshape(-1), first.reshape(-1), second.reshape(-1),
            constants, _NO_SIGN, weight.dtype.type(0.0),
        )  # fmt: skip

    def apply_pulled(
        self, weight: NDArray[Any], gradient: NDArray[Any], moments: Moments, n: int, rate: float,
        sign: NDArray[Any], size: float,
    ) -> None:  # fmt: skip
        """Change weights and moments in place; see `Optimiser.apply_pulled`.

        Adam waits for square roots: what is added on the way takes no time of its own.
        """
        if sign.dtype != np.int8:
            super().apply_pulled(weight, gradient, moments, n, rate, sign, size)
            return
        constants = np.array(self.constants(n, rate), weight.dtype)
        first, second = moments
        _adapt(weight, gradient, first, second, constants, sign, weight.dtype.type(size))


_NO_SIGN: NDArray[np.int8] = np.zeros(0, np.int8)

_DECLARED = {
    "learning_rate": _RATE,
    "momentum": Parameter(0.0, "1", "part of the moment that stays", low=0.0, below=1.0),
    "beta_1": _PERSISTENCE,
    "beta_2": _PERSISTENCE,
    "epsilon": Parameter(1e-8, "1", "least size of a gradient that counts", above=0.0),
}


@njit(nogil=True, error_model="numpy", cache=True)
def _descend(weight, gradient, moment, constants):  # type: ignore[no-untyped-def]
    rate, stays = constants
    for i in range(weight.size):
        moment[i] = stays * moment[i] + gradient[i]
        weight[i] -= rate * moment[i]


@njit(nogil=True, error_model="numpy", cache=True)
def _adapt(weight, gradient, first, second, constants, sign, size):  # type: ignore[no-untyped-def]
    stays_1, comes_1, stays_2, comes_2, rate, unbias, epsilon = constants
    is_pulled = sign.size > 0
    for i in range(weight.size):
        g = gradient[i]
        if is_pulled:
            g += size * weight.dtype.type(sign[i])
        first[i] = stays_1 * first[i] + comes_1 * g
        second[i] = stays_2 * second[i] + comes_2 * g * g
        weight[i] -= rate * first[i] / (np.sqrt(second[i] * unbias) + epsilon)
