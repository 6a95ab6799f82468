"""Event lists of users, in any form that they commonly have, become columns of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.errors import SpecError, unknown_name
from snnlab.learning.trial_checks import positive

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["FlatEvents", "flat_events", "whole_steps"]

_PER_MS = {"us": 1000.0, "µs": 1000.0, "ms": 1.0, "s": 0.001}
_SLACK = 1e-6
"""Steps. A time that is a whole number of steps, written as a decimal, may be a little less."""


@dataclass(frozen=True)
class FlatEvents:
    """Events of all trials in columns.

    Parameters
    ----------
    trial, step, channel : (n_events,) int64
        In the order in which they came; ``channel < n_channels``.
    n_channels : int
    """

    trial: NDArray[np.int64]
    step: NDArray[np.int64]
    channel: NDArray[np.int64]
    n_channels: int

    def until(self, n_steps: int, late: str) -> FlatEvents:
        """Return the events before step `n_steps`.

        Raises
        ------
        SpecError
            `late` is ``"refuse"`` and there are others.
        """
        if late not in ("refuse", "drop"):
            raise unknown_name("late", str(late), ("refuse", "drop"))
        is_late = self.step >= n_steps
        if not is_late.any():
            return self
        if late == "refuse":
            at = int(np.flatnonzero(is_late)[0])
            raise SpecError(
                f"events[{self.trial[at]}]", f"must have its events before step {n_steps}",
                got=f"one in step {self.step[at]}, {is_late.sum()} late ones in all",
                remedy="Make n_steps larger, or drop late events: late='drop'.",
            )  # fmt: skip
        keep = ~is_late
        return FlatEvents(self.trial[keep], self.step[keep], self.channel[keep], self.n_channels)


@dataclass(frozen=True)
class _Columns:
    """One trial as it came; y and p where there are such."""

    t: NDArray[Any]
    x: NDArray[Any]
    y: NDArray[Any] | None = None
    p: NDArray[Any] | None = None


def flat_events(
    events: Sequence[Any],
    unit: str,
    dt: float,
    n_channels: int | None,
    sensor_size: tuple[int, int, int] | None,
) -> FlatEvents:
    """Return the events of all trials; see `Trials.from_events`.

    Raises
    ------
    SpecError
    """
    if unit not in _PER_MS:
        raise unknown_name("unit", str(unit), ("us", "ms", "s"))
    columns = [_columns(trial, f"events[{i}]") for i, trial in enumerate(events)]
    if n_channels is not None:
        n_channels = positive(n_channels, "n_channels")
    size = _size(columns, n_channels, sensor_size)
    per_step = dt * _PER_MS[unit]
    steps = [_steps(c.t, per_step, f"events[{i}]") for i, c in enumerate(columns)]
    channels = [_channels(c, size, f"events[{i}]") for i, c in enumerate(columns)]
    trial = np.repeat(np.arange(len(columns)), [c.t.size for c in columns])
    empty = np.zeros(0, np.int64)
    return FlatEvents(
        trial, np.concatenate([*steps, empty]), np.concatenate([*channels, empty]),
        size[0] * size[1] * size[2],
    )  # fmt: skip


def _columns(trial: Any, where: str) -> _Columns:
    names = getattr(getattr(trial, "dtype", None), "names", None)
    if names is not None:
        found = _fields(trial, names, where)
    elif isinstance(trial, tuple | list) and len(trial) in (2, 3):
        t, x = np.asarray(trial[0]), np.asarray(trial[1])
        found = _Columns(t, x, None, np.asarray(trial[2]) if len(trial) == 3 else None)
    else:
        raise SpecError(
            where, "must be (times, channels), (times, channels, polarities) or an array with the "
            "fields t, x, y, p", got=_described(trial),
        )  # fmt: skip
    for name in ("t", "x", "y", "p"):
        values = getattr(found, name)
        if values is not None and (values.ndim != 1 or values.size != found.t.size):
            raise SpecError(
                where, "must have as many times as channels, in one dimension",
                got=f"{found.t.shape} times, {values.shape} {name}",
            )  # fmt: skip
    return found


def _described(trial: Any) -> str:
    if isinstance(trial, tuple | list):
        return f"{type(trial).__name__} of {len(trial)}"
    return f"{type(trial).__name__} {getattr(trial, 'shape', '')}".rstrip()


def _fields(trial: Any, names: tuple[str, ...], where: str) -> _Columns:
    for needed in ("t", "x"):
        if needed not in names:
            raise SpecError(
                where, "must have the fields t and x, and may have y and p",
                got=", ".join(names), remedy="Rename the fields.",
            )  # fmt: skip
    y, p = (np.asarray(trial[name]) if name in names else None for name in "yp")
    return _Columns(np.asarray(trial["t"]), np.asarray(trial["x"]), y, p)


def _size(
    columns: Sequence[_Columns], n_channels: int | None, sensor_size: tuple[int, int, int] | None
) -> tuple[int, int, int]:
    """Width, height and number of polarities."""
    if sensor_size is not None:
        if n_channels is not None:
            raise SpecError(
                "n_channels", "must be left out where sensor_size is given", got=f"{n_channels}"
            )
        if len(sensor_size) != 3:
            raise SpecError(
                "sensor_size", "must be (width, height, polarities)", got=repr(sensor_size)
            )
        width, height, polarities = (positive(n, "sensor_size") for n in sensor_size)
        return width, height, polarities
    if any(c.y is not None for c in columns):
        raise SpecError(
            "sensor_size", "must be given for events with y", got="None",
            remedy="Give (width, height, polarities), for example (128, 128, 2).",
        )  # fmt: skip
    polarities = 2 if any(c.p is not None for c in columns) else 1
    if n_channels is None:
        n_channels = 1 + max(0, 0, *(int(c.x.max()) for c in columns if c.x.size))
    return positive(n_channels, "n_channels"), 1, polarities


def _steps(times: NDArray[Any], per_step: float, where: str) -> NDArray[np.int64]:
    """Step in which each event lies."""
    if times.size == 0:
        return np.zeros(0, np.int64)
    if times.dtype.kind not in "iuf":
        raise SpecError(where, "must have times that are numbers", got=f"{times.dtype}")
    exact = times.astype(np.float64)
    is_bad = ~(np.isfinite(exact) & (exact >= 0.0))
    if is_bad.any():
        at = int(np.flatnonzero(is_bad)[0])
        raise SpecError(
            where, "must have finite times >= 0", got=f"{times[at]} at index {at}",
            remedy="Leave such events out, or subtract the time at which the trial starts.",
        )  # fmt: skip
    if exact.max() / per_step >= 2**31:
        raise SpecError(
            where, "must have times below 2**31 steps", got=f"{times.max()}",
            remedy="Check the unit of the times, and dt.",
        )  # fmt: skip
    return whole_steps(exact / per_step)


def whole_steps(steps: ArrayLike) -> NDArray[np.int64]:
    """Return the step in which each time lies.

    Parameters
    ----------
    steps : array of float [steps]
        Times. One that is a hair less than a whole number of steps lies in that step: it was
        written as a decimal.
    """
    return np.floor(np.asarray(steps) + _SLACK).astype(np.int64)


def _channels(columns: _Columns, size: tuple[int, int, int], where: str) -> NDArray[np.int64]:
    width, height, polarities = size
    channel = _within(columns.x, width, where, "x")
    if columns.y is not None:
        channel = channel + width * _within(columns.y, height, where, "y")
    if columns.p is not None and polarities > 1:
        channel = channel + width * height * _polarity(columns.p, polarities, where)
    return channel


def _within(values: NDArray[Any], stop: int, where: str, name: str) -> NDArray[np.int64]:
    if values.size and (values.dtype.kind not in "iuf" or (values != np.floor(values)).any()):
        raise SpecError(where, f"must have whole numbers as {name}", got=f"{values.dtype}")
    is_out = ~((values >= 0) & (values < stop))
    if is_out.any():
        raise SpecError(
            where, f"must have {name} >= 0 and < {stop}", got=f"{values[is_out][0]}",
            remedy="Give the number of channels (n_channels) or the sensor_size of the recording.",
        )  # fmt: skip
    return values.astype(np.int64)


def _polarity(values: NDArray[Any], polarities: int, where: str) -> NDArray[np.int64]:
    """0 or 1, also of -1 and 1."""
    if polarities != 2:
        raise SpecError("sensor_size", "must have 1 or 2 polarities", got=f"{polarities}")
    numbers = values.astype(np.int64)
    if numbers.size and not np.isin(numbers, (0, 1)).all() and not np.isin(numbers, (-1, 1)).all():
        raise SpecError(
            where, "must have polarities 0 and 1, or -1 and 1",
            got=", ".join(str(v) for v in np.unique(numbers)[:5]),
        )  # fmt: skip
    return (numbers > 0).astype(np.int64)
