"""What encoders refuse: numbers that are no pixels, series without samples, odd settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.errors import SpecError
from snnlab.learning.trial_checks import positive

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Series", "check_numbers", "flat_series", "pixels"]


def check_numbers(encoder: Any, times: Sequence[str] = (), counts: Sequence[str] = ()) -> None:
    """Refuse settings of an encoder that are not numbers > 0.

    Parameters
    ----------
    encoder : an encoder
    times, counts : sequence of str
        Names of its fields: times [ms], and whole numbers.

    Raises
    ------
    SpecError
    """
    kind = type(encoder).__name__
    for name in times:
        positive(getattr(encoder, name), f"{kind}.{name}", unit="ms", is_whole=False)
    for name in counts:
        positive(getattr(encoder, name), f"{kind}.{name}")


def pixels(values: ArrayLike, encoder: str) -> NDArray[np.float64]:
    """Return images as an array of numbers between 0 and 1 with at least two dimensions.

    Parameters
    ----------
    values : (n_images, ...) bool, int or float
    encoder : str
        Its name, for the error.

    Raises
    ------
    SpecError
        Fewer dimensions, values that are not numbers or not between 0 and 1, NaN among them.
    """
    where = f"{encoder}.encode"
    given = np.asarray(values)
    if given.dtype.kind not in "biuf":
        raise SpecError(where, "must get an array of numbers", got=f"an array of {given.dtype}")
    if given.ndim < 2 or given.shape[1:] == () or 0 in given.shape[1:]:
        raise SpecError(
            where, "must get (n_images, n_pixels) or (n_images, n_rows, n_columns)",
            got=f"shape {given.shape}", remedy="One image is image[None].",
        )  # fmt: skip
    array = given.astype(np.float64)
    is_bad = ~((array >= 0.0) & (array <= 1.0))
    if is_bad.any():
        at = tuple(int(i[0]) for i in np.nonzero(is_bad))
        raise SpecError(
            where, "must get values between 0 and 1", got=f"{array[at]:g} at {at}",
            remedy="Divide by the largest value that a pixel can have, for example 255.",
        )  # fmt: skip
    return array


@dataclass(frozen=True)
class Series:
    """Series of several lengths, one after the other.

    Parameters
    ----------
    values : (n_samples, n_signals) float64
    offsets : (n_series + 1,) int64
        Series `i` has the samples ``offsets[i]:offsets[i + 1]``.
    """

    values: NDArray[np.float64]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return self.offsets.size - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Number of samples of each, (n_series,)."""
        return np.diff(self.offsets)

    @property
    def trial(self) -> NDArray[np.int64]:
        """Which series each sample belongs to, (n_samples,)."""
        return np.repeat(np.arange(len(self)), self.lengths)

    @property
    def position(self) -> NDArray[np.int64]:
        """Place of each sample in its series, (n_samples,)."""
        return np.arange(len(self.values)) - np.repeat(self.offsets[:-1], self.lengths)


def flat_series(series: Any, encoder: str) -> Series:
    """Return series as one array.

    Parameters
    ----------
    series : (n_series, n_samples, n_signals) array, or sequence of (n_samples, n_signals) arrays
    encoder : str
        Its name, for the error.

    Raises
    ------
    SpecError
        There is none, one has another shape or no samples, or a value that is not finite.
    """
    where = f"{encoder}.encode"
    arrays = [np.asarray(one) for one in series]
    if not arrays:
        raise SpecError(where, "must get at least one series", got="none")
    for i, array in enumerate(arrays):
        if array.ndim != 2 or array.dtype.kind not in "biuf" or 0 in array.shape:
            raise SpecError(
                where, "must get series (n_samples, n_signals) of numbers",
                got=f"{array.dtype} of shape {array.shape} as series {i}",
                remedy="A single signal is signal[:, None].",
            )  # fmt: skip
        if array.shape[1] != arrays[0].shape[1]:
            raise SpecError(
                where, f"must get series of the same {arrays[0].shape[1]} signals",
                got=f"{array.shape[1]} signals in series {i}",
            )  # fmt: skip
        if not np.isfinite(array).all():
            at = tuple(int(k[0]) for k in np.nonzero(~np.isfinite(array)))
            raise SpecError(
                where, "must get finite numbers",
                got=f"{array[at]} at (sample, signal) {at} of series {i}",
            )  # fmt: skip
    lengths = [len(array) for array in arrays]
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    return Series(np.concatenate(arrays).astype(np.float64), offsets)
