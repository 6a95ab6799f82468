"""Records become lines: what differs makes a line each, repeats are the points of a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from snnlab.errors import SpecError, unknown_name

__all__ = ["RESOURCES", "Line", "lines", "ok_repeats", "x_of"]

RESOURCES = {
    "workers": "threads of all ranks",
    "threads": "threads per rank",
    "ranks": "ranks",
    "n_nodes": "nodes",
}
"""What can be on the x axis, and how the axis is called."""

TELLS_APART = (
    "benchmark", "simulator", "simulator_version", "commit", "machine_label", "machine_class_id",
    "gpu_model", "backend", "stack_variant", "stack_id",
)  # fmt: skip
"""Coordinates that make a line of their own, unless one before them tells the same apart."""

SHORT = 10
"""Letters of a commit or an id in a legend."""

PARAMETER = "p_"


@dataclass(frozen=True)
class Line:
    """Points that belong together.

    Parameters
    ----------
    label : str
        What tells this line from the others; empty if there is one only.
    x : (n,) float64
        Ascending, each once.
    repeats : tuple of (m,) float64
        All that was measured at each x, without NaN.
    """

    label: str
    x: NDArray[np.float64]
    repeats: tuple[NDArray[np.float64], ...]

    @property
    def median(self) -> NDArray[np.float64]:
        """Of the repeats at each x."""
        return np.array([np.median(values) for values in self.repeats])

    @property
    def points(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """All repeats as x and y."""
        counts = [len(values) for values in self.repeats]
        return np.repeat(self.x, counts), np.concatenate([*self.repeats, np.empty(0)])


def x_of(data: xr.Dataset, x: str) -> NDArray[np.float64]:
    """Return the position of each record on the x axis.

    Parameters
    ----------
    data : Dataset
    x : str
        One of `RESOURCES`, or a swept parameter that is a number (``"p_scale"``).
    """
    if x == "workers":
        threads = _number(data, "threads")
        ranks = _number(data, "ranks")
        return threads * np.where(np.isfinite(ranks), ranks, 1.0)
    if x not in data.coords:
        swept = [str(name) for name in data.coords if str(name).startswith(PARAMETER)]
        if x not in RESOURCES:
            raise unknown_name("x axis of a benchmark", x, [*RESOURCES, *swept])
        raise SpecError("x axis of a benchmark", "must be recorded", got=f"no {x} in any record")
    return _number(data, x)


def _number(data: xr.Dataset, name: str) -> NDArray[np.float64]:
    if name not in data.coords:
        return np.full(data.sizes["record"], np.nan)
    values = data[name].values
    if values.dtype.kind == "O":
        raise SpecError(f"Coordinate '{name}'", "must be a number to be an axis", got="text")
    return np.asarray(values, np.float64)


def ok_repeats(data: xr.Dataset, values: xr.DataArray) -> xr.DataArray:
    """Return values without those of repeats that failed, ran out of time or gave wrong science."""
    if "status" not in data or "repeat" not in values.dims:
        return values
    return values.where(data["status"].isin(["ok", "noisy", ""]))


def lines(
    data: xr.Dataset, values: xr.DataArray, x: str, *, by: Sequence[str] | None = None,
    together: Sequence[str] = (),
) -> list[Line]:  # fmt: skip
    """Return the lines of a quantity over the x axis.

    Parameters
    ----------
    data : Dataset
        Records, as a store loads them.
    values : (record, repeat) or (record,) DataArray
        The quantity.
    x : str
        See `x_of`.
    by : sequence of str, optional
        Coordinates that tell lines apart; default: all that differ.
    together : sequence of str
        Coordinates that change along a line: of weak scaling, the size of the network.

    Returns
    -------
    list of Line
        Without records that have no value.
    """
    at = x_of(data, x)
    array = ok_repeats(data, values).transpose("record", ...).values.reshape(len(at), -1)
    names = _telling(data, x, together) if by is None else list(by)
    groups: dict[tuple[str, ...], dict[float, list[NDArray[np.float64]]]] = {}
    for place, where in enumerate(at):
        known = array[place][np.isfinite(array[place])]
        if known.size and np.isfinite(where):
            key = tuple(_text(data, name, place) for name in names)
            groups.setdefault(key, {}).setdefault(float(where), []).append(known)
    return [
        Line(
            ", ".join(text for text in key if text),
            np.array(sorted(points)),
            tuple(np.concatenate(points[where]) for where in sorted(points)),
        )
        for key, points in sorted(groups.items())
    ]


def _telling(data: xr.Dataset, x: str, together: Sequence[str]) -> list[str]:
    """Coordinates that differ, without those that tell what is told already."""
    own = {"workers": {"threads", "ranks", "n_nodes"}}.get(x, {x})
    swept = sorted(str(n) for n in data.coords if str(n).startswith(PARAMETER))
    candidates = [*TELLS_APART, *swept, *(n for n in RESOURCES if n != "workers")]
    found: list[str] = []
    partition: list[tuple[str, ...]] = [()] * data.sizes["record"]
    for name in candidates:
        if name not in data.coords or name in own or name in together:
            continue
        finer = [(*key, _text(data, name, place)) for place, key in enumerate(partition)]
        if len(set(finer)) > len(set(partition)):
            found.append(name)
            partition = finer
    return found


def _text(data: xr.Dataset, name: str, place: int) -> str:
    value = data[name].values[place]
    if isinstance(value, str):
        short = value[:SHORT] if name == "commit" or name.endswith("_id") else value
        named = name.startswith(PARAMETER)
        return f"{name.removeprefix(PARAMETER)}={short}" if named and short else short
    if np.isnan(value):
        return ""
    return f"{name.removeprefix(PARAMETER)}={value:g}"
