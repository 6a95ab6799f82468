"""How much memory the browser's tab takes while a network runs on its page, minute by minute."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import psutil

from benchmarks.browser.lab_page import LabPage
from benchmarks.browser.visit import Server, opened
from benchmarks.budgets.page import OPEN, SHOW
from benchmarks.budgets.promise import Measured

__all__ = ["measure"]

BAR_MB = 300.0
HOUR_MIN = 60.0
SETTLED = 0.2
"""Part of the time after which growth is looked at: before it, the browser still compiles."""


def measure(chromium: Any, server: Server, minutes: float) -> Iterator[Measured]:
    """Yield the memory of a tab after some minutes, and what an hour makes of it.

    The tab's process is Chromium's: its private memory holds the browser's own, JupyterLab and the
    page. A notebook without any page is looked at first, to tell them apart.
    """
    with opened_empty(chromium, server) as visit:
        visit.page.wait_for_timeout(5000)
        yield Measured("tab with JupyterLab alone", None, "MB", (_process_mb(),),
                       "private memory of its process")  # fmt: skip
    cells = OPEN.format(network='"brunel", N=2500, g=5'), SHOW.format(page="Lab")
    with opened(chromium, server, "memory", *cells) as visit:
        visit.execute("session.run()")
        link = visit.page.context.new_cdp_session(visit.page)
        found = [_sample(visit, link)]
        n = max(4, round(minutes * 2))
        for k in range(n):
            visit.page.wait_for_timeout(60_000 * minutes / n)
            found.append(_sample(visit, link))
            at = minutes * (k + 1) / n
            heap, whole = found[-1]
            print(f"  {at:.1f} min: heap {heap:.1f} MB, process {whole:.0f} MB", file=sys.stderr)
        frames = visit.page.get_attribute(".snnlab-raster-canvas", "data-frame")
    where = f"brunel, 2500 neurons, as fast as it goes, {minutes:g} min, {frames} frames"
    heap, whole = np.array(found).T
    for what, values in (("JavaScript's heap, rubbish collected", heap), ("tab's process", whole)):
        grows = _growth(values, minutes)
        yield Measured(f"{what}, growth", None, "MB/h", (HOUR_MIN * grows,), where)
        hour = float(values[-1]) + max(0.0, grows) * max(0.0, HOUR_MIN - minutes)
        seen = "seen" if minutes >= HOUR_MIN else "told by its growth"
        yield Measured(f"{what} after an hour, {seen}", BAR_MB, "MB", (hour,),
                       f"{where}; {values[-1]:.0f} MB at the end")  # fmt: skip


def opened_empty(chromium: Any, server: Server) -> Any:
    """Open a notebook with JupyterLab's own output alone."""
    cell = 'from IPython.display import HTML\nHTML("<p class=snnlab-lab>nothing</p>")'
    return opened(chromium, server, "empty", cell)


def _growth(values: Any, minutes: float) -> float:
    """Slope [MB/min] of what came after the start."""
    t = np.linspace(0.0, minutes, values.size)
    late = t >= SETTLED * minutes
    return float(np.polyfit(t[late], values[late], 1)[0])


def _sample(visit: LabPage, link: Any) -> tuple[float, float]:
    """JavaScript's heap and the private memory of the tab's process [MB]."""
    link.send("HeapProfiler.collectGarbage")
    link.send("Performance.enable")
    metrics = {m["name"]: m["value"] for m in link.send("Performance.getMetrics")["metrics"]}
    return metrics["JSHeapUsedSize"] / 1e6, _process_mb()


def _process_mb() -> float:
    """Private memory of the largest renderer among the processes that this one has started."""
    renderers = [
        each.memory_full_info().uss / 1e6
        for each in psutil.Process().children(recursive=True)
        if "--type=renderer" in each.cmdline()
    ]
    return float(max(renderers))
