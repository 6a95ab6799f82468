"""The map of the preset with slots refines itself beyond chance, and its controls do not."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from snnlab import presets
from snnlab.analysis.map_controls import shuffle_connections, signed_rank_p
from snnlab.analysis.maps import map_quality
from snnlab.analysis.sheet import Sheet
from snnlab.cpu.engine import CpuEngine
from snnlab.frames.synapses import Synapses

pytestmark = pytest.mark.statistics

SHEET = Sheet(16, 16)
N = 256
STEPS = 300_000
"""Five minutes of model time at 1 ms."""


@cache
def outcome(seed: int, **settings: Any) -> tuple[Synapses, Synapses, float, int]:
    """Synapses of both projections, rate [Hz] and events per second in the last 100 s."""
    engine = CpuEngine(presets.load("topographic_map_slots", seed=seed, **settings), threads=1)
    engine.advance(2 * STEPS // 3)
    frame = engine.advance(STEPS // 3)
    forward, lateral = (engine.synapses(name) for name in ("feed-forward", "lateral"))
    return forward, lateral, frame.counts[1] / N / 100.0, len(frame.structure) // 100


def spread(seed: int, **settings: Any) -> tuple[np.ndarray, np.ndarray]:
    """sigma_aff of every target, and that of a map with the same in-degrees drawn by distance."""
    found = outcome(seed, **settings)[0]
    pre, post = found.pre, found.post - N
    by_chance = shuffle_connections(post, SHEET, 2.5, seed=seed)
    return map_quality(pre, post, SHEET).sigma, map_quality(*by_chance, SHEET).sigma


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_receptive_fields_become_narrower_than_by_chance(seed: int) -> None:
    found, by_chance = spread(seed)
    assert signed_rank_p(found, by_chance) < 0.01
    assert found.mean() < 0.85 * by_chance.mean()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_targets_keep_to_their_slots(seed: int) -> None:
    forward, lateral, rate, n_events = outcome(seed)
    held = [np.bincount(found.post - N, minlength=N) for found in (forward, lateral)]
    assert np.sum(held, axis=0).max() <= 32
    assert 17.0 < held[0].mean() < 21.0
    assert 6.5 < held[1].mean() < 9.0
    assert 28.0 < rate < 40.0
    assert 35 < n_events < 75


def test_without_learning_fields_stay_as_wide_as_by_chance() -> None:
    found, by_chance = spread(1, plastic=False)
    assert found.mean() > 0.97 * by_chance.mean()


def test_without_a_moving_bump_fields_stay_wide() -> None:
    found, _ = spread(1, correlated=False)
    assert found.mean() > 2.1
