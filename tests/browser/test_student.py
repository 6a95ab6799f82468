"""A student draws two populations, connects and pokes them, sees their intervals, takes a figure.

The tests are the steps of one visit, in order, on one page; nothing is typed but names and numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import xarray as xr
from PIL import Image
from playwright.sync_api import expect

from benchmarks.browser.lab_page import WAIT_MS, LabPage
from benchmarks.browser.visit import Server
from tests.browser.journey import visiting
from tests.browser.stop_watch import StopWatch

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OPEN = """\
import snnlab
from snnlab_widgets import Lab
session = snnlab.open(snnlab.Network(name="drawing"), threads=1)
Lab(session)"""

NETWORK, CANVAS = ".snnlab-network", ".snnlab-raster-canvas"


@pytest.fixture(scope="module")
def watch(artifacts: Path) -> Iterator[StopWatch]:
    watch = StopWatch("student", artifacts)
    yield watch
    watch.stop()


@pytest.fixture(scope="module")
def visit(chromium: Any, journeys: Server, watch: StopWatch) -> Iterator[LabPage]:
    """An empty page."""
    with visiting(chromium, journeys, "student", OPEN, watch=watch) as visit:
        visit.page.wait_for_selector(f"{NETWORK} svg", timeout=WAIT_MS)
        yield visit


@pytest.fixture(scope="module")
def folder(journeys: Server) -> Path:
    """Where the kernel works."""
    return journeys[1] / "student"


def middle(visit: LabPage, name: str, part: str = ".snnlab-body") -> tuple[float, float]:
    box = visit.resting_box(f'{NETWORK} [data-name="{name}"] {part}')
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(visit: LabPage, start: tuple[float, float], stop: tuple[float, float]) -> None:
    visit.page.mouse.move(*start)
    visit.page.mouse.down()
    visit.page.mouse.move(*stop, steps=8)
    visit.page.mouse.up()


def test_two_populations_are_drawn_and_connected(visit: LabPage, watch: StopWatch) -> None:
    with watch.step("two populations drawn, driven and connected"):
        visit.page.click(f"{NETWORK} [data-tool=population]")
        box = visit.resting_box(f"{NETWORK} svg")
        for k, x in enumerate((0.3, 0.72), 1):
            at = box["x"] + box["width"] * x, box["y"] + box["height"] * 0.55
            visit.page.mouse.click(*at)
            visit.wait_for(f"len(session.network.populations) == {k}")
        visit.page.click(f"{NETWORK} [data-tool=stimulus]")
        visit.page.click(f"{NETWORK} .snnlab-add")
        visit.wait_for("len(session.network.stimuli) == 1")
        visit.page.hover(f'{NETWORK} [data-name="exc"] .snnlab-body')
        drag(visit, middle(visit, "exc", ".snnlab-handle"), middle(visit, "inh"))
        visit.wait_for("[p.name for p in session.network.projections] == ['exc->inh']")


def test_they_run_and_are_poked(visit: LabPage, watch: StopWatch) -> None:
    with watch.step("run and poked"):
        visit.page.click(".snnlab-run")
        visit.wait_for("session.t > 300 and session.spikes()[0].size > 100")
        visit.page.click(f'{NETWORK} [data-name="exc"] .snnlab-body')
        visit.page.click(f"{NETWORK} [data-tool=poke]")
        visit.wait_for("any(s.name.startswith('poke') for s in session.network.stimuli)")
        visit.wait_for("session.t > session.edits[-1].step * session.dt + 200")
        visit.page.click(".snnlab-pause")
        visit.wait_for("session.state.value == 'paused'")


def test_the_intervals_of_a_selection_are_shown(
    visit: LabPage, watch: StopWatch, artifacts: Path
) -> None:
    with watch.step("selected, intervals seen"):
        box = visit.resting_box(CANVAS)
        start = box["x"] + 0.45 * box["width"], box["y"] + 0.6 * box["height"]
        drag(visit, start, (box["x"] + 0.95 * box["width"], box["y"] + 0.1 * box["height"]))
        expect(visit.page.locator("[data-chart=intervals]")).to_be_visible()
    interval = visit.page.inner_text("[data-statistic='ISI'] dd")
    assert float(interval.removesuffix(" ms")) > 0
    visit.screenshot(artifacts / "journey_student_selected.png")


def test_a_figure_with_labelled_axes_lies_beside_its_numbers(
    visit: LabPage, watch: StopWatch, artifacts: Path, folder: Path
) -> None:
    with watch.step("figure written as SVG and PNG"):
        for kind in ("svg", "png"):
            visit.page.click(f".snnlab-figure-{kind}")
            note = visit.page.locator(".snnlab-figure [role=status]")
            expect(note).to_contain_text(f".{kind}, drawing_figure", timeout=WAIT_MS)
    expect(visit.page.locator(".snnlab-figure img")).to_be_visible()
    shown = visit.page.locator(".snnlab-figure img").evaluate("node => node.naturalWidth")
    assert shown > 400
    svg = ElementTree.parse(folder / "drawing_figure.svg").getroot()
    texts = [node.text for node in svg.iter("{http://www.w3.org/2000/svg}text")]
    for label in ("time (ms)", "neuron (global id)", "rate (spikes/s)", "inter-spike interval (ms)",
                  "intervals (count)", "frequency (Hz)"):  # fmt: skip
        assert label in texts
    chosen = {name: float(visit.page.input_value(f".snnlab-selection [data-name={name}]"))
              for name in ("first", "last")}  # fmt: skip
    with xr.open_dataset(folder / "drawing_figure.nc") as numbers:
        t, neuron = numbers.raster_time.values, numbers.raster_neuron.values
        counted = visit.page.inner_text("[data-statistic='spikes'] dd")
        assert t.size == int(counted)
        assert chosen["first"] <= neuron.min()
        assert neuron.max() <= chosen["last"]
        assert numbers.attrs["seed"] == visit.execute("print(session.network.seed)")
    with Image.open(folder / "drawing_figure_2.png") as picture:
        assert picture.size[0] == 2008
        picture.save(artifacts / "journey_student_figure.png")
    visit.page.locator(".snnlab-figure").screenshot(
        path=str(artifacts / "journey_student_figure_on_page.png")
    )
    visit.scroll_to(".snnlab-selection")
    visit.screenshot(artifacts / "journey_student_end.png")
    assert visit.console == []
