"""Encoders: numbers become spikes, always the same ones.

Each is a frozen value with ``encode(values, labels) -> Trials``. Images are numbers between 0 and
1; series are lists of arrays (n_samples, n_signals), whose lengths may differ.
"""

from __future__ import annotations

from snnlab.learning.encoders.encoder import Encoder
from snnlab.learning.encoders.latency import LinearLatency, LogLatency
from snnlab.learning.encoders.level_crossing import LevelCrossing
from snnlab.learning.encoders.population_code import PopulationCode
from snnlab.learning.encoders.regular_rate import RegularRate
from snnlab.learning.encoders.row_scan import RowScan
from snnlab.learning.encoders.thermometer import Thermometer

__all__ = [
    "Encoder",
    "LevelCrossing",
    "LinearLatency",
    "LogLatency",
    "PopulationCode",
    "RegularRate",
    "RowScan",
    "Thermometer",
]
