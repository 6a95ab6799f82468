"""A bar that shows how far training is, how good, and how long it will still take."""

from __future__ import annotations

from typing import Any

from snnlab.learning.training.callback import Callback, Course

__all__ = ["Progress"]


class Progress(Callback):
    """A progress bar, in a notebook or a terminal; silent where neither is."""

    def __init__(self) -> None:
        self._bar: Any = None

    def on_start(self, course: Course) -> None:
        """Show an empty bar."""
        from tqdm.auto import tqdm  # late: it looks for a notebook

        self._bar = tqdm(
            total=(course.n_epochs - course.first_epoch) * course.n_batches,
            disable=None, unit="batch", desc=f"epoch {course.first_epoch + 1}/{course.n_epochs}",
        )  # fmt: skip

    def on_batch(self, course: Course) -> None:
        """Move the bar."""
        self._bar.update()

    def on_epoch(self, course: Course) -> None:
        """Tell how good the classifier is."""
        last = course.classifier.history_.isel(epoch=-1)
        shown = {"training": f"{100 * float(last.training_accuracy):.1f} %"}
        if "validation_accuracy" in last:
            shown["validation"] = f"{100 * float(last.validation_accuracy):.1f} %"
        self._bar.set_postfix(shown, refresh=False)
        present = min(course.epoch + 1, course.n_epochs)
        self._bar.set_description(f"epoch {present}/{course.n_epochs}")

    def on_end(self, course: Course) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
