"""Drawing the synapses of one projection on the device: which kernel, in how many threads."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from snnlab.build.by_row import segment_length
from snnlab.build.rule import ALL_TO_ALL, DISTANCE, INDEGREE, ONE_TO_ONE, OUTDEGREE, Rule
from snnlab.build.rules_of import Owned
from snnlab.cuda.device import Array, Device, Kernel, Module
from snnlab.cuda.grid import WARP, n_blocks, round_up
from snnlab.cuda.row_counters import Cursors
from snnlab.cuda.structs import declare, pack, uploaded

__all__ = [
    "SCRATCH_BYTES",
    "draw",
    "drawing_struct",
    "is_shuffled",
    "table_bytes",
    "table_capacity",
]

SCRATCH_BYTES = 2**27
"""Memory beside the synapses that the blocks of one kernel may take, where it does for one."""

_THREADS = 256
"""Threads of a block; those of ``connect_distinct`` have one word each of a chunk."""

_ENTRY_BYTES = 8
_WORDS_OF_RUN, _COUNTERS_OF_RUN = 32, 8


class Destination(NamedTuple):
    """Who owns which targets, and where synapses go.

    Parameters
    ----------
    low, high, local : (n_partitions,) int64
        The targets of each partition, as `Partitions.targets` returns them.
    n_partitions : int
    first_drawing, n_drawing : int
        The neurons that draw their partners: targets that are owned, or all sources.
    segment_length : int
        Targets of one sequence of gaps.
    cursor, counter_bits, overflows, first, bits, halves : see `Cursors`
    pool : (n,) uint16
        Where targets are placed.
    is_counting : bool
        Only the cursors are advanced.
    """

    low: Array
    high: Array
    local: Array
    n_partitions: int
    first_drawing: int
    n_drawing: int
    segment_length: int
    cursor: Array
    counter_bits: int
    overflows: Array
    first: Array
    bits: Array
    halves: int
    pool: Array
    is_counting: bool


def drawing_struct() -> str:
    """Return the C struct that the drawing kernels read: a `Rule` and a `Destination`."""
    types = np.int64, np.uint16, np.uint64, np.float64
    arrays: list[Any] = [np.empty(0, dtype) for dtype in types]
    i64, u16, u64, f64 = arrays
    rule = Rule(0, 0, 0, i64, 0.0, u16, i64, 0.0, 0, False, False, f64, f64, f64, 0, 0)
    destination = Destination(i64, i64, i64, 0, 0, 0, 0, u64, 0, u64, i64, u64, 0, u16, False)
    bases = declare("Rule", rule), declare("Destination", destination)
    return "\n".join([*bases, "struct Drawing : Rule, Destination {};", ""])


def is_shuffled(kind: int) -> bool:
    """Return whether threads put the targets of a row of such a rule in any order."""
    return kind in (INDEGREE, DISTANCE, OUTDEGREE)


def draw(
    rule: Rule, owned: Owned, cursors: Cursors, pool: Array, is_counting: bool,
    device: Device, module: Module,
) -> None:  # fmt: skip
    """Count the synapses of one projection, or place their targets behind the cursors.

    Parameters
    ----------
    rule : Rule
    owned : low, high, local
        The targets of each partition, as `Partitions.targets` returns them.
    cursors : Cursors
        Advanced.
    pool : array
        Where targets are placed, as uint16.
    is_counting : bool
        Nothing is placed.
    device : Device
    module : Module
        A program that contains `snnlab.cuda.connect.construction_source`.
    """
    n_partitions = owned[0].size
    targets = slice(int(owned[0][0]), int(owned[1][-1]))
    if targets.start >= targets.stop:
        return
    drawing_here = slice(0, rule.n_pre) if rule.kind == OUTDEGREE else targets
    first, n_drawing = drawing_here.start, drawing_here.stop - drawing_here.start
    low, high, local = (device.upload(values) for values in owned)
    length = int(segment_length(rule.p))
    if rule.kind == INDEGREE:  # kernels look each target's up
        degrees = np.broadcast_to(rule.degrees, rule.n_post)[targets]
        rule = rule._replace(degrees=degrees.copy())
    on_device = uploaded(rule, device)
    to = Destination(
        low, high, local, n_partitions, first, n_drawing, length, *cursors, pool, is_counting
    )
    drawing = device.upload(np.concatenate([pack(on_device, device), pack(to, device)]))
    _launch(rule, n_partitions, n_drawing, drawing, device, module)


def _launch(
    rule: Rule, n_partitions: int, n_drawing: int, drawing: Array, device: Device, module: Module
) -> None:
    name, n_wanted, arguments = _kernel_of(rule, n_partitions, n_drawing)
    kernel = module.kernel(name)
    if name == "connect_distinct":
        capacity = _capacity(rule)
        n = _n_tables(capacity, n_drawing, kernel)
        kernel(n, _THREADS, drawing, device.empty(n * capacity, np.uint64), capacity)
    elif n_wanted > 0:
        kernel(n_blocks(kernel, _THREADS, n_wanted), _THREADS, drawing, *arguments)


def _kernel_of(rule: Rule, n_partitions: int, n_drawing: int) -> tuple[str, int, tuple[int, ...]]:
    """Name of the kernel, threads that it needs at most, and its arguments."""
    if rule.kind == ONE_TO_ONE:
        return "connect_one_to_one", n_drawing, ()
    if rule.kind == DISTANCE:
        n_counters = _n_counters(rule.n_pre)
        return "connect_by_distance", n_drawing * n_counters, (n_counters,)
    if rule.kind in (INDEGREE, OUTDEGREE):
        if _rejects(rule):
            return "connect_distinct", 0, ()
        n_counters = _n_counters(int(rule.degrees.max()))
        return "connect_freely", n_drawing * n_counters, (n_counters,)
    is_complete = rule.kind == ALL_TO_ALL or rule.p >= 1.0
    name = "connect_all" if is_complete else "connect_by_gaps"
    return name, n_partitions * rule.n_pre * WARP, ()


def _n_counters(n_words: int) -> int:
    """Counters whose words hold the first `n_words` of a stream."""
    return round_up(n_words, _WORDS_OF_RUN) // _WORDS_OF_RUN * _COUNTERS_OF_RUN


def _rejects(rule: Rule) -> bool:
    return rule.forbids_self or rule.forbids_multiple


def _capacity(rule: Rule) -> int:
    """Entries of the table of partners that a block has."""
    if not rule.forbids_multiple:
        return 1
    n_partners = rule.n_pre if rule.kind == INDEGREE else rule.n_post
    return table_capacity(int(rule.degrees.max()), n_partners)


def table_capacity(degree: int, n_partners: int) -> int:
    """Return a power of 2 of entries, of which distinct partners leave at least half free.

    Parameters
    ----------
    degree : int
        Partners that are wanted; a chunk of words more may be drawn.
    n_partners : int
        Partners that there are.
    """
    return 1 << (2 * min(degree + _THREADS, n_partners) - 1).bit_length()


def table_bytes(capacity: int, n_tables: int) -> int:
    """Return the memory of so many tables, or of as many as there is room for at a time."""
    bytes_of_one = _ENTRY_BYTES * capacity
    return max(bytes_of_one, min(bytes_of_one * n_tables, SCRATCH_BYTES))


def _n_tables(capacity: int, n_drawing: int, kernel: Kernel) -> int:
    """Blocks that draw distinct partners at a time, each with a table."""
    in_memory = table_bytes(capacity, n_drawing) // (_ENTRY_BYTES * capacity)
    return min(kernel.resident_blocks(_THREADS), in_memory)
