"""The page: widgets that show and steer a running session in JupyterLab.

``Lab(session)`` is the whole page, ``Live(session, "rates")`` a HoloViews plot that follows the
run, ``MapPage(session)`` the page of a topographic map, ``ClusterPanel(session)`` the ranks that
compute it; ``TrainingView()`` follows the training of a classifier; ``BenchPanel(spec, store)``
plans, runs and compares benchmarks.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from snnlab_widgets.lab import Lab, lab
from snnlab_widgets.live import Live

if TYPE_CHECKING:
    from snnlab_widgets.bench_panel import BenchPanel as BenchPanel
    from snnlab_widgets.cluster_panel import ClusterPanel as ClusterPanel
    from snnlab_widgets.map_page import MapPage as MapPage
    from snnlab_widgets.training import TrainingView as TrainingView

__all__ = ["BenchPanel", "ClusterPanel", "Lab", "Live", "MapPage", "TrainingView", "lab"]

_LATE = {
    "BenchPanel": "bench_panel",
    "ClusterPanel": "cluster_panel",
    "MapPage": "map_page",
    "TrainingView": "training",
}
"""Name -> where it is. Most notebooks need none of them, and HoloViews alone takes seconds."""


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module 'snnlab_widgets' has no attribute {name!r}")
    return getattr(import_module(f"snnlab_widgets.{_LATE[name]}"), name)
