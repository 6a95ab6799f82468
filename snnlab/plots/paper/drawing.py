"""`Drawing`: a page of marks in points, which writers turn into files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Dots", "Drawing", "Line", "Mark", "Picture", "Rectangle", "Text"]

INK = "#222222"


@dataclass(frozen=True)
class Line:
    """A path through points; `x` and `y` grow to the right and downwards [pt]."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    colour: str = INK
    width: float = 0.7


@dataclass(frozen=True)
class Dots:
    """Round dots of diameter `size` [pt]."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    colour: str = INK
    size: float = 1.1


@dataclass(frozen=True)
class Rectangle:
    """A filled rectangle with its upper left corner at `x`, `y` [pt]."""

    x: float
    y: float
    width: float
    height: float
    colour: str = INK


@dataclass(frozen=True)
class Text:
    """A line of text, whose `anchor` (start, middle, end) stands at `x` on the base line `y`."""

    x: float
    y: float
    text: str
    size: float = 8.0
    anchor: str = "start"
    is_bold: bool = False
    is_upright: bool = True
    colour: str = INK


@dataclass(frozen=True)
class Picture:
    """Grey values, (rows, columns) uint8, stretched over a rectangle [pt]."""

    x: float
    y: float
    width: float
    height: float
    grey: NDArray[np.uint8]


Mark = Line | Dots | Rectangle | Text | Picture


@dataclass(frozen=True)
class Drawing:
    """A page.

    Parameters
    ----------
    width, height : float [pt]
    marks : tuple of Mark
        In the order in which they cover one another.
    title, description : str
        For those who cannot see it, and for catalogues.
    metadata : mapping of str
        Where it comes from.
    """

    width: float
    height: float
    marks: tuple[Mark, ...]
    title: str = ""
    description: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
