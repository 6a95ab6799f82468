"""What Binder's image compiles is what the first page takes."""

from __future__ import annotations

import subprocess
import sys

COUNT = """
import snnlab
from snnlab.analysis.cell_counts import _add_to_cells, _add_to_ranges
from snnlab.analysis.interval_moments import _add_up
from snnlab.plots.recent import RecentFrames
from snnlab_widgets import warm
from snnlab_widgets.raster import Raster
from snnlab_widgets.statistics import Statistics

def compiled():
    return [list(f.signatures) for f in (_add_to_cells, _add_to_ranges, _add_up)]

warm.main()
before = compiled()
with snnlab.open("brunel", N=250) as session:
    recent = RecentFrames()
    reader = session.subscribe(recent.append, lossless=True)
    session.run(100).wait()
    raster = Raster(session.network, recent)
    raster.do_ready(300)
    Statistics(session.network, recent).refresh()
    assert raster._drawn == session.step
assert all(before), before
assert compiled() == before, (before, compiled())
"""


def test_first_page_compiles_nothing_more() -> None:
    done = subprocess.run(
        [sys.executable, "-c", COUNT], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
