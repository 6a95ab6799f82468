"""The notebook of the classifier: its pictures follow the training while the cell computes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.lab_page import WAIT_MS, LabPage
from tests.browser.lab_server import lab_server

NOTEBOOK = Path(__file__).parents[2] / "notebooks/06_sparse_classifier.ipynb"
DATA_CELL, TRAINING_CELL = 2, 4
"""Indices of the cells that show digits, and train."""

BAR = ".jp-OutputArea .widget-hbox"
N_PICTURES = 4
"""Curves, weights, answers and rates."""

_IS_RUNNING = (
    f"window.jupyterapp.shell.currentWidget.content.model.cells.get({TRAINING_CELL})"
    ".executionState === 'running'"
)
"""Whether the cell is still computing: what has changed, has before its end."""

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def visit(
    chromium: Any, tmp_path_factory: pytest.TempPathFactory, artifacts: Path
) -> Iterator[LabPage]:
    """The notebook with its training under way."""
    root = tmp_path_factory.mktemp("notebooks")
    shutil.copy(NOTEBOOK, root)
    with lab_server(root, tmp_path_factory.mktemp("home")) as server:
        visit = LabPage(chromium, server)
        visit.open(NOTEBOOK.name)
        for cell in (DATA_CELL, TRAINING_CELL):
            visit.run_cell(cell)
        visit.page.wait_for_selector(f"{BAR}:has-text('epoch 2/10')", timeout=2 * WAIT_MS)
        visit.scroll_to(BAR)
        yield visit
        visit.scroll_to(BAR)
        visit.screenshot(artifacts / "sparse_classifier.png")


def test_pictures_follow_the_training(visit: LabPage) -> None:
    before = set(visit.pictures())
    visit.page.wait_for_selector(f"{BAR}:has-text('epoch 10/10')", timeout=WAIT_MS)
    assert visit.page.evaluate(_IS_RUNNING)
    assert len(set(visit.pictures()) - before) >= N_PICTURES


def test_the_bar_tells_how_good_and_how_long(visit: LabPage) -> None:
    bar = visit.page.locator(f"{BAR}:has-text('430/430')").first
    bar.wait_for(state="visible", timeout=WAIT_MS)
    assert "validation=9" in bar.inner_text()


def test_the_answer_is_told(visit: LabPage) -> None:
    visit.page.get_by_text("of 450 trials right").first.wait_for(timeout=WAIT_MS)
    assert visit.errors() == []


def test_console_is_clean(visit: LabPage) -> None:
    assert visit.console == []
