"""A record read past the general reader of NetCDF, which takes long for small files.

What is read here is only believed if it has the hash that the record carries; else the general
reader decides. Of a record with forty quantities, most of the time goes into small objects of
the higher layers, and into types that HDF5 and NumPy tell each other anew each time: hence the
lower layer of HDF5, and the two types that records are made of, known beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import xarray as xr
from h5py import h5a, h5d, h5o, h5s, h5t

from snnlab.bench.schema import COORDINATES, LABELLED, PARAMETER, RECORD, VARIABLES
from snnlab.errors import FormatError

__all__ = ["Columns", "provenance_text", "quick_read"]

OF_NETCDF = {
    b"_Netcdf4Dimid", b"_Netcdf4Coordinates", b"_nc3_strict", b"_NCProperties", b"DIMENSION_LIST",
    b"CLASS", b"NAME", b"REFERENCE_LIST", b"_FillValue", b"coordinates", b"DIMENSION_LABELS",
}  # fmt: skip
"""Attributes that belong to the file format."""

BARE = "This is a netCDF dimension but not a netCDF variable"
"""How NetCDF names a dimension whose places have no names."""

TEXT = h5py.string_dtype()
TEXT_TYPE = h5t.py_create(TEXT)
SIZE_OF_TEXT = 16
"""What one text of any length takes in an attribute [byte]: its length, and where it lies."""


@dataclass(frozen=True, eq=False)
class Columns:
    """The root data of a record: what a Dataset holds, without what it takes to make one.

    Parameters
    ----------
    variables : mapping
        Quantities, coordinates and names of places.
    attrs : mapping
    """

    variables: Mapping[str, xr.Variable]
    attrs: Mapping[str, Any]

    def dataset(self) -> xr.Dataset:
        """Return the same as a Dataset."""
        return xr.Dataset(
            {name: v for name, v in self.variables.items() if name in VARIABLES},
            {name: v for name, v in self.variables.items() if name not in VARIABLES},
            self.attrs,
        )


def quick_read(path: Path) -> Columns | None:
    """Return the root data of a record, or None where it is not as records are written.

    Parameters
    ----------
    path : Path

    Raises
    ------
    OSError
        No HDF5 file.
    """
    found: dict[str, xr.Variable] = {}
    with h5py.File(path, "r") as stored:
        for name in stored:
            item = h5o.open(stored.id, name.encode())
            if not isinstance(item, h5d.DatasetID):
                continue
            dims, shape = _dims(name), item.shape
            if dims is None or len(shape) != len(dims):
                if _is_bare_dimension(item):
                    continue
                return None
            found[name] = xr.Variable(dims, _values(item, shape), _attributes(item), fastpath=True)
        return Columns(found, _attributes(stored.id))


def provenance_text(path: Path) -> str:
    """Return the provenance of a record as JSON, without reading anything else.

    Raises
    ------
    FormatError
        No record.
    """
    try:
        with h5py.File(path, "r") as stored:
            return str(_attribute(h5a.open(stored.id, b"provenance")))
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


def _values(item: Any, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    kind = item.get_type()
    if kind == h5t.IEEE_F64LE:
        numbers = np.empty(shape, np.float64)
        if numbers.size:
            item.read(h5s.ALL, h5s.ALL, numbers, h5t.NATIVE_DOUBLE)
        return numbers
    is_text = isinstance(kind, h5t.TypeStringID) and kind.is_variable_str()
    values = np.empty(shape, TEXT if is_text else item.dtype)
    if values.size:
        item.read(h5s.ALL, h5s.ALL, values, TEXT_TYPE if is_text else None)
    if values.dtype.kind != "O":
        return values
    texts = np.empty(values.shape, dtype=object)
    texts.ravel()[:] = [text.decode() for text in values.ravel()]
    return texts


def _attributes(item: Any) -> dict[str, Any]:
    names: list[bytes] = []
    h5a.iterate(item, names.append)
    return {
        name.decode(): _attribute(h5a.open(item, name)) for name in names if name not in OF_NETCDF
    }


def _attribute(one: Any) -> Any:
    """A value; asking for its type and shape takes longer than reading it as what it mostly is."""
    if one.get_storage_size() == SIZE_OF_TEXT:
        text = np.empty((), TEXT)
        try:
            one.read(text, TEXT_TYPE)
        except (TypeError, OSError):  # numbers of that size
            return _any_attribute(one)
        return text.item().decode()
    return _any_attribute(one)


def _any_attribute(one: Any) -> Any:
    values = np.empty(one.shape, one.dtype)
    one.read(values)
    value: Any = values[()]
    return value.decode() if isinstance(value, bytes) else value
