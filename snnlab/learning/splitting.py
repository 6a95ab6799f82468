"""Which trials are for testing: class by class, or group by group."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from snnlab.build.random import stream_id, uniforms
from snnlab.errors import SpecError
from snnlab.learning.trial_checks import check_fraction, check_seed

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["folds_of", "stratified"]


def stratified(
    labels: NDArray[np.int64] | None, classes: tuple[str, ...], fraction: float, seed: int
) -> NDArray[np.bool_]:
    """Return which trials are for testing; see `Trials.split`.

    Parameters
    ----------
    labels : (n_trials,) int64, optional
    classes : tuple of str
    fraction : float
    seed : int

    Returns
    -------
    (n_trials,) bool

    Raises
    ------
    SpecError
    """
    if labels is None or labels.size == 0:
        raise SpecError(
            "Trials.labels", "must be there to split class by class", got="none",
            remedy="Give labels, or choose trials yourself: take(indices).",
        )  # fmt: skip
    check_fraction(fraction, "test_fraction")
    check_seed(seed)
    counts = np.bincount(labels, minlength=len(classes))
    quota = _quotas(counts, fraction)
    _check_both_sets(counts, quota, classes)
    draw = uniforms(labels.size, seed, stream_id("trials.split"))
    is_test = np.zeros(labels.size, np.bool_)
    for k in range(counts.size):
        members = np.flatnonzero(labels == k)
        order = np.argsort(draw[members], kind="stable")
        is_test[members[order[: quota[k]]]] = True
    return is_test


def _quotas(counts: NDArray[np.int64], fraction: float) -> NDArray[np.int64]:
    """Test trials of each class: shares rounded down, what is missing to the largest remainders."""
    shares = counts * fraction
    quota: NDArray[np.int64] = np.floor(shares).astype(np.int64)
    missing = math.ceil(counts.sum() * fraction - 1e-9) - int(quota.sum())
    order = np.argsort(quota - shares, kind="stable")
    quota[order[:missing]] += 1
    return quota


def _check_both_sets(
    counts: NDArray[np.int64], quota: NDArray[np.int64], classes: tuple[str, ...]
) -> None:
    lacking = np.flatnonzero((quota < 1) | (quota >= counts))
    if lacking.size:
        k = int(lacking[0])
        raise SpecError(
            f"Class {classes[k]!r}", "must have enough trials for the training and the test set",
            got=f"{counts[k]}, of which {quota[k]} would be for testing",
            remedy="Add trials, leave the class out, or take another test_fraction.",
        )  # fmt: skip


def folds_of(group: NDArray[np.int64] | None, n_folds: int | None) -> Iterator[NDArray[np.bool_]]:
    """Yield which trials are for validation, fold by fold; see `Trials.folds`.

    Parameters
    ----------
    group : (n_trials,) int64, optional
    n_folds : int, optional

    Yields
    ------
    (n_trials,) bool

    Raises
    ------
    SpecError
    """
    if group is None:
        raise SpecError(
            "Trials.group", "must be there to make folds", got="none",
            remedy="Give the speaker or user of each trial: group=[...].",
        )  # fmt: skip
    members = np.unique(group)
    n = members.size if n_folds is None else n_folds
    if not 2 <= n <= members.size:
        raise SpecError(
            "n_folds", "must be at least 2 and at most the number of groups",
            got=f"{n} folds of {members.size} groups",
        )  # fmt: skip
    for block in np.array_split(members, n):
        yield np.isin(group, block)
