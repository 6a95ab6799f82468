"""Encoders: the spikes that their rules say, and no others; refusals of what cannot be encoded."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from snnlab.errors import SpecError, StateError
from snnlab.learning.encoders import (
    LevelCrossing,
    LinearLatency,
    LogLatency,
    PopulationCode,
    RegularRate,
    RowScan,
    Thermometer,
)

IMAGE_ENCODERS = [RegularRate(), LogLatency(), LinearLatency(on_off=True), Thermometer(), RowScan()]
SERIES_ENCODERS = [LevelCrossing(), PopulationCode()]


def spikes(trials, trial=0):
    """Pairs (step, channel) of one trial."""
    one = slice(trials.offsets[trial], trials.offsets[trial + 1])
    return list(zip(trials.step[one].tolist(), trials.channel[one].tolist(), strict=True))


def walk(n=50, n_signals=3, seed=0):
    """A random walk."""
    return np.cumsum(np.random.default_rng(seed).normal(size=(n, n_signals)), axis=0)


# --- images -------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoder", IMAGE_ENCODERS, ids=lambda e: type(e).__name__)
@given(images=arrays(np.float64, (3, 4, 5), elements=st.floats(0, 1)))
def test_images_do_not_influence_each_other(encoder, images) -> None:
    together = encoder.encode(images)
    for i, image in enumerate(images):
        assert spikes(encoder.encode(image[None])) == spikes(together, i)


@pytest.mark.parametrize("encoder", IMAGE_ENCODERS, ids=lambda e: type(e).__name__)
def test_labels_and_names_come_along(encoder) -> None:
    trials = encoder.encode(
        np.zeros((2, 2, 2)), ["b", "a"], name="n", attribution="us", group=[1, 2]
    )
    assert trials.classes == ("a", "b")
    assert trials.labels.tolist() == [1, 0]
    assert (trials.name, trials.attribution, trials.group.tolist()) == ("n", "us", [1, 2])


@pytest.mark.parametrize(
    ("value", "steps"),
    [
        (1.0, [1, 4, 7, 10, 13, 16, 19, 22, 25, 28]),
        (0.2, [7, 22]),
        (0.25, [5, 15, 25]),  # 2.5 spikes: halves go up
        (0.04, []),
    ],
)
def test_regular_rate(value: float, steps: list) -> None:
    trials = RegularRate(phase=0.0).encode([[value]])
    assert trials.step.tolist() == steps
    assert trials.n_steps == 40


def test_phase_shifts_a_channel_as_a_whole() -> None:
    plain = RegularRate(phase=0.0).encode(np.ones((1, 200)))
    shifted = RegularRate(phase=2.0).encode(np.ones((2, 200)))
    first, second = spikes(shifted, 0), spikes(shifted, 1)
    assert first == second
    moved = set()
    for channel in range(200):
        before = [s for s, c in spikes(plain) if c == channel]
        after = [s for s, c in first if c == channel]
        shifts = {
            b - a for a, b in zip(before[1:], after[1:], strict=True)
        }  # the first may stop at 0
        assert len(shifts) == 1
        moved |= shifts
    assert moved == {-2, -1, 0, 1, 2}


def test_other_seed_other_phases() -> None:
    images = np.ones((1, 50))
    one, other = RegularRate().encode(images), RegularRate(seed=1).encode(images)
    assert spikes(one) != spikes(other)


@pytest.mark.parametrize(
    ("x", "step"), [(1.0, 2), (0.5, 4), (0.11, None), (0.12, 36), (0.1, None), (0.0, None)]
)
def test_log_latency(x: float, step: int | None) -> None:
    # 20 ln(1 / 0.9) = 2.1, 20 ln(5 / 4) = 4.5, 20 ln(6) = 35.8; 20 ln(11) = 48 is after the end
    found = LogLatency().encode([[x]]).step.tolist()
    assert found == ([] if step is None else [step])


@pytest.mark.parametrize(("x", "step"), [(1.0, 0), (0.5, 15), (0.06, 27), (0.05, None)])
def test_linear_latency(x: float, step: int | None) -> None:
    found = LinearLatency().encode([[x]]).step.tolist()
    assert found == ([] if step is None else [step])


@pytest.mark.parametrize("kind", [LinearLatency, LogLatency])
def test_off_channels_see_the_negative(kind: type) -> None:
    image = np.array([[0.0, 0.3, 1.0]])
    both, on, off = (
        kind(on_off=True).encode(image),
        kind().encode(image),
        kind().encode(1 - image),
    )
    assert both.n_channels == 6
    assert sorted(spikes(both)) == sorted(spikes(on) + [(s, c + 3) for s, c in spikes(off)])


def test_larger_values_spike_earlier() -> None:
    for encoder in (LogLatency(), LinearLatency()):
        steps = [int(encoder.encode([[x]]).step[0]) for x in np.linspace(0.15, 1.0, 30)]
        assert steps == sorted(steps, reverse=True)
        assert len(set(steps)) > 10


def test_latency_in_finer_steps() -> None:
    trials = LinearLatency(dt=0.5).encode([[0.5]])
    assert trials.step.tolist() == [30]  # 0.5 * 29.5 = 14.75 ms: halves go up
    assert trials.n_steps == 80


def test_thermometer() -> None:
    trials = Thermometer().encode([[0.125, 0.62, 1.0, 0.1]])
    assert spikes(trials) == [(3, 0), (3, 1), (3, 2), (9, 1), (9, 2), (15, 2), (21, 2)]
    assert trials.n_steps == 34


def test_row_scan() -> None:
    image = np.array([[[0.8, 0.1], [0.3, 0.5]]])
    trials = RowScan().encode(image)
    assert spikes(trials) == [(0, 2), (2, 1), (4, 0), (12, 4), (14, 0), (14, 3)]
    assert (trials.n_channels, trials.n_steps) == (6, 30)


@pytest.mark.parametrize("encoder", IMAGE_ENCODERS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.full((1, 2, 2), 16.0), "must get values between 0 and 1 (got 16 at (0, 0, 0))."),
        (np.full((1, 2, 2), -0.1), "must get values between 0 and 1 (got -0.1 at (0, 0, 0))."),
        (np.full((1, 2, 2), np.nan), "must get values between 0 and 1 (got nan at (0, 0, 0))."),
        (np.zeros(3), "must get (n_images, n_pixels) or (n_images, n_rows, n_columns) (got shape"),
        (np.full((1, 2, 2), "x"), "must get an array of numbers (got an array of <U1)."),
    ],
)
def test_what_is_no_image_is_refused(encoder, images: np.ndarray, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        encoder.encode(images)
    assert str(caught.value).startswith(f"{type(encoder).__name__}.encode: {message}")


# --- series -------------------------------------------------------------------------------------


def test_level_crossing_of_a_ramp() -> None:
    trials = LevelCrossing(delta=0.5, sample_time=4.0).encode([[[0.0], [2.0], [2.0], [1.0]]])
    assert spikes(trials) == [(1, 0), (2, 0), (3, 0), (4, 0), (10, 1), (12, 1)]
    assert (trials.n_channels, trials.n_steps) == (2, 26)


def test_level_crossing_waits_for_a_whole_delta() -> None:
    # From the level of the last spike, not from the last sample: 0.6 + 0.6 are one crossing.
    trials = LevelCrossing(delta=1.0, sample_time=2.0).encode([[[0.0], [0.6], [1.2], [0.3], [0.0]]])
    assert spikes(trials) == [(3, 0), (8, 1)]


@given(seed=st.integers(0, 1000), delta=st.floats(0.2, 3.0))
def test_level_crossing_follows_the_signal(seed: int, delta: float) -> None:
    signal = walk(40, 1, seed)
    # Fine steps, so that no two crossings share one.
    trials = LevelCrossing(delta=delta, sample_time=1.0, dt=1e-4).encode([signal])
    rises = np.where(trials.channel == 0, 1, -1)
    for sample in range(1, 40):
        until = trials.step <= sample * 10_000
        level = signal[0, 0] + delta * rises[until].sum()
        assert abs(level - signal[sample, 0]) < delta * (1 + 1e-6)


def test_each_signal_has_a_delta_of_its_own() -> None:
    ramp = np.arange(5.0)[:, None] * np.array([1.0, 10.0])
    trials = LevelCrossing(delta=(1.0, 10.0)).encode([ramp])
    up = [spikes(trials)[i::2] for i in (0, 1)]
    assert up == [[(k, 0) for k in (1, 2, 3, 4)], [(k, 2) for k in (1, 2, 3, 4)]]


def test_fit_of_level_crossing_divides_the_range() -> None:
    values = np.linspace(0, 100, 1001)[:, None]
    fitted = LevelCrossing().fit([values], n_levels=9)
    assert fitted.delta == pytest.approx((10.0,))
    assert fitted.n_samples == 1001


def test_population_code_by_hand() -> None:
    # Centres at the quantiles 1/4 and 3/4 of 0..4, so 1 and 3; width 2.
    encoder = PopulationCode(n_neurons=2).fit([np.arange(5.0)[:, None]])
    assert encoder.centres == ((1.0, 3.0),)
    trials = encoder.encode([[[1.0], [3.0]]])
    # At a centre a = 1: at once. At a distance of one width a = 0.607, 3 (1 - 0.438) = 1.7: step 2.
    assert spikes(trials) == [(0, 0), (2, 1), (4, 1), (6, 0)]
    assert (trials.n_channels, trials.n_steps) == (2, 30)


def test_population_code_is_silent_far_away() -> None:
    encoder = PopulationCode(n_neurons=2).fit([np.arange(5.0)[:, None]])
    assert encoder.encode([[[100.0]]]).n_events == 0


@pytest.mark.parametrize("encoder", SERIES_ENCODERS, ids=lambda e: type(e).__name__)
def test_series_do_not_influence_each_other(encoder) -> None:
    series = [walk(n, seed=n) for n in (20, 3, 50, 1)]
    encoder = encoder.fit(series)
    together = encoder.encode(series)
    assert together.n_events > 50
    for i, one in enumerate(series):
        alone = encoder.encode([one])
        assert spikes(alone) == spikes(together, i)
        assert alone.n_steps == together.n_steps


@pytest.mark.parametrize("encoder", SERIES_ENCODERS, ids=lambda e: type(e).__name__)
def test_is_fitted_once_it_is(encoder) -> None:
    assert not encoder.is_fitted
    assert encoder.fit([walk()]).is_fitted
    with pytest.raises(StateError, match=r"[Ff]it the encoder first"):
        encoder.encode([walk()])


@pytest.mark.parametrize("encoder", SERIES_ENCODERS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize(
    ("series", "message"),
    [
        ([], "must get at least one series (got none)."),
        ([np.zeros(3)], "must get series (n_samples, n_signals) of numbers (got float64 of shape"),
        ([np.zeros((0, 3))], "must get series (n_samples, n_signals) of numbers"),
        ([walk(), walk(n_signals=2)], "must get series of the same 3 signals (got 2 signals in"),
        ([np.full((2, 3), np.nan)], "must get finite numbers (got nan at (sample, signal) (0, 0)"),
        ([walk(51)], "must get series of at most 50 samples (got 51)."),
        ([walk(n_signals=2)], "must get series of 3 signals (got 2)."),
    ],
)
def test_what_is_no_series_is_refused(encoder, series: list, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        encoder.fit([walk()]).encode(series)
    assert str(caught.value).startswith(f"{type(encoder).__name__}.encode: {message}")


@pytest.mark.parametrize("encoder", SERIES_ENCODERS, ids=lambda e: type(e).__name__)
def test_signal_that_never_changes_cannot_be_fitted(encoder) -> None:
    with pytest.raises(SpecError, match="Signal 1: must change"):
        encoder.fit([np.stack([np.arange(9.0), np.ones(9)], axis=1)])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RegularRate(max_spikes=0), "RegularRate.max_spikes: must be a whole number > 0"),
        (lambda: RegularRate(dt=0.0), "RegularRate.dt: must be a number > 0 ms (got 0.0)."),
        (lambda: RegularRate(phase=-1.0), "RegularRate.phase: must be >= 0 ms (got -1.0 ms)."),
        (lambda: LogLatency(tau=-1.0), "LogLatency.tau: must be a number > 0 ms (got -1.0)."),
        (lambda: LogLatency(threshold=0.0), "LogLatency.threshold: must be between 0 and 1"),
        (lambda: LinearLatency(threshold=1.0), "LinearLatency.threshold: must be >= 0 and < 1"),
        (lambda: Thermometer(rest=-1.0), "Thermometer.rest: must be >= 0 ms (got -1.0 ms)."),
        (lambda: RowScan(levels=(0.5, 0.2)), "RowScan.levels: must rise, above 0 and up to 1"),
        (lambda: RowScan(levels=()), "RowScan.levels: must rise, above 0 and up to 1 (got ())."),
        (lambda: RowScan().encode([[1.0]]), "RowScan.encode: must get images (n_images, n_rows,"),
        (lambda: LevelCrossing(delta=0.0), "LevelCrossing.delta: must be > 0 (got 0.0)."),
        (lambda: PopulationCode(n_neurons=1), "PopulationCode.n_neurons: must be >= 2 (got 1)."),
        (lambda: PopulationCode(threshold=2.0), "PopulationCode.threshold: must be >= 0 and < 1"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(make, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        make()
    assert str(caught.value).startswith(message)
