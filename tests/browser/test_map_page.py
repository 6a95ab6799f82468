"""A visit to the page of the map: watch it grow, look back, lesion it with the mouse, go back.

The tests are the steps of one visit, in order, on one page; each is a promise of its own.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from benchmarks.browser.lab_page import WAIT_MS, LabPage
from benchmarks.browser.lab_server import lab_server

NOTEBOOK = Path(__file__).parents[2] / "notebooks/03_topographic_map.ipynb"
PAGE_CELL = 1
"""Index of the cell that opens the page; before it is only text."""

SHEET, FIELDS = ".snnlab-sheet canvas", ".snnlab-fields canvas"
SLIDER = ".snnlab-line-of-time input[type=range]"
SIDE = 16

PATCH = (4, 5, 9, 8)
"""First column and row, last column and row of what is selected."""

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def report(artifacts: Path) -> Iterator[dict[str, Any]]:
    """What was measured; printed and kept, never judged."""
    measured: dict[str, Any] = {}
    yield measured
    text = json.dumps(measured, indent=2)
    (artifacts / "map_page.json").write_text(text)
    print(text)


@pytest.fixture(scope="module")
def visit(
    chromium: Any, tmp_path_factory: pytest.TempPathFactory, artifacts: Path
) -> Iterator[LabPage]:
    """The notebook with the page of the map in view."""
    root = tmp_path_factory.mktemp("notebooks")
    shutil.copy(NOTEBOOK, root)
    with lab_server(root, tmp_path_factory.mktemp("home")) as server:
        visit = LabPage(chromium, server)
        visit.root = root  # type: ignore[attr-defined]
        visit.open(NOTEBOOK.name)
        visit.run_cell(PAGE_CELL)
        visit.page.wait_for_selector(f"{FIELDS}[data-area]", timeout=2 * WAIT_MS)
        visit.execute("from snnlab.plots import sampler_of; watch = sampler_of(session)")
        visit.scroll_to(".snnlab-map")
        yield visit
        visit.screenshot(artifacts / "map_page_end.png")


def picture(visit: LabPage, selector: str) -> str:
    """What a canvas shows, as data."""
    shown: str = visit.page.evaluate(f"() => document.querySelector('{selector}').toDataURL()")
    return shown


def number(visit: LabPage, expression: str) -> float:
    """A number in the kernel."""
    return float(visit.execute(f"print({expression})"))


def attribute(visit: LabPage, selector: str, name: str) -> float:
    return float(visit.page.get_attribute(selector, f"data-{name}") or "nan")


def wait_for_attribute(visit: LabPage, selector: str, name: str, condition: str) -> None:
    visit.page.wait_for_function(
        f"() => {{ const value = Number(document.querySelector('{selector}').dataset.{name});"
        f" return {condition}; }}",
        timeout=WAIT_MS,
    )


def drag_over_patch(visit: LabPage) -> None:
    """Select the patch with the mouse, from its lower left to its upper right corner."""
    box = visit.resting_box(SHEET)
    x, y, width, height = map(float, visit.page.get_attribute(SHEET, "data-area").split())

    def middle(column: int, row: int) -> tuple[float, float]:
        return (box["x"] + x + (column + 0.5) * width / SIDE,
                box["y"] + y + height - (row + 0.5) * height / SIDE)  # fmt: skip

    visit.page.mouse.move(*middle(*PATCH[:2]))
    visit.page.mouse.down()
    visit.page.mouse.move(*middle(6, 6))
    visit.page.mouse.move(*middle(*PATCH[2:]))
    visit.page.mouse.up()


INDEGREE = (
    f"sum({PATCH[0]} <= p % {SIDE} <= {PATCH[2]} and {PATCH[1]} <= p // {SIDE} <= {PATCH[3]}"
    " for p in session.synapses('feed-forward').post.values.tolist())"
)
"""Number of synapses onto the patch."""

N_PATCH = 24


def test_the_map_is_there_before_the_run(visit: LabPage) -> None:
    assert visit.errors() == []
    assert "t = 0 s" in visit.page.inner_text(".snnlab-fields figcaption")
    assert visit.page.locator(".snnlab-rewind").is_disabled()


def test_the_map_grows_while_it_runs(visit: LabPage, artifacts: Path) -> None:
    before = picture(visit, FIELDS), picture(visit, SHEET)
    visit.page.click(".snnlab-map .snnlab-run")
    wait_for_attribute(visit, FIELDS, "t", "value > 5000")
    wait_for_attribute(visit, SHEET, "t", "value > 5000")
    assert picture(visit, FIELDS) != before[0]
    assert picture(visit, SHEET) != before[1]
    wait_for_attribute(visit, FIELDS, "t", "value > 15000")
    visit.screenshot(artifacts / "map_page_run.png")


def test_slider_looks_back_while_the_run_goes_on(
    visit: LabPage, artifacts: Path, report: dict[str, Any]
) -> None:
    live = picture(visit, FIELDS)
    box = visit.resting_box(SLIDER)
    started = time.monotonic()
    visit.page.mouse.click(box["x"] + 0.2 * box["width"], box["y"] + box["height"] / 2)
    wait_for_attribute(visit, FIELDS, "t", "value < 8000")
    report["slider to picture (s)"] = time.monotonic() - started
    shown = attribute(visit, FIELDS, "t")
    then = picture(visit, FIELDS)
    assert then != live
    assert "of" in visit.page.inner_text(".snnlab-shown")
    t = number(visit, "session.t")
    visit.wait_for(f"session.t > {t + 500}")
    assert (attribute(visit, FIELDS, "t"), picture(visit, FIELDS)) == (shown, then)
    visit.screenshot(artifacts / "map_page_back.png")
    expect(visit.page.locator(".snnlab-lesion")).to_be_disabled()
    visit.page.click(".snnlab-live")
    wait_for_attribute(visit, FIELDS, "t", f"value > {t}")


def test_a_patch_is_lesioned_with_the_mouse(visit: LabPage, artifacts: Path) -> None:
    assert number(visit, INDEGREE) > 4 * N_PATCH
    before = picture(visit, SHEET)
    drag_over_patch(visit)
    wait_for_attribute(visit, SHEET, "selected", f"value === {N_PATCH}")
    assert picture(visit, SHEET) != before
    visit.page.click(".snnlab-lesion")
    wait_for_attribute(visit, SHEET, "lesioned", f"value === {N_PATCH}")
    wait_for_attribute(visit, SHEET, "selected", "value === 0")
    visit.wait_for(f"{INDEGREE} == 0")
    assert f"{N_PATCH} lesioned" in visit.page.inner_text(".snnlab-sheet")
    visit.page.wait_for_timeout(500)
    visit.screenshot(artifacts / "map_page_lesion.png")


def test_the_patch_recovers(visit: LabPage, artifacts: Path) -> None:
    visit.page.click(".snnlab-recover")
    wait_for_attribute(visit, SHEET, "lesioned", "value === 0")
    visit.wait_for(f"{INDEGREE} > {N_PATCH}", timeout_s=60)
    visit.screenshot(artifacts / "map_page_recovery.png")


def test_arrows_and_keys_reach_the_sheet(visit: LabPage) -> None:
    visit.page.focus(SHEET)
    for key in ("ArrowLeft", " ", "ArrowRight", " "):
        visit.page.keyboard.press(key)
    wait_for_attribute(visit, SHEET, "selected", "value === 2")
    visit.page.keyboard.press("Escape")
    wait_for_attribute(visit, SHEET, "selected", "value === 0")


def test_the_run_goes_back_to_the_time_that_is_shown(visit: LabPage) -> None:
    visit.page.focus(SLIDER)
    for _ in range(3):
        visit.page.keyboard.press("ArrowLeft")
    visit.page.wait_for_selector(".snnlab-rewind:enabled", timeout=WAIT_MS)
    wait_for_attribute(visit, FIELDS, "t", f"value < {number(visit, 'watch.state.t') - 100}")
    visit.page.wait_for_timeout(1000)  # a key may still be on its way
    shown = attribute(visit, FIELDS, "t")
    visit.page.click(".snnlab-rewind")
    visit.page.get_by_text("The run is back at").wait_for(state="visible", timeout=WAIT_MS)
    visit.wait_for("session.state.value == 'paused'")
    assert number(visit, "session.t") == pytest.approx(shown)
    visit.wait_for(f"watch.film.times[-1] <= {shown} + 0.01")


def test_the_development_is_written_to_a_file(visit: LabPage) -> None:
    visit.page.select_option("[aria-label='form of the export']", "mp4")
    visit.page.click(".snnlab-export")
    visit.page.get_by_text("Wrote topographic_map.mp4").first.wait_for(timeout=WAIT_MS)
    path = visit.root / "topographic_map.mp4"  # type: ignore[attr-defined]
    assert path.stat().st_size > 10_000
    assert path.read_bytes()[4:8] == b"ftyp"


def test_plots_below_follow_the_slider(visit: LabPage) -> None:
    visit.scroll_to(".snnlab-plot")
    before = visit.pictures()
    visit.execute("page_t = watch.film.times[0]")
    visit.page.click(".snnlab-play")
    visit.page.wait_for_timeout(1500)
    assert visit.pictures() != before
    visit.page.get_by_role("button", name="Stop").click(timeout=5000)


def test_console_is_clean(visit: LabPage) -> None:
    assert visit.console == []
    visit.wait_for("not [m for m in session.messages if m.level == 'error']")
