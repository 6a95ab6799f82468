"""One run is one record, one record is one NetCDF file, and the file never changes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from snnlab.bench.ids import canonical, new_record_id
from snnlab.bench.quick_read import Columns, quick_read
from snnlab.bench.redaction import Redaction, redaction
from snnlab.bench.schema import (
    COORDINATES,
    GROUPS,
    LABELLED,
    PARAMETER,
    RECORD,
    SCHEMA_VERSION,
    STATUSES,
    VARIABLES,
    Variable,
    schema_attributes,
)
from snnlab.bench.seal import is_sealed, read_sealed, seal
from snnlab.errors import FormatError, SpecError, StorageError
from snnlab.record.atomic import replacing

__all__ = ["Record", "make_record", "read_columns", "read_record", "seal_record", "write_record"]

EXACT = 2**53
"""Counts are float64 once records are merged; beyond this they would not be exact."""

_DAMAGED = (OSError, ValueError, LookupError, RuntimeError, TypeError, AttributeError)
"""What h5py, h5netcdf and xarray raise where a file is not what it says, depending on the byte."""

HASH = "content_sha256"
GROUP_HASHES = "groups"


@dataclass(frozen=True, eq=False)
class Record:
    """What one run gave; made by `make_record` or `read_record`.

    Parameters
    ----------
    dataset : xarray.Dataset
        One record along dimension `record`, variables as in `schema.VARIABLES`.
    groups : mapping
        Name -> Dataset of a group; of a record that was read, empty: see `group`.
    path : Path, optional
        The file it was read from.
    """

    dataset: xr.Dataset
    groups: Mapping[str, xr.Dataset] = field(default_factory=dict)
    path: Path | None = None

    @property
    def record_id(self) -> str:
        """UUIDv7 of the run."""
        return str(self.dataset["record_id"].item())

    @property
    def content_sha256(self) -> str:
        """Hash of everything that the record holds."""
        return str(self.dataset.attrs[HASH])

    @property
    def provenance(self) -> dict[str, Any]:
        """All that is needed to repeat the run."""
        found: dict[str, Any] = json.loads(self.dataset.attrs["provenance"])
        return found

    def group(self, name: str) -> xr.Dataset:
        """Return a group (``rank``, ``thread``, ``step``, ``power``, ``raw``), read when asked for.

        Raises
        ------
        FormatError
            The record has no such group, or its content was changed.
        """
        expected: dict[str, str] = json.loads(self.dataset.attrs[GROUP_HASHES])
        if name not in expected:
            raise FormatError(
                f"Record {self.record_id}",
                f"must have the group '{name}'",
                got=", ".join(expected) or "no groups",
            )
        if name in self.groups or self.path is None:
            return self.groups[name]
        with xr.open_dataset(self.path, group=name, engine="h5netcdf") as stored:
            found = plain_text(stored.load())
        _check_hash(f"{self.path}, group {name}", content_hash(found), expected[name])
        return found


def make_record(
    values: Mapping[str, Any],
    coordinates: Mapping[str, Any],
    *,
    labels: Mapping[str, Sequence[str]] | None = None,
    provenance: Mapping[str, Any] | None = None,
    attributes: Mapping[str, Mapping[str, str]] | None = None,
    groups: Mapping[str, xr.Dataset] | None = None,
    hide: Redaction | None = None,
) -> Record:
    """Return a new record of raw values.

    Parameters
    ----------
    values : mapping
        Variable -> array over its dimensions in `schema.VARIABLES` (without `record`).
    coordinates : mapping
        What can be grouped by, see `schema.COORDINATES`; swept parameters as ``p_<name>``.
        `record_id`, `recorded_at` and `schema_version` are added.
    labels : mapping, optional
        Dimension -> names of its places: ``{"phase": ("construct", "simulate")}``.
    provenance : mapping, optional
        As JSON has it; what is redacted in it is listed under ``redactions``.
    attributes : mapping, optional
        Variable -> attributes that differ from the schema's: ``source``, ``reducer``, ``method``.
    groups : mapping, optional
        Group -> Dataset over the dimensions in `schema.GROUPS`.
    hide : Redaction, optional
        Default: of this user, host and environment.

    Raises
    ------
    SpecError
        A name that the schema does not have, or a value that does not fit it.
    """
    hide = redaction() if hide is None else hide
    own = {
        "record_id": new_record_id(),
        "recorded_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "schema_version": SCHEMA_VERSION,
    }
    data = xr.Dataset(
        {name: _variable(name, value, attributes or {}, hide) for name, value in values.items()},
        coords={
            name: (RECORD, [_scalar(name, value, hide)])
            for name, value in sorted((own | dict(coordinates)).items())
        },
    )
    names = {dim: [hide.text(str(n)) for n in found] for dim, found in (labels or {}).items()}
    _check_labels(data, names)
    data = data.assign_coords(
        {dim: (dim, np.array(found, dtype=object)) for dim, found in names.items()
         if dim in data.dims}
    )  # fmt: skip
    if "repeat" in data.dims:
        data = data.assign_coords(repeat=np.arange(data.sizes["repeat"], dtype=np.int64))
    data = plain_text(data)
    kept = {
        name: _hidden(_checked_group(name, group), hide) for name, group in (groups or {}).items()
    }
    data.attrs["provenance"] = canonical(_redacted(provenance or {}, hide))
    data.attrs[GROUP_HASHES] = canonical({name: content_hash(g) for name, g in kept.items()})
    data.attrs[HASH] = content_hash(data)
    return Record(data, kept)


def _redacted(provenance: Mapping[str, Any], hide: Redaction) -> dict[str, Any]:
    hidden: dict[str, Any] = hide.value(provenance)
    return hidden | {"redactions": dict(sorted(hide.made.items()))}


def _variable(
    name: str, value: Any, attributes: Mapping[str, Mapping[str, str]], hide: Redaction
) -> xr.Variable:
    """One quantity with its dimensions and attributes."""
    if name not in VARIABLES:
        raise SpecError(
            f"Variable '{name}'", "must be one of the schema", remedy=", ".join(VARIABLES)
        )
    known = VARIABLES[name]
    array = _texts(value, hide) if known.is_text else np.asarray(value, np.float64)
    if array.ndim != len(known.dims):
        raise SpecError(
            f"Variable '{name}'",
            f"must have the dimensions {known.dims}",
            got=f"{array.ndim} dimensions",
        )
    _check_values(name, known, array)
    own = {key: hide.text(text) for key, text in attributes.get(name, {}).items()}
    return xr.Variable((RECORD, *known.dims), array[np.newaxis], schema_attributes(known) | own)


def _texts(value: Any, hide: Redaction) -> np.ndarray[Any, Any]:
    array = np.array(value, dtype=object)
    array.ravel()[:] = [hide.text(str(text)) for text in array.ravel()]
    return array


def _check_values(name: str, known: Variable, array: np.ndarray[Any, Any]) -> None:
    if name == "status" and (strange := set(array.ravel()) - set(STATUSES) - {""}):
        raise SpecError(
            "Variable 'status'", f"must be one of {', '.join(STATUSES)}", got=", ".join(strange)
        )
    if not known.is_text and np.any(np.abs(array[np.isfinite(array)]) > EXACT):
        raise SpecError(
            f"Variable '{name}'", "must be at most 2^53, to be exact", got=f"{array.max():.17g}"
        )


def _scalar(name: str, value: Any, hide: Redaction) -> str | float:
    """Return a coordinate as text or float."""
    kind = COORDINATES.get(name)
    if kind is None and not name.startswith(PARAMETER):
        raise SpecError(
            f"Coordinate '{name}'",
            f"must be one of the schema, or start with {PARAMETER}",
            remedy=", ".join(COORDINATES),
        )
    if kind is str or (kind is None and isinstance(value, str)):
        return hide.text(str(value))
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise SpecError(f"Coordinate '{name}'", "must be a number", got=repr(value)) from error


def _check_labels(data: xr.Dataset, labels: Mapping[str, Sequence[str]]) -> None:
    for dim in LABELLED:
        if dim not in data.dims:
            continue
        names = labels.get(dim, ())
        if len(names) != data.sizes[dim] or len(set(names)) != len(names):
            raise SpecError(
                f"Labels of '{dim}'",
                f"must be {data.sizes[dim]} different names",
                got=", ".join(names) or "none",
            )


def _checked_group(name: str, group: xr.Dataset) -> xr.Dataset:
    if name not in GROUPS or not set(group.dims) <= set(GROUPS[name]):
        known = "; ".join(f"{key}: {', '.join(dims)}" for key, dims in GROUPS.items())
        raise SpecError(
            f"Group '{name}'",
            "must be one of the schema, over its dimensions",
            got=", ".join(map(str, group.dims)),
            remedy=known,
        )
    return plain_text(group)


def _hidden(group: xr.Dataset, hide: Redaction) -> xr.Dataset:
    """Redact the texts of a group: names of logs hold homes and hosts."""
    found = group.copy(deep=True)
    for v in found.variables.values():
        if v.dtype.kind == "O":
            v.values = _texts(v.values, hide)
        v.attrs = hide.value(v.attrs)
    return found.assign_attrs(hide.value(found.attrs))


# --- content and file -----------------------------------------------------------------------------


def content_hash(data: Columns | xr.Dataset) -> str:
    """Return the SHA-256 of all names, dimensions, values and attributes, in a fixed order.

    Notes
    -----
    It is of what the data mean, not of the bytes of a file, which differ from one version of the
    HDF5 library to the next.
    """
    digest = hashlib.sha256()
    variables: Mapping[Any, xr.Variable] = data.variables
    for name in sorted(map(str, variables)):
        v = variables[name]
        digest.update(canonical([name, v.dims, v.shape, _plain_attrs(v.attrs)]).encode())
        if v.dtype.kind in "OUST":
            digest.update(canonical([str(text) for text in v.values.ravel()]).encode())
        else:
            values = np.ascontiguousarray(v.values)
            digest.update(values.astype(values.dtype.newbyteorder("<")).tobytes())
    own = {key: value for key, value in data.attrs.items() if key != HASH}
    digest.update(canonical(_plain_attrs(own)).encode())
    return digest.hexdigest()


def _plain_attrs(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        str(key): value.tolist() if isinstance(value, np.ndarray | np.generic) else value
        for key, value in attrs.items()
        if key != "_FillValue"
    }


def plain_text(data: xr.Dataset) -> xr.Dataset:
    """Return a Dataset whose texts have no fixed length, and that remembers no encoding.

    Notes
    -----
    The encoding of one file, used for another one, would cut longer texts without a word.
    """
    data = data.drop_encoding()
    texts = [name for name, v in data.variables.items() if v.dtype.kind in "OUST"]
    return data.assign(
        {name: data[name].variable.copy(data=_objects(data[name].values)) for name in texts
         if name in data.data_vars}
    ).assign_coords(
        {name: data[name].variable.copy(data=_objects(data[name].values)) for name in texts
         if name in data.coords}
    )  # fmt: skip


def _objects(texts: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    found = np.empty(texts.shape, dtype=object)
    found.ravel()[:] = [str(text) for text in texts.ravel()]
    return found


def write_record(record: Record, path: str | os.PathLike[str]) -> None:
    """Write a record to a file of its own, whole or not at all.

    Raises
    ------
    StorageError
        The file is there already: records do not change.
    """
    target = Path(path)
    if target.exists():
        raise StorageError(
            str(target),
            "must not exist yet: a record never changes",
            remedy="Add an annotation to correct what a record says.",
        )
    with replacing(target) as partial:
        record.dataset.drop_encoding().to_netcdf(partial, engine="h5netcdf")
        for name in json.loads(record.dataset.attrs[GROUP_HASHES]):
            record.group(name).drop_encoding().to_netcdf(
                partial, mode="a", group=name, engine="h5netcdf"
            )
        _put_seal(partial)


def seal_record(path: str | os.PathLike[str]) -> bool:
    """Give a record the seal that it lacks; what it says, and its hash, stay as they are.

    Parameters
    ----------
    path : path

    Raises
    ------
    FormatError
        The file is no record, its content is not what was written, or its seal does not agree.

    Returns
    -------
    bool
        Whether it has one now: not where it is written in a way that only the general reader knows.
    """
    target = Path(path)
    _read_variables(target)
    if is_sealed(content := target.read_bytes()):
        if read_sealed(target) is None:
            raise FormatError(
                str(target), "must have a seal that agrees", got="one that does not",
                remedy="The file was changed after it was written; take it from where it came "
                "from.",
            )  # fmt: skip
        return True
    with replacing(target) as partial:
        partial.write_bytes(content)
        return _put_seal(partial)


def _put_seal(path: Path) -> bool:
    """Seal what stands in a file, if that is what its hash says."""
    written = quick_read(path)
    if written is None or content_hash(written) != written.attrs.get(HASH):
        return False
    path.write_bytes(seal(path.read_bytes(), written))
    return True


def read_record(path: str | os.PathLike[str]) -> Record:
    """Read a record; its groups are read when they are asked for.

    Raises
    ------
    FormatError
        The file is no record, or its content is not what was written.
    """
    found = _read_variables(Path(path))
    data = found.dataset() if isinstance(found, Columns) else found
    return Record(data, path=Path(path))


def read_columns(path: str | os.PathLike[str]) -> Columns | xr.Dataset:
    """Read and check the root data of a record, in the form that takes least time.

    Parameters
    ----------
    path : path

    Returns
    -------
    Columns or Dataset
        A Dataset where the general reader had to read the file.

    Raises
    ------
    FormatError
        The file is no record, or its content is not what was written.
    """
    target = Path(path)
    try:
        found = read_sealed(target)
    except OSError as error:
        raise FormatError(str(target), "must be readable", got=str(error)) from error
    return _read_variables(target) if found is None else found


def _read_variables(target: Path) -> Columns | xr.Dataset:
    """The root data as NetCDF has it, checked by its hash."""
    try:
        quick = quick_read(target)
        if quick is not None and content_hash(quick) == quick.attrs.get(HASH):
            return quick
        with xr.open_dataset(target, engine="h5netcdf", decode_times=False) as stored:
            data = plain_text(stored.load())
    except _DAMAGED as error:
        raise FormatError(
            str(target), "must be a NetCDF file of a record", got=str(error)
        ) from error
    if HASH not in data.attrs or "record_id" not in data.coords:
        raise FormatError(str(target), "must be a record of a benchmark", got="other NetCDF")
    _check_hash(str(target), content_hash(data), str(data.attrs[HASH]))
    return data


def _check_hash(where: str, found: str, expected: str) -> None:
    if found != expected:
        raise FormatError(
            where,
            f"must have the content hash {expected[:16]}",
            got=found[:16],
            remedy="The file was changed after it was written; take it from where it came from.",
        )
