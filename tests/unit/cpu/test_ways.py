"""Which way spikes go: as asked, for the sources of the projections that were named."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.build.layout import BLOCK, Layout
from snnlab.cpu.exchange import COLLECTIVE, POINT_TO_POINT
from snnlab.cpu.ways import AUTO, check_ways, chosen_ways, ways_of
from snnlab.errors import SpecError
from snnlab.model.connectivity import FixedIndegree
from snnlab.model.network import Network, Population, Projection


def network() -> Network:
    """Three populations; the first has two projections."""
    populations = [Population(name, 2 * BLOCK, "LIFDelta") for name in "abc"]
    pairs = ("ab", "ac", "bc")
    rule = FixedIndegree(2)
    return Network(
        populations, [Projection(pre, post, rule, 1.0, 1.0, name=pre + post) for pre, post in pairs]
    )


def test_one_way_for_all() -> None:
    assert ways_of(network(), "point_to_point").tolist() == [POINT_TO_POINT] * 3
    assert ways_of(network(), "auto").tolist() == [AUTO] * 3


def test_sources_of_named_projections() -> None:
    found = ways_of(network(), {"bc": "point_to_point"})
    assert found.tolist() == [AUTO, POINT_TO_POINT, AUTO]


@pytest.mark.parametrize("names", [("ab", "ac"), ("ac", "ab")])
def test_a_source_that_is_told_to_all_is_not_told_twice(names: tuple[str, str]) -> None:
    found = ways_of(network(), {names[0]: "point_to_point", names[1]: "collective"})
    assert found.tolist() == [COLLECTIVE, AUTO, AUTO]


def test_what_an_edit_has_removed_says_nothing() -> None:
    without = network().replace(projections=network().projections[1:])
    assert ways_of(without, {"ab": "collective"}).tolist() == [AUTO] * 3


def test_unknown_names_are_refused() -> None:
    with pytest.raises(SpecError, match=r"(?s)'cb'.*ab, ac, bc"):
        check_ways(network(), {"cb": "collective"})
    with pytest.raises(SpecError, match="auto, collective, point_to_point"):
        check_ways(network(), {"ab": "carrier pigeon"})


class Several:
    """One of so many ranks, all of which want the same."""

    def __init__(self, n_ranks: int) -> None:
        self.n_ranks = n_ranks

    def total(self, counts: np.ndarray) -> np.ndarray:
        return counts * self.n_ranks


def chosen(n_ranks: int, n_wanted: int) -> list[int]:
    """What is chosen where each rank wants so many of 768 neurons, all of other ranks."""
    marks = np.packbits(np.arange(6 * BLOCK) < n_wanted, bitorder="little")
    ways = np.array([AUTO, COLLECTIVE, AUTO])
    return chosen_ways(Several(n_ranks), ways, Layout.of(network()), marks).tolist()


def test_few_messages_are_sent_whatever_is_wanted() -> None:
    assert chosen(8, 6 * BLOCK) == [POINT_TO_POINT, COLLECTIVE, POINT_TO_POINT]


def test_many_ranks_that_want_most_are_told_together() -> None:
    assert chosen(100, 6 * BLOCK) == [COLLECTIVE] * 3
    assert chosen(100, BLOCK) == [POINT_TO_POINT, COLLECTIVE, POINT_TO_POINT]
