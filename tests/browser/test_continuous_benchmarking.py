"""The notebook of benchmarks in JupyterLab: run from the panel, click a point, see its record."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from benchmarks.browser.lab_page import WAIT_MS, LabPage
from benchmarks.browser.lab_server import lab_server

NOTEBOOK = Path(__file__).parents[2] / "notebooks/07_continuous_benchmarking.ipynb"
SPEC_CELL, PANEL_CELL, SCALING_CELL, PARTS_CELL = 2, 4, 8, 10
POINT = ".snnlab-bench-point"

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def visit(
    chromium: Any, tmp_path_factory: pytest.TempPathFactory, artifacts: Path
) -> Iterator[LabPage]:
    """The notebook with its panel in view."""
    root = tmp_path_factory.mktemp("notebooks")
    shutil.copy(NOTEBOOK, root)
    with lab_server(root, tmp_path_factory.mktemp("home")) as server:
        visit = LabPage(chromium, server)
        visit.open(NOTEBOOK.name)
        visit.run_cell(SPEC_CELL)
        visit.run_cell(PANEL_CELL)
        visit.page.wait_for_selector(".snnlab-bench-run", timeout=WAIT_MS)
        visit.scroll_to(".snnlab-bench")
        yield visit
        visit.screenshot(artifacts / "continuous_benchmarking.png")


def test_a_run_shows_its_progress_and_its_points(visit: LabPage) -> None:
    visit.page.click(".snnlab-bench-run")
    expect(visit.page.locator(".snnlab-bench .snnlab-doing")).to_contain_text(
        "runs", timeout=WAIT_MS
    )
    visit.page.wait_for_selector(POINT, timeout=WAIT_MS)
    visit.wait_for("panel.status['doing'] == ''")
    assert visit.execute("print(panel.status['error'])") == ""


def test_a_click_on_a_point_shows_its_record(visit: LabPage, artifacts: Path) -> None:
    visit.page.click(POINT)
    record = visit.page.locator(".snnlab-bench-record")
    expect(record).to_contain_text("simulate/update", timeout=WAIT_MS)
    name = visit.page.get_attribute(POINT, "data-id")
    expect(record).to_contain_text(str(name))
    visit.page.locator(".snnlab-bench").screenshot(path=str(artifacts / "bench_panel_lab.png"))


def test_plots_show_below(visit: LabPage, artifacts: Path) -> None:
    before = set(visit.pictures())
    for cell in (SCALING_CELL, PARTS_CELL):
        visit.run_cell(cell)
    visit.wait_for("'phase_stack' in globals()")
    visit.page.wait_for_timeout(3000)
    assert visit.errors() == []
    assert len(set(visit.pictures()) - before) >= 2
    visit.screenshot(artifacts / "bench_plots_lab.png")


def test_console_is_clean(visit: LabPage) -> None:
    assert visit.console == []
