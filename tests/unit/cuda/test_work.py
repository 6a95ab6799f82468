"""Pieces of rows: together they are every row of a population's spikes, each once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from snnlab.build.storage import PLASTIC, SHARED
from snnlab.build.tables import TablePlan
from snnlab.cuda.connections import DeviceConnections
from snnlab.cuda.program import PIECE
from snnlab.cuda.work import static_items


def connections(longest: list[int], n_partitions: int, sources: list[int]) -> DeviceConnections:
    """Tables of these sources, whose longest rows are so long."""
    plans = tuple(TablePlan(s, (), SHARED, 0, 0, 0, 1, 1) for s in sources)
    nothing = np.empty(0)
    return DeviceConnections(
        plans, n_partitions, (1,) * len(plans), tuple(longest), nothing, nothing, nothing, nothing,
        nothing,
    )  # fmt: skip


@pytest.mark.parametrize("n_partitions", [1, 3])
def test_items_cover_every_row_once(n_partitions: int) -> None:
    longest, sources = [1, PIECE, PIECE + 1, 0, 10 * PIECE], [0, 0, 2, 1, 2]
    items = static_items(connections(longest, n_partitions, sources), 3)
    found = set()
    for population in range(3):
        for i in range(items.start[population], items.start[population + 1]):
            k = int(items.table[i])
            assert sources[k] == population
            found.add((k, int(items.partition[i]), int(items.piece[i])))
    expected = {
        (k, p, piece)
        for k, n in enumerate(longest)
        for p in range(n_partitions)
        for piece in range(-(-n // PIECE))
    }
    assert found == expected
    assert items.start[-1] == items.table.size == len(expected)
    assert items.most == 12 * n_partitions


def test_a_network_without_synapses_has_one_item_for_nobody() -> None:
    items = static_items(connections([], 1, []), 2)
    assert (items.most, items.start.tolist()) == (1, [0, 0, 0])


def test_plastic_tables_are_no_static_ones() -> None:
    drawn = connections([5], 1, [0])
    plan = TablePlan(0, (), PLASTIC, 0, 0, 0, 1, 1)
    assert static_items(replace(drawn, plans=(plan,)), 1).table.size == 0
