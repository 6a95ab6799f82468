"""What the journeys share: one JupyterLab, and notebooks of a few cells in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.browser.lab_page import WAIT_MS, LabPage
from tests.browser.lab_server import LabServer
from tests.browser.stop_watch import StopWatch

__all__ = ["Server", "notebook", "visiting"]

Server = tuple[LabServer, Path]
"""A server and the folder whose notebooks it shows."""


def notebook(*cells: str) -> str:
    """Return a notebook of code cells, as JSON."""
    made: list[dict[str, object]] = [
        {"cell_type": "code", "id": f"c{k}", "metadata": {}, "outputs": [],
         "execution_count": None, "source": cell}
        for k, cell in enumerate(cells)
    ]  # fmt: skip
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps(
        {"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    )


@contextmanager
def visiting(
    chromium: Any, server: Server, name: str, *cells: str, watch: StopWatch
) -> Iterator[LabPage]:
    """Open a notebook of these cells, run them, and look at the page that the last one shows."""
    running, root = server
    folder = root / name
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.ipynb").write_text(notebook(*cells))
    visit = LabPage(chromium, running)
    visit.page.set_viewport_size({"width": 1600, "height": 1250})
    try:
        with watch.step("notebook opened, cells run, page there"):
            visit.open(f"{name}/{name}.ipynb")
            visit.run_all()
            visit.wait_until_run()
            assert visit.errors() == []
            visit.page.wait_for_selector(".snnlab-lab", timeout=WAIT_MS)
        visit.scroll_to(".snnlab-lab")
        yield visit
    finally:
        visit.page.close()
        running.stop_kernels()
