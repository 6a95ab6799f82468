"""Structural events in the record of their frame: five columns behind those of the samples.

A frame without events has no trace of them, so that logs of networks that stay as they are look as
they ever did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.frames.structure import StructuralEvents
from snnlab.record.log.columns import UNSIGNED, allowed, packed, smallest
from snnlab.record.log.framing import Damaged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from snnlab.record.layout import Layout

__all__ = ["columns_of", "decode", "encode", "n_events"]

_MOST = 2**48
"""Events in one frame, beyond any file."""


def encode(events: StructuralEvents, t_start: int) -> tuple[dict[str, Any], list[bytes]]:
    """Return what the meta of a frame tells of its events, and their columns.

    Parameters
    ----------
    events : StructuralEvents
    t_start : int [steps]
        Where the frame begins; steps count from there.
    """
    if not len(events):
        return {}, []
    rewiring = events.rewiring.view(np.uint16)  # below 0 for lesions
    columns: list[NDArray[Any]]
    columns = [events.step - t_start, rewiring, *events.columns[2:]]
    types = [smallest(int(column.max())) for column in columns]
    parts = [packed(column, dtype) for column, dtype in zip(columns, types, strict=True)]
    return {"structure": [len(events), types]}, parts


def n_events(meta: Mapping[str, Any], layout: Layout) -> int:
    """Return how many events the meta of a frame tells of.

    Raises
    ------
    Damaged
        It tells of none in a form that is known, or the network has nothing that makes them.
    """
    if "structure" not in meta:
        return 0
    n = meta["structure"][0]
    if type(n) is not int or not 0 < n < _MOST or not layout.rewirings:
        raise Damaged("is no frame: its structural events do not fit")
    return n


def columns_of(meta: Mapping[str, Any], layout: Layout) -> list[tuple[str, int]]:
    """Return type and length of each of their columns in the body.

    Raises
    ------
    Damaged
        There are more or fewer of them than there should be.
    ValueError
        One has a type that is not known.
    """
    n = n_events(meta, layout)
    if n == 0:
        return []
    types = [allowed(name, UNSIGNED) for name in meta["structure"][1]]
    if len(types) != len(StructuralEvents.none().columns):
        raise Damaged(f"is no frame: it tells of {len(types)} columns of structural events")
    return [(dtype, n) for dtype in types]


def decode(arrays: Sequence[NDArray[Any]], t_start: int, layout: Layout) -> StructuralEvents:
    """Return the events of a frame that begins at `t_start`, from the columns of `columns_of`.

    Raises
    ------
    Damaged
        They are of a rewiring that the network does not have.
    """
    if not arrays:
        return StructuralEvents.none()
    types = [column.dtype for column in StructuralEvents.none().columns]
    step, rewiring, *others = (a.astype(t) for a, t in zip(arrays, types, strict=True))
    events = StructuralEvents(step + t_start, rewiring, *others)
    if int(events.place.max()) >= len(layout.rewirings):
        raise Damaged("tells of a rewiring that is not there")
    return events
