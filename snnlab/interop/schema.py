"""The published schema of snnlab's own files, and its application with errors that help."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from snnlab.errors import FormatError, nearest

__all__ = ["check", "schema"]


@cache
def _text(kind: str) -> str:
    return files("snnlab.interop").joinpath(f"{kind}.schema.json").read_text(encoding="utf-8")


def schema(kind: str = "network") -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of a kind of file; `$defs` has one for each part.

    Parameters
    ----------
    kind : str
        ``"network"`` or ``"session"``; the second refers to the first.
    """
    return dict(json.loads(_text(kind)))


@cache
def _definitions() -> dict[str, Any]:
    """The parts of all kinds of files; they share no name."""
    return {**schema("network")["$defs"], **schema("session")["$defs"]}


def check(data: Any, part: str) -> None:
    """Hold data against the schema.

    Parameters
    ----------
    data : object
        What JSON text was read as.
    part : str
        Name of a definition: ``"network"``, ``"edit"``, ``"session"``.

    Raises
    ------
    FormatError
        The first thing that does not fit, with its place in `data`.
    """
    try:
        error = next(_validator(part).iter_errors(data), None)
    except RecursionError:
        raise FormatError(part, "must not be nested deeply", got="hundreds of levels") from None
    if error is not None:
        raise _format_error(error, part)


@cache
def _validator(part: str) -> Any:
    """The validator of one part: the standard one, faster and with strict integers."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    definitions = _definitions()
    keywords = {"oneOf": _branch_of_kind, "items": _items}
    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, x: type(x) is int)
    validator = extend(Draft202012Validator, keywords, type_checker=types)
    own = {name: _inlined(definitions[name], definitions) for name in _RECURSIVE}
    return validator(_inlined(definitions[part], definitions) | {"$defs": definitions | own})


_RECURSIVE = ("edit", "branch")
"""Definitions that refer to themselves, each through a list of several."""


def _inlined(node: Any, definitions: dict[str, Any]) -> Any:
    """The schema with definitions in place of references to them: seven times as fast.

    References to what refers to itself stay.
    """
    if isinstance(node, list):
        return [_inlined(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    name = node.get("$ref", "").rpartition("/")[2]
    if name in _RECURSIVE:
        return {"$ref": f"#/$defs/{name}"}
    if name:
        return _inlined(definitions[name], definitions)
    return {key: _inlined(value, definitions) for key, value in node.items()}


def _branch_of_kind(
    validator: Any, branches: list[dict[str, Any]], data: Any, _: dict[str, Any]
) -> Iterator[Any]:
    """``oneOf`` where the field `kind` says which."""
    from jsonschema import ValidationError

    kinds = [_kind_of(branch) for branch in branches]
    kind = data.get("kind") if isinstance(data, dict) else None
    if kind in kinds:
        yield from validator.descend(data, branches[kinds.index(kind)])
    else:
        yield ValidationError(
            "unknown kind", "enum", path=["kind"], instance=kind, validator_value=kinds
        )


def _kind_of(branch: dict[str, Any]) -> str:
    """Kind that a branch is for: a definition has the name of its kind."""
    if "$ref" in branch:
        return str(branch["$ref"]).rpartition("/")[2]
    return str(branch["properties"]["kind"]["const"])


_PYTHON_TYPES: dict[str, set[type]] = {"number": {int, float}, "integer": {int}}


def _items(
    validator: Any, items: dict[str, Any], data: Any, whole: dict[str, Any]
) -> Iterator[Any]:
    """``items``, with a shortcut for long lists of plain numbers."""
    from jsonschema import Draft202012Validator

    allowed = _PYTHON_TYPES.get(str(items.get("type")), set()) if len(items) == 1 else set()
    if not (isinstance(data, list) and set(map(type, data)) <= allowed):
        yield from Draft202012Validator.VALIDATORS["items"](validator, items, data, whole)


# --- what a validation error means ----------------------------------------------------------------


def _format_error(error: Any, part: str) -> FormatError:
    where = _place(error.absolute_path) or part
    value, data = error.validator_value, error.instance
    match error.validator:
        case "additionalProperties":
            return _unknown_field(where, error)
        case "required":
            missing = next(name for name in value if name not in data)
            return FormatError(where, f"must have the field {missing!r}", got=_short(list(data)))
        case "enum" | "const":
            return _not_one_of(where, data, value if error.validator == "enum" else [value])
        case "type":
            kinds = value if isinstance(value, list) else [value]
            return FormatError(where, f"must be {_words(kinds)}", got=_short(data))
    expected = _EXPECTED.get(error.validator, "must follow the schema: {}").format(value)
    return FormatError(where, expected, got=_short(data))


_EXPECTED = {
    "minimum": "must be >= {}",
    "maximum": "must be <= {}",
    "exclusiveMinimum": "must be > {}",
    "minLength": "must have at least {} characters",
    "maxLength": "must have at most {} characters",
    "minItems": "must have at least {} items",
    "maxItems": "must have at most {} items",
    "maxProperties": "must have at most {} fields",
    "pattern": "must be a number, a quantity or arithmetic on knobs",
    "not": "must have no control characters",
}
"""Keyword of the schema -> what it asks for."""


def _place(path: Any) -> str:
    """``populations[0].size`` from a path of names and indices."""
    steps = [f"[{step}]" if isinstance(step, int) else f".{_short(step, '')}" for step in path]
    return "".join(steps).removeprefix(".")


def _short(value: Any, quote: str = "'") -> str:
    """A value in one short line."""
    text = f"{quote}{value}{quote}" if isinstance(value, str) else json.dumps(value, default=repr)
    text = "".join(c if c.isprintable() else "?" for c in text[:80])
    return text if len(text) < 60 else text[:57] + "..."


def _words(kinds: list[str]) -> str:
    names = {"integer": "a whole number", "array": "a list", "object": "an object"}
    return " or ".join(names.get(kind, f"a {kind}") for kind in kinds)


def _unknown_field(where: str, error: Any) -> FormatError:
    known = error.schema["properties"]
    name = next(name for name in error.instance if name not in known)
    return _not_one_of(where, name, list(known), "must have known fields only")


def _not_one_of(
    where: str, got: Any, valid: list[Any], expected: str = "must be a known word"
) -> FormatError:
    words = [str(word) for word in valid]
    close = nearest(got, words) if isinstance(got, str) else []
    remedy = f"Did you mean {', '.join(map(repr, close))}?" if close else ""
    return FormatError(
        where, expected, got=_short(got), remedy=remedy or f"Valid: {', '.join(words[:20])}."
    )
