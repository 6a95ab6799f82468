"""A section of a log as a data set whose values stay on disk until they are asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

from snnlab.record.labelled import (
    Columns,
    EventColumns,
    SampleColumns,
    label,
    names_of_causes,
    words_at,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from snnlab.frames.structure import StructuralEvents
    from snnlab.record.log.reader import LoggedSection

__all__ = ["LazyColumn", "to_dataset"]


class LazyColumn(BackendArray):
    """An array of which only the rows that are asked for are read.

    Parameters
    ----------
    shape : tuple of int
    dtype : dtype
    read : callable
        Gets the first row and the one after the last, and returns the rows.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        dtype: Any,
        read: Callable[[int, int], NDArray[Any]],
    ) -> None:
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self._read = read

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.BASIC, self._rows
        )

    def _rows(self, key: tuple[Any, ...]) -> Any:
        rows, *others = key
        if not isinstance(rows, slice):
            n = int(rows) % self.shape[0]
            return self._read(n, n + 1)[(0, *others)]
        wanted = range(*rows.indices(self.shape[0]))
        if not wanted:
            return np.empty(self.shape, self.dtype)[(slice(0, 0), *others)]
        first, last = min(wanted[0], wanted[-1]), max(wanted[0], wanted[-1])
        found = self._read(first, last + 1)
        return found[(np.arange(wanted.start, wanted.stop, wanted.step) - first, *others)]


def to_dataset(section: LoggedSection) -> xr.Dataset:
    """Return a section as a labelled data set.

    Parameters
    ----------
    section : LoggedSection

    Returns
    -------
    xarray.Dataset
        As `snnlab.record.dataset.to_dataset` makes it of frames in memory. Spikes, samples and
        events are read when they are used, and only the frames that hold them; the axes of the
        samples, their times and which synapses they are of, are read at once. It needs the log to
        stay open.
    """
    layout, dt = section.layout, section.layout.dt
    n = section.n_spikes

    def spikes(which: int) -> Callable[[int, int], NDArray[Any]]:
        return lambda start, stop: section.spike_range(start, stop)[which]

    columns = Columns(
        section.t_start,
        section.t_stop,
        _lazily((n,), np.int64, spikes(0)),
        _lazily((n,), np.int64, spikes(1)),
        section.counts,
        {recorder.name: _samples(section, recorder.name) for recorder in layout.recorders},
        _lazily((n,), np.float64, lambda start, stop: (spikes(0)(start, stop) + 1) * dt),
        _events(section) if layout.rewirings else None,
    )
    return label(layout, columns, provenance=_provenance(section))


def _lazily(shape: tuple[int, ...], dtype: Any, read: Callable[[int, int], NDArray[Any]]) -> Any:
    return indexing.LazilyIndexedArray(LazyColumn(shape, dtype, read))


def _samples(section: LoggedSection, name: str) -> SampleColumns:
    n = section.n_samples(name)
    n_variables, n_each = section.sample_shape(name)
    dtype = section.sample_range(name, 0, min(n, 1)).values.dtype

    def variable(i: int) -> Callable[[int, int], NDArray[Any]]:
        return lambda start, stop: section.sample_range(name, start, stop).values[:, i]

    values = [_lazily((n, n_each), dtype, variable(i)) for i in range(n_variables)]
    return SampleColumns(section.sample_steps(name), values, section.synapses(name))


def _events(section: LoggedSection) -> EventColumns:
    n, dt, rewirings = section.n_events, section.layout.dt, section.layout.rewirings
    names, projections = names_of_causes(section.layout), [r.projection for r in rewirings]

    def column(dtype: Any, of: Callable[[StructuralEvents], NDArray[Any]]) -> Any:
        return _lazily((n,), dtype, lambda start, stop: of(section.event_range(start, stop)))

    word = words_at(names, np.zeros(min(n, 1), np.int64)).dtype
    return EventColumns(
        column(np.float64, lambda events: events.step * dt),
        column(word, lambda events: words_at(names, np.maximum(events.rewiring, -1))),
        column(word, lambda events: words_at(projections, events.place)),
        column(np.bool_, lambda events: events.is_formed),
        column(np.int64, lambda events: events.pre),
        column(np.int64, lambda events: events.post),
    )


def _provenance(section: LoggedSection) -> dict[str, str]:
    edits = [{"step": e.step, "edit": e.edit} for e in section.log.edits_of(section.contents.run)]
    known = dict(section.contents.provenance)
    return known | {"edits": json.dumps(edits, ensure_ascii=False)}
