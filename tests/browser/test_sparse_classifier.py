"""The notebook of the classifier: its pictures follow the training while the cell computes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from benchmarks.browser.lab_page import WAIT_MS, LabPage
from benchmarks.browser.lab_server import lab_server

NOTEBOOK = Path(__file__).parents[2] / "notebooks/06_sparse_classifier.ipynb"
DATA_CELL, TRAINING_CELL = 2, 4
"""Indices of the cells that show digits, and train."""

BAR = ".jp-OutputArea .widget-hbox"
N_EPOCHS = 30
N_PICTURES = 6
"""Curves, weights, answers, rates, and the spikes and outputs of a trial."""

_IS_RUNNING = (
    f"window.jupyterapp.shell.currentWidget.content.model.cells.get({TRAINING_CELL})"
    ".executionState === 'running'"
)
"""Whether the cell is still computing: what has changed, has before its end."""

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def _with_more_epochs(root: Path) -> None:
    """Copy the notebook; its training is so long that pictures, drawn often, change within it."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    cell = notebook.cells[TRAINING_CELL]
    assert "epochs=10" in cell.source
    cell.source = cell.source.replace("epochs=10", f"epochs={N_EPOCHS}")
    assert "TrainingView()" in cell.source
    cell.source = cell.source.replace("TrainingView()", "TrainingView(interval=0.5)")
    nbformat.write(notebook, root / NOTEBOOK.name)


@pytest.fixture(scope="module")
def visit(
    chromium: Any, tmp_path_factory: pytest.TempPathFactory, artifacts: Path
) -> Iterator[LabPage]:
    """The notebook with its training under way."""
    root = tmp_path_factory.mktemp("notebooks")
    _with_more_epochs(root)
    with lab_server(root, tmp_path_factory.mktemp("home")) as server:
        visit = LabPage(chromium, server)
        visit.open(NOTEBOOK.name)
        for cell in (DATA_CELL, TRAINING_CELL):
            visit.run_cell(cell)
        visit.page.wait_for_selector(f"{BAR}:has-text('validation=')", timeout=2 * WAIT_MS)
        visit.scroll_to(BAR)
        yield visit
        visit.scroll_to(BAR)
        visit.screenshot(artifacts / "sparse_classifier.png")


def test_pictures_follow_the_training(visit: LabPage) -> None:
    before = set(visit.pictures())
    deadline = time.monotonic() + WAIT_MS / 1000
    while len(set(visit.pictures()) - before) < N_PICTURES:
        assert time.monotonic() < deadline
        visit.page.wait_for_timeout(100)
    assert visit.page.evaluate(_IS_RUNNING)


def test_the_bar_tells_how_good_and_how_long(visit: LabPage) -> None:
    bar = visit.page.locator(f"{BAR}:has-text('epoch {N_EPOCHS}/{N_EPOCHS}: 100%')").first
    bar.wait_for(state="visible", timeout=WAIT_MS)
    assert "validation=9" in bar.inner_text()


def test_the_answer_is_told(visit: LabPage) -> None:
    visit.page.get_by_text("of 450 trials right").first.wait_for(timeout=WAIT_MS)
    assert visit.errors() == []


def test_console_is_clean(visit: LabPage) -> None:
    assert visit.console == []
