"""How long it takes until something spikes: on the page of a new kernel, and for every preset."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.browser.lab_page import WAIT_MS, LabPage
from benchmarks.browser.visit import Server, notebook
from benchmarks.budgets.promise import Measured
from snnlab import presets
from snnlab.presets import card

__all__ = ["measure_page", "measure_presets"]

CANVAS = ".snnlab-raster-canvas"

CELL = """\
import snnlab
from snnlab_widgets import Lab, Live

session = snnlab.open("brunel", N=2500, g=4)
session.speed = 1.0
Lab(session)"""

_HAS_SPIKES = "selector => Number(document.querySelector(selector)?.dataset.step) > 0"

_PROGRAM = """
import json, sys, time
began = time.perf_counter()
import snnlab
imported = time.perf_counter()
name, settings = sys.argv[1], json.loads(sys.argv[2])
with snnlab.open(name, **settings) as session:
    stream = session.stream()
    session.run()
    for frame in stream:
        if frame.n_spikes:
            break
print(json.dumps([imported - began, time.perf_counter() - imported]))
"""


def measure_page(chromium: Any, server: Server, repeats: int) -> Iterator[Measured]:
    """Yield how long it takes from a kernel that is ready to spikes on the page."""
    running, root = server
    (root / "first.ipynb").write_text(notebook(CELL))
    values = []
    for _ in range(repeats):
        visit = LabPage(chromium, running)
        visit.open("first.ipynb")
        began = time.monotonic()
        visit.run_cell(0)
        visit.page.click(".snnlab-run", timeout=WAIT_MS)
        visit.page.wait_for_function(_HAS_SPIKES, arg=CANVAS, timeout=WAIT_MS)
        values.append(time.monotonic() - began)
        visit.page.close()
        running.stop_kernels()
    yield Measured("kernel ready to first spikes on the page", 5.0, "s", tuple(values),
                   "first notebook, compiled code in the cache")  # fmt: skip


def measure_presets() -> Iterator[Measured]:
    """Yield how long each preset takes to open and spike, in a process of its own."""
    for name in presets.names():
        settings = json.dumps(dict(card(name).settings))
        subprocess.run(_words(name, settings), check=True, capture_output=True)  # fills the cache
        done = subprocess.run(_words(name, settings), check=True, capture_output=True, text=True)
        imported, opened = json.loads(done.stdout.splitlines()[-1])
        yield Measured(f"{name} to spikes", 5.0, "s", (imported + opened,),
                       f"at the size of its card, {imported:.1f} s of it the import")  # fmt: skip


def _words(name: str, settings: str) -> list[str]:
    return [sys.executable, "-c", _PROGRAM, name, settings]
