"""Figures for papers: labels, the picture's numbers beside it, and where they come from."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import xarray as xr
from PIL import Image

import snnlab
from snnlab import plots
from snnlab.errors import FormatError, SpecError
from snnlab.model.network import Network, Population
from snnlab.plots.paper import contents
from snnlab.record import dataset
from snnlab.session import Session
from tests.features.session_bench import LIMIT_S
from tests.networks import balanced

SVG = "{http://www.w3.org/2000/svg}"

LABELS = (
    "time (ms)", "neuron (global id)", "rate (spikes/s)", "inter-spike interval (ms)",
    "intervals (count)", "frequency (Hz)", "power (1/s²/Hz)",
)  # fmt: skip


@pytest.fixture(scope="module")
def session() -> Session:
    with snnlab.open(balanced(200, seed=7), name="figured", threads=1) as session:
        session.run(200).wait(LIMIT_S)
        session.set("g", 4.0).result(LIMIT_S)
        session.run(200).wait(LIMIT_S)
        yield session


def texts(svg: str) -> dict[str, list[tuple[float, float]]]:
    """Where each text stands."""
    found: dict[str, list[tuple[float, float]]] = {}
    for node in ElementTree.fromstring(svg).iter(f"{SVG}text"):
        found.setdefault(node.text or "", []).append((float(node.get("x")), float(node.get("y"))))
    return found


def dots(svg: str) -> np.ndarray:
    """Places of all round dots, in pt."""
    paths = [
        node.get("d") or ""
        for node in ElementTree.fromstring(svg).iter(f"{SVG}path")
        if node.get("stroke-linecap") == "round"
    ]
    return np.array(re.findall(r"M([\d.]+) ([\d.]+)h0", "".join(paths)), float)


def test_every_axis_has_quantity_and_unit(session: Session) -> None:
    svg = plots.figure(session).svg()
    for label in LABELS:
        assert label in texts(svg)
    assert len(texts(svg)["time (ms)"]) == 2
    for letter in "ABCD":
        assert letter in texts(svg)


def test_dots_stand_where_the_axes_say_they_do(session: Session) -> None:
    """Read the picture as a person with a ruler would, and compare with the data beside it."""
    figure = plots.figure(session, 100, 300, panels=["raster"])
    svg, data = figure.svg(), figure.dataset()
    found, places = dots(svg), texts(svg)
    (left, _), (right, _) = places["100"][0], places["300"][0]
    (_, low), (_, high) = min(places["0"]), min(places["200"])  # the leftmost: of the value axis
    t = 100 + (found[:, 0] - left) / (right - left) * 200
    neuron = (found[:, 1] - (low - 2.8)) / (high - low) * 200 - 0.5
    order = np.lexsort((data.raster_neuron, data.raster_time))
    drawn = np.lexsort((neuron.round(), t.round(1)))
    assert found.shape == (data.sizes["raster"], 2)
    np.testing.assert_allclose(t[drawn], data.raster_time.values[order], atol=0.02)
    np.testing.assert_allclose(neuron[drawn], data.raster_neuron.values[order], atol=0.02)


def test_data_are_the_spikes_of_the_session(session: Session) -> None:
    data = plots.figure(session, 100, 300, neurons=(20, 119)).dataset()
    step, neuron = session.spikes()
    t = (step + 1) * session.dt
    inside = (t > 100 + 1e-9) & (t <= 300 + 1e-9) & (neuron >= 20) & (neuron <= 119)
    np.testing.assert_array_equal(data.raster_time, t[inside])
    np.testing.assert_array_equal(data.raster_neuron, neuron[inside])
    width = float(data.rates_time[1] - data.rates_time[0]) * 1e-3
    assert float(data.rates_1.sum()) * width * 100 == pytest.approx(inside.sum())
    assert data.rates_1.attrs == {"long_name": "exc", "units": "spikes/s", "panel": "rates"}
    intervals = sum(max(0, n - 1) for n in np.bincount(neuron[inside], minlength=200))
    assert 0.97 * intervals <= int(data.intervals_intervals.sum()) <= intervals


def test_files_lie_beside_each_other_and_say_where_they_come_from(
    session: Session, tmp_path: Path
) -> None:
    figure = plots.figure(session, 100, 300)
    svg, nc = figure.save(tmp_path / "run.svg")
    png, *tables = figure.save(tmp_path / "run.png", data=".csv", dpi=100)
    root = ElementTree.parse(svg).getroot()
    facts = json.loads(root.find(f"{SVG}metadata").text)
    with Image.open(png) as picture, xr.open_dataset(nc) as held:
        assert picture.size == (669, 684)
        assert np.asarray(picture.convert("L")).min() < 60
        for told in (facts, picture.text, held.attrs):
            assert told["snnlab"] == snnlab.__version__
            assert told["seed"] == "7"
            assert told["neurons"] == "0 to 199"
            assert "g" in told["edits"]
            assert json.loads(told["network"])["seed"] == 7
        assert [t.name for t in tables] == [
            "run_raster.csv", "run_rates.csv", "run_intervals.csv", "run_spectrum.csv"
        ]  # fmt: skip
        first, *lines = tables[0].read_text().splitlines()
        assert first.startswith(f"# snnlab {snnlab.__version__}; seed 7; device cpu")
        rows = list(csv.reader(lines))
        assert rows[0] == ["time (ms)", "neuron (global id)"]
        np.testing.assert_allclose(np.array(rows[1:], float)[:, 0], held.raster_time)
    assert root.find(f"{SVG}title").text == "balanced, t = 100 ms to 300 ms, neurons 0-199"


def test_a_saved_run_gives_the_same_figure(session: Session, tmp_path: Path) -> None:
    saved = dataset.open(session.save(tmp_path / "run.nc"))
    ours, theirs = (plots.figure(source, 50, 250) for source in (session, saved))
    xr.testing.assert_equal(ours.dataset(), theirs.dataset())
    assert (ours.provenance["seed"], ours.title) == (theirs.provenance["seed"], theirs.title)


def test_many_spikes_become_an_image_and_the_data_stay_exact(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "MOST_DOTS", 100)
    figure = plots.figure(session)
    svg = figure.svg()
    assert not dots(svg).size
    assert "data:image/png;base64," in svg
    assert any(text.startswith("image: 1 px = ") for text in texts(svg))
    assert figure.dataset().sizes["raster"] == session.spikes()[0].size
    assert figure.png(72)[:4] == b"\x89PNG"


def test_names_are_text_and_silence_is_drawn() -> None:
    quiet = Network([Population("<b>&", 5, "LIFExp")], name="<quiet>")
    with snnlab.open(quiet, name="silent", threads=1) as session:
        session.run(20).wait(LIMIT_S)
        figure = plots.figure(session)
        assert "<b>&" in texts(figure.svg())
        assert figure.png(50)
        assert figure.dataset().sizes["raster"] == 0


def test_what_cannot_be_meant_is_refused(session: Session, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="'raster'"):
        plots.figure(session, panels=["rastre"])
    with pytest.raises(SpecError, match="0 to 199"):
        plots.figure(session, neurons=(5, 200))
    with pytest.raises(FormatError, match=r"\.svg or \.png"):
        plots.figure(session).save(tmp_path / "run.pdf")
    with pytest.raises(FormatError, match=r"\.nc, \.csv or empty"):
        plots.figure(session).save(tmp_path / "run.svg", data=".xls")
    assert list(tmp_path.iterdir()) == []
