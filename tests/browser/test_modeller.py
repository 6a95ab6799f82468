"""A modeller watches a map sharpen, goes back, lesions a branch, and lays both over one another.

The tests are the steps of one visit, in order, on one page.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.browser.lab_page import WAIT_MS, LabPage
from benchmarks.browser.visit import Server
from tests.browser.journey import visiting
from tests.browser.stop_watch import StopWatch

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OPEN = """\
import snnlab
from snnlab import plots
from snnlab_widgets import MapPage
session = snnlab.open("topographic_map", threads=1)
session.speed = 10.0
watch = plots.sampler_of(session)
MapPage(session)"""

OVERLAY = """\
(plots.branch_quality(watch, other) + plots.branch_maps(watch, other, most=12)).cols(1)"""

SIDE = 16
PATCH = (5, 5, 10, 10)
"""First column and row, last column and row."""
N_PATCH = 36

_CELL = """([index, code]) => {
  const panel = window.jupyterapp.shell.currentWidget;
  panel.content.model.cells.get(index).sharedModel.setSource(code);
}"""


@pytest.fixture(scope="module")
def watch(artifacts: Path) -> Iterator[StopWatch]:
    watch = StopWatch("modeller", artifacts)
    yield watch
    watch.stop()


@pytest.fixture(scope="module")
def visit(chromium: Any, journeys: Server, watch: StopWatch) -> Iterator[LabPage]:
    """The page of a young map, and an empty cell below."""
    with visiting(chromium, journeys, "modeller", OPEN, "", watch=watch) as visit:
        visit.page.wait_for_selector(".snnlab-fields canvas[data-area]", timeout=WAIT_MS)
        yield visit


def run_cell(visit: LabPage, index: int, code: str) -> None:
    """Type code into a cell and run it."""
    visit.page.evaluate(_CELL, [index, code])
    visit.run_cell(index)


def order(visit: LabPage, sampler: str = "watch") -> float:
    """Spread of the afferents, by weight, in units of what chance gives."""
    return float(
        visit.execute(
            f"h = {sampler}.history\n"
            "low, high = (h.column(f'sigma_aff_{end}')[-1] for end in ('low', 'high'))\n"
            "print(2 * h.column('weighted_sigma_aff')[-1] / (low + high))"
        )
    )


def test_the_map_sharpens(visit: LabPage, watch: StopWatch, artifacts: Path) -> None:
    assert order(visit) > 0.9
    with watch.step("30 s of a map"):
        visit.page.click(".snnlab-map .snnlab-run")
        visit.wait_for("session.t > 30_000")
        visit.page.click(".snnlab-map .snnlab-pause")
        visit.wait_for("session.state.value == 'paused'")
    visit.execute("watch.run('10 ms')")
    assert order(visit) < 0.8
    visit.screenshot(artifacts / "journey_modeller_sharp.png")


def test_the_run_goes_back(visit: LabPage, watch: StopWatch) -> None:
    with watch.step("gone back by 5 s or more"):
        box = visit.resting_box(".snnlab-line-of-time input[type=range]")
        visit.page.mouse.click(box["x"] + 0.6 * box["width"], box["y"] + box["height"] / 2)
        visit.page.wait_for_selector(".snnlab-rewind:enabled", timeout=WAIT_MS)
        t = float(visit.execute("print(session.t)"))
        visit.page.click(".snnlab-rewind")
        visit.wait_for(f"session.t < {t - 5000} and session.state.value == 'paused'")


def test_a_branch_is_lesioned_and_both_go_on(
    visit: LabPage, watch: StopWatch, artifacts: Path
) -> None:
    with watch.step("branched, lesioned, both 10 s on"):
        visit.page.click(".snnlab-branch-here")
        page = visit.page.locator(".snnlab-map .snnlab-map")
        page.wait_for(timeout=30_000)
        visit.wait_for("len(session.branches) == 1")
        visit.execute("(branch,) = session.branches\nother = plots.sampler_of(branch)")
        page.locator(".snnlab-timeline").scroll_into_view_if_needed()
        visit.screenshot(artifacts / "journey_modeller_branch.png")
        page.locator(".snnlab-sheet canvas[data-area]").wait_for(timeout=30_000)
        sheet = page.locator(".snnlab-sheet canvas")
        box = visit.resting_box(".snnlab-map .snnlab-map .snnlab-sheet canvas")
        x, y, width, height = map(float, sheet.get_attribute("data-area").split())

        def middle(column: int, row: int) -> tuple[float, float]:
            return (box["x"] + x + (column + 0.5) * width / SIDE,
                    box["y"] + y + height - (row + 0.5) * height / SIDE)  # fmt: skip

        visit.page.mouse.move(*middle(*PATCH[:2]))
        visit.page.mouse.down()
        visit.page.mouse.move(*middle(7, 7))
        visit.page.mouse.move(*middle(*PATCH[2:]))
        visit.page.mouse.up()
        page.locator(".snnlab-lesion").click()
        visit.wait_for("len(branch.edits) == 1")
        stop = "session.t + 10_000"
        visit.execute(
            f"stop = {stop}\nfor run in (session, branch): run.run_until(stop)\n"
            "for run in (session, branch): run.wait(120)\n"
            "for seen in (watch, other): seen.sample(now=True)"
        )
    lost = visit.execute(
        "p = branch.synapses('feed-forward').post.values\n"
        f"print(sum({PATCH[0]} <= q % {SIDE} <= {PATCH[2]} and {PATCH[1]} <= q // {SIDE} "
        f"<= {PATCH[3]} for q in p.tolist()))"
    )
    assert lost == "0"
    assert visit.execute("print(len(session.edits), session.t == branch.t)") == "0 True"
    visit.screenshot(artifacts / "journey_modeller_lesion.png")
    both = visit.page.locator(
        ".snnlab-wide > .snnlab-plot .bk-Figure, .snnlab-wide > .snnlab-plot .bk-GridBox"
    )
    both.first.wait_for(timeout=WAIT_MS)
    both.first.scroll_into_view_if_needed()
    visit.screenshot(artifacts / "journey_modeller_branches.png")


def test_both_developments_are_laid_over_one_another(
    visit: LabPage, watch: StopWatch, artifacts: Path
) -> None:
    with watch.step("both laid over one another"):
        run_cell(visit, 1, OVERLAY)
        visit.wait_until_run()
        assert visit.errors() == []
        found = visit.page.locator(
            ".jp-OutputArea-output .bk-Figure, .jp-OutputArea-output .bk-GridBox"
        )
        found.first.wait_for(timeout=WAIT_MS)
        visit.page.wait_for_timeout(1000)
    assert (
        visit.execute(
            "lapse = plots.branch_maps(watch, other)\n"
            "print(sorted({len(overlay) for overlay in lapse}), abs(lapse.keys()[-1]"
            " - session.t / 1000) < 0.1)"
        )
        == "[1, 2] True"
    )
    handle = visit.page.locator(".noUi-handle").last
    handle.focus()
    visit.page.keyboard.press("End")
    visit.page.locator(".jp-OutputArea-output").last.scroll_into_view_if_needed()
    visit.page.wait_for_timeout(500)
    visit.screenshot(artifacts / "journey_modeller_end.png")
    assert visit.console == []
