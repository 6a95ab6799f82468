"""An edit in a few words, for lists and for marks in a picture."""

from __future__ import annotations

from typing import Any

from snnlab.model.edits import Edit, Restore, SetParameter, Several
from snnlab.model.poke import poked

__all__ = ["edit_text"]


def edit_text(edit: Edit) -> str:
    """Return what an edit did, in few characters.

    Examples
    --------
    >>> edit_text(SetParameter("", "g", 6.0))
    'g = 6'
    >>> edit_text(SetParameter("exc", "tau_m", "15 ms"))
    'exc.tau_m = 15 ms'
    """
    if isinstance(edit, SetParameter):
        value = f"{edit.value:.6g}" if isinstance(edit.value, float) else str(edit.value)
        return f"{edit.target}.{edit.name} = {value}".lstrip(".")
    if whom := poked(edit):
        return f"poke {whom}"
    if isinstance(edit, Several):
        return ", ".join(edit_text(each) for each in edit.edits[:3])
    if isinstance(edit, Restore):
        return "put back what was removed"
    words = type(edit).__name__
    verb = next((v for v in ("Add", "Remove", "Set") if words.startswith(v)), "")
    name = _name(edit)
    return f"{verb.lower() or words.lower()} {name}".strip()


def _name(edit: Any) -> str:
    """Name of the part that an edit is about."""
    fields = ("population", "projection", "stimulus", "recorder", "rewiring", "elements", "name")
    for field in fields:
        item = getattr(edit, field, None)
        if item is not None:
            return str(getattr(item, "name", getattr(item, "population", item)))
    return ""
