"""Runs as xarray data sets with units and provenance, in NetCDF and Zarr files."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.errors import FormatError, SpecError, nearest
from snnlab.record.atomic import replacing

if TYPE_CHECKING:
    import xarray as xr

    from snnlab.frames.frame import Frame
    from snnlab.model.network import Network
    from snnlab.model.recorders import StateRecorder

__all__ = ["FORMAT", "SUFFIXES", "check_suffix", "open", "save", "to_dataset"]

FORMAT = 1
"""Version of the layout, in the attribute `format`."""

Variable = tuple[tuple[str, ...], Any, dict[str, str]]


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
        Along `spike`: `step`, `neuron` (global id) and the coordinate `time` [ms]. Along
        `population`: its name, `size`, `first_id` and `count`, the number of spikes. For each
        recorder ``R``, along ``R_time`` and ``R_neuron``: its variables, named ``R_V_m``. The
        scalars `t_start`, `t_stop` and `dt` [ms] tell silence from missing data.

    Raises
    ------
    SpecError
        Frames that do not follow each other.
    """
    import xarray as xr

    _check_order(frames)
    variables = _spikes(network, frames) | _populations(network, frames)
    coordinates = _interval(network, frames) | _spike_times(network, frames)
    coordinates |= {"population": (("population",), _names(network), _words("population"))}
    for label, recorder in _labels(network).items():
        sampled, axes = _samples(network, frames, recorder, label)
        variables |= sampled
        coordinates |= axes
    title = {"snnlab": "dataset", "format": FORMAT, "title": network.name, "seed": network.seed}
    return xr.Dataset(variables, coordinates, attrs={**title, **(provenance or {})})


def _check_order(frames: Sequence[Frame]) -> None:
    for before, after in pairwise(frames):
        if before.t_stop != after.t_start:
            raise SpecError(
                "frames",
                f"must follow each other: the next starts at step {before.t_stop}",
                got=f"step {after.t_start}",
                remedy="Make one data set of each part without a gap.",
            )


def _words(long_name: str, units: str = "") -> dict[str, str]:
    return {"long_name": long_name} | ({"units": units} if units else {})


def _joined(arrays: list[Any]) -> Any:
    return np.concatenate(arrays) if arrays else np.empty(0, np.int64)


def _names(network: Network) -> Any:
    return np.array([p.name for p in network.populations], dtype=object)


def _spikes(network: Network, frames: Sequence[Frame]) -> dict[str, Variable]:
    step = _joined([frame.step for frame in frames])
    neuron = _joined([frame.neuron for frame in frames])
    return {
        "step": (("spike",), step, _words("time step in which the spike was found", "1")),
        "neuron": (("spike",), neuron, _words("global id of the neuron that fired", "1")),
    }


def _spike_times(network: Network, frames: Sequence[Frame]) -> dict[str, Variable]:
    times = (_joined([frame.step for frame in frames]) + 1) * network.dt
    return {"time": (("spike",), times, _words("spike time", "ms"))}


def _interval(network: Network, frames: Sequence[Frame]) -> dict[str, Variable]:
    first = frames[0].t_start if frames else 0
    last = frames[-1].t_stop if frames else 0
    return {
        "t_start": ((), first * network.dt, _words("beginning of the recording", "ms")),
        "t_stop": ((), last * network.dt, _words("end of the recording", "ms")),
        "dt": ((), network.dt, _words("time step", "ms")),
    }


def _populations(network: Network, frames: Sequence[Frame]) -> dict[str, Variable]:
    sizes = np.array([p.size for p in network.populations], np.int64)
    counts = sum((frame.counts for frame in frames), np.zeros(sizes.size, np.int64))
    first = np.cumsum(sizes) - sizes
    return {
        "size": (("population",), sizes, _words("number of neurons", "1")),
        "first_id": (("population",), first, _words("global id of the first neuron", "1")),
        "count": (("population",), counts, _words("number of spikes", "1")),
    }


def _labels(network: Network) -> dict[str, StateRecorder]:
    """Recorders by a name that files can hold and that no other recorder has."""
    labels: dict[str, StateRecorder] = {}
    for recorder in network.recorders:
        label = re.sub(r"[^\w.+-]", "_", recorder.name)
        while label in labels:
            label += "_"
        labels[label] = recorder
    return labels


def _samples(
    network: Network, frames: Sequence[Frame], recorder: StateRecorder, label: str
) -> tuple[dict[str, Variable], dict[str, Variable]]:
    """Variables and coordinates of one recorder; empty where it sampled nothing."""
    parts = [f.samples[recorder.name] for f in frames if recorder.name in f.samples]
    empty = np.empty((0, len(recorder.variables), len(recorder.neurons)), np.float32)
    values = np.concatenate([part.values for part in parts]) if parts else empty
    times = _joined([part.steps for part in parts]) * network.dt
    ids = np.array(recorder.neurons, np.int64) + network.first_id(recorder.population)
    dims = f"{label}_time", f"{label}_neuron"
    states = network.population(recorder.population).model.states
    sampled: dict[str, Variable] = {
        f"{label}_{variable}": (
            dims,
            values[:, i],
            _words(states[variable].doc or variable, states[variable].unit),
        )
        for i, variable in enumerate(recorder.variables)
    }
    return sampled, {
        dims[0]: ((dims[0],), times, _words("time of the sample", "ms")),
        dims[1]: ((dims[1],), ids, _words("global id of the neuron", "1")),
    }


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
        write(dataset, partial)


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
    packed = {"zlib": True, "complevel": 1, "shuffle": True}
    encoding = {
        name: packed
        for name, variable in dataset.variables.items()
        if variable.ndim and variable.size and variable.dtype.kind in "iuf"
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
