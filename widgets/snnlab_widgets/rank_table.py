"""The ranks as a plain table: what a saved notebook shows where no widget can."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

__all__ = ["rank_table"]

_COLUMNS = {
    "rank": "rank", "state": "state", "end": "", "place": "host, process", "device": "device",
    "neurons": "neurons", "synapses": "synapses", "memory": "memory", "spikes": "spikes/s",
    "busy": "busy (%)", "exchange": "exchange (%)", "waiting": "waits (%)",
}  # fmt: skip
"""Name of a value in a row -> head of its column."""


def rank_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return what `snnlab_widgets.rank_rows.rank_rows` returned as HTML.

    Parameters
    ----------
    rows : sequence of mapping
    """
    if not rows:
        return "<p>One process computes this network.</p>"
    head = "".join(f"<th>{escape(text)}</th>" for text in _COLUMNS.values())
    lines = [
        "".join(f"<td>{escape(str(row[name])) or '&ndash;'}</td>" for name in _COLUMNS)
        for row in rows
    ]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
