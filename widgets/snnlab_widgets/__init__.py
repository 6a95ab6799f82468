"""The page: widgets that show and steer a running session in JupyterLab.

``Lab(session)`` is the whole page, ``Live(session, "rates")`` a HoloViews plot that follows the
run.
"""

from __future__ import annotations

from snnlab_widgets.lab import Lab, lab
from snnlab_widgets.live import Live

__all__ = ["Lab", "Live", "lab"]
