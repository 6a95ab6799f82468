"""JSON lines of simulators in rounds: one run a line, as ``benchmarks.gpu`` writes them.

What a line says becomes what a record of ``snnlab bench run`` would say: ``setting`` threads,
precision or exchange, ``ranks`` snnlab on as many ranks as there are threads, ``regime`` a science
check that failed. Lines of runs that were left out become nothing. Bounds of checks are not in
them, and the time step is that of all those networks; the whole lines are in the provenance.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from snnlab.bench.importers.run import Run, Source

__all__ = ["fits", "runs"]

STATUSES = {"ok": "ok", "failed": "failed", "timeout": "timeout", "regime": "invalid_science"}

PHASES = {"build_s": "construct", "compile_s": "compile", "simulate_s": "simulate"}
MEMORY = {
    "peak_bytes": "peak/sum", "synapse_bytes": "connectivity/sum", "growth_bytes": "growth/sum",
}  # fmt: skip
NUMBERS = {
    "n_neurons": "n_neurons", "n_synapses": "n_synapses", "n_spikes": "n_spikes",
    "n_events": "n_syn_events",
}  # fmt: skip
CHECKS = ("rate", "cv", "weight_mean")

DT = 0.1
"""Time step [ms] of every network that was measured so."""

Line = Mapping[str, Any]


def fits(source: Source) -> bool:
    """Return whether the first line is such a run."""
    first = source.text.partition("\n")[0]
    return first.startswith('{"format"') and '"session"' in first and '"figures"' in first


def runs(source: Source) -> list[Run]:
    """Return a run for each model, simulator and setting.

    Parameters
    ----------
    source : Source

    Raises
    ------
    FormatError
        A line, other than a last one that was cut off, that is no such run.
    """
    found: dict[tuple[Any, ...], list[Line]] = {}
    lines = source.text.splitlines(keepends=True)
    for number, text in enumerate(lines, start=1):
        if not text.endswith("\n"):
            break
        try:
            line = json.loads(text)
            names = ("session", "model", "simulator", "setting", "busy")
            key = tuple(line[name] for name in names)
            if line["status"] != "skipped":
                STATUSES[line["status"]]
                found.setdefault(key, []).append(line)
        except (ValueError, KeyError, TypeError) as error:
            raise source.wrong(
                "must have a run in each line", got=f"line {number}: {error!r}"
            ) from error
    return [_run(group) for group in found.values()]


def _run(lines: Sequence[Line]) -> Run:
    first = lines[0]
    phases = list(dict.fromkeys(p for line in lines for p in _phases(line)))
    values: dict[str, Any] = {
        "status": [STATUSES[line["status"]] for line in lines],
        "seed": [line["seed"] for line in lines],
        "block": [line["round"] for line in lines],
        "started_at": [line["time"] for line in lines],
        "load": [line["load"][0] for line in lines],
        "model_time": [line["time_ms"] for line in lines],
        "dt": [DT] * len(lines),
        "wall_time": [[_phases(line).get(p, math.nan) for p in phases] for line in lines],
    }
    labels: dict[str, Sequence[str]] = {"phase": phases}
    for old, new in NUMBERS.items():
        if any(old in line["figures"] for line in lines):
            values[new] = [_figure(line, old) for line in lines]
    if kinds := [k for k in MEMORY if any(k in line["figures"] for line in lines)]:
        values["memory"] = [[[_figure(line, k) for k in kinds]] for line in lines]
        labels |= {"checkpoint": ["total"], "kind": [MEMORY[k] for k in kinds]}
    if checks := [c for c in CHECKS if any(c in line["figures"] for line in lines)]:
        values["check_value"] = [[_figure(line, c) for c in checks] for line in lines]
        unknown = [[math.nan] * len(checks)] * len(lines)
        values |= {f"check_{name}": unknown for name in ("low", "high", "ok")}
        labels["check"] = checks
    gpu = first["machine"].get("gpu", {})
    versions: dict[str, str] = next((ln["versions"] for ln in lines if ln["versions"]), {})
    own = _setting(first)
    name = first["machine"]["processor"]
    return Run(
        benchmark=first["model"],
        values=values,
        labels=labels,
        raw=list(lines),
        parameters={"time": first["time_ms"], "warmup": first["warmup_ms"]}
        | ({"beside": 1} if first["busy"] else {}) | own.pop("parameters"),
        coordinates={
            "campaign": first["session"], "simulator_version": versions.get(own["simulator"], ""),
            "machine_label": f"{name}, {first['machine']['cores']} cores in use",
            "commit": first["revision"].removesuffix("+"),
            "dirty": float(first["revision"].endswith("+")),
            "backend": "gpu" if gpu else "cpu", "gpu_model": gpu.get("name", ""), **own,
        },
        stack={"packages": versions},
        layout={"ranks_per_node": own["ranks"], "threads_per_rank": own["threads"]},
        notes={f"{line['round']}": line["why"] for line in lines if line["why"]},
        measured_at=first["time"],
    )  # fmt: skip


def _phases(line: Line) -> dict[str, float]:
    figures = line["figures"]
    found = {new: figures[old] for old, new in PHASES.items() if old in figures}
    parts = {name: s for name, s in figures.get("timings", {}).items() if name != "other"}
    return found | {f"simulate/{n.replace('exchange', 'communicate')}": s for n, s in parts.items()}


def _figure(line: Line, name: str) -> float:
    value = line["figures"].get(name)
    return math.nan if value is None else float(value)


def _setting(line: Line) -> dict[str, Any]:
    """Simulator, threads and ranks, and parameters."""
    words = line["setting"].split()
    is_options = all(word.startswith("--") for word in words[::2])
    options: dict[str, str] = {}
    if is_options:
        options = dict(zip(words[::2], words[1::2], strict=False))
    threads = int(options["--threads"]) if "--threads" in options else line["threads"]
    found: dict[str, Any] = {"simulator": line["simulator"], "threads": threads, "ranks": 1}
    if line["simulator"] == "ranks":
        found = {"simulator": "snnlab", "threads": 1, "ranks": threads}
    named = {name: options[f"--{name}"] for name in ("precision", "exchange")
             if f"--{name}" in options}  # fmt: skip
    return found | {"parameters": named if is_options else {"setting": line["setting"]}}
