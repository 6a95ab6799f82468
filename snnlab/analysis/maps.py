"""How well a topographic map is ordered: where the afferents of every target are centred.

A map goes from a sheet of sources to a sheet of targets of the same shape; target i should be fed
by the sources around source i.

References
----------
Bamford, Murray, Willshaw (2010), IEEE Trans. Neural Netw. 21, 286-304.
Bogdan, Rowley, Rhodes, Furber (2018), Front. Neurosci. 12, 434, doi 10.3389/fnins.2018.00434.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snnlab.analysis.sheet import Sheet
from snnlab.errors import SpecError

__all__ = ["MapQuality", "afferent_maps", "map_quality"]

_FINE = 10
"""Parts of a grid step in which a centre is looked for around the best neuron."""


@dataclass(frozen=True)
class MapQuality:
    """The receptive field of every target, and the means over targets.

    Parameters
    ----------
    centre : (n, 2) float64 [grid steps]
        Preferred location: x and y of the centre of its afferents; nan without afferents.
    sigma : (n,) float64 [grid steps]
        Spread of its afferents around this centre; nan without afferents.
    deviation : (n,) float64 [grid steps]
        Distance between this centre and the place of the target itself; nan without afferents.
    """

    centre: NDArray[np.float64]
    sigma: NDArray[np.float64]
    deviation: NDArray[np.float64]

    @property
    def sigma_aff(self) -> float:
        """Mean spread over all targets that have afferents; nan if none has."""
        return _mean_of_known(self.sigma)

    @property
    def AD(self) -> float:  # noqa: N802  (the name that it has in the literature)
        """Mean absolute deviation over all targets that have afferents; nan if none has."""
        return _mean_of_known(self.deviation)

    @property
    def n_excluded(self) -> int:
        """Number of targets without afferents, which the means leave out."""
        return int(np.isnan(self.sigma).sum())


def afferent_maps(
    pre: ArrayLike, post: ArrayLike, sheet: Sheet, *, weight: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Return a picture of the afferents of every target.

    Parameters
    ----------
    pre, post : (n_synapses,) int
        Source and target of each synapse: indices within their sheets.
    sheet : Sheet
        Of the sources and of the targets.
    weight : (n_synapses,) float, optional
        Default: every synapse counts 1.

    Returns
    -------
    (n, rows, columns) float64
        Number of synapses, or sum of their weights, from each source. Of n targets it takes
        8 n^2 bytes: 0.5 MB for 256, 1.3 GB for 12 544.

    Raises
    ------
    SpecError
        Arrays of different lengths, a neuron that the sheet does not have.
    """
    source, target, w = _synapses(pre, post, sheet, weight)
    maps = np.bincount(target * sheet.n + source, w, minlength=sheet.n**2)
    return maps.astype(np.float64, copy=False).reshape(sheet.n, sheet.rows, sheet.columns)


def map_quality(
    pre: ArrayLike, post: ArrayLike, sheet: Sheet, *, weight: ArrayLike | None = None
) -> MapQuality:
    """Return where the afferents of every target are centred, and how far they spread.

    For x and y separately, the centre is where the root mean square of the afferents' distances
    along this axis is smallest: of all places of the grid first, then of those within 0.5 of the
    best one, in steps of 0.1. `sigma` is the mean of the two minima.

    Parameters
    ----------
    pre, post : (n_synapses,) int
        Source and target of each synapse: indices within their sheets. Several synapses of a
        pair count as several.
    sheet : Sheet
        Of the sources and of the targets.
    weight : (n_synapses,) float, optional
        How much each counts, >= 0; default: all the same. What has no weight at all has no
        afferents.

    Returns
    -------
    MapQuality

    Raises
    ------
    SpecError
        Arrays of different lengths, a neuron that the sheet does not have, a negative weight.

    Notes
    -----
    Of several centres that are equally good the one with the smallest coordinate is taken.

    Examples
    --------
    >>> quality = map_quality([0, 1, 17], [0, 0, 16], Sheet(16, 16))
    >>> quality.centre[0].tolist(), quality.sigma[0].tolist(), quality.deviation[16].tolist()
    ([0.5, 0.0], 0.25, 1.0)
    """
    source, target, w = _synapses(pre, post, sheet, weight)
    if w is not None and w.size and not w.min() >= 0.0:
        raise SpecError(
            "weight", "must be >= 0", got=f"{w.min():g}",
            remedy="Of inhibitory synapses, give the sizes of the weights.",
        )  # fmt: skip
    centre, spread = np.empty((sheet.n, 2)), np.empty((sheet.n, 2))
    for axis, place in enumerate(sheet.coordinates(source)):
        length = sheet.shape[axis]
        sums = np.bincount(target * length + place, w, minlength=sheet.n * length)
        along = np.asarray(sums, np.float64).reshape(sheet.n, length)
        centre[:, axis], spread[:, axis] = _centred(along, sheet, axis)
    ideal = sheet.positions()
    apart = [sheet.apart(centre[:, axis], ideal[:, axis], axis) for axis in range(2)]
    return MapQuality(centre, spread.mean(axis=1), np.hypot(*apart))


def _synapses(
    pre: ArrayLike, post: ArrayLike, sheet: Sheet, weight: ArrayLike | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64] | None]:
    """Checked arrays of one length."""
    source, target = sheet.indices("pre", pre), sheet.indices("post", post)
    w = None if weight is None else np.asarray(weight, np.float64)
    shapes = [a.shape for a in (source, target, w) if a is not None]
    if len(set(shapes)) > 1 or source.ndim != 1:
        raise SpecError("pre, post and weight", "must be lists of one length", got=str(shapes))
    return source, target, w


def _centred(
    along: NDArray[np.float64], sheet: Sheet, axis: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centre and spread along an axis of what lies at its places, shape (n, length)."""
    length, total = sheet.shape[axis], along.sum(axis=1)
    places = np.arange(length)
    best = (along @ sheet.apart(places[:, None], places, axis) ** 2).argmin(axis=1)
    # In whole parts of a step, so that sums of counts are exact and equal ones are equal.
    shifts = np.arange(-(_FINE // 2), _FINE // 2 + 1)[:, None]
    ahead = _FINE * sheet.ahead(places, places[:, None], axis)
    first, second = (np.einsum("ij,ij->i", along, (ahead**k)[best]) for k in (1, 2))
    squares = second - 2 * shifts * first + shifts**2 * total
    if sheet.is_periodic and length % 2 == 0:
        # From the place opposite it is not farther on the other way round.
        opposite = along[np.arange(best.size), (best + length // 2) % length]
        squares -= 2 * _FINE * length * np.maximum(shifts, 0) * opposite
    chosen = squares.argmin(axis=0)
    found = best + shifts[chosen, 0] / _FINE
    if sheet.is_periodic:
        found = np.mod(found, length)
    has_some = total > 0
    mean = np.full(total.shape, np.nan)
    np.divide(squares[chosen, np.arange(total.size)], total, out=mean, where=has_some)
    return np.where(has_some, found, np.nan), np.sqrt(mean) / _FINE


def _mean_of_known(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")
