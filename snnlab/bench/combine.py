"""Many records become one Dataset, the same whatever the order in which they are given."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from snnlab.bench.quick_read import Columns
from snnlab.bench.schema import CHECKPOINTS, LABELLED, PARAMETER, PHASES, RECORD, VARIABLES, WHEN

__all__ = ["combine"]

_FIRST = {"phase": PHASES, "checkpoint": CHECKPOINTS, "when": WHEN}
"""Dimension -> names that come first, in this order; the others follow by alphabet."""

Array = np.ndarray[Any, Any]
Where = slice | Array
"""Places along a dimension; a slice where they follow one another, which NumPy takes at once."""
Part = Mapping[Any, xr.Variable]


def combine(datasets: Iterable[Columns | xr.Dataset]) -> xr.Dataset:
    """Return one Dataset along `record`, sorted by `record_id`.

    Parameters
    ----------
    datasets : iterable of Columns or Dataset
        Of records, or of what this function returned; a record that comes twice is kept once.

    Returns
    -------
    Dataset
        Labelled dimensions hold the names of all records; what a record does not have is NaN or
        ``""``. Attributes that differ between records are left out: group by coordinates.
    """
    parts: list[Part] = [data.variables for data in datasets]
    places = _places(parts)
    if not places:
        return xr.Dataset(coords={"record_id": (RECORD, np.array([], dtype=object))})
    labels = {dim: _labels(dim, parts) for dim in LABELLED}
    sizes = {dim: len(names) for dim, names in labels.items()}
    sizes["repeat"] = max(_sizes(d).get("repeat", 0) for d in parts)
    names = sorted({str(name) for d in parts for name in d} - set(sizes))
    positions = [_positions(d, places, labels) for d in parts]
    found = {name: _merged(name, parts, positions, len(places), sizes) for name in names}
    used = {dim for v in found.values() for dim in v.dims}
    indexes: dict[str, Any] = {
        dim: (dim, np.array(labels[dim], dtype=object)) for dim in LABELLED if dim in used
    }
    if "repeat" in used:
        indexes["repeat"] = ("repeat", np.arange(sizes["repeat"], dtype=np.int64))
    return xr.Dataset(
        {name: v for name, v in found.items() if name in VARIABLES},
        coords={name: v for name, v in found.items() if name not in VARIABLES} | indexes,
    )


def _sizes(d: Part) -> dict[Any, int]:
    return {dim: n for v in d.values() for dim, n in zip(v.dims, v.shape, strict=True)}


def _places(parts: Sequence[Part]) -> dict[str, int]:
    """Record id -> its place."""
    ids = {str(text) for d in parts for text in d["record_id"].values}
    return {text: place for place, text in enumerate(sorted(ids))}


def _labels(dim: str, parts: Sequence[Part]) -> list[str]:
    found = {str(text) for d in parts if dim in d for text in d[dim].values}
    first = [name for name in _FIRST.get(dim, ()) if name in found]
    return [*first, *sorted(found - set(first))]


def _positions(
    d: Part, places: Mapping[str, int], labels: Mapping[str, list[str]]
) -> dict[str, Where]:
    """Dimension -> where each of its places in one part goes."""
    found = {RECORD: _where([places[str(text)] for text in d["record_id"].values])}
    sizes = _sizes(d)
    for dim, names in labels.items():
        if dim in sizes:
            order = {name: k for k, name in enumerate(names)}
            found[dim] = _where([order[str(text)] for text in d[dim].values])
    if "repeat" in sizes:
        found["repeat"] = slice(0, sizes["repeat"])
    return found


def _where(places: Sequence[int]) -> Where:
    if places and all(b - a == 1 for a, b in itertools.pairwise(places)):
        return slice(places[0], places[-1] + 1)
    return np.array(places, dtype=np.intp)


def _merged(
    name: str,
    parts: Sequence[Part],
    positions: Sequence[Mapping[str, Where]],
    n_records: int,
    sizes: Mapping[str, int],
) -> xr.Variable:
    """One quantity of all records."""
    holders = [k for k, d in enumerate(parts) if name in d]
    first = parts[holders[0]][name]
    dims = [str(dim) for dim in first.dims]
    shape = [n_records if dim == RECORD else sizes[dim] for dim in dims]
    is_text = any(parts[k][name].dtype.kind == "O" for k in holders)
    whole: Array = np.full(shape, "", dtype=object) if is_text else np.full(shape, np.nan)
    for k in holders:
        values = parts[k][name].values
        if is_text and values.dtype.kind != "O":
            values = _as_texts(name, values)
        where = [positions[k][dim] for dim in dims]
        if not all(isinstance(one, slice) for one in where):
            where = list(np.ix_(*(
                np.arange(one.start, one.stop) if isinstance(one, slice) else one for one in where
            )))  # fmt: skip
        whole[tuple(where)] = values
    return xr.Variable(dims, whole, _same(parts[k][name].attrs for k in holders))


def _as_texts(name: str, values: Array) -> Array:
    """A swept parameter that is a number in one record and text in another is text in all."""
    if not name.startswith(PARAMETER):
        return values.astype(object)
    found = np.empty(values.shape, dtype=object)
    found.ravel()[:] = ["" if np.isnan(v) else f"{v:.17g}" for v in values.ravel()]
    return found


def _same(attrs: Iterable[Mapping[Any, Any]]) -> dict[Any, Any]:
    """What all have in common."""
    every = list(attrs)
    return {
        key: value
        for key, value in sorted(every[0].items())
        if all(key in other and other[key] == value for other in every)
    }
