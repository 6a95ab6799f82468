"""`Recipe`: which preset a network was made of, so that a file need not hold the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Recipe"]


@dataclass(frozen=True)
class Recipe:
    """A preset and what was chosen for it.

    Parameters
    ----------
    preset : str
        Its name.
    settings : mapping
        Options and knobs that were given: name -> number, text or truth value.
    """

    preset: str
    settings: Mapping[str, float | str | bool] = field(default_factory=dict)
