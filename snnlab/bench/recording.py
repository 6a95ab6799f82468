"""Runs of an arm become one record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from snnlab import __version__
from snnlab.bench import energy as of_packages
from snnlab.bench import gpu_energy
from snnlab.bench.environment import stack_facts
from snnlab.bench.guards import noise
from snnlab.bench.ids import series_id, stack_id
from snnlab.bench.machine import MachineProfile
from snnlab.bench.measured import NUMBERS
from snnlab.bench.one_run import Arm, Run
from snnlab.bench.record import Record, make_record

__all__ = ["Batch", "energy_of", "record_of", "series_of"]

GUARDS = ("load", "ctx_switch", "steal", "foreign", "freq", "throttle")

AS_PARAMETERS = (
    "model", "time", "warmup", "precision", "device", "exchange", "beside", "touch",
)  # fmt: skip
"""Keys that are grouped by like parameters of the model."""

MEMORY = {"peak/sum": "peak", "connectivity/sum": "connectivity", "growth/sum": "growth"}
"""Kind of memory in a record -> what programs call it."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What the runs of a record have in common.

    Parameters
    ----------
    record_id, recorded_at, campaign : str
    machine : MachineProfile
    sentinel : tuple of float [s]
        Before and after.
    orders : mapping
        Round -> place in the order of the batch.
    packages : sequence of str
        Of the interpreter that runs this.
    stack_variant, submitter : str
    pairs : mapping
        Of an arm that took turns with the first one: the id of that one's record under ``with``,
        and under ``log_ratio`` round -> metric -> `ratio_of_blocks`.
    """

    record_id: str
    recorded_at: str
    campaign: str
    machine: MachineProfile
    sentinel: tuple[float, ...]
    orders: Mapping[int, int] = field(default_factory=dict)
    packages: Sequence[str] = ()
    stack_variant: str = "default"
    submitter: str = ""
    pairs: Mapping[str, Any] = field(default_factory=dict)


def series_of(arm: Arm, batch: Batch) -> str:
    """Return the id of the history line that a record belongs to."""
    return series_id(
        arm.cell.spec_id, batch.machine.class_id, batch.stack_variant, arm.cell.layout_id
    )


def record_of(arm: Arm, runs: Mapping[int, Run], batch: Batch) -> Record:
    """Return the record of the runs of an arm.

    Parameters
    ----------
    arm : Arm
    runs : mapping
        Round -> run, ascending.
    batch : Batch
    """
    found = list(runs.values())
    phases = list(dict.fromkeys(p for run in found for p in run.phases))
    why = [_noise(arm, run, batch) for run in found]
    values: dict[str, Any] = {
        "status": [
            "noisy" if run.status == "ok" and noisy else run.status
            for run, noisy in zip(found, why, strict=True)
        ],
        "seed": [run.seed for run in found],
        "block": list(runs),
        "order": [batch.orders.get(block, np.nan) for block in runs],
        "started_at": [run.started_at for run in found],
        "sentinel": list(batch.sentinel),
    }
    labels: dict[str, list[str]] = {"when": ["before", "after"][: len(batch.sentinel)]}
    # The time of all processors is known of the whole process alone.
    labels["phase"] = [*phases, "process"]
    walls = [[run.phases.get(p, np.nan) for p in phases] + [run.wall] for run in found]
    values["wall_time"] = walls
    values["cpu_time"] = [[np.nan] * len(phases) + [_or_nan(run.cpu)] for run in found]
    values |= {
        name: [run.numbers.get(name, np.nan) for run in found]
        for name in NUMBERS
        if any(name in run.numbers for run in found)
    }
    values |= {
        name: [run.guards.get(name, np.nan) for run in found]
        for name in GUARDS
        if any(name in run.guards for run in found)
    }
    kinds = [k for k, name in MEMORY.items() if any(name in run.n_bytes for run in found)]
    if kinds:
        values["memory"] = [[[r.n_bytes.get(MEMORY[k], np.nan) for k in kinds]] for r in found]
        labels |= {"checkpoint": ["total"], "kind": kinds}
    energy, devices = energy_of([run.energy for run in found], len(phases))
    if devices:
        values["energy"], labels["device"] = energy, devices
    if names := list(arm.cell["checks"]):
        values |= _checks(found, names)
        labels["check"] = names
    stack = _stack(found, batch)
    provenance = _provenance(arm, found, batch, stack) | {"notes": _notes(runs, why)}
    return make_record(
        values, _coordinates(arm, found, batch, stack), labels=labels, provenance=provenance,
        attributes={"energy": {"method": _method(devices)}} if devices else None,
    )  # fmt: skip


def energy_of(
    runs: Sequence[Mapping[str, float]], n_phases: int
) -> tuple[list[list[list[float]]], list[str]]:
    """Return energy by run, phase and package, and the packages; nothing where none was read.

    Parameters
    ----------
    runs : sequence of mapping
        Package -> energy of each run [J].
    n_phases : int
        Phases before the whole process, whose energy is not known.
    """
    devices = sorted({name for run in runs for name in run})
    if not devices:
        return [], []
    unknown = [np.nan] * len(devices)
    return [
        [*([unknown] * n_phases), [run.get(name, np.nan) for name in devices]] for run in runs
    ], devices


def _method(devices: Sequence[str]) -> str:
    """How the energy of these devices was read."""
    is_gpu = {name.startswith("cuda") for name in devices}
    methods = {False: of_packages.METHOD, True: gpu_energy.METHOD}
    return "; ".join(methods[kind] for kind in sorted(is_gpu))


def _noise(arm: Arm, run: Run, batch: Batch) -> str:
    return noise(
        run.guards, batch.sentinel, foreign=arm.cell["foreign_limit"],
        change=arm.cell["sentinel_change"],
    )  # fmt: skip


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


def _checks(runs: list[Run], names: list[str]) -> dict[str, Any]:
    """Values and bands of the science checks; NaN for a run that gave nothing."""
    shape = (len(runs), len(names))
    found = {name: np.full(shape, np.nan) for name in ("value", "low", "high", "ok")}
    for i, run in enumerate(runs):
        for name, value, low, high in run.checks:
            k = names.index(name)
            found["value"][i, k] = _or_nan(value)
            found["low"][i, k], found["high"][i, k] = low, high
            found["ok"][i, k] = value is not None and low <= value <= high
    return {f"check_{name}": array for name, array in found.items()}


def _stack(runs: list[Run], batch: Batch) -> dict[str, Any]:
    versions = next((run.versions for run in runs if run.versions), {})
    return stack_facts(versions, batch.machine)


def _coordinates(
    arm: Arm, runs: list[Run], batch: Batch, stack: Mapping[str, Any]
) -> dict[str, Any]:
    cell, tree = arm.cell, arm.tree
    versions = next((run.versions for run in runs if run.versions), {})
    found = {
        "record_id": batch.record_id,
        "recorded_at": batch.recorded_at,
        "campaign": batch.campaign,
        "submitter": batch.submitter,
        "spec_id": cell.spec_id,
        "series_id": series_of(arm, batch),
        "machine_class_id": batch.machine.class_id,
        "machine_label": batch.machine.label,
        "stack_id": stack_id(stack, simulator=arm.adapter.package),
        "stack_variant": batch.stack_variant,
        "layout_id": cell.layout_id,
        "benchmark": cell["name"],
        "benchmark_version": __version__,
        "simulator": arm.adapter.name,
        "simulator_version": versions.get(arm.adapter.package, ""),
        "commit": tree.commit,
        "commit_time": tree.commit_time,
        "commit_order": tree.commit_order if tree.commit else np.nan,
        "dirty": np.nan if tree.dirty is None else float(tree.dirty),
        "backend": "cpu" if cell["device"] == "cpu" else "gpu",
        "gpu_model": "" if cell["device"] == "cpu" else batch.machine.gpu_model,
        "n_nodes": 1,
        "ranks": cell["ranks"],
        "threads": cell["threads"],
    }
    if arm.is_anchor:
        found["anchor"] = 1.0
    parameters = {name: cell[name] for name in AS_PARAMETERS if cell.is_told(name)}
    parameters |= dict(cell["parameters"])
    return found | {
        f"p_{name}": float(v) if isinstance(v, bool) else v for name, v in parameters.items()
    }


def _provenance(
    arm: Arm, runs: list[Run], batch: Batch, stack: Mapping[str, Any]
) -> dict[str, Any]:
    cell = arm.cell
    return {
        "spec": {
            "values": {key: _as_json(value) for key, value in cell.values.items()},
            "swept": dict(cell.swept),
            "origins": dict(cell.origins),
        },
        "machine": dict(batch.machine.facts),
        "stack": dict(stack),
        "layout": cell.layout,
        "tree": arm.tree.facts(),
        "command": list(runs[0].command),
        "environment": dict(runs[0].environment),
        "packages": list(batch.packages),
        "raw": {str(run.seed): _raw(run) for run in runs if _raw(run)},
        "memory": {str(run.seed): dict(run.n_bytes) for run in runs if run.n_bytes},
        "energy_unavailable": list(dict.fromkeys(why for run in runs for why in run.no_energy)),
        "clock": "time.perf_counter",
        "harness": {"snnlab": __version__},
    } | ({"pairs": dict(batch.pairs)} if batch.pairs else {})


def _raw(run: Run) -> dict[str, Any]:
    """Readings of a run; of blocks, which are many, the ratio is kept."""
    return {name: value for name, value in run.raw.items() if name != "blocks"}


def _notes(runs: Mapping[int, Run], noisy: list[str]) -> dict[str, str]:
    """Why a run is not ok, by round."""
    words = [run.why or said for run, said in zip(runs.values(), noisy, strict=True)]
    return {str(block): said for block, said in zip(runs, words, strict=True) if said}


def _as_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _as_json(each) for key, each in value.items()}
    return [_as_json(each) for each in value] if isinstance(value, tuple | list) else value
