"""Training ends when it has not helped for some epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snnlab.errors import SpecError, unknown_name
from snnlab.learning.training.callback import Callback, Course

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["EarlyStop"]


class EarlyStop(Callback):
    """Ends training when a column of the history has not improved for `patience` epochs.

    Parameters
    ----------
    monitor : str
        A column of `Classifier.history_`; an accuracy improves when it grows, any other when it
        falls.
    patience : int
        Epochs without improvement that are waited for.
    restore_best : bool
        Whether the weights of the best epoch are taken back at the end.
    """

    def __init__(
        self, monitor: str = "validation_accuracy", patience: int = 5, *, restore_best: bool = True
    ) -> None:
        if isinstance(patience, bool) or not isinstance(patience, int) or patience < 1:
            raise SpecError("EarlyStop.patience", "must be a whole number >= 1", got=repr(patience))
        self.monitor, self.patience, self.restore_best = monitor, patience, restore_best
        self._best = -float("inf")
        self._waited = 0
        self._state: dict[str, NDArray[Any]] | None = None

    def on_start(self, course: Course) -> None:
        """Forget an earlier training."""
        self._best, self._waited, self._state = -float("inf"), 0, None

    def on_epoch(self, course: Course) -> bool:
        """Compare with the best so far."""
        history = course.classifier.history_
        if self.monitor not in history:
            raise unknown_name(
                "column of the history", self.monitor, map(str, history.data_vars),
                context="Validation columns are there if fit gets validation=trials.",
            )  # fmt: skip
        value = float(history[self.monitor][-1])
        value = value if self.monitor.endswith("accuracy") else -value
        if value > self._best:
            self._best, self._waited = value, 0
            self._state = course.classifier.learner_.state()
            return False
        self._waited += 1
        return self._waited >= self.patience

    def on_end(self, course: Course) -> None:
        """Take the best weights back."""
        if self.restore_best and self._state is not None:
            course.classifier.learner_.restore(self._state)
            self._state = None
