"""A warning where more synapses are replaced than is good for what has been learnt."""

from __future__ import annotations

import warnings

from snnlab.errors import RewiringWarning
from snnlab.learning.training.callback import Callback, Course

__all__ = ["BOUND", "RewiringWatch"]

BOUND = 0.01
"""Part of the synapses of a projection that may be replaced for each update, late in training."""

_EARLY = 4
"""Epochs that are early however short a training is."""


class RewiringWatch(Callback):
    """Warns once if, in the second half of five or more epochs, l1 has more than `BOUND` replaced.

    Early in training most synapses are idle and it is good to replace them. Later more than this
    says that l1 outweighs the gradient. Rules without l1 replace what they are told to.
    """

    def __init__(self) -> None:
        self._has_warned = False

    def on_epoch(self, course: Course) -> None:
        """Compare what the epoch has replaced with the bound."""
        if self._has_warned or course.epoch <= max(_EARLY, course.n_epochs // 2):
            return
        row = course.classifier.history_.isel(epoch=-1)
        for name, (n_synapses, l1) in course.classifier.learner_.rewired_by_l1().items():
            part = float(row[f"{name}_rewired"]) / (n_synapses * course.n_batches)
            if part > BOUND:
                self._has_warned = True
                warnings.warn(_text(name, part, course, l1), RewiringWarning, stacklevel=4)
                return


def _text(name: str, part: float, course: Course, l1: float) -> str:
    return (
        f"{part:.1%} of the {name} synapses were replaced for each batch of epoch {course.epoch}; "
        f"above {BOUND:.0%} a network unlearns in this half of the training. Try less l1: "
        f"StructuralPlasticity(l1={l1 / 4:.2g}) or less, or let most be 0.005."
    )
