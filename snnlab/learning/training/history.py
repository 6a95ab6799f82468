"""What training has done, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from snnlab.learning.outcome import Outcome
from snnlab.learning.training.evaluation import Evaluation

__all__ = ["COLUMNS", "EpochTally", "History"]

COLUMNS: Mapping[str, tuple[str, str]] = {
    "training_loss": ("cross-entropy of a training trial while it is learnt", "1"),
    "training_accuracy": ("training trials that are answered right while they are learnt", "1"),
    "validation_loss": ("cross-entropy of a validation trial", "1"),
    "validation_accuracy": ("validation trials that are answered right", "1"),
    "n_spikes": ("hidden spikes in a training trial", "1"),
    "learning_rate": ("learning rate", "1"),
    "input_rewired": ("input synapses that were replaced", "1"),
    "recurrent_rewired": ("recurrent synapses that were replaced", "1"),
    "seconds": ("time that the epoch took, without validation", "s"),
}
"""Name -> what it is, and its unit."""


@dataclass
class EpochTally:
    """Sums over the batches of an epoch."""

    n: int = 0
    n_correct: int = 0
    loss: float = 0.0
    n_spikes: int = 0
    rewired: dict[str, int] = field(default_factory=dict)

    def add(self, outcome: Outcome, rewired: Mapping[str, int]) -> None:
        """Add what a batch has done."""
        self.n += outcome.loss.size
        self.n_correct += outcome.n_correct
        self.loss += float(outcome.loss.sum())
        self.n_spikes += int(outcome.n_spikes.sum())
        for name, n in rewired.items():
            self.rewired[name] = self.rewired.get(name, 0) + n

    def row(self, validation: Evaluation | None, rate: float, seconds: float) -> dict[str, float]:
        """Return the line of the epoch, by column."""
        found = {
            "training_loss": self.loss / self.n, "training_accuracy": self.n_correct / self.n,
            "n_spikes": self.n_spikes / self.n, "learning_rate": rate, "seconds": seconds,
        }  # fmt: skip
        found |= {f"{name}_rewired": float(n) for name, n in self.rewired.items()}
        if validation is not None:
            found["validation_loss"] = validation.loss
            found["validation_accuracy"] = validation.accuracy
        return found


@dataclass
class History:
    """Lines of all epochs.

    Parameters
    ----------
    rows : list of dict
        One for each epoch: column -> number.
    """

    rows: list[dict[str, float]] = field(default_factory=list)

    def dataset(self) -> xr.Dataset:
        """Return the lines as a data set over ``epoch``, from 1; NaN where there is no number."""
        there = [name for name in COLUMNS if any(name in row for row in self.rows)]
        epochs = np.arange(1, len(self.rows) + 1)
        columns: dict[str, Any] = {}
        for name in there:
            text, unit = COLUMNS[name]
            values = np.array([row.get(name, np.nan) for row in self.rows])
            columns[name] = ("epoch", values, {"long_name": text, "units": unit})
        return xr.Dataset(columns, {"epoch": epochs})
