"""The running CV is the CV of all spikes, however they are cut into pieces."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.analysis.irregularity import cv
from snnlab.analysis.running_cv import RunningCV
from tests.unit.analysis.trains import DT, flat, random_trains

TIMES, NEURON = flat(random_trains(500, seed=4))
STEPS = np.rint(TIMES / DT).astype(np.int64)


@pytest.mark.parametrize("n_pieces", [1, 2, 7, 400])
@pytest.mark.parametrize("min_spikes", [2, 3, 5])
def test_same_as_of_all_spikes_at_once(n_pieces: int, min_spikes: int) -> None:
    running = RunningCV(500)
    edges = np.linspace(0, STEPS.max() + 1, n_pieces + 1)
    piece = np.digitize(STEPS, edges)
    for k in range(1, n_pieces + 1):
        running.add(STEPS[piece == k], NEURON[piece == k])
    expected = cv(TIMES, NEURON, 500, min_spikes=min_spikes)
    assert 0 < np.isnan(expected).sum() < 500
    np.testing.assert_allclose(running.values(min_spikes=min_spikes), expected, rtol=1e-12)


def test_a_clock_has_none() -> None:
    running = RunningCV(2)
    for k in range(1000):
        running.add(np.array([10**6 * k]), np.array([1]))
    assert running.values()[1] == 0.0
    assert np.isnan(running.values()[0])


def test_no_spikes() -> None:
    running = RunningCV(3)
    running.add(np.empty(0, np.int64), np.empty(0, np.int64))
    assert np.isnan(running.values()).all()
