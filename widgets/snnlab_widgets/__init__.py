"""The page: widgets that show and steer a running session in JupyterLab.

``Lab(session)`` is the whole page, ``Live(session, "rates")`` a HoloViews plot that follows the
run, ``MapPage(session)`` the page of a topographic map, ``ClusterPanel(session)`` the ranks that
compute it; ``TrainingView()`` follows the training of a classifier; ``BenchPanel(spec, store)``
plans, runs and compares benchmarks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snnlab_widgets.cluster_panel import ClusterPanel
from snnlab_widgets.lab import Lab, lab
from snnlab_widgets.live import Live
from snnlab_widgets.map_page import MapPage

if TYPE_CHECKING:
    from snnlab_widgets.bench_panel import BenchPanel as BenchPanel
    from snnlab_widgets.training import TrainingView as TrainingView

__all__ = ["BenchPanel", "ClusterPanel", "Lab", "Live", "MapPage", "TrainingView", "lab"]


def __getattr__(name: str) -> Any:
    if name == "TrainingView":  # late: most notebooks train nothing
        from snnlab_widgets.training import TrainingView

        return TrainingView
    if name == "BenchPanel":
        from snnlab_widgets.bench_panel import BenchPanel

        return BenchPanel
    raise AttributeError(f"module 'snnlab_widgets' has no attribute {name!r}")
