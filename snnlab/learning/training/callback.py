"""What is called while a classifier learns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snnlab.learning.classifier import Classifier
    from snnlab.learning.learner import Update
    from snnlab.learning.trials import Trials

__all__ = ["Callback", "Course"]


@dataclass
class Course:
    """Where training stands.

    Parameters
    ----------
    classifier : Classifier
        `history_`, `learner_` and `evaluate` are there to be looked at.
    trials : Trials
        The training set.
    validation : Trials or None
    first_epoch : int
        Epochs that were behind it when this `fit` began.
    n_epochs, n_batches : int
        Epochs in all, and batches of an epoch.
    epoch, batch : int
        Epochs that are done, and batches of the present one.
    update : Update or None
        What the last batch has done.
    """

    classifier: Classifier
    trials: Trials
    validation: Trials | None
    first_epoch: int
    n_epochs: int
    n_batches: int
    epoch: int = 0
    batch: int = 0
    update: Update | None = None


class Callback:
    """Abstract: something that `Classifier.fit` tells what happens. Override what is needed.

    What a method raises ends the training; `on_end` is called all the same.
    """

    def on_start(self, course: Course) -> None:
        """Before the first batch."""

    def on_batch(self, course: Course) -> None:
        """After each batch."""

    def on_epoch(self, course: Course) -> bool | None:
        """After each epoch, once its line is in the history; True ends the training."""

    def on_end(self, course: Course) -> None:
        """At the end, also after an interrupt or an error."""
