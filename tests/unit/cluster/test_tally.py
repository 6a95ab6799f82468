"""What ranks have done, added up over half a second."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.cluster.tally import WINDOW_S, Tally
from snnlab.frames.frame import Frame
from snnlab.frames.rank_status import RankLoad, imbalance, waiting_s

NOTHING = np.zeros(0, np.int64)


class Clock:
    """Tells what the test says."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def frame(n_spikes: int, wall_s: float, **timings: float) -> Frame:
    """A frame of ten steps of 0.1 ms."""
    spikes = np.zeros(n_spikes, np.int64)
    return Frame(0, 10, 0.1, spikes, spikes, NOTHING, wall_s=wall_s, timings=timings)


def pair(n_spikes: int = 3) -> list[Frame]:
    """Frames of two ranks, of which the first has more to do."""
    return [
        frame(n_spikes, 0.02, update=0.010, deliver=0.005, exchange=0.001),
        frame(2 * n_spikes, 0.02, update=0.004, deliver=0.003, exchange=0.009),
    ]


def test_a_report_is_the_sum_over_its_window() -> None:
    clock = Clock()
    tally = Tally(2, clock)
    for k in range(1, 6):
        clock.now = 100.0 + k * WINDOW_S / 5
        tally.add(pair(), [10, 20])
    first, second = tally.loads
    assert (first.n_spikes, second.n_spikes) == (15, 30)
    assert first.seconds == pytest.approx({"update": 0.05, "deliver": 0.025, "exchange": 0.005})
    assert (first.memory_bytes, second.memory_bytes) == (10, 20)
    assert first.elapsed_s == pytest.approx(WINDOW_S)
    assert first.duration == pytest.approx(5.0)
    assert first.busy == pytest.approx(0.075 / WINDOW_S)


def test_a_later_window_is_reported_when_it_is_over() -> None:
    clock = Clock()
    tally = Tally(2, clock)
    clock.now += WINDOW_S
    tally.add(pair(3), [10, 20])
    clock.now += WINDOW_S / 2
    tally.add(pair(100), [None, None])
    assert tally.loads[0].n_spikes == 3
    clock.now += WINDOW_S / 2
    tally.add(pair(100), [30, 40])
    assert tally.loads[0].n_spikes == 200
    assert tally.loads[1].memory_bytes == 40


def test_memory_is_wanted_once_a_window() -> None:
    clock = Clock()
    tally = Tally(2, clock)
    assert tally.wants_memory
    tally.add(pair(), [10, 20])
    assert not tally.wants_memory
    clock.now += WINDOW_S
    assert tally.wants_memory


def test_the_first_report_does_not_wait_for_the_end_of_its_window() -> None:
    clock = Clock()
    tally = Tally(2, clock)
    clock.now += 0.02
    tally.add(pair(), [10, 20])
    assert tally.loads[0].busy == pytest.approx(0.75)


def test_a_pause_belongs_to_no_load() -> None:
    clock = Clock()
    tally = Tally(2, clock)
    clock.now += 60.0
    tally.add(pair(), [10, 20])
    assert tally.loads[0].elapsed_s == pytest.approx(0.02)


def load(update: float, exchange: float) -> RankLoad:
    return RankLoad(1.0, {"update": update, "exchange": exchange}, 0, 1.0, 0)


def test_imbalance_is_the_busiest_over_the_mean() -> None:
    assert imbalance([load(0.6, 0.1), load(0.2, 0.5)]) == pytest.approx(1.5)
    assert imbalance([load(0.3, 0.1), load(0.3, 0.1)]) == pytest.approx(1.0)
    assert imbalance([load(0.0, 0.1)]) == 1.0
    assert imbalance([]) == 1.0


def test_who_comes_last_has_not_waited() -> None:
    assert waiting_s([load(0.6, 0.1), load(0.2, 0.5)]) == pytest.approx([0.0, 0.4])
    assert waiting_s([]) == []
