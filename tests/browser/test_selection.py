"""A rectangle in the raster becomes numbers, two pictures, and a frame that stays with its spikes.

The tests are the steps of one visit, in order, on one page.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from benchmarks.browser.lab_page import WAIT_MS, LabPage
from benchmarks.browser.lab_server import lab_server

NOTEBOOK = Path(__file__).parents[2] / "notebooks/01_first_spikes.ipynb"
CANVAS = ".snnlab-raster-canvas"
FIRST_CELL = 1

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_HAS_SPIKES = "selector => Number(document.querySelector(selector)?.dataset.step) > 10000"


@pytest.fixture(scope="module")
def visit(
    chromium: Any, tmp_path_factory: pytest.TempPathFactory, artifacts: Path
) -> Iterator[LabPage]:
    """The first notebook's page after a second of model time, paused."""
    root = tmp_path_factory.mktemp("notebooks")
    shutil.copy(NOTEBOOK, root)
    with lab_server(root, tmp_path_factory.mktemp("home")) as server:
        visit = LabPage(chromium, server)
        visit.open(NOTEBOOK.name)
        visit.run_cell(FIRST_CELL)
        visit.page.click(".snnlab-run", timeout=WAIT_MS)
        visit.page.wait_for_function(_HAS_SPIKES, arg=CANVAS, timeout=WAIT_MS)
        visit.page.click(".snnlab-pause")
        visit.scroll_to(".snnlab-lab")
        yield visit
        visit.screenshot(artifacts / "selection_end.png")


def drag(visit: LabPage, left: float, bottom: float, right: float, top: float) -> None:
    """Drag over a part of the canvas, in fractions from the left and from the top."""
    box = visit.resting_box(CANVAS)
    mouse = visit.page.mouse
    mouse.move(box["x"] + left * box["width"], box["y"] + bottom * box["height"])
    mouse.down()
    mouse.move(box["x"] + right * box["width"], box["y"] + top * box["height"], steps=5)
    mouse.up()


def number(visit: LabPage, name: str) -> float:
    """A number of the table."""
    text = visit.page.inner_text(f"[data-statistic='{name}'] dd", timeout=WAIT_MS)
    return float(text.split()[0])


def field(visit: LabPage, name: str) -> float:
    return float(visit.page.input_value(f".snnlab-selection [data-name={name}]"))


def test_a_rectangle_becomes_numbers(visit: LabPage, artifacts: Path) -> None:
    expect(visit.page.locator(".snnlab-selection .snnlab-doc")).to_be_visible()
    drag(visit, 0.5, 0.6, 0.9, 0.1)
    n, rate = number(visit, "neurons"), number(visit, "rate")
    assert n == field(visit, "last") - field(visit, "first") + 1 > 100
    t = [field(visit, name) for name in ("t_start", "t_stop")]
    counted = visit.execute(
        "step, n = session.spikes()\nt = (step + 1) * session.network.dt\n"
        f"inside = (n >= {field(visit, 'first')}) & (n <= {field(visit, 'last')})"
        f" & (t > {t[0]}) & (t <= {t[1]})\n"
        "print(int(inside.sum()))"
    )
    assert number(visit, "spikes") == int(counted) > 100
    assert rate == pytest.approx(int(counted) / n / (t[1] - t[0]) * 1e3, rel=0.01)
    assert 0.0 < number(visit, "CV") < 1.5
    for chart in ("intervals", "spectrum"):
        expect(visit.page.locator(f"[data-chart={chart}]")).to_be_visible()
    visit.screenshot(artifacts / "selection.png")
    visit.page.locator(".snnlab-selection").screenshot(path=str(artifacts / "selection_part.png"))


def test_numbers_may_be_typed(visit: LabPage) -> None:
    entry = visit.page.locator(".snnlab-selection [data-name=last]")
    first = int(field(visit, "first"))
    entry.fill(str(first + 49))
    entry.press("Enter")
    expect(visit.page.locator("[data-statistic=neurons] dd")).to_contain_text("50 (")
    entry.fill("999999")
    entry.press("Enter")
    expect(visit.page.locator(".snnlab-selection .snnlab-error")).to_contain_text("neurons of 0 to")


def test_it_follows_the_run_and_is_cleared(visit: LabPage) -> None:
    before = field(visit, "t_stop")
    visit.page.check(".snnlab-selection input[type=checkbox]")
    visit.page.click(".snnlab-run")
    selector = ".snnlab-selection [data-name=t_stop]"
    visit.page.wait_for_function(
        "([selector, t]) => Number(document.querySelector(selector).value) > t",
        arg=[selector, before + 500],
    )
    visit.page.click(".snnlab-pause")
    visit.page.click(".snnlab-selection .snnlab-clear")
    expect(visit.page.locator(".snnlab-selection .snnlab-doc")).to_be_visible()
    assert visit.page.input_value(".snnlab-selection [data-name=t_stop]") == ""
    assert visit.errors() == []


def test_a_click_pokes_the_neurons_under_it(visit: LabPage, artifacts: Path) -> None:
    visit.scroll_to(".snnlab-lab")
    drag(visit, 0.5, 0.4, 0.5, 0.4)  # pressed and released in one place
    visit.wait_for("session.edits and 'poke' in session.edits[-1].edit.stimulus.name")
    step = int(visit.execute("print(session.edits[-1].step)"))
    visit.execute("session.run(30.0).wait()")
    counted = visit.execute(
        "push = session.edits[-1].edit.stimulus\n"
        "step, n = session.spikes()\n"
        f"n = n[(step >= {step}) & (step < {step} + 60)] - session.network.first_id(push.target)\n"
        "size = session.network.population(push.target).size\n"
        "poked, n_poked = (n >= push.first) & (n <= push.last), push.last - push.first + 1\n"
        "others = (n >= 0) & (n < size) & ~poked\n"
        "print(n_poked, poked.sum() / n_poked, others.sum() / (size - n_poked))"
    )
    n, of_poked, of_others = (float(x) for x in counted.split())
    assert 20 < n < 300
    assert of_poked > max(1.0, 1.3 * of_others)  # spikes a neuron in 6 ms
    visit.page.wait_for_timeout(500)
    visit.screenshot(artifacts / "poke.png")
    visit.page.locator(CANVAS).screenshot(path=str(artifacts / "poke_raster.png"))
    assert visit.errors() == []
