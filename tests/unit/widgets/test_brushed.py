"""A rectangle in the raster has the numbers of exactly its neurons and its time."""

from __future__ import annotations

from typing import Any

import pytest

from snnlab.analysis.irregularity import mean_cv
from snnlab.errors import SpecError
from snnlab.plots.recent import RecentFrames
from snnlab.session import Session
from snnlab_widgets import Lab
from snnlab_widgets.brushed import Brush, brushed_text
from tests.activity import regular, two_populations
from tests.features.session_bench import LIMIT_S, eventually


def recent() -> RecentFrames:
    """All neurons fire every 10 ms, for 200 ms."""
    found = RecentFrames()
    for k in range(10):
        found.append(regular(k * 200, (k + 1) * 200))
    return found


def test_regular_spikes_have_the_rate_of_a_clock() -> None:
    text = brushed_text(two_populations(), recent(), Brush(50.0, 150.0, 60, 90))
    assert text.startswith("exc 60\N{EN DASH}79, inh 0\N{EN DASH}9, 50 to 150 ms")
    assert "rate 100.00 spikes/s" in text
    assert "CV 0.00" in text
    assert "LV 0.00" in text
    assert "Fano factor" in text


def test_numbers_are_those_of_the_spikes_inside(session: Session) -> None:
    session.set("exc", "I_e", 500.0).result(LIMIT_S)
    session.run(500).wait(LIMIT_S)
    found = RecentFrames()
    for frame in session.recording.frames:
        found.append(frame)
    step, neuron = session.spikes()
    times = (step + 1) * session.dt
    inside = (times > 100) & (times <= 400) & (neuron >= 10) & (neuron < 30)
    text = brushed_text(session.network, found, Brush(100.0, 400.0, 10, 30))
    assert inside.sum() > 50
    assert f"rate {inside.sum() / 20 / 0.3:.2f} spikes/s" in text
    cv = mean_cv(times[inside], neuron[inside] - 10, 20)
    assert f"CV {cv:.2f}" in text
    part = brushed_text(session.network, found, Brush(100.0, 9e9, 10, 30))
    assert "100 to 500 ms" in part


def test_selection_that_has_gone_is_told() -> None:
    assert "no longer" in brushed_text(two_populations(), recent(), Brush(900.0, 950.0, 0, 5))
    assert "no longer" in brushed_text(two_populations(), recent(), Brush(0.0, 50.0, 100, 105))


@pytest.mark.parametrize("box", [(5.0, 5.0, 0, 1), (0.0, 5.0, 3, 3), (-1.0, 5.0, 0, 1)])
def test_selection_of_nothing_is_refused(box: tuple[Any, ...]) -> None:
    with pytest.raises(SpecError, match="brush"):
        Brush(*box)


def test_brush_of_the_page_shows_in_its_statistics(session: Session) -> None:
    session.set("exc", "I_e", 1000.0).result(LIMIT_S)
    session.run(200).wait(LIMIT_S)
    page = Lab(session)
    assert eventually(lambda: page.parts["raster"]._recent.stop == session.step)
    raster, statistics = page.parts["raster"], page.parts["statistics"]
    raster._answer(
        raster, {"do": "brush", "t_start": 20.0, "t_stop": 180.0, "first": 3, "stop": 9}, []
    )
    assert statistics.brushed.startswith("exc 3\N{EN DASH}8, 20 to 180 ms")
    before = statistics.brushed
    session.run(50).wait(LIMIT_S)
    statistics.refresh()
    assert statistics.brushed == before
    raster._answer(raster, {"do": "brush"}, [])
    assert statistics.brushed == ""
    page.close()
