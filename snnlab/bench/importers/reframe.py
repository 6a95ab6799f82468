"""Performance logs of ReFrame 4: one file per test, one row and one record per run.

The head of the file names the columns. Performance variables in a unit of time are phases, all
others metrics with their unit; what is neither a field of ReFrame's nor a performance variable is a
parameter of the test. Names of nodes are left out, their number is kept.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from snnlab.bench.importers.run import Run, Source, measured, utc

__all__ = ["fits", "runs"]

SECONDS = {
    "s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0, "ms": 1e-3, "us": 1e-6,
    "ns": 1e-9, "min": 60.0,
}  # fmt: skip
PARTS = ("value", "unit", "ref", "lower_thres", "upper_thres")
NO_VALUE = {"", "null", "None"}
FIELDS = {
    "result", "job_completion_time", "job_completion_time_unix", "job_exitcode", "job_nodelist",
    "job_submit_time", "jobid", "descr", "env_vars", "environ", "exclusive_access",
    "extra_resources", "modules", "name", "num_cpus_per_task", "num_gpus_per_node", "num_tasks",
    "num_tasks_per_core", "num_tasks_per_node", "num_tasks_per_socket", "partition", "short_name",
    "system", "unique_name", "use_multithreading", "display_name", "hashcode", "tags",
    "build_locally", "executable", "executable_opts", "local", "info", "num_failures",
    "num_nodes", "num_gpus_per_device", "max_pending_time", "time_limit", "maintainers",
}  # fmt: skip
"""Columns that are no parameters of a test."""

IDENTITY = ("job_nodelist", "jobid", "maintainers")
"""Columns that say who or where, and are not kept."""

STATUS = {"pass": "ok", "xpass": "ok", "fail": "failed", "xfail": "failed", "skip": ""}


def fits(source: Source) -> bool:
    """Return whether the first line is the head of such a log."""
    head = source.text.partition("\n")[0].split("|")
    return {"result", "job_completion_time"} <= set(head)


def runs(source: Source) -> list[Run]:
    """Return a run for each row of a log.

    Parameters
    ----------
    source : Source

    Raises
    ------
    FormatError
        A head or rows that such logs do not have.
    """
    lines = list(csv.reader(io.StringIO(source.text), delimiter="|", quoting=csv.QUOTE_NONE))
    if not lines or not fits(source):
        raise source.wrong(
            "must have a head with result and job_completion_time", got="no such head",
            remedy="ReFrame 4 writes one unless the format of its file log was changed.",
        )  # fmt: skip
    head, found = lines[0], []
    variables = [name.removesuffix("_value") for name in head if name.endswith("_value")]
    for number, line in enumerate(lines[1:], 2):
        if not line:
            continue
        if len(line) != len(head):
            raise source.wrong(
                f"line {number} must have {len(head)} fields", got=f"{len(line)} fields"
            )
        found.append(_run(source, number, dict(zip(head, line, strict=True)), variables))
    return found


def _run(source: Source, number: int, row: Mapping[str, str], variables: Sequence[str]) -> Run:
    values, labels = _measurements(source, number, row, variables)
    values["status"] = [STATUS.get(row["result"], "")]
    own = {f"{name}_{part}" for name in variables for part in PARTS}
    swept = {
        name: _scalar(text)
        for name, text in row.items()
        if name not in FIELDS | own and text not in NO_VALUE
    }
    tasks, per_node = _count(row, "num_tasks"), _count(row, "num_tasks_per_node")
    threads, nodes = _count(row, "num_cpus_per_task"), _nodes(row.get("job_nodelist", ""))
    coordinates = {
        "n_nodes": nodes, "ranks": tasks, "threads": threads, "stack_variant": row.get("environ"),
        "machine_label": ":".join(row[k] for k in ("system", "partition") if row.get(k)),
    }  # fmt: skip
    return Run(
        benchmark=row.get("name", "").partition(" ")[0] or source.name.partition(".")[0],
        values=values,
        labels=labels,
        raw={name: text for name, text in row.items() if name not in IDENTITY},
        attributes={"wall_time": {"source": "performance variables of the test"}},
        parameters=swept,
        coordinates=coordinates,
        layout={"nodes": nodes, "ranks_per_node": per_node, "threads_per_rank": threads},
        measured_at=_moment(source, number, row),
    )


def _measurements(
    source: Source, number: int, row: Mapping[str, str], variables: Sequence[str]
) -> tuple[dict[str, Any], dict[str, Sequence[str]]]:
    times, metrics = {}, {}
    for name in variables:
        value, unit = _value(source, number, row, name), row.get(f"{name}_unit", "")
        if unit.lower() in SECONDS:
            times[name] = value * SECONDS[unit.lower()]
        else:
            metrics[name] = (value, unit)
    values: dict[str, Any] = {}
    labels: dict[str, Sequence[str]] = {}
    if times:
        values["wall_time"], labels["phase"] = [list(times.values())], tuple(times)
    if metrics:
        values["metric_value"] = [[value for value, _ in metrics.values()]]
        values["metric_unit"] = [unit for _, unit in metrics.values()]
        labels["metric"] = tuple(metrics)
    return values, labels


def _value(source: Source, number: int, row: Mapping[str, str], name: str) -> float:
    text = row[f"{name}_value"]
    try:
        return math.nan if text in NO_VALUE else float(text)
    except ValueError as error:
        raise source.wrong(
            f"line {number}, {name}_value must be a number", got=repr(text)
        ) from error


def _count(row: Mapping[str, str], name: str) -> int | None:
    text = row.get(name, "")
    return int(text) if text.isdigit() else None


def _nodes(names: str) -> int | None:
    """Number of nodes in a list of names; not known where it is abbreviated."""
    if not names or names in NO_VALUE or "[" in names:
        return None
    return len(set(names.split(",")))


def _scalar(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text


def _moment(source: Source, number: int, row: Mapping[str, str]) -> str:
    try:
        if row.get("job_completion_time_unix", "") not in NO_VALUE:
            return measured(1000.0 * float(row["job_completion_time_unix"]))
        text = row["job_completion_time"]
        if text in NO_VALUE:
            return ""
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError) as error:
        raise source.wrong(
            f"line {number}, job_completion_time must be a time", got=str(error)
        ) from error
    if moment.tzinfo is None:
        return ""  # without a zone it is not known when that was
    return utc(moment)
