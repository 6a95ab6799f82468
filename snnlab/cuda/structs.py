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

__all__ = ["declare", "declare_type", "pack", "uploaded"]

_C_TYPES = {
    "int8": "i8", "int16": "i16", "int32": "i32", "int64": "i64", "bool": "u8", "bool_": "u8",
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


def declare_type(kind: Any) -> str:
    """Return the C struct of a named tuple's type, which has its name.

    Parameters
    ----------
    kind : type of NamedTuple
        Its fields are annotated as ``int``, ``float`` or ``NDArray[np.int64]`` and the like;
        ``NDArray[np.floating]`` is an array of the program's ``real``.
    """
    members = [f"    {_annotated(str(a))}{name};" for name, a in kind.__annotations__.items()]
    return "\n".join([f"struct {kind.__name__} {{", *members, "};", ""])


def _annotated(annotation: str) -> str:
    """C type of a member that is annotated so."""
    name = annotation.removeprefix("ForwardRef('").removesuffix("')")
    if name in ("int", "bool"):
        return "i64 "
    if name == "float":
        return "double "
    dtype = name.removeprefix("NDArray[np.").removesuffix("]")
    return "real *" if dtype == "floating" else f"{_C_TYPES[dtype]} *"


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
