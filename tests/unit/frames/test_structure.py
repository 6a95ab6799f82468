"""Structural events: chosen, joined, counted."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.frames.frame import Frame
from snnlab.frames.structure import StructuralEvents

EVENTS = StructuralEvents(
    np.array([2, 2, 5, 9]), np.array([0, 1, 1, 0], np.int16), np.array([True, False, True, True]),
    np.array([3, 4, 5, 6]), np.array([30, 40, 50, 60]),
)  # fmt: skip


def test_none_have_the_types_of_some() -> None:
    none = StructuralEvents.none()
    assert (len(none), none.nbytes) == (0, 0)
    assert [a.dtype for a in none.columns] == [a.dtype for a in EVENTS.columns]
    assert not any(column.flags.writeable for column in none.columns)


def test_a_frame_has_none_unless_told() -> None:
    nothing = np.empty(0, np.int64)
    assert len(Frame(0, 1, 0.1, nothing, nothing, np.zeros(1, np.int64)).structure) == 0


def test_memory_that_they_take() -> None:
    assert EVENTS.nbytes == 4 * (8 + 2 + 1 + 8 + 8)
    nothing = np.empty(0, np.int64)
    frame = Frame(0, 10, 0.1, nothing, nothing, np.zeros(1, np.int64), structure=EVENTS)
    assert frame.sampled_bytes == EVENTS.nbytes


@pytest.mark.parametrize(
    ("t_start", "t_stop", "posts"),
    [
        (0, 10, [30, 40, 50, 60]), (2, 9, [30, 40, 50]), (3, 5, []), (3, 6, [50]), (9, 2, []),
        (-5, 2, []),
    ],
)  # fmt: skip
def test_those_of_an_interval(t_start: int, t_stop: int, posts: list[int]) -> None:
    assert EVENTS.between(t_start, t_stop).post.tolist() == posts


def test_those_of_a_rewiring() -> None:
    assert EVENTS.of(1).pre.tolist() == [4, 5]
    assert len(EVENTS.of(2)) == 0


def test_joined_events_are_a_copy_of_all() -> None:
    parts = [EVENTS.between(0, 5), StructuralEvents.none(), EVENTS.between(5, 10)]
    joined = StructuralEvents.joined(parts)
    for found, expected in zip(joined.columns, EVENTS.columns, strict=True):
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == expected.dtype
        assert not np.shares_memory(found, expected)
    assert StructuralEvents.joined([]) is StructuralEvents.none()
