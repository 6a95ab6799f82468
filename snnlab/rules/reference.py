"""The reference: a model's own functions, run as the plain Python that they are."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace

import numpy as np

from snnlab.rules.neuron import NeuronModel

__all__ = ["reference_step"]


def reference_step(
    model: NeuronModel,
    state: dict[str, float],
    p: Mapping[str, float],
    input: Mapping[str, float],
    *,
    precision: str = "float32",
) -> bool:
    """Advance one neuron by one step in plain Python, in the arithmetic of the compiled kernel.

    Parameters
    ----------
    model : type of Neuron
        The model.
    state : dict
        State variable -> value; updated in place.
    p : mapping
        Parameters and derived constants.
    input : mapping
        Port -> what arrives in this step.
    precision : str
        ``"float32"`` or ``"float64"``.

    Returns
    -------
    bool
        Whether the neuron fired.

    Notes
    -----
    Equal to the compiled kernel to the bit as long as the model draws no random numbers, uses no
    ``**``, and does not compute with constants alone through local variables.
    """
    real = np.dtype(precision).type

    def scalars(values: Mapping[str, float]) -> SimpleNamespace:
        return SimpleNamespace(**{name: real(value) for name, value in values.items()})

    now, constants = scalars(state), scalars(p)
    with np.errstate(all="ignore"):
        model.update(now, constants, scalars(input))
        fired = bool(model.threshold(now, constants))
        if fired:
            model.reset(now, constants)
    for name in state:
        value = real(getattr(now, name))
        # As the kernel does: subnormal numbers are stored as 0.
        state[name] = real(0) if abs(value) < np.finfo(real).tiny else value
    return fired
