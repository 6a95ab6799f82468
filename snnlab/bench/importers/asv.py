"""Results of airspeed velocity (asv), version 2: one file per commit and environment.

Each benchmark and combination of its parameters becomes a record. Samples are its repeats; where
they were not kept, the median is its only one. Units and names of parameters stand in
``benchmarks.json`` above the folder of the machine; without it they follow from the name of the
benchmark (``time_``, ``peakmem_``), and parameters are called ``parameter_1``.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from snnlab.bench.importers.run import Run, Source, measured, read

__all__ = ["definitions", "fits", "runs"]

VERSION = 2
PHASE = "run"
"""What asv times has no phases of a simulation: it is one."""

UNITS = {"time": "seconds", "timeraw": "seconds", "mem": "bytes", "peakmem": "bytes"}
"""Beginning of a benchmark's name -> unit; ``track_`` may be anything."""


def fits(source: Source) -> bool:
    """Return whether a file looks like one of asv's results."""
    return '"result_columns"' in source.text and '"commit_hash"' in source.text


def definitions(path: Path) -> Mapping[str, Any]:
    """Return what asv knows about its benchmarks, from beside a file of results; maybe nothing.

    Parameters
    ----------
    path : Path
        Of a file of results.

    Raises
    ------
    FormatError
        ``benchmarks.json`` is there, but cannot be read.
    """
    beside = path.parent.parent / "benchmarks.json"
    if not beside.exists():
        return {}
    found = read(beside, "asv").json()
    return {name: value for name, value in found.items() if isinstance(value, dict)}


def runs(source: Source, known: Mapping[str, Any] | None = None) -> list[Run]:
    """Return a run for each benchmark and combination of parameters.

    Parameters
    ----------
    source : Source
    known : mapping, optional
        What `definitions` returned.

    Raises
    ------
    FormatError
        Another version, or not what asv writes.
    """
    data = source.json()
    if data.get("version") != VERSION:
        raise source.wrong(
            f"must have version {VERSION}", got=str(data.get("version")),
            remedy="Run `asv update` on the results: it turns older ones into this version.",
        )  # fmt: skip
    columns, results = data.get("result_columns"), data.get("results")
    if not isinstance(columns, list) or not isinstance(results, dict):
        raise source.wrong("must have result_columns and results")
    found: list[Run] = []
    for name, row in sorted(results.items()):
        if not isinstance(row, list) or len(row) > len(columns):
            raise source.wrong(f"result of {name} must be a list as long as result_columns")
        cells = dict(zip(columns, row, strict=False))
        found += _runs(source, data, name, cells, dict((known or {}).get(name, {})))
    return found


def _runs(
    source: Source, data: Mapping[str, Any], name: str, cells: Mapping[str, Any],
    known: Mapping[str, Any],
) -> list[Run]:  # fmt: skip
    combinations = list(itertools.product(*(cells.get("params") or [])))
    results = cells.get("result")
    results = [None] * len(combinations) if results is None else results
    if not isinstance(results, list) or len(results) != len(combinations):
        raise source.wrong(
            f"{name} must have one result per combination of parameters",
            got=f"{len(combinations)} combinations",
        )
    unit = str(known.get("unit") or UNITS.get(_kind(name), ""))
    names = list(known.get("param_names") or [])
    samples = cells.get("samples") or [None] * len(combinations)
    return [
        _run(source, data, name, cells, (_parameters(names, combination), unit, one, many))
        for combination, one, many in zip(combinations, results, samples, strict=True)
    ]


def _kind(name: str) -> str:
    return name.rpartition(".")[2].partition("_")[0]


def _parameters(names: Sequence[str], values: Sequence[str]) -> dict[str, str | float]:
    found: dict[str, str | float] = {}
    for k, text in enumerate(values):
        name = names[k] if k < len(names) else f"parameter_{k + 1}"
        try:
            found[name] = float(text)
        except ValueError:
            found[name] = text.strip("'\"")
    return found


def _run(
    source: Source, data: Mapping[str, Any], name: str, cells: Mapping[str, Any],
    measurement: tuple[dict[str, str | float], str, Any, Any],
) -> Run:  # fmt: skip
    parameters, unit, one, many = measurement
    repeats = _numbers(source, name, many if many else [one])
    values, labels = _values(name, unit, repeats)
    values["status"] = ["failed" if one is None else "" if math.isnan(x) else "ok" for x in repeats]
    facts = data.get("params") or {}
    coordinates = {
        "commit": data.get("commit_hash", ""),
        "commit_time": measured(data["date"]) if data.get("date") else "",
        "benchmark_version": str(cells.get("version", "")),
        "machine_label": facts.get("machine", ""),
        "dirty": 0.0,  # asv measures commits only
    }
    kept = {key: cells[key] for key in ("stats_number", "stats_repeat", "duration") if key in cells}
    return Run(
        benchmark=name,
        values=values,
        labels=labels,
        raw={"result": one, "samples": many, "unit": unit, **kept},
        attributes={"wall_time": {"reducer": "none" if many else "median of the samples"}},
        parameters=parameters,
        coordinates=coordinates,
        machine=_machine(facts),
        stack=_stack(data),
        measured_at=measured(cells["started_at"]) if cells.get("started_at") else "",
    )


def _numbers(source: Source, name: str, values: Sequence[Any]) -> list[float]:
    try:
        return [math.nan if value is None else float(value) for value in values]
    except (TypeError, ValueError) as error:
        raise source.wrong(f"results of {name} must be numbers", got=str(error)) from error


def _values(
    name: str, unit: str, repeats: Sequence[float]
) -> tuple[dict[str, Any], dict[str, Sequence[str]]]:
    """Times as times, memory as memory, all else as a metric with its unit."""
    if unit == "seconds":
        return {"wall_time": [[x] for x in repeats]}, {"phase": (PHASE,)}
    if unit == "bytes" and _kind(name) == "peakmem":
        memory = [[[x]] for x in repeats]
        return {"memory": memory}, {"checkpoint": ("total",), "kind": ("peak/max",)}
    short = name.rpartition(".")[2]
    metric = [[x] for x in repeats]
    return {"metric_value": metric, "metric_unit": [unit]}, {"metric": (short,)}


def _machine(facts: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if facts.get("cpu"):
        found["cpu_model"] = str(facts["cpu"])
    if str(facts.get("num_cpu", "")).isdigit():
        found["cores"] = int(facts["num_cpu"])
    if str(facts.get("ram", "")).isdigit():
        found["memory_gib"] = round(int(facts["ram"]) / 2**30)
    return found


def _stack(data: Mapping[str, Any]) -> dict[str, Any]:
    """Packages and system; a path of an interpreter is nobody else's business."""
    packages = {str(k): str(v) for k, v in (data.get("requirements") or {}).items()}
    python = str(data.get("python", ""))
    if python and "/" not in python and "\\" not in python:
        packages["python"] = python
    found: dict[str, Any] = {"packages": packages} if packages else {}
    if (data.get("params") or {}).get("os"):
        found["os"] = str(data["params"]["os"])
    return found
