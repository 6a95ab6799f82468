"""Around the training of a classifier: what is watched, kept, stopped and written to files."""

from snnlab.learning.training.callback import Callback, Course
from snnlab.learning.training.checkpoints import Checkpoints
from snnlab.learning.training.early_stop import EarlyStop
from snnlab.learning.training.evaluation import Evaluation
from snnlab.learning.training.progress import Progress

__all__ = [
    "Callback",
    "Checkpoints",
    "Course",
    "EarlyStop",
    "Evaluation",
    "Progress",
]
