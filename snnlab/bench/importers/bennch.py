"""CSV of beNNch: one row per seed, one record per configuration.

Two spellings are in use: that of the simulator's timers (``time_update``), and the older one
(``wall_time_phase_update``). What is read from them:

* Times were averaged over ranks before they were written; the records say so.
* ``gather`` timers contain others; they stand outside of ``simulate``, so that what no timer
  explains does not count anything twice. So do the timers of Python, named ``python/...``.
* Memory is the sum over ranks of the virtual size, in units of 1024 byte; columns that end in
  ``_rss`` or ``_peak`` are those.
* A file holds neither machine nor versions. State them: ``{"machine_label": "JUSUF"}``.

References
----------
Albers et al. 2022, A modular workflow for performance benchmarking of neuronal network simulations.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from snnlab.bench.importers.run import Run, Source
from snnlab.bench.schema import CHECKPOINTS

__all__ = ["fits", "runs"]

TIMERS = {
    "create": "construct/create",
    "connect": "construct/connect",
    "sim": "simulate",
    "phase_update": "simulate/update",
    "phase_collocate": "simulate/collocate",
    "phase_communicate": "simulate/communicate",
    "phase_deliver": "simulate/deliver",
    "communicate_prepare": "prepare",
    "gather_target_data": "gather/target_data",
    "communicate_target_data": "gather/target_data/communicate",
    "gather_spike_data": "gather/spike_data",
}
"""Column without ``wall_time_`` -> phase."""

NEST_TIMERS = {
    "construction_create": "construct/create",
    "construction_connect": "construct/connect",
    "simulate": "simulate",
    "update": "simulate/update",
    "collocate_spike_data": "simulate/collocate",
    "communicate_spike_data": "simulate/communicate",
    "deliver_spike_data": "simulate/deliver",
    "communicate_prepare": "prepare",
    "gather_target_data": "gather/target_data",
    "communicate_target_data": "gather/target_data/communicate",
    "gather_spike_data": "gather/spike_data",
}
"""Column without ``time_`` -> phase."""

KINDS = {"": "virtual/sum", "_rss": "rss/sum", "_peak": "peak/sum"}
COUNTS = {"num_connections": "n_synapses", "local_spike_counter": "n_spikes"}
LAYOUT = ("num_nodes", "tasks_per_node", "threads_per_task")
NOT_A_PARAMETER = {*LAYOUT, *COUNTS, "rng_seed", "model_time_sim", "e_counter"}
KIB = 1024.0
BENCHMARK = "beNNch"


def fits(source: Source) -> bool:
    """Return whether the first line is the head of such a file."""
    head = source.text.partition("\n")[0].split(",")
    return set(LAYOUT) <= set(head)


def runs(source: Source) -> list[Run]:
    """Return a run for each configuration in a file.

    Parameters
    ----------
    source : Source

    Raises
    ------
    FormatError
        Columns or rows that such files do not have.
    """
    rows = _rows(source)
    groups: dict[tuple[str, ...], list[dict[str, str]]] = {}
    swept = [name for name in rows[0] if _is_parameter(name)]
    for row in rows:
        key = tuple(row[name] for name in (*LAYOUT, "model_time_sim", *swept))
        groups.setdefault(key, []).append(row)
    return [_run(source, group, swept) for group in groups.values()]


def _rows(source: Source) -> list[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(source.text), strict=True)
    needed = (*LAYOUT, "model_time_sim")
    missing = [name for name in needed if name not in (reader.fieldnames or ())]
    if missing:
        raise source.wrong(f"must have the columns {', '.join(needed)}", got="no " + missing[0])
    if not {"wall_time_sim", "time_simulate"} & set(reader.fieldnames or ()):
        raise source.wrong("must have a column wall_time_sim or time_simulate", got="neither")
    try:
        rows = list(reader)
    except csv.Error as error:
        raise source.wrong("must be CSV", got=str(error)) from error
    for number, row in enumerate(rows, 2):
        if None in row or None in row.values():
            raise source.wrong(f"line {number} must have as many values as the head has names")
    if not rows:
        raise source.wrong("must have rows below its head", got="none")
    return rows


def _phase(column: str) -> str | None:
    if column.startswith("wall_time_"):
        return TIMERS.get(column.removeprefix("wall_time_"))
    if column.startswith("py_time_"):
        return "python/" + column.removeprefix("py_time_")
    if column.startswith("time_"):
        return NEST_TIMERS.get(column.removeprefix("time_"))
    return None


def _memory(column: str) -> tuple[str, str] | None:
    """Checkpoint and kind of a column, if it is one of memory."""
    for ending, kind in KINDS.items():
        checkpoint = column.removesuffix(f"_memory{ending}")
        if checkpoint in CHECKPOINTS and column.endswith(f"_memory{ending}"):
            return checkpoint, kind
    return None


def _is_parameter(column: str) -> bool:
    return not (
        column in NOT_A_PARAMETER
        or "time_" in column
        or "memory" in column
        or column.endswith(("_std", "_max", "_min"))
    )


def _run(source: Source, rows: Sequence[Mapping[str, str]], swept: Sequence[str]) -> Run:
    columns = [name for name in rows[0] if any(row[name].strip() for row in rows)]
    times = {p: _column(source, rows, name) for name in columns if (p := _phase(name))}
    values: dict[str, Any] = {
        "wall_time": np.array(list(times.values())).T,
        "model_time": _column(source, rows, "model_time_sim"),
    }
    labels = {"phase": tuple(times)}
    for name, quantity in COUNTS.items():
        if name in columns:
            values[quantity] = _column(source, rows, name)
    if "rng_seed" in columns:
        values["seed"] = _column(source, rows, "rng_seed")
    memory = {place: _column(source, rows, n) for n in columns if (place := _memory(n))}
    if memory:
        labels["checkpoint"] = tuple(dict.fromkeys(c for c, _ in memory))
        labels["kind"] = tuple(dict.fromkeys(k for _, k in memory))
        gap = np.full(len(rows), np.nan)
        cells = [
            [KIB * memory.get((c, k), gap) for k in labels["kind"]] for c in labels["checkpoint"]
        ]
        values["memory"] = np.moveaxis(np.array(cells), 2, 0)
    nodes, tasks, threads = (_number(source, rows[0], name) for name in LAYOUT)
    return Run(
        benchmark=BENCHMARK,
        values=values,
        labels=labels,
        raw=[dict(row) for row in rows],
        attributes={
            "wall_time": {"reducer": "mean over ranks", "source": "timers of the simulator; "
                          "phases python/... of Python"},
            "memory": {"reducer": "sum over ranks"},
        },
        parameters={name: rows[0][name] for name in swept if rows[0][name].strip()},
        coordinates={"n_nodes": nodes, "ranks": nodes * tasks, "threads": threads},
        layout={"nodes": nodes, "ranks_per_node": tasks, "threads_per_rank": threads},
    )  # fmt: skip


def _column(
    source: Source, rows: Sequence[Mapping[str, str]], name: str
) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([_number(source, row, name) for row in rows])


def _number(source: Source, row: Mapping[str, str], name: str) -> float:
    text = row[name].strip()
    try:
        return float(text) if text else math.nan
    except ValueError as error:
        raise source.wrong(f"column {name} must hold numbers", got=repr(text)) from error
