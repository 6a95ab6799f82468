"""Phase timers: parts that add up to the whole, and say which phase is the slow one."""

import time
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from snnlab.cpu.engine import CpuEngine
from snnlab.cpu.phases import DELIVER, PHASES, RECORD, UPDATE, PhaseClock, chunk_weight
from snnlab.cpu.ticks import read_ticks
from snnlab.model.recorders import StateRecorder
from tests.networks import balanced


def ticks_per_second(seconds):
    first, began = read_ticks(), time.perf_counter()
    time.sleep(seconds)
    return (read_ticks() - first) / (time.perf_counter() - began)


def share(network, phase, frames=5):
    """Median over frames of the part of the wall-clock time that a phase takes."""
    engine = CpuEngine(network, threads=1)
    found = [engine.advance(400) for _ in range(frames)]
    return np.median([frame.timings[phase] / frame.wall_s for frame in found])


def test_the_counter_has_a_constant_rate():
    assert ticks_per_second(0.02) == pytest.approx(ticks_per_second(0.1), rel=0.02)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("n_steps", [0, 1, 7, 500])
def test_phases_add_up_to_the_wall_clock_time(threads, n_steps):
    frame = CpuEngine(balanced(), threads=threads).advance(n_steps)
    assert set(frame.timings) == {*PHASES, "other"}
    assert all(seconds >= 0.0 for seconds in frame.timings.values())
    assert sum(frame.timings.values()) == pytest.approx(frame.wall_s)


def test_each_phase_of_a_running_network_takes_time():
    frame = CpuEngine(balanced(), threads=1).advance(500)
    assert all(frame.timings[phase] > 0.0 for phase in ("update", "deliver", "record"))


def test_more_to_record_shows_as_record():
    network = balanced()
    everyone = StateRecorder("all", "exc", ("V_m",), tuple(range(800)), 0.1)
    before = share(network, "record")
    assert share(network.replace(recorders=[everyone]), "record") > 2.0 * before


def test_more_synapses_show_as_deliver():
    network = balanced(2000)
    denser = [replace(p, rule=replace(p.rule, indegree=8 * p.rule.indegree), weight=0.0)
              for p in network.projections]  # fmt: skip
    silent = [replace(p, weight=0.0) for p in network.projections]
    few = share(network.replace(projections=silent), "deliver")
    assert share(network.replace(projections=denser), "deliver") > 2.0 * few


@pytest.mark.parametrize("chunk_steps", [1, 2, 6, 7, 15, 64])
@pytest.mark.parametrize("n", [1, 2, 7, 8, 100])
def test_timed_chunks_stand_for_all(chunk_steps, n):
    weight = [chunk_weight(k, n - k, chunk_steps) for k in range(n)]
    assert sum(weight) == n
    assert weight[0] > 0
    assert (max(weight) == 1) == (n == 1 or chunk_steps >= 7)


def clock_with(charged, threads):
    """A clock after one call in which the rows were charged with parts of its own age."""
    clock = PhaseClock(2)
    time.sleep(0.02)
    age = read_ticks() - clock._first_tick
    for (row, phase), part in charged.items():
        clock.rows[row, phase] = int(part * age)
    clock.collect(threads)
    return clock


def test_partitions_count_by_the_threads_that_shared_them():
    charged = {(0, UPDATE): 0.2, (1, UPDATE): 0.4, (0, DELIVER): 0.2, (2, RECORD): 0.1}
    near = partial(pytest.approx, rel=0.05)
    wall_s, one = clock_with(charged, threads=1).timings()
    assert [one[name] / wall_s for name in ("update", "deliver", "record", "other")] == [
        near(0.6), near(0.2), near(0.1), near(0.1, abs=0.05),
    ]  # fmt: skip
    wall_s, two = clock_with(charged, threads=2).timings()
    assert [two[name] / wall_s for name in ("update", "deliver", "record", "other")] == [
        near(0.3), near(0.1), near(0.1), near(0.5),
    ]  # fmt: skip


def test_parts_never_exceed_the_whole():
    wall_s, timings = clock_with({(0, UPDATE): 3.0, (0, DELIVER): 1.0}, threads=1).timings()
    assert timings["update"] / timings["deliver"] == pytest.approx(3.0, rel=1e-3)
    assert sum(timings.values()) == pytest.approx(wall_s)
    assert timings["other"] == pytest.approx(0.0, abs=1e-12)


def test_a_call_is_counted_once():
    clock = clock_with({(0, UPDATE): 0.5}, threads=1)
    clock.collect(1)
    wall_s, timings = clock.timings()
    assert timings["update"] / wall_s == pytest.approx(0.5, rel=0.05)
