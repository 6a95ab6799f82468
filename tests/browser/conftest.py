"""What the browser tests share: one Chromium, and a folder for what people should look at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect, sync_playwright

from benchmarks.browser.lab_server import lab_server
from benchmarks.browser.visit import ARGUMENTS, Server

ARTIFACTS = Path(__file__).parents[2] / "artifacts"

# Waits end when what is waited for is there; on a machine that is shared this takes longer.
expect.set_options(timeout=60_000)


@pytest.fixture(scope="session")
def chromium(browser_path: str) -> Iterator[Any]:
    """Chromium without a window, as Playwright's Browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module", autouse=True)
def pages_end_with_their_file(chromium: Any) -> Iterator[None]:
    """A page whose server is gone tries to reach it again and again, and slows the next ones."""
    yield
    for context in chromium.contexts:
        context.close()


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """Where screenshots and measurements are left."""
    ARTIFACTS.mkdir(exist_ok=True)
    return ARTIFACTS


@pytest.fixture(scope="session")
def journeys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One JupyterLab for all journeys; it takes longest to start."""
    root = tmp_path_factory.mktemp("journeys")
    with lab_server(root, tmp_path_factory.mktemp("home")) as server:
        yield server, root
