"""Classifiers as files: settings as plain data, numbers as arrays; opening one runs nothing."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.errors import FormatError, SnnlabError, unknown_name
from snnlab.learning import encoders, optimisers
from snnlab.learning.structural_plasticity import StructuralPlasticity
from snnlab.learning.trials import Trials
from snnlab.record import array_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FORMAT", "fingerprint", "plain_parameters", "read", "revived_parameters", "write"]

FORMAT = 1
"""Version of the layout, in the field `format` of the header."""

_OPTIMISERS = {name: getattr(optimisers, name) for name in ("SGD", "Adam")}
_ENCODERS = {name: getattr(encoders, name) for name in encoders.__all__ if name != "Encoder"}
_OWN = {"own": True}
"""In the place of an encoder or a rule that only its author's code has."""


def fingerprint(trials: Trials) -> str:
    """Return what tells one training set from another: a SHA-256 of its spikes and labels."""
    digest = hashlib.sha256()
    for array in (trials.channel, trials.step, trials.offsets, trials.labels):
        if array is not None:
            digest.update(np.ascontiguousarray(array).view(np.uint8).data)
    return digest.hexdigest()


def plain_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a classifier as plain data."""
    return {name: _plain(value) for name, value in parameters.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, StructuralPlasticity):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        return {"rewiring": fields | {"parameters": dict(value.parameters)}}
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if type(value) in _OPTIMISERS.values():
        return {"optimiser": [type(value).__name__, dataclasses.asdict(value)]}
    if type(value) in _ENCODERS.values():
        return {"encoder": [type(value).__name__, dataclasses.asdict(value)]}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return dict(_OWN)


def revived_parameters(
    plain: Mapping[str, Any], own: Mapping[str, Any], path: str | os.PathLike[str]
) -> dict[str, Any]:
    """Return the parameters that `plain_parameters` made plain.

    Parameters
    ----------
    plain : mapping
    own : mapping
        What is the author's own, by name of the parameter; None: not given.
    path : path
        Of the file that they are from.

    Raises
    ------
    FormatError
        They cannot be those of a classifier, or something is the author's own and is not given.
    """
    given = {name: value for name, value in own.items() if value is not None}
    for name, value in plain.items():
        if value == _OWN and name not in given:
            raise FormatError(
                f"File '{path}'", f"needs the {name} that it was trained with", got="none",
                remedy=f"Its code is not part of the file: Classifier.load(path, {name}=...).",
            )  # fmt: skip
    try:
        return {name: _revived(value) for name, value in plain.items()} | given
    except (SnnlabError, TypeError, ValueError, KeyError) as error:
        raise FormatError(
            f"File '{path}'", "must hold the settings of a classifier", got=str(error)
        ) from error


def _revived(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if set(value) == {"rewiring"}:
        return StructuralPlasticity(**value["rewiring"])
    if set(value) == {"optimiser"}:
        name, fields = value["optimiser"]
        return _named("optimiser", name, _OPTIMISERS)(**fields)
    if set(value) == {"encoder"}:
        name, fields = value["encoder"]
        return _named("encoder", name, _ENCODERS)(**_as_tuples(fields))
    return {name: _revived(part) for name, part in value.items()}


def _named(kind: str, name: str, valid: Mapping[str, Any]) -> Any:
    if name not in valid:
        raise unknown_name(kind, name, valid)
    return valid[name]


def _as_tuples(value: Any) -> Any:
    """Lists of a file as the tuples that frozen values have."""
    if isinstance(value, dict):
        return {name: _as_tuples(part) for name, part in value.items()}
    return tuple(map(_as_tuples, value)) if isinstance(value, list) else value


def write(
    path: str | os.PathLike[str], header: Mapping[str, Any], state: Mapping[str, NDArray[Any]]
) -> None:
    """Write a file; what was at `path` is replaced only when all is on the disk."""
    array_file.write(path, {"snnlab": "classifier", "format": FORMAT, **header}, state)


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return what `write` has written.

    Raises
    ------
    FormatError
        No such file, damaged, of another kind or newer; or a field is missing.
    """
    header, state = array_file.read(path, kind="classifier", format=FORMAT)
    for name, kind in _FIELDS.items():
        if not isinstance(header.get(name), kind):
            raise FormatError(
                f"File '{path}'", f"must have the field {name!r}", got=repr(header.get(name))[:80],
                remedy="It was not written by Classifier.save, or was changed since.",
            )  # fmt: skip
    return header, state


_FIELDS = {
    "parameters": dict, "network": dict, "classes": list, "rows": list, "fingerprint": str,
    "answers_names": bool,
}  # fmt: skip
