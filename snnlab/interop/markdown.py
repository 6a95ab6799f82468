"""Tables in Markdown, in which any text stays text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["escaped", "table"]

_SPECIAL = str.maketrans({c: f"\\{c}" for c in "\\`*_[]<>|$~#!"})


def escaped(text: str) -> str:
    """Return a text in one line in which no character means anything but itself."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(shown.translate(_SPECIAL).split())


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; what stands in its cells is escaped already.

    Parameters
    ----------
    head : sequence of str
    rows : iterable of sequences of str
        As many cells each.
    """
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
