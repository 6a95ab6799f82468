"""Runs as xarray data sets with units and provenance, in NetCDF and Zarr files."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.errors import FormatError, SpecError, nearest
from snnlab.frames.frame import Samples
from snnlab.frames.structure import StructuralEvents
from snnlab.record.atomic import replacing
from snnlab.record.labelled import (
    FORMAT,
    Columns,
    EventColumns,
    SampleColumns,
    label,
    names_of_causes,
    words_at,
)
from snnlab.record.layout import Layout, Recorded

if TYPE_CHECKING:
    import xarray as xr

    from snnlab.frames.frame import Frame
    from snnlab.model.network import Network

__all__ = ["FORMAT", "SUFFIXES", "check_suffix", "open", "save", "to_dataset"]


def to_dataset(
    network: Network, frames: Sequence[Frame], *, provenance: Mapping[str, str] | None = None
) -> xr.Dataset:
    """Return frames of a run as one labelled data set.

    Parameters
    ----------
    network : Network
        What ran; names, sizes and units are taken from it.
    frames : sequence of Frame
        In order and without a gap.
    provenance : mapping, optional
        Attributes that say where the data come from, see `snnlab.record.provenance.describe`.

    Returns
    -------
    xarray.Dataset
        See `snnlab.record.labelled.label`.

    Raises
    ------
    SpecError
        Frames that do not follow each other.
    """
    _check_order(frames)
    layout = Layout.of(network)
    counts = sum((frame.counts for frame in frames), np.zeros(len(layout.sizes), np.int64))
    columns = Columns(
        frames[0].t_start if frames else 0,
        frames[-1].t_stop if frames else 0,
        _joined([frame.step for frame in frames]),
        _joined([frame.neuron for frame in frames]),
        counts,
        {recorder.name: _samples(frames, recorder) for recorder in layout.recorders},
        events=_events(frames, layout) if layout.rewirings else None,
    )
    return label(layout, columns, provenance=provenance)


def _check_order(frames: Sequence[Frame]) -> None:
    for before, after in pairwise(frames):
        if before.t_stop != after.t_start:
            raise SpecError(
                "frames",
                f"must follow each other: the next starts at step {before.t_stop}",
                got=f"step {after.t_start}",
                remedy="Make one data set of each part without a gap.",
            )


def _joined(arrays: list[Any]) -> Any:
    return np.concatenate(arrays) if arrays else np.empty(0, np.int64)


def _samples(frames: Sequence[Frame], recorder: Recorded) -> SampleColumns:
    """What one recorder sampled in all frames."""
    parts = [f.samples[recorder.name] for f in frames if recorder.name in f.samples]
    nothing = Samples(np.empty(0, np.int64), np.empty((0, *recorder.shape()), np.float32))
    whole = Samples.joined(parts) if parts else nothing
    values = [whole.values[:, i] for i in range(len(recorder.variables))]
    return SampleColumns(whole.steps, values, whole.synapses)


def _events(frames: Sequence[Frame], layout: Layout) -> EventColumns:
    """What the rewirings did in all frames."""
    found = StructuralEvents.joined(frame.structure for frame in frames)
    return EventColumns(
        found.step * layout.dt,
        words_at(names_of_causes(layout), np.maximum(found.rewiring, -1)),
        words_at([rewiring.projection for rewiring in layout.rewirings], found.place),
        found.is_formed,
        found.pre,
        found.post,
    )


# --- files --------------------------------------------------------------------------------------


def save(dataset: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write a data set; what was at `path` is replaced only when all is written.

    Parameters
    ----------
    dataset : xarray.Dataset
    path : path
        Ends in ``.nc`` (NetCDF 4, one file) or ``.zarr`` (a directory).

    Raises
    ------
    FormatError
        Another suffix.
    """
    write = SUFFIXES[check_suffix(path)][0]
    with replacing(path) as partial:
        # How a file that it was read from holds it does not fit every other file.
        write(dataset.drop_encoding(), partial)


def open(path: str | os.PathLike[str]) -> xr.Dataset:
    """Return the data set in a file; values are read when they are asked for.

    Parameters
    ----------
    path : path
        What `save` wrote.

    Raises
    ------
    FormatError
        Another suffix, no such file, or not a data set of snnlab.
    """
    read = SUFFIXES[check_suffix(path)][1]
    try:
        dataset: xr.Dataset = read(Path(path))
    except (OSError, ValueError, KeyError) as error:
        raise FormatError(
            f"File '{path}'",
            "must be a data set that can be read",
            got=str(error)[:200],
            remedy="Check the path, or save the data again.",
        ) from error
    if (dataset.attrs.get("snnlab"), dataset.attrs.get("format")) != ("dataset", FORMAT):
        found = dataset.attrs.get("snnlab", "no such attribute")
        dataset.close()
        raise FormatError(
            f"File '{path}'", f"must be a data set of snnlab, format {FORMAT}", got=str(found)
        )
    return dataset


def check_suffix(path: str | os.PathLike[str]) -> str:
    """Return the suffix of `path`, which says how data are written.

    Raises
    ------
    FormatError
        Neither ``.nc`` nor ``.zarr``.
    """
    suffix = Path(path).suffix
    if suffix not in SUFFIXES:
        close = nearest(suffix, SUFFIXES) or list(SUFFIXES)
        raise FormatError(
            f"File '{path}'",
            "must end in " + " or ".join(SUFFIXES),
            got=repr(suffix),
            remedy=f"Write for example {Path(path).stem + close[0]!r}.",
        )
    return suffix


def _write_netcdf(dataset: xr.Dataset, path: Path) -> None:
    packed: dict[str, Any] = {"zlib": True, "complevel": 1, "shuffle": True}
    encoding = {
        name: packed
        for name, variable in dataset.variables.items()
        if variable.ndim and variable.size and variable.dtype.kind in "iuf"
    }
    # As one word for each event a name would take 44 bytes and not be packed.
    encoding |= {
        name: packed | {"dtype": "S1"}
        for name, variable in dataset.variables.items()
        if variable.dims == ("event",) and variable.size and variable.dtype.kind in "TOU"
    }
    dataset.to_netcdf(path, engine="h5netcdf", encoding=encoding)


def _read_netcdf(path: Path) -> xr.Dataset:
    import xarray as xr

    return xr.open_dataset(path, engine="h5netcdf")


def _write_zarr(dataset: xr.Dataset, path: Path) -> None:
    dataset.to_zarr(path, mode="w", zarr_format=2, consolidated=True)


def _read_zarr(path: Path) -> xr.Dataset:
    import xarray as xr

    dataset: xr.Dataset = xr.open_zarr(path, consolidated=True)
    return dataset


SUFFIXES: Mapping[str, tuple[Callable[[Any, Path], None], Callable[[Path], Any]]] = {
    ".nc": (_write_netcdf, _read_netcdf),
    ".zarr": (_write_zarr, _read_zarr),
}
"""Suffix -> how files of this kind are written and read."""
