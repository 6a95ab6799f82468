"""Labels as users have them, numbers or names, become numbers of classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from snnlab.errors import SpecError, unknown_name
from snnlab.learning.trial_checks import check_classes, whole

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["labelled"]


def labelled(
    labels: ArrayLike | None, classes: Sequence[str], n_trials: int
) -> tuple[NDArray[np.int64] | None, tuple[str, ...]]:
    """Return labels as numbers, and the names of their classes.

    Parameters
    ----------
    labels : (n_trials,) int or str, optional
    classes : sequence of str
        Names by number; empty: the names that occur, in the order of the alphabet, or the numbers.
    n_trials : int

    Raises
    ------
    SpecError
        There is a label too many or too few, a name that is not among `classes`, or, where no
        `classes` are given, a number below the highest one that no trial has.
    """
    names = tuple(classes)
    if labels is None:
        return None, names
    given = np.asarray(labels)
    if given.shape != (n_trials,):
        raise SpecError(
            "Trials.labels", f"must be one label for each of the {n_trials} trials",
            got=f"shape {given.shape}",
        )  # fmt: skip
    if given.dtype.kind in "UT" or (given.dtype == object and all(map(_is_text, given))):
        return _numbered([str(label) for label in given], names)
    numbers = whole(given, np.int64, "Trials.labels")
    if not names:
        names = check_classes((), numbers)
    return numbers, names


def _is_text(label: object) -> bool:
    return isinstance(label, str)


def _numbered(
    labels: list[str], names: tuple[str, ...]
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    names = names or tuple(sorted(set(labels)))
    number = {name: i for i, name in enumerate(names)}
    for label in labels:
        if label not in number:
            raise unknown_name("Trials.labels", label, names)
    return np.array([number[label] for label in labels], np.int64), names
