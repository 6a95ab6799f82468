"""Numbers of a network as the compiled code takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.learning.recurrent_network import RecurrentNetwork

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CONSTANTS", "constants_of"]

CONSTANTS = ("zero", "one", "alpha", "rho", "kappa", "beta", "v_th", "inverse_v_th", "height")
"""Their order. 0 and 1 are among them because literals would make single precision double."""


def constants_of(network: RecurrentNetwork) -> NDArray[Any]:
    """Return them in the network's precision, shape ``(len(CONSTANTS),)``."""
    values = {
        "zero": 0.0,
        "one": 1.0,
        "alpha": network.alpha,
        "rho": network.rho,
        "kappa": network.kappa,
        "beta": network.beta,
        "v_th": network.v_th,
        "inverse_v_th": 1.0 / network.v_th,
        "height": network.gamma / network.v_th,
    }
    return np.array([values[name] for name in CONSTANTS], network.precision)
