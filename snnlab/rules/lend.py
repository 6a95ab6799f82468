"""`lend`: a named tuple of arrays for compiled code, as one address instead of all its arrays.

Numba hands a tuple over array by array, seven numbers each, to every function that takes it, and
counts who uses them. A function of six such tuples has hundreds of arguments, which takes the
compiler longer than all that the function does. A tuple that is lent is the address of a table of
addresses and shapes; what it holds is looked up where it is used, and nothing is counted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from llvmlite import ir
from numba import from_dtype, types
from numba.core import cgutils
from numba.core.datamodel.models import OpaqueModel
from numba.core.imputils import lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate
from numba.extending import NativeValue, infer_getattr, register_model, unbox
from numba.np.arrayobj import populate_array

from snnlab.errors import SpecError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Lent", "LentType", "lend"]


class LentType(types.Type):
    """What compiled code knows of a tuple that is lent.

    Parameters
    ----------
    name : str
        Of the tuple's class.
    fields : dict
        Numba types of what it holds, by name.
    """

    def __init__(self, name: str, fields: dict[str, Any]) -> None:
        self.fields = fields
        digest = hashlib.sha256(repr(sorted(fields.items())).encode()).hexdigest()[:12]
        super().__init__(f"Lent{name}_{digest}")

    def place(self, field: str) -> int:
        """Return where the numbers of a field begin in the table of addresses and shapes."""
        names = list(self.fields)
        return sum(_n_words(self.fields[name]) for name in names[: names.index(field)])


class Lent:
    """A named tuple that compiled code may use as long as this value lives; see `lend`.

    Parameters
    ----------
    arrays : named tuple
        Of C-contiguous arrays and ints.

    Attributes
    ----------
    kind : LentType
    address : int
        Of the table of addresses and shapes.

    Raises
    ------
    SpecError
        An array does not lie in memory row by row.
    """

    def __init__(self, arrays: Any) -> None:
        words: list[int] = []
        for name, value in zip(arrays._fields, arrays, strict=True):
            if isinstance(value, np.ndarray):
                if not value.flags.c_contiguous:
                    raise SpecError(
                        f"{type(arrays).__name__}.{name}", "must lie in memory row by row",
                        got=f"strides {value.strides}", remedy="Lend a copy of it.",
                    )  # fmt: skip
                words += [value.__array_interface__["data"][0], *value.shape]
            else:
                words.append(int(value))
        held = tuple((a.dtype.char, a.ndim) if isinstance(a, np.ndarray) else None for a in arrays)
        tuple_class: Any = type(arrays)
        self.kind = _kind(tuple_class, held)
        self._numba_type_ = self.kind
        self._arrays = arrays
        self._table: NDArray[np.int64] = np.array(words, np.int64)
        self.address: int = self._table.__array_interface__["data"][0]


@cache
def _kind(tuple_class: Hashable, held: tuple[tuple[str, int] | None, ...]) -> LentType:
    """The type of a tuple of a class with such arrays, made once."""
    named: Any = tuple_class
    fields = {
        name: types.Array(from_dtype(np.dtype(what[0])), what[1], "C") if what else types.int64
        for name, what in zip(named._fields, held, strict=True)
    }
    return LentType(named.__name__, fields)


def lend(arrays: Any) -> Lent:
    """Let compiled code use a named tuple: its functions read ``x.name`` as they do of the tuple.

    Parameters
    ----------
    arrays : named tuple
        Of C-contiguous arrays and ints. Arrays are written in place; what is lent must be kept.

    Raises
    ------
    SpecError
        An array does not lie in memory row by row.
    """
    return Lent(arrays)


@register_model(LentType)
class _LentModel(OpaqueModel):
    """An address."""


@unbox(LentType)  # type: ignore[no-untyped-call]
def _unbox(_kind: LentType, value: Any, c: Any) -> Any:
    number = c.pyapi.object_getattr_string(value, "address")
    address = c.pyapi.long_as_longlong(number)
    c.pyapi.decref(number)
    pointer = c.builder.inttoptr(address, cgutils.voidptr_t)
    return NativeValue(pointer, is_error=cgutils.is_not_null(c.builder, c.pyapi.err_occurred()))  # type: ignore[no-untyped-call]


@infer_getattr
class _Fields(AttributeTemplate):
    key = LentType

    def generic_resolve(self, kind: LentType, field: str) -> Any:  # type: ignore[override]
        return kind.fields.get(field)


@lower_getattr_generic(LentType)  # type: ignore[no-untyped-call]
def _look_up(context: Any, builder: Any, kind: LentType, value: Any, field: str) -> Any:
    """Read one field; it is the same all the time, which the compiler is told."""
    wanted, first = kind.fields[field], kind.place(field)
    words = [_load(builder, value, first + k) for k in range(_n_words(wanted))]
    return _array(context, builder, wanted, words) if _is_array(wanted) else words[0]


def _load(builder: Any, table: Any, place: int) -> Any:
    words = builder.bitcast(table, ir.IntType(64).as_pointer())
    word = builder.load(builder.gep(words, [ir.Constant(ir.IntType(64), place)]))
    word.set_metadata("invariant.load", builder.module.add_metadata([]))
    return word


def _array(context: Any, builder: Any, kind: Any, words: list[Any]) -> Any:
    itemsize = context.get_abi_sizeof(context.get_data_type(kind.dtype))
    strides = [ir.Constant(ir.IntType(64), itemsize)]
    for length in reversed(words[2:]):
        strides.insert(0, builder.mul(strides[0], length))
    array = context.make_array(kind)(context, builder)
    pointer = builder.inttoptr(words[0], context.get_data_type(kind.dtype).as_pointer())
    populate_array(array, pointer, words[1:], strides, itemsize, None)  # type: ignore[no-untyped-call]
    return array._getvalue()


def _is_array(kind: Any) -> bool:
    return isinstance(kind, types.Array)


def _n_words(kind: Any) -> int:
    return 1 + kind.ndim if _is_array(kind) else 1
