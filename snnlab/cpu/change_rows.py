"""Compiled changes of rows that somebody else has decided on, one synapse after the other."""

from __future__ import annotations

from numba import int32, njit, uint16

from snnlab.arrays.rewiring import REWIRING_FIELDS
from snnlab.cpu.rewire_rows import (
    append,
    catch_up,
    find,
    owned,
    remove,
    row_of,
    write_weight,
)

__all__ = ["change_rows"]

_INDEGREE, _PLASTIC = (REWIRING_FIELDS.index(name) for name in ("indegree_base", "plastic"))


@njit(nogil=True, error_model="numpy", cache=True)
def change_rows(  # type: ignore[no-untyped-def]
    program, synapses, plastic, rewirings, memory, rewiring, is_formed, pre, post, weight, part, now
):
    """Remove and append synapses at step `now`; all spikes have been delivered, rows have room.

    Parameters
    ----------
    program, synapses, plastic, rewirings, memory : lent; see `snnlab.arrays`, `snnlab.cpu.program`
    rewiring, is_formed, pre, post, weight : see `snnlab.arrays.changed_structure.Changes`
    part : (n,) int64
        Partition that owns the target.
    now : int
    """
    for k in range(rewiring.size):
        r, p = rewiring[k], part[k]
        start, stop, _, stop_at = row_of(synapses, rewirings, r, p, pre[k])
        catch_up(synapses, plastic, memory.ring, rewirings, r, p, pre[k], now - 1)
        target = uint16(owned(program, rewirings, r, p)[2] + post[k])
        at = rewirings.table[r, _INDEGREE] + post[k]
        if is_formed[k]:
            append(synapses, plastic, rewirings, r, p, stop_at, target)
            if rewirings.table[r, _PLASTIC] >= 0:
                rewirings.state[p, 0] = weight[k]
                write_weight(plastic, rewirings, r, p, stop)
            rewirings.indegree[at] += int32(1)
        else:
            e = find(synapses.targets, start, stop, target)
            remove(synapses, plastic, rewirings, r, p, stop_at, e)
            rewirings.indegree[at] -= int32(1)
