"""The page: widgets that show and steer a running session in JupyterLab.

``Lab(session)`` is the whole page, ``Live(session, "rates")`` a HoloViews plot that follows the
run, ``MapPage(session)`` the page of a topographic map.
"""

from __future__ import annotations

from snnlab_widgets.lab import Lab, lab
from snnlab_widgets.live import Live
from snnlab_widgets.map_page import MapPage

__all__ = ["Lab", "Live", "MapPage", "lab"]
