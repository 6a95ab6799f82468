"""What a program prints is checked before it is believed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnlab.bench.measured import measured
from snnlab.bench.science import activity, checks_of, complaint, read_spikes
from snnlab.errors import FormatError, SnnlabError


def test_one_wall_time_is_a_phase() -> None:
    assert measured({"wall_time": 0.5}).phases == {"simulate": 0.5}


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        ({}, "must have phases"),
        ({"phases": {"simulate": -1.0}}, "phases.simulate"),
        ({"phases": {"simulate": "fast"}}, "'fast'"),
        ({"phases": {"simulate": True}}, "True"),
        ({"phases": [1.0]}, "must have phases as a mapping"),
        ({"wall_time": 1.0, "n_spikse": 3}, "'n_spikes'"),
        ({"wall_time": 1.0, "n_spikes": float("inf")}, "finite"),
        ({"wall_time": 1.0, "versions": "1.0"}, "versions as a mapping"),
    ],
)
def test_figures_that_cannot_be_are_refused(printed: dict[str, Any], words: str) -> None:
    with pytest.raises(SnnlabError) as caught:
        measured(printed)
    assert words in str(caught.value)


def poisson(rate: float, n: int, seconds: float) -> tuple[Any, Any]:
    draw = np.random.default_rng(5)
    counts = draw.poisson(rate * seconds, n)
    neuron = np.repeat(np.arange(n), counts)
    return draw.integers(0, round(seconds * 1e4), neuron.size), neuron


def test_activity_of_poisson_neurons() -> None:
    step, neuron = poisson(20.0, 500, 4.0)
    found = activity(step, neuron, measured(
        {"wall_time": 1.0, "model_time": 4000.0, "dt": 0.1, "populations": {"a": 300, "b": 200}}
    ))  # fmt: skip
    assert found["n_spikes"] == neuron.size
    assert found["rate"] == pytest.approx(20.0, rel=0.03)
    assert found["rate.b"] == pytest.approx(20.0, rel=0.05)
    assert found["cv"] == pytest.approx(1.0, abs=0.05)
    assert found["correlation"] == pytest.approx(0.0, abs=0.002)


def test_neurons_that_fire_together_are_correlated() -> None:
    step, _ = poisson(20.0, 1, 4.0)
    n = 400
    together = np.tile(step, n), np.repeat(np.arange(n), step.size)
    found = activity(*together, measured(
        {"wall_time": 1.0, "model_time": 4000.0, "dt": 0.1, "n_neurons": n}
    ))  # fmt: skip
    assert found["correlation"] == pytest.approx(1.0)


def test_silence_has_a_rate_and_no_cv() -> None:
    nothing = np.empty(0, np.int64)
    found = activity(nothing, nothing, measured(
        {"wall_time": 1.0, "model_time": 1000.0, "dt": 0.1, "n_neurons": 10}
    ))  # fmt: skip
    assert found["rate"] == 0.0
    assert not {"cv", "correlation"} & set(found)


def test_what_is_not_known_does_not_pass() -> None:
    checks = checks_of({"rate": (5.0, 12.0), "cv": (0.5, 1.0), "weight": (0.0, 1.0)},
                       {"rate": 8.0, "cv": 1.5})  # fmt: skip
    assert [check.ok for check in checks] == [True, False, False]
    assert complaint(checks) == (
        "cv 1.5, expected 0.5 ... 1; weight unknown, expected 0 ... 1"
    )  # fmt: skip


def test_spikes_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "s.npz").write_bytes(b"nothing")
    with pytest.raises(FormatError, match=r"must be an \.npz"):
        read_spikes(tmp_path / "s.npz")
