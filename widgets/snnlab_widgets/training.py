"""Pictures that follow the training of a classifier."""

from __future__ import annotations

import math
import time
from typing import Any

import ipywidgets
from IPython.display import display

from snnlab.errors import SpecError
from snnlab.learning.training.callback import Callback, Course
from snnlab.plots.learning.overview import training_overview

__all__ = ["TrainingView"]


class TrainingView(Callback):
    """Learning curves, input weights, answers and rates, below the cell that trains.

    They are drawn anew after an epoch. In the end the last picture stays as an output of the cell,
    so that it is in the notebook when that is opened again. Without validation, answers and rates
    are those to the training set.

    Parameters
    ----------
    interval : float [s]
        Time between two drawings, at least; a drawing takes some tenths of a second.

    Notes
    -----
    Plots that are fed through a line to the browser, as HoloViews' streams are, stand still while a
    cell computes: the kernel takes the line up when the cell is done. So a new picture takes the
    place of the one before it.
    """

    def __init__(self, interval: float = 2.0) -> None:
        if not (math.isfinite(interval) and interval >= 0):
            raise SpecError("TrainingView.interval", "must be >= 0 s", got=f"{interval!r} s")
        self.interval = interval
        self._output: ipywidgets.Output | None = None
        self._drawn_at = -math.inf

    def on_start(self, course: Course) -> None:
        """Make room for the pictures."""
        self._output, self._drawn_at = ipywidgets.Output(), -math.inf
        display(self._output)  # type: ignore[no-untyped-call]

    def on_epoch(self, course: Course) -> None:
        """Draw if it is time."""
        if time.monotonic() - self._drawn_at < self.interval:
            return
        assert self._output is not None
        picture = _picture(course)
        with self._output:
            self._output.clear_output(wait=True)
            display(picture)  # type: ignore[no-untyped-call]
        self._drawn_at = time.monotonic()

    def on_end(self, course: Course) -> None:
        """Leave the last picture."""
        if self._output is None:
            return
        self._output.close()
        self._output = None
        if course.classifier.history_.sizes["epoch"]:
            display(_picture(course))  # type: ignore[no-untyped-call]


def _picture(course: Course) -> Any:
    shown = course.trials if course.validation is None else course.validation
    answers = course.classifier.evaluate(shown)
    weights = course.classifier.learner_.weights.input.matrix()
    return training_overview(course.classifier.history_, weights, answers.confusion, answers.rates)
