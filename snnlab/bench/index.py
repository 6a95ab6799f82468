"""What was read of many records, in one file that is read in a fraction of the time.

It is derived, and never believed blindly: it carries a hash of all it holds, and what was known of
each file when it was read. Texts are kept once each, since most records say the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import xarray as xr

from snnlab.bench.schema import VARIABLES
from snnlab.record.atomic import replacing

__all__ = ["Marks", "read_index", "write_index"]

Marks = dict[str, str]
"""Path of each record -> what is known of its file."""

FORMAT = 2
HASH = "sha256"
TEXTS = "/texts"
"""What follows the name of a quantity where its different texts are."""

Array = np.ndarray[Any, Any]


def write_index(path: Path, data: xr.Dataset, marks: Marks) -> None:
    """Replace the index, in one step.

    Parameters
    ----------
    path : Path
    data : Dataset
        As `combine` gives it.
    marks : mapping
    """
    head, arrays = _packed(data, marks)
    with replacing(path) as partial, h5py.File(partial, "w", libver="latest") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array)
        file.attrs["format"] = FORMAT
        file.create_dataset("head", data=_as_bytes(head))
        file.attrs[HASH] = _hash(head, arrays)


def read_index(path: Path) -> tuple[xr.Dataset, Marks] | None:
    """Return what an index holds; None where there is none that can be believed.

    Parameters
    ----------
    path : Path
    """
    try:
        with h5py.File(path, "r") as file:
            if int(file.attrs.get("format", 0)) != FORMAT:
                return None
            head = file["head"][()].tobytes().decode()
            told = json.loads(head)
            arrays = {name: file[name][()] for name in told["arrays"]}
            expected = str(file.attrs[HASH])
        return _unpacked(told, arrays) if _hash(head, arrays) == expected else None
    except (OSError, ValueError, KeyError):
        return None  # it is derived: what cannot be read is made again


def _packed(data: xr.Dataset, marks: Marks) -> tuple[str, dict[str, Array]]:
    arrays: dict[str, Array] = {}
    variables: dict[str, Any] = {}
    for name, v in data.variables.items():
        values = v.values
        if values.dtype.kind == "O":
            codes = {text: code for code, text in enumerate(sorted(set(values.ravel())))}
            arrays[f"{name}{TEXTS}"] = _as_bytes(json.dumps(list(codes)))
            flat = np.array([codes[text] for text in values.ravel()], dtype=np.int32)
            values = flat.reshape(values.shape)
        arrays[f"{name}/values"] = values
        variables[str(name)] = {"dims": v.dims, "attrs": v.attrs}
    head = {
        "variables": variables, "attrs": data.attrs, "marks": marks, "arrays": sorted(arrays),
    }  # fmt: skip
    return json.dumps(head), arrays


def _unpacked(head: Mapping[str, Any], arrays: Mapping[str, Array]) -> tuple[xr.Dataset, Marks]:
    found: dict[str, xr.Variable] = {}
    for name, told in head["variables"].items():
        values = arrays[f"{name}/values"]
        if f"{name}{TEXTS}" in arrays:
            texts = json.loads(arrays[f"{name}{TEXTS}"].tobytes())
            values = np.array(texts, dtype=object)[values]
        found[name] = xr.Variable(told["dims"], values, told["attrs"], fastpath=True)
    data = xr.Dataset(
        {name: v for name, v in found.items() if name in VARIABLES},
        {name: v for name, v in found.items() if name not in VARIABLES},
        head["attrs"],
    )
    return data, dict(head["marks"])


def _hash(head: str, arrays: Mapping[str, Array]) -> str:
    digest = hashlib.sha256(head.encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.data)
    return digest.hexdigest()


def _as_bytes(text: str) -> Array:
    return np.frombuffer(text.encode(), np.uint8)
