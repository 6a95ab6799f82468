"""What a record of a run holds: dimensions, variables, coordinates, groups, and their units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = [
    "CHECKPOINTS",
    "COORDINATES",
    "GROUPS",
    "KINDS",
    "LABELLED",
    "PARAMETER",
    "PHASES",
    "SCHEMA_VERSION",
    "STATUSES",
    "VARIABLES",
    "WHEN",
    "Variable",
    "schema_attributes",
]

SCHEMA_VERSION = 1

RECORD = "record"

LABELLED = ("phase", "checkpoint", "kind", "device", "check", "when", "metric")
"""Dimensions whose places have names; `record` and `repeat` are counted."""

PHASES = (
    "construct", "construct/create", "construct/connect", "prepare", "presim", "simulate",
    "simulate/update", "simulate/deliver", "simulate/communicate", "simulate/collocate",
    "simulate/sync",
)  # fmt: skip
"""Names that every adapter uses for what it measures; an adapter may add paths below them."""

CHECKPOINTS = ("base", "nodes", "network", "init", "total")
KINDS = ("rss/sum", "rss/max", "peak/sum", "peak/max", "virtual/sum", "virtual/max",
         "connectivity/sum", "growth/sum")  # fmt: skip
WHEN = ("before", "after")

STATUSES = ("ok", "failed", "timeout", "oom", "invalid_science", "noisy")
"""How a repeat ended. A place that no repeat fills is empty text."""


@dataclass(frozen=True)
class Variable:
    """A quantity of a record.

    Parameters
    ----------
    dims : tuple of str
        After `record`, which comes first in every variable.
    units : str
        As written into the file; ``"1"`` for counts.
    long_name : str
    direction : str
        Whether less is better: ``"lower"``, ``"higher"`` or ``"none"``.
    kind : str
        ``"time"``, ``"count"``, ``"memory"``, ``"energy"``, ``"science"``, ``"guard"``,
        ``"metric"`` or ``"protocol"``.
    reducer : str
        How ranks and threads became one number, unless a record says otherwise.
    source : str
        Who measured, unless a record says otherwise.
    is_text : bool
        Text, padded with ``""``; all else is float64, padded with NaN.
    """

    dims: tuple[str, ...]
    units: str
    long_name: str
    direction: str = "none"
    kind: str = "protocol"
    reducer: str = "none"
    source: str = "Python"
    is_text: bool = False


def schema_attributes(variable: Variable) -> dict[str, str]:
    """Return the attributes that a quantity has in a file, unless a record says otherwise."""
    return {
        "units": variable.units, "long_name": variable.long_name, "direction": variable.direction,
        "kind": variable.kind, "reducer": variable.reducer, "source": variable.source,
    }  # fmt: skip


_REPEAT = ("repeat",)
_PHASE = ("repeat", "phase")
_CHECK = ("repeat", "check")


def _guard(units: str, long_name: str) -> Variable:
    return Variable(_REPEAT, units, long_name, "lower", "guard", source="OS")


def _count(long_name: str) -> Variable:
    return Variable(_REPEAT, "1", long_name, kind="count", reducer="sum over ranks")


def _science(dims: tuple[str, ...], long_name: str, direction: str = "none") -> Variable:
    return Variable(dims, "1", long_name, direction, "science")


VARIABLES: Mapping[str, Variable] = MappingProxyType({
    "wall_time": Variable(_PHASE, "s", "wall-clock time", "lower", "time", "max over ranks"),
    "cpu_time": Variable(
        _PHASE, "s", "time of all processors", "lower", "time", "sum over ranks", "OS"
    ),
    "model_time": Variable(_REPEAT, "ms", "simulated time"),
    "dt": Variable(_REPEAT, "ms", "time step"),
    "n_neurons": _count("number of neurons"),
    "n_synapses": _count("number of synapses"),
    "n_spikes": _count("number of spikes in phase simulate"),
    "n_syn_events": _count("number of synaptic events in phase simulate"),
    "memory": Variable(
        ("repeat", "checkpoint", "kind"), "byte", "memory", "lower", "memory", source="OS"
    ),
    "energy": Variable(
        ("repeat", "phase", "device"), "J", "energy", "lower", "energy", "sum", "none"
    ),
    "idle_power": Variable(
        ("repeat", "phase", "device"), "W", "power at rest", "none", "energy", "sum", "none"
    ),
    "metric_value": Variable(
        ("repeat", "metric"), "see metric_unit", "what another tool measured", kind="metric"
    ),
    "metric_unit": Variable(
        ("metric",), "", "unit of a metric of another tool", kind="metric", is_text=True
    ),
    "accuracy": _science(_REPEAT, "share of test samples classified correctly", "higher"),
    "loss": _science(_REPEAT, "loss on the test samples", "lower"),
    "check_value": _science(_CHECK, "value of a science check"),
    "check_low": _science(_CHECK, "lowest value that passes"),
    "check_high": _science(_CHECK, "highest value that passes"),
    "check_ok": _science(_CHECK, "1 where a science check passed, 0 where it did not", "higher"),
    "status": Variable(_REPEAT, "", "how the repeat ended", is_text=True),
    "seed": Variable(_REPEAT, "1", "seed of the network"),
    "block": Variable(_REPEAT, "1", "pair or block that the repeat belongs to"),
    "order": Variable(_REPEAT, "1", "place in the order in which the batch was measured"),
    "started_at": Variable(_REPEAT, "", "start, UTC, ISO 8601", is_text=True, source="OS"),
    "load": _guard("1", "load average of one minute, before"),
    "ctx_switch": _guard("1", "involuntary context switches"),
    "steal": _guard("s", "time that the host of a virtual machine took"),
    "foreign": _guard("1", "share of the cores in use that other processes took"),
    "freq": Variable(_REPEAT, "MHz", "clock of the processor", "none", "guard", "mean", "OS"),
    "throttle": _guard("1", "times that the processor was throttled"),
    "sentinel": Variable(("when",), "s", "wall time of the fixed workload", "lower", "guard"),
})  # fmt: skip
"""Name -> `Variable`. A record holds those that were measured."""

_TEXT = (
    "record_id", "spec_id", "series_id", "machine_class_id", "machine_label", "stack_id",
    "stack_variant", "layout_id", "benchmark", "benchmark_version", "simulator",
    "simulator_version", "commit", "commit_time", "backend", "gpu_model", "recorded_at",
    "campaign", "submitter",
)  # fmt: skip
_NUMBERS = ("anchor", "commit_order", "dirty", "n_nodes", "ranks", "threads", "schema_version")

COORDINATES: Mapping[str, type[str] | type[float]] = MappingProxyType(
    dict.fromkeys(_TEXT, str) | dict.fromkeys(_NUMBERS, float)
)
"""Name of what can be grouped by -> type; along `record`. `dirty` is 0 or 1, NaN if not known.

`anchor` is 1 where a version was measured beside another one, to tell what the machine does.
"""

PARAMETER = "p_"
"""Coordinates with this prefix are swept parameters, text or float."""

GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "rank": ("repeat", "rank", "phase"),
        "thread": ("repeat", "rank", "thread", "phase"),
        "step": ("repeat", "rank", "step"),
        "power": ("time", "device"),
        "raw": ("log",),
    }
)
"""Group of a file -> dimensions of its variables; opened on demand and never merged."""
