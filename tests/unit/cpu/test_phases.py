"""Phase timers: parts that add up to the whole, and say which phase is the slow one."""

import time
from dataclasses import replace

import pytest

from snnlab.cpu.engine import CpuEngine
from snnlab.cpu.phases import DELIVER, PHASES, RECORD, UPDATE, WAIT, PhaseClock, chunk_weight
from snnlab.cpu.ticks import read_ticks
from snnlab.model.recorders import StateRecorder
from tests.networks import balanced


def ticks_per_second(seconds):
    first, began = read_ticks(), time.perf_counter()
    time.sleep(seconds)
    return (read_ticks() - first) / (time.perf_counter() - began)


def least_seconds(network, phase, frames=9):
    """Least time that a phase of equal frames takes; other programs can only add to it."""
    engine = CpuEngine(network, threads=1)
    return min(engine.advance(200).timings[phase] for _ in range(frames))


def test_the_counter_has_a_constant_rate():
    # Of several tries: between reading the two clocks another program may get its turn.
    ratios = [ticks_per_second(0.02) / ticks_per_second(0.1) for _ in range(5)]
    assert min(abs(ratio - 1.0) for ratio in ratios) < 0.02


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
    before = least_seconds(network, "record")
    assert least_seconds(network.replace(recorders=[everyone]), "record") > 2.0 * before


def test_more_synapses_show_as_deliver():
    network = balanced(2000)
    denser = [replace(p, rule=replace(p.rule, indegree=8 * p.rule.indegree), weight=0.0)
              for p in network.projections]  # fmt: skip
    silent = [replace(p, weight=0.0) for p in network.projections]
    few = least_seconds(network.replace(projections=silent), "deliver")
    assert least_seconds(network.replace(projections=denser), "deliver") > 2.0 * few


@pytest.mark.parametrize("chunk_steps", [1, 2, 6, 7, 15, 64])
@pytest.mark.parametrize("n", [1, 2, 7, 8, 100])
def test_timed_chunks_stand_for_all(chunk_steps, n):
    weight = [chunk_weight(k, n - k, chunk_steps) for k in range(n)]
    assert sum(weight) == n
    assert weight[0] > 0
    assert (max(weight) == 1) == (n == 1 or chunk_steps >= 7)


def parts_of(charged, threads):
    """Parts of the time after one call in which rows were charged with parts of it."""
    clock = PhaseClock(2)
    time.sleep(0.2)
    age = read_ticks() - clock._first_tick
    for (row, phase), part in charged.items():
        clock.rows[row, phase] = int(part * age)
    clock.collect(threads)
    clock.collect(threads)  # a call is counted once
    wall_s, timings = clock.timings()
    return {name: seconds / wall_s for name, seconds in timings.items()}


@pytest.mark.parametrize(("threads", "update"), [(1, 0.6), (2, 0.3)])
def test_partitions_count_by_the_threads_that_shared_them(threads, update):
    charged = {(0, UPDATE): 0.2, (1, UPDATE): 0.4, (0, DELIVER): 0.2, (1, RECORD): 0.1}
    part = parts_of(charged, threads)
    assert part["update"] == pytest.approx(update, rel=0.2)
    assert part["update"] / part["deliver"] == pytest.approx(3.0, rel=1e-3)
    assert part["update"] / part["record"] == pytest.approx(6.0, rel=1e-3)
    assert sum(part.values()) == pytest.approx(1.0)


def test_parts_never_exceed_the_whole():
    part = parts_of({(0, UPDATE): 3.0, (0, DELIVER): 1.0}, threads=1)
    assert part["update"] == pytest.approx(0.75, rel=1e-3)
    assert sum(part.values()) == pytest.approx(1.0)
    assert part["other"] == pytest.approx(0.0, abs=1e-12)


def test_waiting_is_a_part_of_the_time_and_no_phase():
    clock = PhaseClock(2)
    clock.rows[0, [UPDATE, WAIT]] = 600, 200
    clock.rows[1, [DELIVER, WAIT]] = 700, 100
    assert clock.collect(2) == pytest.approx(300 / 1600)
    assert clock.collect(2) == 0.0
