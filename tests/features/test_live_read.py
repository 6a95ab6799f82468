"""xarray opens a log again and again while a session writes it: no hole, nothing undefined."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from snnlab.cpu.engine import CpuEngine
from snnlab.model.network import Network
from snnlab.model.recorders import StateRecorder
from snnlab.session import Session
from tests.features.session_bench import LIMIT_S, eventually
from tests.networks import balanced

N_OPENED = 250
N_LENGTHS = 20
"""How many different lengths must have been seen: what does not grow proves nothing."""

INTERVAL = 0.5
SPEED = 0.5
"""Model time to wall time: a long test must not make a long log."""


def watched() -> Network:
    """A small network of which some voltages are recorded."""
    recorder = StateRecorder("trace", "exc", ("V_m",), range(4), INTERVAL)
    return balanced(200).replace(recorders=(recorder,))


def check_whole(data: xr.Dataset) -> None:
    """Whether a data set holds everything between its first and its last time."""
    t_stop = float(data.t_stop)
    times = data.trace_time.values
    expected = INTERVAL * np.arange(1, 1 + int(t_stop / INTERVAL + 1e-6))
    np.testing.assert_allclose(times, expected, atol=1e-9)
    assert np.isfinite(data.trace_V_m.values).all()
    assert data.sizes["spike"] == int(data["count"].sum())
    if data.sizes["spike"]:
        step = data.step.values
        assert (np.diff(step) >= 0).all()
        assert 0 <= step[0] <= step[-1] < round(t_stop / 0.1)
        assert data.neuron.values.max() < 200


@pytest.mark.rounds(1, 4)
def test_a_growing_log_has_no_hole(tmp_path: Path, part: int) -> None:
    path, reached = tmp_path / "run.snnlog", []
    with Session(CpuEngine(watched(), threads=1), record=path) as session:
        session.speed = SPEED
        session.run()
        assert eventually(lambda: session.step > 0)
        while len(reached) < N_OPENED or len(set(reached)) < N_LENGTHS:
            with xr.open_dataset(path) as data:
                check_whole(data.load())
                reached.append(float(data.t_stop))
        session.pause()
        assert session.wait(LIMIT_S)
        expected = session.spikes()
    assert reached == sorted(reached)
    with xr.open_dataset(path) as data:
        np.testing.assert_array_equal(data.step, expected[0])
        np.testing.assert_array_equal(data.neuron, expected[1])


def without_a_sample(data: xr.Dataset) -> xr.Dataset:
    return data.isel(trace_time=np.delete(np.arange(data.trace_time.size), 5))


def with_an_undefined_value(data: xr.Dataset) -> xr.Dataset:
    return data.assign(trace_V_m=data.trace_V_m.where(data.trace_time != data.trace_time[7]))


def without_a_spike(data: xr.Dataset) -> xr.Dataset:
    return data.isel(spike=np.delete(np.arange(data.sizes["spike"]), 3))


@pytest.mark.parametrize("spoil", [without_a_sample, with_an_undefined_value, without_a_spike])
def test_this_test_bites(tmp_path: Path, spoil) -> None:
    path = tmp_path / "run.snnlog"
    with Session(CpuEngine(watched(), threads=1), record=path) as session:
        session.run(50).wait(LIMIT_S)
    with xr.open_dataset(path) as data:
        check_whole(data.load())
        with pytest.raises(AssertionError):
            check_whole(spoil(data.load()))
