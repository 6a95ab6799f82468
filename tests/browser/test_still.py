"""A saved notebook shows what its page showed, also where there is no kernel and no widget.

The tests are the steps of one visit, in order, on one page.
"""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from benchmarks.browser.lab_page import WAIT_MS, LabPage
from benchmarks.browser.lab_server import lab_server

NOTEBOOK = Path(__file__).parents[2] / "notebooks/01_first_spikes.ipynb"
CANVAS = ".snnlab-raster-canvas"
STILL = ".snnlab-still img"
FIRST_CELL = 1

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_HAS_SPIKES = "selector => Number(document.querySelector(selector)?.dataset.step) > 3000"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The notebook that is opened and saved."""
    root = tmp_path_factory.mktemp("notebooks")
    return Path(shutil.copy(NOTEBOOK, root))


@pytest.fixture(scope="module")
def visit(
    chromium: Any, saved: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LabPage]:
    """The page after some spikes, paused."""
    with lab_server(saved.parent, tmp_path_factory.mktemp("home")) as server:
        visit = LabPage(chromium, server)
        visit.open(saved.name)
        visit.run_cell(FIRST_CELL)
        visit.page.click(".snnlab-run", timeout=WAIT_MS)
        visit.page.wait_for_function(_HAS_SPIKES, arg=CANVAS, timeout=WAIT_MS)
        visit.page.click(".snnlab-pause")
        visit.wait_for("session.state.value == 'paused'")
        yield visit


def still_of(saved: Path) -> str:
    """The HTML that the saved cell holds beside its page; empty if there is none."""
    outputs = json.loads(saved.read_text())["cells"][FIRST_CELL]["outputs"]
    found = ["".join(each["data"].get("text/html", "")) for each in outputs if "data" in each]
    return next((text for text in found if "snnlab-still" in text), "")


def test_a_saved_notebook_holds_the_picture(visit: LabPage, saved: Path) -> None:
    expect(visit.page.locator(STILL)).to_have_count(1, timeout=WAIT_MS)
    expect(visit.page.locator(STILL)).to_be_hidden()
    t = visit.execute("print(f'{session.t:g} ms')")
    expect(visit.page.locator(".snnlab-still figcaption")).to_contain_text(f"t = {t}")
    visit.page.keyboard.press("Control+s")
    visit.page.wait_for_timeout(1500)
    text = still_of(saved)
    assert f"t = {t}" in text
    found = re.search(r'src="data:image/png;base64,([^"]+)"', text)
    assert found is not None
    picture = Image.open(io.BytesIO(base64.b64decode(found[1]))).convert("RGB")
    assert picture.width > 300
    assert picture.height > 300
    colours = picture.getcolors(maxcolors=1_000_000) or []
    blue = sum(n for n, (r, _, b) in colours if b > r + 40)
    assert blue > 500  # the excitatory spikes


def test_it_is_there_without_a_kernel(visit: LabPage, saved: Path, artifacts: Path) -> None:
    visit.page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
    visit.page.reload()
    visit.page.wait_for_selector(STILL, state="visible", timeout=WAIT_MS)
    assert visit.page.locator(".snnlab-lab").count() == 0
    visit.page.locator(STILL).scroll_into_view_if_needed()
    visit.screenshot(artifacts / "still.png")


def test_the_cell_makes_the_page_anew(visit: LabPage) -> None:
    visit.wait_for_kernel()
    visit.run_cell(FIRST_CELL)
    visit.page.wait_for_selector(".snnlab-run", timeout=WAIT_MS)
    expect(visit.page.locator(STILL)).to_be_hidden()  # the old one is gone, its own may be there
    visit.page.click(".snnlab-run")
    visit.page.wait_for_function(_HAS_SPIKES, arg=CANVAS, timeout=WAIT_MS)
