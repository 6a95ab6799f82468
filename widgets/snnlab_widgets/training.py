"""Pictures that follow the training of a classifier."""

from __future__ import annotations

import math
import time
from typing import Any

import ipywidgets
from IPython.display import display

from snnlab.errors import SpecError
from snnlab.learning.training.callback import Callback, Course
from snnlab.learning.trials import Trials
from snnlab.plots.learning.overview import training_overview

__all__ = ["TrainingView"]


class TrainingView(Callback):
    """Learning curves, weights, answers, rates and one trial's spikes, below the cell that trains.

    They are drawn anew after an epoch. In the end the last picture stays as an output of the cell,
    so that it is in the notebook when that is opened again. Without validation, answers and rates
    are those to the training set.

    Parameters
    ----------
    interval : float [s]
        Time between two drawings, at least; a drawing takes some tenths of a second.
    trial : int
        The one of the validation trials (without validation: of the training set) whose spikes and
        outputs are drawn.

    Notes
    -----
    Plots that are fed through a line to the browser, as HoloViews' streams are, stand still while a
    cell computes: the kernel takes the line up when the cell is done. So a new picture takes the
    place of the one before it.
    """

    def __init__(self, interval: float = 2.0, trial: int = 0) -> None:
        if not (math.isfinite(interval) and interval >= 0):
            raise SpecError("TrainingView.interval", "must be >= 0 s", got=f"{interval!r} s")
        self.interval, self.trial = interval, trial
        self._output: ipywidgets.Output | None = None
        self._drawn_at = -math.inf

    def on_start(self, course: Course) -> None:
        """Make room for the pictures."""
        n = len(_shown(course))
        if not 0 <= self.trial < n:
            raise SpecError("TrainingView.trial", f"must be in 0 ... {n - 1}", got=str(self.trial))
        self._output, self._drawn_at = ipywidgets.Output(), -math.inf
        display(self._output)  # type: ignore[no-untyped-call]

    def on_epoch(self, course: Course) -> None:
        """Draw if it is time."""
        if time.monotonic() - self._drawn_at < self.interval:
            return
        assert self._output is not None
        picture = self._picture(course)
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
            display(self._picture(course))  # type: ignore[no-untyped-call]

    def _picture(self, course: Course) -> Any:
        classifier, shown = course.classifier, _shown(course)
        answers, response = classifier.evaluate(shown), classifier.response(shown, self.trial)
        return training_overview(
            classifier.history_, classifier.learner_.weights.input.matrix(), answers.confusion,
            answers.rates, shown.take([self.trial]), response,
        )  # fmt: skip


def _shown(course: Course) -> Trials:
    return course.trials if course.validation is None else course.validation
