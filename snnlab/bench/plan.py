"""What a specification still lacks in a store, on a machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from snnlab.bench.adapters.choice import adapter_for
from snnlab.bench.ids import series_id
from snnlab.bench.machine import MachineProfile, cores_for
from snnlab.bench.one_run import Arm
from snnlab.bench.spec import Spec
from snnlab.bench.store import Store
from snnlab.bench.tree import Tree

__all__ = ["Item", "Plan", "plan"]


@dataclass(frozen=True)
class Item:
    """One cell of a specification.

    Parameters
    ----------
    arm : Arm
    have : int
        Repeats of this version, in this series, that count, each with a seed of its own.
    wanted : int
    seed : int
        Of the first run that is missing.
    seconds : float [s]
        Of one run, as it took before; NaN where there is none to tell.
    obstacle : str
        Why it cannot run here; empty if it can.
    """

    arm: Arm
    have: int
    wanted: int
    seed: int
    seconds: float
    obstacle: str

    @property
    def missing(self) -> int:
        """Repeats that are to be run; they become a record of their own."""
        return 0 if self.obstacle else max(self.wanted - self.have, 0)


@dataclass(frozen=True)
class Plan:
    """What is to be run.

    Parameters
    ----------
    items : tuple of Item
    """

    items: tuple[Item, ...]

    @property
    def missing(self) -> tuple[Item, ...]:
        """Cells that are to be run."""
        return tuple(item for item in self.items if item.missing)

    @property
    def batches(self) -> list[tuple[Item, ...]]:
        """Cells that are to be run together: they lack the same runs."""
        found: dict[tuple[int, int], list[Item]] = {}
        for item in self.missing:
            found.setdefault((item.seed, item.missing), []).append(item)
        return [tuple(items) for items in found.values()]

    @property
    def seconds(self) -> float:
        """Wall time of what is missing [s], as far as it is known; NaN if nothing is."""
        known = [i.missing * i.seconds for i in self.missing if np.isfinite(i.seconds)]
        return float(sum(known)) if known else float("nan")

    def __str__(self) -> str:
        rows = [("cell", "have", "wanted", "to run", "s a run", "")]
        rows += [
            (i.arm.label, str(i.have), str(i.wanted), str(i.missing),
             "" if np.isnan(i.seconds) else f"{i.seconds:.1f}", i.obstacle)
            for i in self.items
        ]  # fmt: skip
        widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
        lines = [
            "  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in rows
        ]
        if self.missing:
            known = "" if np.isnan(self.seconds) else f", about {self.seconds:.0f} s"
            lines.append(f"{sum(i.missing for i in self.missing)} runs{known}.")
        else:
            lines.append("Nothing is missing.")
        return "\n".join(lines)


def plan(
    spec: Spec,
    store: Store,
    machine: MachineProfile,
    *,
    tree: Tree | None = None,
    pythons: Mapping[str, str] | None = None,
    stack_variant: str = "default",
) -> Plan:
    """Return which cells of a specification a store lacks.

    Parameters
    ----------
    spec : Spec
    store : Store
    machine : MachineProfile
        Its settings are laid over the specification.
    tree : Tree, optional
        The version; default: the one that is there. Files that differ from a commit are no
        version, so that they are always to be run.
    pythons : mapping, optional
        Simulator -> interpreter.
    stack_variant : str
        Name of the software environment.
    """
    if machine.settings:
        spec = spec.override(machine.settings, by="machine")
    known = store.load()
    items = []
    trees: dict[str, Tree] = {}
    for cell in spec.cells():
        adapter = adapter_for(cell["simulator"], pythons)
        if tree is None and adapter.name not in trees:
            trees[adapter.name] = adapter.tree(cell)
        arm = Arm(cell, adapter, tree or trees[adapter.name])
        n = cell["threads"] * cell["ranks"]
        few = "" if cores_for(n) is not None else f"needs {n} cores"
        series = series_id(cell.spec_id, machine.class_id, stack_variant, cell.layout_id)
        mine = _of_series(known, series)
        seeds = _seeds(mine, arm.tree)
        items.append(Item(
            arm, len(seeds), cell["repeats"], max(cell["seed"], *(s + 1 for s in seeds), 0),
            _seconds(mine), few or adapter.missing(cell),
        ))  # fmt: skip
    return Plan(tuple(items))


def _of_series(known: xr.Dataset, series: str) -> xr.Dataset:
    if "series_id" not in known:
        return known.isel(record=slice(0, 0))
    return known.isel(record=np.flatnonzero(known["series_id"].values == series))


def _seeds(records: xr.Dataset, tree: Tree) -> set[int]:
    """Seeds of the repeats of this version that count."""
    if not records.sizes.get("record") or tree.dirty or not {"status", "seed"} <= set(records):
        return set()
    commits: Any = records["commit"].values if "commit" in records else np.array([""])
    clean = records["dirty"].values != 1.0
    mine = records.isel(record=np.flatnonzero((commits == tree.commit) & clean))
    seeds = mine["seed"].values[np.isin(mine["status"].values, ("ok", "noisy"))]
    return {int(seed) for seed in seeds[np.isfinite(seeds)]}


def _seconds(records: xr.Dataset) -> float:
    """Median wall time of a whole run."""
    if not records.sizes.get("record") or "process" not in records.get("phase", ()):
        return float("nan")
    values = records["wall_time"].sel(phase="process").values
    return float(np.nanmedian(values)) if np.isfinite(values).any() else float("nan")
