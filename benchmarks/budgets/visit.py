"""A notebook in a real JupyterLab and a real Chromium, and a session on its page."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from snnlab.doctor import GET_BROWSER, find_browser
from snnlab.errors import StateError
from tests.browser.conftest import ARGUMENTS
from tests.browser.journey import Server, notebook
from tests.browser.lab_page import WAIT_MS, LabPage
from tests.browser.lab_server import lab_server

__all__ = ["browser", "number", "opened", "served"]


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
def opened(chromium: Any, server: Server, name: str, *cells: str) -> Iterator[LabPage]:
    """Open a notebook of these cells, run all of them, and look at the page that they show."""
    running, root = server
    (root / f"{name}.ipynb").write_text(notebook(*cells))
    visit = LabPage(chromium, running)
    visit.page.set_viewport_size({"width": 1600, "height": 1250})
    try:
        visit.open(f"{name}.ipynb")
        visit.run_all()
        visit.wait_until_run()
        if errors := visit.errors():
            raise StateError("notebook", "must run", got="; ".join(errors))
        visit.page.wait_for_selector(".snnlab-lab", timeout=WAIT_MS)
        visit.scroll_to(".snnlab-lab")
        yield visit
    finally:
        visit.page.close()
        running.stop_kernels()


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
