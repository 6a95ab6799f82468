"""Tables as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

__all__ = ["number", "row", "table"]


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a section with a table; none without rows.

    Parameters
    ----------
    title : str
    head : sequence of str
    rows : iterable of sequence of str
    """
    found = list(rows)
    if found:
        yield from ("", f"## {title}", "", row(*head), "|" + "---|" * len(head))
        yield from (row(*cells) for cells in found)


def row(*cells: str) -> str:
    """Return one line of a table."""
    return f"| {' | '.join(cell.replace('|', '/').replace(chr(10), ' ') for cell in cells)} |"


def number(value: float | None, digits: int) -> str:
    """Return a number as text; empty where there is none."""
    return "" if value is None else f"{value:.{digits}f}"
