"""Every notebook runs from top to bottom without a browser, and is stored without outputs."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
CELL_S = 240
"""A cell that takes longer hangs; the first one of a new machine compiles the engine."""

_HOT = "import time; a = time.process_time(); time.sleep(1.0); print(time.process_time() - a)"
"""CPU time that the process takes in a second in which no cell computes."""


def ids(path: Path) -> str:
    return path.stem


def test_there_are_notebooks() -> None:
    assert FOLDER / "01_first_spikes.ipynb" in NOTEBOOKS


@pytest.mark.slow
@pytest.mark.timeout(2 * CELL_S)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_runs_and_leaves_nothing_hot(
    path: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    notebook = nbformat.read(path, as_version=4)
    if any("Ranks" in cell.source for cell in notebook.cells if cell.cell_type == "code"):
        request.getfixturevalue("mpi_library")
    notebook.cells.append(nbformat.v4.new_code_cell(_HOT))
    client = NotebookClient(
        notebook, timeout=CELL_S, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    assert float(notebook.cells[-1].outputs[0].text) < 0.3


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_stored_without_outputs(path: Path) -> None:
    code = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_begins_by_saying_what_will_happen(path: Path) -> None:
    first = nbformat.read(path, as_version=4).cells[0]
    assert first.cell_type == "markdown"
    assert "stored without pictures" in first.source
