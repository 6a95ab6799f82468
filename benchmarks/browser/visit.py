"""A notebook in a real JupyterLab and a real Chromium, and a session on its page."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from benchmarks.browser.lab_page import WAIT_MS, LabPage
from benchmarks.browser.lab_server import LabServer, lab_server
from snnlab.doctor import GET_BROWSER, find_browser
from snnlab.errors import StateError

__all__ = ["ARGUMENTS", "Server", "browser", "notebook", "number", "opened", "served", "show"]

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
"""Of Chromium."""

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
def browser() -> Iterator[Any]:
    """Start Chromium without a window.

    Raises
    ------
    StateError
        There is none.
    """
    path = find_browser()
    if path is None:
        raise StateError("Chromium", "must be installed", got="no browser", remedy=GET_BROWSER)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(path), args=ARGUMENTS)
        try:
            yield chromium
        finally:
            chromium.close()


@contextmanager
def served() -> Iterator[Server]:
    """Start JupyterLab on an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        root, home = Path(folder) / "root", Path(folder) / "home"
        root.mkdir()
        home.mkdir()
        with lab_server(root, home) as server:
            yield server, root


@contextmanager
def opened(
    chromium: Any,
    server: Server,
    name: str,
    *cells: str,
    opening: AbstractContextManager[object] | None = None,
) -> Iterator[LabPage]:
    """Open a notebook of these cells in a folder of its own, run it, and look at its page.

    Parameters
    ----------
    chromium : playwright Browser
    server : Server
    name : str
        Of the notebook and its folder.
    *cells : str
    opening : context manager, optional
        Around all that comes before the page is there, such as a stop-watch.
    """
    running, _ = server
    visit = LabPage(chromium, running)
    visit.page.set_viewport_size({"width": 1600, "height": 1250})
    try:
        with opening or nullcontext():
            show(visit, server, name, *cells)
        visit.scroll_to(".snnlab-lab")
        yield visit
    finally:
        visit.page.close()
        running.stop_kernels()


def show(visit: LabPage, server: Server, name: str, *cells: str) -> None:
    """Open a notebook of these cells in a folder of its own and run it until its page is there.

    Raises
    ------
    StateError
        A cell has raised an error.
    """
    folder = server[1] / name
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.ipynb").write_text(notebook(*cells))
    visit.open(f"{name}/{name}.ipynb")
    visit.run_all()
    visit.wait_until_run()
    if errors := visit.errors():
        raise StateError("notebook", "must run", got="; ".join(errors))
    visit.page.wait_for_selector(".snnlab-lab", timeout=WAIT_MS)


def number(visit: LabPage, code: str) -> Any:
    """Return what an expression is in the kernel: anything that JSON can hold.

    Raises
    ------
    StateError
        The kernel answers with an error.
    """
    text = visit.execute(f"import json; print(json.dumps({code}))")
    try:
        return json.loads(text)
    except ValueError:
        raise StateError("kernel", f"must know {code}", got=text) from None
