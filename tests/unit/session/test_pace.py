"""Chunk length, throttle and speedometer, on a clock that the test moves."""

from __future__ import annotations

import pytest

from snnlab.session.pace import ChunkLength, Speedometer, Throttle


@pytest.mark.parametrize("step_s", [1e-6, 1e-4, 5e-3, 1.0])
def test_chunks_come_to_take_the_wanted_time(step_s) -> None:
    chunk = ChunkLength(0.015)
    for _ in range(20):
        chunk.measured(chunk.steps, chunk.steps * step_s)
    assert chunk.steps == max(1, round(0.015 / step_s))


def test_a_chunk_shrinks_at_once_and_grows_slowly() -> None:
    chunk = ChunkLength(0.015)
    chunk.steps = 100
    chunk.measured(100, 1.5)
    assert chunk.steps == 1
    chunk.measured(1, 1e-9)
    assert chunk.steps == 4


def test_a_short_call_says_nothing_unless_it_was_slow() -> None:
    chunk = ChunkLength(0.015)
    chunk.steps = 100
    chunk.measured(1, 0.001)
    assert chunk.steps == 100
    chunk.measured(10, 0.15)
    assert chunk.steps == 1


def steps_made(speed: float, seconds: float, cost_s: float = 0.0) -> int:
    """Let a throttled run go for `seconds` of wall-clock time; a step costs `cost_s`."""
    throttle, now, step = Throttle(0.1), 0.0, 0
    throttle.restart(now, step, speed)
    while now < seconds:
        n = throttle.allowed(now, step)
        assert n is not None
        step += n
        now += n * cost_s if n else max(throttle.wait_s(now, step), 1e-6)
    return step


@pytest.mark.parametrize("speed", [10.0, 1.0, 0.1, 0.01, 0.001, 0.0003])
def test_speed_is_held(speed) -> None:
    assert steps_made(speed, 100.0) == pytest.approx(100.0 * speed / 1e-4, rel=0.02)


def test_a_simulation_that_cannot_keep_up_is_not_held_back_and_does_not_sprint() -> None:
    assert steps_made(1.0, 10.0, cost_s=1e-3) == pytest.approx(10_000, rel=0.02)
    throttle = Throttle(0.1)
    throttle.restart(0.0, 0, 1.0)
    assert throttle.allowed(60.0, 0) == 200  # one portion, not a minute
    assert throttle.allowed(60.0, 200) == 0


def test_without_speed_nothing_waits() -> None:
    throttle = Throttle(0.1)
    assert throttle.allowed(1.0, 0) is None
    assert throttle.wait_s(1.0, 0) == 0.0


def test_real_time_factor_is_wall_over_model_time() -> None:
    meter = Speedometer(0.1)
    assert meter.real_time_factor is None
    meter.start(100.0, 0)
    meter.passed(100.5, 10_000)
    assert meter.real_time_factor == pytest.approx(0.5)


def test_real_time_factor_forgets_the_past_and_pauses() -> None:
    meter = Speedometer(0.1)
    meter.start(0.0, 0)
    step = 0
    for k in range(100):
        step += 1000 if k < 50 else 100
        meter.passed(0.1 * (k + 1), step)
    assert meter.real_time_factor == pytest.approx(10.0)
    meter.start(1000.0, step)
    assert meter.real_time_factor == pytest.approx(10.0)
    meter.passed(1000.1, step + 1000)
    assert meter.real_time_factor == pytest.approx(1.0)
