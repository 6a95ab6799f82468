"""Files from which an interrupted training goes on."""

from __future__ import annotations

import os
from pathlib import Path

from snnlab.errors import SpecError
from snnlab.learning.training.callback import Callback, Course

__all__ = ["Checkpoints"]


class Checkpoints(Callback):
    """Writes the classifier to a file after every few epochs, and at the end.

    ``Classifier(...).fit(trials, resume=path)`` goes on from it, bit for bit. What was there is
    replaced only when all is on the disk: a crash leaves the file before.

    Parameters
    ----------
    path : path
    every : int
        Epochs between two files.
    """

    def __init__(self, path: str | os.PathLike[str], every: int = 1) -> None:
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise SpecError("Checkpoints.every", "must be a whole number >= 1", got=repr(every))
        self.path, self.every = Path(path), every

    def on_start(self, course: Course) -> None:
        """Find out before the first epoch whether the file can be written."""
        course.classifier.save(self.path)

    def on_epoch(self, course: Course) -> None:
        """Write the file if it is time."""
        if course.epoch % self.every == 0 or course.epoch == course.n_epochs:
            course.classifier.save(self.path)
