"""All that learning changes in a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from snnlab.learning.synapses import Synapses

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Weights"]


@dataclass
class Weights:
    """Weights of a network; `snnlab.learning.initial.initial_weights` draws them.

    Parameters
    ----------
    input : Synapses
        From inputs to hidden neurons.
    recurrent : Synapses or None
        Between hidden neurons.
    output : (n_hidden, n_outputs) real
    bias : (n_outputs,) real
    feedback : (n_hidden, n_outputs) real or None
        By which errors reach hidden neurons; None: by `output`.
    """

    input: Synapses
    recurrent: Synapses | None
    output: NDArray[Any]
    bias: NDArray[Any]
    feedback: NDArray[Any] | None = None

    def copy(self) -> Weights:
        """Return weights that do not change with these."""
        return Weights(
            self.input.copy(),
            None if self.recurrent is None else self.recurrent.copy(),
            self.output.copy(),
            self.bias.copy(),
            None if self.feedback is None else self.feedback.copy(),
        )
