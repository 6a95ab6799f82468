"""The rewiring rules that ship with snnlab. Importing this registers them."""

from snnlab.model.rewirings.deep_r import DeepR
from snnlab.model.rewirings.homeostatic import Homeostatic
from snnlab.model.rewirings.magnitude import Magnitude
from snnlab.model.rewirings.magnitude_pruning import MagnitudePruning
from snnlab.model.rewirings.relative_threshold import RelativeThreshold
from snnlab.model.rewirings.rig_l import RigL
from snnlab.model.rewirings.set import SET
from snnlab.model.rewirings.threshold import Threshold
from snnlab.model.rewirings.topographic import Topographic

__all__ = [
    "SET",
    "DeepR",
    "Homeostatic",
    "Magnitude",
    "MagnitudePruning",
    "RelativeThreshold",
    "RigL",
    "Threshold",
    "Topographic",
]
