"""How much memory the browser's tab takes while a network runs on its page."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.browser.lab_page import LabPage
from benchmarks.browser.unwatched import Unwatched, unwatched
from benchmarks.browser.visit import Server, show
from benchmarks.budgets.page import CANVAS, OPEN, SHOW
from benchmarks.budgets.promise import Measured

__all__ = ["measure"]

BAR_MB = 300.0
HOUR_MIN = 60.0

EVERY_S = 5.0
"""Between two readings; JavaScript collects its rubbish about as often."""

SETTLED = 0.2
"""Part of the time after which growth is looked at: before it, the browser still compiles."""

_EMPTY = 'from IPython.display import HTML\nHTML("<p class=snnlab-lab>nothing</p>")'


def measure(chromium: Any, server: Server, minutes: float) -> Iterator[Measured]:
    """Yield the memory of a tab after some minutes, and what an hour makes of it.

    It is the private memory of the tab's process, with JupyterLab, the page and all rubbish that
    is not yet collected; no debugger is attached while it is read. A notebook without any page is
    looked at first, to tell them apart.

    Parameters
    ----------
    chromium : playwright Browser
        Attaches to another one, in which this is measured.
    server : Server
    minutes : float
    """
    found = list(_watched(chromium, server, "empty", 0.25, _EMPTY)[0])
    yield Measured("tab with JupyterLab alone", None, "MB", (float(np.median(found)),),
                   "private memory of its process, no debugger attached")  # fmt: skip
    cells = OPEN.format(network='"brunel", N=2500, g=5'), SHOW.format(page="Lab")
    values, frames = _watched(chromium, server, "memory", minutes, *cells, code="session.run()")
    where = (
        f"brunel, 2500 neurons, as fast as it goes, {minutes:g} min, {frames} frames,"
        " rubbish included, no debugger attached"
    )
    yield Measured("tab at most, until then", BAR_MB, "MB", (float(values.max()),), where)
    grows = _growth(values, minutes)
    yield Measured("tab, growth", None, "MB/h", (HOUR_MIN * grows,), where)
    hour = float(values.max()) + max(0.0, grows) * max(0.0, HOUR_MIN - minutes)
    seen = "seen" if minutes >= HOUR_MIN else "told by its growth"
    yield Measured(f"tab at most within an hour, {seen}", BAR_MB, "MB", (hour,), where)


def _watched(
    chromium: Any, server: Server, name: str, minutes: float, *cells: str, code: str = ""
) -> tuple[Any, int]:
    """Memory [MB] of a tab with these cells, every few seconds, and pictures painted meanwhile."""
    with unwatched() as apart:
        with apart.attached(chromium.browser_type) as context:
            visit = LabPage(context, server[0])
            show(visit, server, name, *cells)
            visit.scroll_to(".snnlab-lab")
            if code:
                visit.execute(code)
        values = list(_read(apart, minutes))
        with apart.attached(chromium.browser_type) as context:
            painted = context.pages[-1].query_selector(CANVAS)
            frames = 0 if painted is None else int(painted.get_attribute("data-frame"))
        server[0].stop_kernels()
    return np.array(values), frames


def _read(apart: Unwatched, minutes: float) -> Iterator[float]:
    n = max(4, round(60.0 * minutes / EVERY_S))
    for k in range(n):
        time.sleep(60.0 * minutes / n)
        value = apart.tab_mb()
        if (k + 1) % round(30.0 / EVERY_S) == 0:
            print(f"  {minutes * (k + 1) / n:.1f} min: {value:.0f} MB", file=sys.stderr)
        yield value


def _growth(values: Any, minutes: float) -> float:
    """Slope [MB/min] of what came after the start."""
    t = np.linspace(0.0, minutes, values.size)
    late = t >= SETTLED * minutes
    return float(np.polyfit(t[late], values[late], 1)[0])
