"""The page: widgets that show and steer a running session in JupyterLab.

``Lab(session)`` is the whole page, ``Live(session, "rates")`` a HoloViews plot that follows the
run, ``MapPage(session)`` the page of a topographic map, ``ClusterPanel(session)`` the ranks that
compute it.
"""

from __future__ import annotations

from snnlab_widgets.cluster_panel import ClusterPanel
from snnlab_widgets.lab import Lab, lab
from snnlab_widgets.live import Live
from snnlab_widgets.map_page import MapPage

__all__ = ["ClusterPanel", "Lab", "Live", "MapPage", "lab"]
