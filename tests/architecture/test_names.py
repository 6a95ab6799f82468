"""No folder or file whose name says nothing."""

from __future__ import annotations

from collections.abc import Iterable

from tests.architecture.source import Module, expect_none, module, modules

EMPTY_WORDS = {"utils", "util", "common", "helpers", "helper", "misc", "tools", "stuff", "core"}


def empty_names(source: Iterable[Module]) -> list[str]:
    """Modules with a name that could hold anything."""
    return [m.name for m in source if EMPTY_WORDS & set(m.name.split("."))]


def test_every_name_says_what_is_inside() -> None:
    expect_none(empty_names(modules()))


def test_planted_empty_name_is_found() -> None:
    assert empty_names([module("snnlab.build.utils", "")]) == ["snnlab.build.utils"]
