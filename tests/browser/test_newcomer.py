"""A newcomer follows the link to Binder: a network fires by itself, on one core, in 1 GB.

g is dragged from 4 to 6, and the neurons fire irregularly. Nothing is typed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from benchmarks.browser.lab_server import lab_server
from tests.architecture.source import ROOT
from tests.browser.stop_watch import StopWatch

PAGE = ROOT / "binder/lab.ipynb"
MOST_MB = 1000.0
WAIT_MS = 120_000

THUMB = 16
"""Pixels of a slider's thumb; its middle keeps half of them from either end."""

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


def drag(page: Any, value: float) -> None:
    """Take the slider of g with the mouse, and let go where g is at the value."""
    row = page.locator(".snnlab-row[data-name=g]")
    slider, text = row.locator("input[type=range]"), row.locator("input[type=text]")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    part = float(slider.evaluate("e => (e.value - e.min) / (e.max - e.min)"))
    x, y = box["x"] + THUMB / 2 + part * (box["width"] - THUMB), box["y"] + box["height"] / 2
    step = 1 if float(text.input_value()) < value else -1
    page.mouse.move(x, y)
    page.mouse.down()
    while step * float(text.input_value()) < step * value:
        x += step
        assert box["x"] < x < box["x"] + box["width"]
        page.mouse.move(x, y)
    page.mouse.up()


def shown_cv(page: Any) -> float:
    """CV of the excitatory population as the table shows it, some seconds later."""
    page.wait_for_timeout(3000)
    return float(page.inner_text("[data-population=exc] td:last-child"))


def test_inhibition_wins_while_g_is_dragged(chromium: Any, tmp_path: Path, artifacts: Path) -> None:
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
        watch = StopWatch("newcomer", artifacts)
        with watch.step("spikes after the link"):
            page.goto(running.url(f"voila/render/{PAGE.name}"), timeout=WAIT_MS)
            page.wait_for_function(_HAS_SPIKES, timeout=WAIT_MS)
        with watch.step("g dragged to 4"):
            drag(page, 4.0)
            regular = shown_cv(page)
        with watch.step("g dragged to 6"):
            drag(page, 6.0)
            irregular = shown_cv(page)
        watch.stop()
        taken_mb = python_mb() - before
        page.screenshot(path=str(artifacts / "journey_newcomer_end.png"))
        page.close()
    finally:
        server.__exit__(None, None, None)
    print(f"server and kernel: {taken_mb:.0f} MB; CV {regular} at g = 4, {irregular} at g = 6")
    assert regular < 0.8 < irregular
    assert taken_mb < MOST_MB
