"""1, 2, 3, 4 ranks x 1, 2 threads x every way to exchange spikes: the same in every bit."""

from __future__ import annotations

import pytest

from snnlab.cluster import Ranks
from tests.cluster import matrix, on_ranks

pytestmark = [pytest.mark.mpi, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def wanted() -> dict[str, dict[str, str]]:
    """What one thread computes."""
    return matrix.alone(1)


def _different(found: dict[str, str], wanted: dict[str, str]) -> list[str]:
    """Names of the parts of a result that are not the same."""
    return sorted(
        name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name)
    )


def test_two_threads_change_nothing(wanted: dict[str, dict[str, str]]) -> None:
    found = matrix.alone(2)
    assert found.keys() == wanted.keys()
    assert [name for name in wanted if _different(found[name], wanted[name])] == []


@pytest.mark.parametrize("fixture", ["ranks", "three", "four"])
def test_ranks_threads_and_ways_change_nothing(
    request: pytest.FixtureRequest, fixture: str, wanted: dict[str, dict[str, str]]
) -> None:
    ranks: Ranks = request.getfixturevalue(fixture)
    found = ranks.call(matrix.together, (1, 2))[0]
    assert len(found) == len(matrix.CASES) * len(matrix.WAYS) * 2
    different = {key: _different(parts, wanted[key[0]]) for key, parts in found.items()}
    assert {key: parts for key, parts in different.items() if parts} == {}


def test_neurons_that_are_wanted_are_listed_where_few_and_marked_where_many(three: Ranks) -> None:
    found = three.call(on_ranks.forms)
    listed, marked, listing, marking = map(sum, zip(*found, strict=True))
    assert (listed, marked) == (listing, marking)  # both sides of each pair
    assert listed > 0
    assert marked > 0
