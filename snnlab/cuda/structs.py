"""Named tuples of arrays and numbers as C structs, so that kernels read them by name.

Every member takes 8 bytes: a pointer, a ``long long`` or a ``double``.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.cuda.device import Array, Device

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["declare", "pack", "uploaded"]

_C_TYPES = {
    "int8": "i8", "int16": "i16", "int32": "i32", "int64": "i64", "bool": "u8",
    "uint8": "u8", "uint16": "u16", "uint32": "u32", "uint64": "u64",
    "float32": "float", "float64": "double",
}  # fmt: skip


def _c_type(value: object) -> str:
    """C type of a member."""
    if isinstance(value, float):
        return "double "
    if isinstance(value, int | np.integer):  # a bool too
        return "i64 "
    dtype: np.dtype[Any] = value.dtype  # type: ignore[attr-defined]
    return f"{_C_TYPES[dtype.name]} *"


def declare(name: str, values: Any) -> str:
    """Return the C struct whose members are those of a named tuple.

    Parameters
    ----------
    name : str
        Name of the struct.
    values : NamedTuple
        Arrays (of the host or a device), ints, floats.
    """
    members = [f"    {_c_type(v)}{field};" for field, v in zip(values._fields, values, strict=True)]
    return "\n".join([f"struct {name} {{", *members, "};", ""])


def pack(values: Any, device: Device) -> NDArray[np.uint64]:
    """Return the bytes of the struct that `declare` describes.

    Parameters
    ----------
    values : NamedTuple
        Arrays of `device`, ints, floats.
    device : Device
    """
    return np.array([_word(value, device) for value in values], np.uint64)


def _word(value: int | float | Array, device: Device) -> int:
    if isinstance(value, float):
        return int(struct.unpack("<Q", struct.pack("<d", value))[0])
    if isinstance(value, int | np.integer):
        return int(value) & 0xFFFFFFFFFFFFFFFF
    return device.address(value)


def uploaded(values: Any, device: Device) -> Any:
    """Return a named tuple with copies on the device in place of its arrays.

    Parameters
    ----------
    values : NamedTuple
        Arrays of the host, ints, floats.
    device : Device
    """
    copies = [device.upload(v) if isinstance(v, np.ndarray) else v for v in values]
    return values._make(copies)
