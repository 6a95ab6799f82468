"""A record again: what differs here and now from where it was made, and the same runs once more."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snnlab.bench.adapters.choice import adapter_for
from snnlab.bench.campaign import Campaign, run_campaign
from snnlab.bench.confounders import Difference
from snnlab.bench.environment import packages
from snnlab.bench.ids import MACHINE_CLASS
from snnlab.bench.keys import KEYS
from snnlab.bench.machine import MachineProfile
from snnlab.bench.one_run import Arm
from snnlab.bench.record import Record, read_record
from snnlab.bench.spec import Cell, Spec, spec_from
from snnlab.bench.store import Store
from snnlab.bench.tree import Tree, tree_of
from snnlab.bench.worktree import checked_out, git
from snnlab.errors import SpecError

__all__ = ["Recipe", "recipe_of", "reproduce"]

MOST_PACKAGES = 12
"""Differing packages that are named one by one."""


@dataclass(frozen=True)
class Recipe:
    """How a record can be made again.

    Parameters
    ----------
    cell : Cell
        What it is of.
    commit : str
        Version that was measured; ``""`` where it had none.
    has_commit : bool
        Whether the repository has it.
    differences : tuple of Difference
        What is not the same here and now: `a` is what was, `b` what is.
    """

    cell: Cell
    commit: str
    has_commit: bool
    differences: tuple[Difference, ...]


def recipe_of(record: Record, repository: Path, machine: MachineProfile) -> Recipe:
    """Return how a record can be made again, and what differs.

    Parameters
    ----------
    record : Record
        Made by `campaign.run_campaign`; results of other tools tell too little.
    repository : Path
        Of the code, or the folder of the specification.
    machine : MachineProfile
        This one.

    Raises
    ------
    SpecError
        The record does not say how it was made.
    """
    told = record.provenance
    values = told.get("spec", {}).get("values")
    if not isinstance(values, Mapping):
        raise SpecError(
            f"Record {record.record_id}", "must tell its specification to be made again",
            got="none", remedy="Only records of snnlab bench run do; take those of other tools "
            "back to where they were measured.",
        )  # fmt: skip
    cell = _cell(values, told["spec"].get("swept", {}), repository)
    stored = str(record.dataset["spec_id"].item())
    if cell.spec_id != stored:
        raise SpecError(
            f"Record {record.record_id}", f"must have the specification {stored}",
            got=cell.spec_id, remedy="Its model file changed, or this snnlab reads it otherwise.",
        )  # fmt: skip
    commit = str(told.get("tree", {}).get("commit", ""))
    has_commit = bool(commit) and _has(repository, commit)
    return Recipe(cell, commit, has_commit, tuple(_differences(told, machine, has_commit)))


def reproduce(
    record: Record, repository: Path, store: Store, machine: MachineProfile, *,
    pythons: Mapping[str, str] | None = None,
    tell: Callable[[str], object] = lambda line: None,
) -> Record:  # fmt: skip
    """Run a record's cell again, at its version if the repository has it; return the new record.

    Parameters
    ----------
    record : Record
    repository : Path
        See `recipe_of`.
    store : Store
        Where the new record goes.
    machine : MachineProfile
    pythons : mapping, optional
        Simulator -> interpreter.
    tell : callable
        Gets what differs, then a line about each run.
    """
    recipe = recipe_of(record, repository, machine)
    for one in recipe.differences:
        tell(f"differs: {one.group}, {one.name}: {one.a}, now {one.b}")
    cell = recipe.cell
    adapter = adapter_for(cell["simulator"], pythons)
    with ExitStack() as stack:
        tree: Tree = adapter.tree(cell)
        if recipe.has_commit:
            tree = tree_of(stack.enter_context(checked_out(repository, recipe.commit)))
        coords = record.dataset.coords
        variant = str(coords["stack_variant"].item()) if "stack_variant" in coords else "default"
        campaign = Campaign(
            (Arm(cell, adapter, tree),), cell["repeats"], machine, seed=cell["seed"],
            discard=cell["discard"], stack_variant=variant,
        )  # fmt: skip
        finished = run_campaign(campaign, store, tell=tell, is_fresh=True)
    (path,) = (p for p in store.paths() if p.stem == finished.record_ids[0])
    return read_record(path)


def _cell(values: Mapping[str, Any], swept: Mapping[str, Any], repository: Path) -> Cell:
    known = {k: v for k, v in values.items() if k in KEYS and k not in {"name", "axes", "variants"}}
    spec = spec_from(str(values["name"]), **known)
    (cell,) = Spec(spec.layers, repository).cells()
    return Cell(cell.values, dict(swept), repository, cell.origins)


def _has(repository: Path, commit: str) -> bool:
    try:
        git(repository, "cat-file", "-e", f"{commit}^{{commit}}")
    except SpecError:
        return False
    return True


def _differences(
    told: Mapping[str, Any], machine: MachineProfile, has_commit: bool
) -> list[Difference]:
    found = []
    if not has_commit:
        commit = str(told.get("tree", {}).get("commit", "")) or "not recorded"
        found.append(Difference("version", "commit", commit, "not in this repository"))
    elif told.get("tree", {}).get("dirty"):
        found.append(Difference("version", "dirty", "files differed from it", "as committed"))
    then = told.get("machine", {})
    for name in MACHINE_CLASS:
        a, b = _text(then.get(name)), _text(machine.facts.get(name))
        if a != b:
            found.append(Difference("machine", name, a, b))
    for name in ("os", "kernel", "driver", "governor"):
        a, b = _text(then.get(name)), _text(machine.facts.get(name))
        if a != b:
            found.append(Difference("stack", name, a, b))
    return found + _packages(told.get("packages", ()))


def _packages(told: Sequence[str]) -> list[Difference]:
    then, now = _versions(told), _versions(packages())
    changed = sorted(n for n in set(then) | set(now) if then.get(n) != now.get(n))
    found = [Difference("stack", n, then.get(n, "none"), now.get(n, "none"))
             for n in changed[:MOST_PACKAGES]]  # fmt: skip
    if len(changed) > MOST_PACKAGES:
        rest = len(changed) - MOST_PACKAGES
        found.append(Difference("stack", f"{rest} more packages", "others", "others"))
    return found


def _text(value: Any) -> str:
    if value is None or value == "":
        return "not recorded"
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _versions(distributions: Sequence[str]) -> dict[str, str]:
    """Name -> version, of ``name==version``."""
    return {name: version for name, _, version in (d.partition("==") for d in distributions)}
