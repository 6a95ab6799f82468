"""Sessions as small files: what led to a run, so that it can be repeated to the spike.

A file names the preset, or holds the network, and lists every edit with the step at which it took
effect. It holds no state: `snnlab.launch.open` computes it anew. Reading one runs nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from snnlab.errors import FormatError, SpecError
from snnlab.interop import native_json
from snnlab.interop.checkpoint_file import edits_from_data, edits_to_data
from snnlab.interop.parts import to_data
from snnlab.interop.schema import check, schema
from snnlab.model.fork import Fork
from snnlab.model.network import Network
from snnlab.model.recipe import Recipe
from snnlab.model.run import Run

__all__ = ["FORMAT", "SavedSession", "dumps", "load", "loads", "made_by", "schema"]

FORMAT = 3
"""Version of the format: 2 has branches, 3 also branches of branches and breakpoints. A session is
written in the oldest version that has all of it."""


@dataclass(frozen=True)
class SavedSession:
    """What a session file says.

    Parameters
    ----------
    run : Run
        Network at the start, edits, and the step that was reached.
    name : str
        Of the session.
    recipe : Recipe, optional
        The preset that the network was made of.
    view : mapping
        What the page showed; see the schema.
    branches : tuple of Fork
        What left the run; they begin as it does.
    breakpoints : tuple of mapping
        Conditions that pause it, as data; see the schema.
    """

    run: Run
    name: str
    recipe: Recipe | None = None
    view: Mapping[str, Any] = field(default_factory=dict)
    branches: tuple[Fork, ...] = ()
    breakpoints: tuple[Mapping[str, Any], ...] = ()


def made_by(recipe: Recipe, *, seed: int, dt: float) -> Network:
    """Return the network that a recipe makes.

    Raises
    ------
    SpecError
        No such preset, or it does not take these settings.
    """
    from snnlab import presets

    settings: dict[str, Any] = dict(recipe.settings)
    return presets.load(recipe.preset, **settings).replace(seed=seed, dt=dt)


def dumps(saved: SavedSession) -> str:
    """Return a session as JSON text: some hundred bytes, and about a hundred for each edit.

    Raises
    ------
    FormatError
        A value that files have no form for, or so many edits that it could not be read again.
    """
    from snnlab import __version__

    data = {
        "snnlab": "session",
        "format": _format(saved),
        "written_by": f"snnlab {__version__}",
        "name": saved.name,
        **_network_data(saved),
        "step": saved.run.step,
        "edits": [_edit_data(entry) for entry in edits_to_data(saved.run.edits)],
        "view": to_data(saved.view),
        **({"branches": [_branch_data(b, saved.run) for b in saved.branches]}
           if saved.branches else {}),
        **({"breakpoints": [dict(b) for b in saved.breakpoints]} if saved.breakpoints else {}),
    }  # fmt: skip
    text = _text(data)
    check(native_json.parse(text.encode()), "session")  # what is written can be read
    return text


def _format(saved: SavedSession) -> int:
    if saved.breakpoints or any(fork.branches for fork in saved.branches):
        return FORMAT
    return 2 if saved.branches else 1


def loads(text: str | bytes) -> SavedSession | Network:
    """Return what JSON text says of a session; that of a network gives the network.

    Raises
    ------
    FormatError
        Not JSON, too long or too deep, neither a session nor a network, edits that cannot be made
        where they stand, or a preset that is another network in this version of snnlab.
    """
    data = native_json.parse(text.encode(errors="surrogatepass") if isinstance(text, str) else text)
    if isinstance(data, dict) and data.get("snnlab") == "network":
        return native_json.from_dict(data)
    check(data, "session")
    network, recipe = _network(data)
    edits, _ = edits_from_data(data.get("edits", []), network)
    if edits and edits[-1].step > data["step"]:
        raise FormatError(
            "session.step", "must not be before the last edit", got=f"{data['step']}",
            remedy=f"The last edit took effect at step {edits[-1].step}.",
        )  # fmt: skip
    run = Run(network, edits, data["step"])
    branches = _branches("session", data, run, data.get("edits", []))
    breakpoints = tuple(data.get("breakpoints", []))
    return SavedSession(run, data["name"], recipe, data.get("view", {}), branches, breakpoints)


def load(path: str | os.PathLike[str]) -> SavedSession | Network:
    """Return what a file says of a session, or of a network.

    Parameters
    ----------
    path : path
        What `snnlab.session.Session.share` wrote, or a network file.

    Raises
    ------
    FormatError
        There is no such file, or see `loads`.
    """
    path = Path(path)
    try:
        return loads(native_json.read(path))
    except FormatError as error:
        context = " ".join(part for part in (error.context, f"File '{path}'.") if part)
        raise FormatError(
            error.where, error.expected, got=error.got, context=context, remedy=error.remedy
        ) from error


# --- the network --------------------------------------------------------------------------------


def _network_data(saved: SavedSession) -> dict[str, Any]:
    """The recipe if it makes the network, which a reset of an edited one does not; else itself."""
    network, recipe = saved.run.network, saved.recipe
    if recipe is None or made_by(recipe, seed=network.seed, dt=network.dt) != network:
        return {"network": native_json.to_dict(network)}
    return {
        "recipe": {
            "preset": recipe.preset,
            "settings": to_data(recipe.settings),
            "seed": network.seed,
            "dt": network.dt,
            "digest": _digest(network),
        }
    }


def _network(data: Mapping[str, Any]) -> tuple[Network, Recipe | None]:
    if ("network" in data) == ("recipe" in data):
        raise FormatError(
            "session", "must have a network or a recipe, and not both", got=", ".join(data)[:80]
        )
    if "network" in data:
        return native_json.from_dict(data["network"]), None
    told = data["recipe"]
    recipe = Recipe(told["preset"], told.get("settings", {}))
    try:
        network = made_by(recipe, seed=told["seed"], dt=told["dt"])
    except (SpecError, OverflowError) as error:
        raise FormatError(
            "session.recipe", "must be a preset and settings that it takes", got=str(error)[:300]
        ) from error
    if _digest(network) != told["digest"]:
        raise FormatError(
            "session.recipe", "must make the network that it made when the file was written",
            got=f"another {recipe.preset!r}", context=str(data.get("written_by", "")),
            remedy="Open it with the version of snnlab that wrote it, and share it anew from there "
            f"as a network: snnlab.open(snnlab.presets.load({recipe.preset!r}, ...)).",
        )  # fmt: skip
    return network, recipe


def _digest(network: Network) -> str:
    """The network in 64 letters; texts for people do not count."""
    bare = native_json.to_dict(network.replace(description="", source=""))
    text = json.dumps(bare, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


# --- branches -----------------------------------------------------------------------------------


def _branch_data(fork: Fork, run: Run) -> dict[str, Any]:
    """A branch without the edits that begin the run as well."""
    pairs = zip(fork.run.edits, run.edits, strict=False)
    same = next((k for k, (a, b) in enumerate(pairs) if a != b), None)
    n_same = min(len(fork.run.edits), len(run.edits)) if same is None else same
    own = edits_to_data(fork.run.edits)[n_same:]
    return {
        "name": fork.name,
        "left_at": fork.step,
        "left_after": fork.n_shared,
        "step": fork.run.step,
        "same_edits": n_same,
        "edits": [_edit_data(entry) for entry in own],
        **({"branches": [_branch_data(b, fork.run) for b in fork.branches]}
           if fork.branches else {}),
    }  # fmt: skip


def _branches(where: str, data: Mapping[str, Any], run: Run, of_run: list[Any]) -> tuple[Fork, ...]:
    """The branches of a run, or of a branch of it."""
    return tuple(
        _branch(f"{where}.branches[{k}]", told, run, of_run)
        for k, told in enumerate(data.get("branches", []))
    )


def _branch(where: str, told: Mapping[str, Any], run: Run, of_run: list[Any]) -> Fork:
    own = [*of_run[: told["same_edits"]], *told.get("edits", [])]
    try:
        edits, _ = edits_from_data(own, run.network)
    except FormatError as error:
        raise FormatError(f"{where}.{error.where}", error.expected, got=error.got) from error
    n_shared, last = told["left_after"], edits[-1].step if edits else 0
    fits = told["same_edits"] <= len(of_run) and n_shared <= len(edits)
    before = edits[n_shared - 1].step if fits and n_shared else 0
    after = edits[n_shared].step if fits and n_shared < len(edits) else told["left_at"]
    if not (
        fits and before <= told["left_at"] <= min(after, told["step"]) and last <= told["step"]
    ):
        raise FormatError(
            where, "must leave the run between its edits, and end after them",
            got=f"left_at {told['left_at']}, left_after {n_shared}, step {told['step']}, "
            f"{len(edits)} edits",
        )  # fmt: skip
    branch = Run(run.network, edits, told["step"])
    of_it = _branches(where, told, branch, own)
    return Fork(told["name"], told["left_at"], n_shared, branch, of_it)


# --- the text -----------------------------------------------------------------------------------


def _edit_data(entry: dict[str, Any]) -> dict[str, Any]:
    """An edit; what is undone is known without it, and may be a whole network."""
    return {k: v for k, v in entry.items() if k != "edit" or entry.get("how") != "undone"}


def _text(data: dict[str, Any]) -> str:
    """JSON with one line for each field, and for each edit, so that versions can be compared."""
    try:
        lines = [f"{json.dumps(name)}: {_value(name, item)}" for name, item in data.items()]
    except ValueError as error:
        raise FormatError("session", "must have finite numbers only", got=str(error)) from error
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    if len(text.encode(errors="surrogatepass")) > native_json.MAX_BYTES:
        raise FormatError(
            "session", f"must have at most {native_json.MAX_BYTES} bytes",
            got=f"{len(text)} characters",
            remedy="session.checkpoint(path) keeps a run with any number of edits.",
        )  # fmt: skip
    return text


def _value(name: str, item: Any) -> str:
    if name not in ("edits", "branches", "breakpoints") or not item:
        return json.dumps(item, ensure_ascii=False, allow_nan=False)
    lines = [json.dumps(entry, ensure_ascii=False, allow_nan=False) for entry in item]
    return "[\n " + ",\n ".join(lines) + "\n]"
