"""A visit of which a stop-watch notes how long its beginning takes."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from benchmarks.browser.lab_page import LabPage
from benchmarks.browser.visit import Server, opened
from tests.browser.stop_watch import StopWatch

__all__ = ["visiting"]


def visiting(
    chromium: Any, server: Server, name: str, *cells: str, watch: StopWatch
) -> AbstractContextManager[LabPage]:
    """Open a notebook of these cells, run them, and look at the page that the last one shows."""
    opening = watch.step("notebook opened, cells run, page there")
    return opened(chromium, server, name, *cells, opening=opening)
