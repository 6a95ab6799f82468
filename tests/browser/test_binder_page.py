"""The link to Binder opens a page with a network that fires by itself, on one core, in 1 GB."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from benchmarks.browser.lab_server import lab_server
from tests.architecture.source import ROOT

PAGE = ROOT / "binder/lab.ipynb"
MOST_MB = 1000.0
WAIT_MS = 120_000

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_HAS_SPIKES = """() => Number(document.querySelector('.snnlab-raster-canvas')?.dataset.step) > 0"""


@contextmanager
def one_core() -> Iterator[None]:
    """What is started here has one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def python_mb() -> float:
    """Memory of server and kernel: all Python processes that were started here."""
    children = psutil.Process().children(recursive=True)
    pythons = [p for p in children if "python" in p.name()]
    return sum(p.memory_info().rss for p in pythons) / 2**20


def test_a_network_fires_by_itself(chromium: Any, tmp_path: Path, artifacts: Path) -> None:
    root, home = tmp_path / "repository", tmp_path / "home"
    root.mkdir()
    home.mkdir()
    shutil.copy(PAGE, root)
    before = python_mb()
    with one_core():
        server = lab_server(root, home)
        running = server.__enter__()
    try:
        page = chromium.new_page(viewport={"width": 1400, "height": 1000})
        started = time.monotonic()
        page.goto(running.url(f"voila/render/{PAGE.name}"), timeout=WAIT_MS)
        page.wait_for_function(_HAS_SPIKES, timeout=WAIT_MS)
        report = {"spikes after (s)": time.monotonic() - started}
        page.locator(".snnlab-row[data-name=g] input[type=text]").fill("4")
        page.keyboard.press("Enter")
        page.wait_for_timeout(3000)
        report["server and kernel (MB)"] = python_mb() - before
        page.screenshot(path=str(artifacts / "binder_page.png"))
        regular = float(page.inner_text("[data-population=exc] td:last-child"))
        page.close()
    finally:
        server.__exit__(None, None, None)
    print(json.dumps(report, indent=2))
    assert regular < 0.8
    assert report["server and kernel (MB)"] < MOST_MB
