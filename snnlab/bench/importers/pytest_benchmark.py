"""JSON of pytest-benchmark: one file per session, one record per benchmark.

Rounds are the repeats, in seconds per call. Of more than a hundred, as of functions of a
microsecond, the medians of a hundred blocks are kept, in their order; a file written without its
rounds gives the median only. The name of the host is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from snnlab.bench.importers.run import Run, Source, utc

__all__ = ["fits", "runs"]

PHASE = "run"
MOST_REPEATS = 100


def fits(source: Source) -> bool:
    """Return whether a file looks like one of pytest-benchmark's."""
    return '"machine_info"' in source.text and '"benchmarks"' in source.text


def runs(source: Source) -> list[Run]:
    """Return a run for each benchmark of a file.

    Parameters
    ----------
    source : Source

    Raises
    ------
    FormatError
        Not what pytest-benchmark writes.
    """
    data = source.json()
    if not isinstance(data.get("benchmarks"), list):
        raise source.wrong("must have a list of benchmarks")
    return [_run(source, data, one) for one in data["benchmarks"]]


def _run(source: Source, data: Mapping[str, Any], one: Any) -> Run:
    if not isinstance(one, dict) or "fullname" not in one or not isinstance(one.get("stats"), dict):
        raise source.wrong("each benchmark must have fullname and stats")
    name = str(one["fullname"])
    repeats, reducer = _repeats(source, name, one["stats"])
    parameters = {str(k): _scalar(v) for k, v in (one.get("params") or {}).items()}
    commit = data.get("commit_info") or {}
    coordinates = {
        "commit": commit.get("id"),
        "commit_time": commit.get("time"),
        "dirty": None if commit.get("dirty") is None else float(bool(commit["dirty"])),
    }
    numbers = {k: v for k, v in one["stats"].items() if k != "data"}
    return Run(
        benchmark=name.partition("[")[0],
        values={"wall_time": [[x] for x in repeats], "status": ["ok"] * len(repeats)},
        labels={"phase": (PHASE,)},
        raw={key: one.get(key) for key in ("group", "extra_info", "options")} | {"stats": numbers},
        attributes={"wall_time": {"reducer": reducer}},
        parameters=parameters,
        coordinates=coordinates,
        machine=_machine(data.get("machine_info") or {}),
        stack=_stack(data.get("machine_info") or {}),
        measured_at=_utc(source, data.get("datetime")),
    )


def _repeats(source: Source, name: str, stats: Mapping[str, Any]) -> tuple[list[float], str]:
    try:
        if not stats.get("data"):
            return [float(stats["median"])], f"median of {stats.get('rounds', 'unknown')} rounds"
        rounds = np.asarray(stats["data"], np.float64)
    except (KeyError, TypeError, ValueError) as error:
        raise source.wrong(f"{name} must have rounds or a median", got=str(error)) from error
    if rounds.ndim != 1:
        raise source.wrong(f"rounds of {name} must be a list of numbers")
    if len(rounds) <= MOST_REPEATS:
        return rounds.tolist(), "none"
    blocks = [float(np.median(block)) for block in np.array_split(rounds, MOST_REPEATS)]
    return blocks, f"medians of {MOST_REPEATS} blocks of {len(rounds)} rounds"


def _scalar(value: Any) -> str | float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else str(value)


def _machine(info: Mapping[str, Any]) -> dict[str, Any]:
    cpu = info.get("cpu") or {}
    return {"cpu_model": cpu.get("brand_raw") or cpu.get("brand"), "cores": cpu.get("count")}


def _stack(info: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if info.get("python_version"):
        found["packages"] = {"python": str(info["python_version"])}
    if info.get("python_compiler"):
        found["compiler"] = str(info["python_compiler"])
    if info.get("system"):
        found["os"] = str(info["system"])
    if info.get("release"):
        found["kernel_major"] = str(info["release"]).partition(".")[0]
    return found


def _utc(source: Source, text: Any) -> str:
    if not text:
        return ""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise source.wrong("datetime must be ISO 8601", got=str(text)) from error
    return utc(moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment)
