"""Ranges of indices hold what sets of indices hold."""

from hypothesis import given
from hypothesis import strategies as st

from snnlab.model.indices import as_ranges, count, members, without

indices = st.sets(st.integers(0, 30))


@given(indices, indices)
def test_ranges_are_sets(some: set[int], others: set[int]) -> None:
    a, b = as_ranges(some, "here"), as_ranges(others, "here")
    assert list(members(a)) == sorted(some)
    assert count(a) == len(some)
    assert list(members(without(a, b))) == sorted(some - others)
    assert as_ranges((*a, *b), "here") == as_ranges(some | others, "here")
    assert without(a, b) == as_ranges(some - others, "here")


def test_ranges_are_as_few_as_can_be() -> None:
    assert as_ranges([(0, 5), (5, 7), (3, 4), (9, 9), (20, 10)], "here") == ((0, 7),)
    assert as_ranges(range(10**9), "here") == ((0, 10**9),)
    assert as_ranges(range(9, 0, -4), "here") == ((1, 2), (5, 6), (9, 10))
