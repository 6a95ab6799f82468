"""The button that writes figures: of the selection, or of the last second, never over another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import xarray as xr

import snnlab
from snnlab.session import Session
from snnlab_widgets.figure_maker import FigureMaker
from tests.features.session_bench import LIMIT_S, eventually
from tests.networks import balanced


def make(part: FigureMaker, suffix: str, data: str) -> None:
    part._answer(part, {"do": "make", "suffix": suffix, "data": data}, [])
    assert eventually(lambda: not part.is_busy)


@pytest.fixture(scope="module")
def session() -> Session:
    with snnlab.open(balanced(100), name="to draw", threads=1) as session:
        session.run(1500).wait(LIMIT_S)
        yield session


def test_the_last_second_is_drawn_where_nothing_is_selected(
    session: Session, tmp_path: Path
) -> None:
    part = FigureMaker(session, folder=tmp_path)
    for data in (".nc", ".nc", ".csv"):
        make(part, ".svg", data)
    assert not part.note["is_error"]
    assert "to_draw_figure_3_raster.csv" in part.note["text"]
    assert (tmp_path / "to_draw_figure_2.svg").read_text().startswith("<?xml")
    with xr.open_dataset(tmp_path / "to_draw_figure.nc") as held:
        assert held.attrs["t_start"] == "500 ms"
        assert held.attrs["neurons"] == "0 to 99"
    assert "time (ms)" in part.picture
    part.do_hide()
    assert part.picture == ""


def test_the_selection_is_drawn(session: Session, tmp_path: Path) -> None:
    chosen: dict[str, Any] = {"first": 10, "last": 39, "t_start": 200.0, "t_stop": 600.0}
    part = FigureMaker(session, selection=lambda: chosen, folder=tmp_path)
    make(part, ".png", ".nc")
    with xr.open_dataset(tmp_path / "to_draw_figure.nc") as held:
        assert held.attrs["neurons"] == "10 to 39"
        assert int(held.raster_neuron.min()) >= 10
        assert float(held.raster_time.max()) <= 600.0
    chosen["last"] = 5000
    make(part, ".png", ".nc")
    assert part.note["is_error"]
    assert "0 to 99" in part.note["text"]
    make(part, ".jpg", ".nc")
    assert part.note["is_error"]
