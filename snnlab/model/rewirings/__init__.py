"""The rewiring rules that ship with snnlab. Importing this registers them."""

from snnlab.model.rewirings.magnitude import Magnitude
from snnlab.model.rewirings.topographic import Topographic

__all__ = ["Magnitude", "Topographic"]
