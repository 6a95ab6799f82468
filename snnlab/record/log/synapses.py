"""Which synapses a recorder samples, as a record that comes before the first of their frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.frames.synapse_ids import SynapseIds
from snnlab.record.log.columns import UNSIGNED, allowed, packed, padded, smallest
from snnlab.record.log.framing import Damaged, Record

if TYPE_CHECKING:
    from snnlab.record.layout import Layout

__all__ = ["decode", "encode", "told_of"]


def encode(recorder: str, ids: SynapseIds) -> tuple[dict[str, Any], list[bytes]]:
    """Return meta and body of the record for a recorder's synapses."""
    types = [smallest(int(column.max(initial=0))) for column in ids]
    meta = {"recorder": recorder, "n": ids.n, "types": types}
    return meta, [packed(column, t) for column, t in zip(ids, types, strict=True)]


def told_of(record: Record, layout: Layout) -> tuple[str, int]:
    """Return the recorder's name and the number of its synapses.

    Raises
    ------
    Damaged
        No recorder of this layout samples synapses under this name, or the body has another size.
    """
    try:
        name, n = record.meta["recorder"], record.meta["n"]
        sizes = [padded(allowed(t, UNSIGNED), n) for t in record.meta["types"]]
    except (KeyError, TypeError, ValueError) as error:
        raise Damaged(f"names no synapses ({type(error).__name__}: {str(error)[:60]})") from error
    if name not in [r.name for r in layout.recorders if r.projection]:
        raise Damaged("names synapses that nothing samples")
    fits = len(sizes) == len(SynapseIds._fields) and sum(sizes) == record.n_bytes
    if type(n) is not int or n < 0 or not fits:
        raise Damaged("names another number of synapses than it holds")
    return name, n


def decode(record: Record, body: bytes) -> SynapseIds:
    """Return the synapses of a record that `told_of` has accepted."""
    columns, at = [], 0
    for dtype in record.meta["types"]:
        columns.append(np.frombuffer(body, dtype, record.meta["n"], at).astype(np.int64))
        at += padded(dtype, record.meta["n"])
    return SynapseIds(*columns)
