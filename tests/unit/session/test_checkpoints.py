"""Which checkpoints are kept, and how often one is taken."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnlab.engine import Checkpoint
from snnlab.model.network import Network, Population
from snnlab.session.checkpoints import MOST_KEPT, Checkpoints
from snnlab.session.interval import Interval

NETWORK = Network([Population("exc", 5, "LIFDelta")])


def at(step: int, n_bytes: int = 1000) -> Checkpoint:
    return Checkpoint(step, NETWORK, {"state/exc": np.zeros(n_bytes, np.uint8)})


def kept_after(steps: range, limit: int, n_bytes: int = 1000, dense: int = 1) -> list[int]:
    checkpoints = Checkpoints(Checkpoint(0, NETWORK, {}), limit)
    checkpoints.dense_steps = dense
    for step in steps:
        checkpoints.add(at(step, n_bytes))
        assert checkpoints.n_bytes <= limit
    return [c.step for c in checkpoints]


def test_recent_ones_are_dense_and_old_ones_sparse() -> None:
    steps = kept_after(range(100, 100_001, 100), 16_000)
    gaps = np.diff(steps)
    assert (steps[0], steps[-1], len(steps)) == (0, 100_000, 17)
    assert gaps[-1] == 100
    assert gaps[:8].sum() > 0.9 * 100_000
    age = 100_000 - np.array(steps[:-1])
    assert (gaps / age < 0.75).sum() >= len(gaps) - 2


def test_planted_forgetting_of_the_oldest_leaves_a_large_gap(monkeypatch) -> None:
    monkeypatch.setattr(Checkpoints, "_least_missed", lambda _: 0)
    assert np.diff(kept_after(range(100, 100_001, 100), 16_000))[0] > 0.9 * 100_000


@pytest.mark.parametrize(("dense", "is_even"), [(20_000, True), (1, False)])
def test_those_that_are_gone_back_to_most_are_equally_close(dense, is_even) -> None:
    steps = np.array(kept_after(range(100, 100_001, 100), 40_000, dense=dense))
    is_recent = steps >= 80_000
    gaps = np.diff(steps[is_recent])[:-1]
    assert (gaps.max() <= 2 * gaps.min()) == is_even
    assert (~is_recent).sum() > 10


@pytest.mark.parametrize("limit", [0, 999])
def test_without_room_only_the_beginning_is_kept(limit) -> None:
    assert kept_after(range(100, 500, 100), limit) == [0]


def test_there_is_a_largest_number() -> None:
    assert len(kept_after(range(1, 500), 10**9)) == MOST_KEPT


def test_raising_the_limit_takes_effect() -> None:
    checkpoints = Checkpoints(at(0), 0)
    checkpoints.add(at(1))
    checkpoints.limit_bytes = 5000
    checkpoints.add(at(2))
    assert [c.step for c in checkpoints] == [0, 2]


@given(st.lists(st.integers(1, 1000), unique=True).map(sorted), st.integers(0, 1000))
def test_the_nearest_is_the_last_one_before(steps, to) -> None:
    checkpoints = Checkpoints(at(0), 10**9)
    for step in steps:
        checkpoints.add(at(step))
    earlier = [c.step for c in checkpoints if c.step <= to]
    assert checkpoints.nearest(to, 0).step == max(earlier)
    checkpoints.forget_after(to, 0)
    assert [c.step for c in checkpoints] == earlier


@given(st.lists(st.floats(0.001, 5.0), min_size=1), st.floats(0.0, 2.0))
def test_the_share_of_the_time_is_kept(chunks, cost) -> None:
    interval, spent, ran = Interval(1.0, 0.04), 0.0, 0.0
    for wall_s in chunks * 5:
        ran += wall_s
        if interval.ran(wall_s):
            spent += cost
            interval.took(cost)
    assert spent <= 0.04 * ran + 2 * cost
    assert spent <= cost * ran


def test_what_took_long_once_puts_nothing_off_for_long() -> None:
    interval = Interval(0.25, 0.04)
    for cost, wait in ((1.4, 1.4), (0.005, 0.25), (2.0, 0.25), (0.02, 0.5), (0.02, 0.5)):
        interval.took(cost)
        assert not interval.ran(0.99 * wait)
        assert interval.ran(0.02 * wait)
