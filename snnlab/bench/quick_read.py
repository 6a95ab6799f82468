"""A record read past the general reader of NetCDF, which takes long for small files.

What is read here is only believed if it has the hash that the record carries; else the general
reader decides. Of a record with forty quantities, most of the time goes into small objects of
the higher layers: hence the lower one of HDF5.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import xarray as xr
from h5py import h5a, h5d, h5o, h5s

from snnlab.bench.schema import COORDINATES, LABELLED, PARAMETER, RECORD, VARIABLES
from snnlab.errors import FormatError

__all__ = ["provenance_text", "quick_read"]

OF_NETCDF = {
    "_Netcdf4Dimid", "_Netcdf4Coordinates", "_nc3_strict", "_NCProperties", "DIMENSION_LIST",
    "CLASS", "NAME", "REFERENCE_LIST", "_FillValue", "coordinates", "DIMENSION_LABELS",
}  # fmt: skip
"""Attributes that belong to the file format."""

BARE = "This is a netCDF dimension but not a netCDF variable"
"""How NetCDF names a dimension whose places have no names."""


def quick_read(path: Path) -> xr.Dataset | None:
    """Return the root data of a record, or None where it is not as records are written.

    Parameters
    ----------
    path : Path

    Raises
    ------
    OSError
        No HDF5 file.
    """
    values: dict[str, xr.Variable] = {}
    coords: dict[str, xr.Variable] = {}
    with h5py.File(path, "r") as stored:
        for name in stored:
            item = h5o.open(stored.id, name.encode())
            if not isinstance(item, h5d.DatasetID):
                continue
            dims = _dims(name)
            if dims is None or item.rank != len(dims):
                if _is_bare_dimension(item):
                    continue
                return None
            variable = xr.Variable(dims, _values(item), _attributes(item), fastpath=True)
            (values if name in VARIABLES else coords)[name] = variable
        attributes = _attributes(stored.id)
    return xr.Dataset(values, coords, attributes)


def provenance_text(path: Path) -> str:
    """Return the provenance of a record as JSON, without reading anything else.

    Raises
    ------
    FormatError
        No record.
    """
    try:
        with h5py.File(path, "r") as stored:
            return str(_attributes(stored.id)["provenance"])
    except (OSError, KeyError) as error:
        raise FormatError(str(path), "must be a record of a benchmark", got=str(error)) from error


def _dims(name: str) -> tuple[str, ...] | None:
    if name in VARIABLES:
        return (RECORD, *VARIABLES[name].dims)
    if name in LABELLED or name == "repeat":
        return (name,)
    if name in COORDINATES or name.startswith(PARAMETER):
        return (RECORD,)
    return None


def _is_bare_dimension(item: Any) -> bool:
    return h5a.exists(item, b"NAME") and str(_attribute(h5a.open(item, b"NAME"))).startswith(BARE)


def _values(item: Any) -> np.ndarray[Any, Any]:
    values = np.empty(item.shape, item.dtype)
    if values.size:
        item.read(h5s.ALL, h5s.ALL, values)
    if values.dtype.kind != "O":
        return values
    texts = np.empty(values.shape, dtype=object)
    texts.ravel()[:] = [text.decode() for text in values.ravel()]
    return texts


def _attributes(item: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for place in range(h5a.get_num_attrs(item)):
        one = h5a.open(item, index=place)
        name = one.name.decode()
        if name not in OF_NETCDF:
            found[name] = _attribute(one)
    return found


def _attribute(one: Any) -> Any:
    values = np.empty(one.shape, one.dtype)
    one.read(values)
    value: Any = values[()]
    return value.decode() if isinstance(value, bytes) else value
