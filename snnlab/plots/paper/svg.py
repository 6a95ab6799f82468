"""A drawing as SVG: text stays text, so that it can be searched and edited."""

from __future__ import annotations

import base64
import io
import json
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from snnlab.plots.paper.drawing import Dots, Drawing, Mark, Picture, Rectangle, Text

__all__ = ["svg"]

_FONT = "Arial, Helvetica, 'Liberation Sans', sans-serif"


def svg(drawing: Drawing) -> str:
    """Return the text of an SVG file; provenance stands in its ``metadata`` as JSON."""
    width, height = drawing.width, drawing.height
    facts = json.dumps(dict(drawing.metadata), ensure_ascii=False)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}pt" height="{height:g}pt"'
        f' viewBox="0 0 {width:g} {height:g}" role="img" font-family={quoteattr(_FONT)}>'
    )
    return "\n".join([
        '<?xml version="1.0" encoding="UTF-8"?>', head,
        f"<title>{escape(drawing.title)}</title>",
        f"<desc>{escape(drawing.description)}</desc>",
        f'<metadata id="snnlab">{escape(facts)}</metadata>',
        f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>',
        *map(_element, drawing.marks), "</svg>", "",
    ])  # fmt: skip


def _element(mark: Mark) -> str:
    if isinstance(mark, Text):
        return _text(mark)
    if isinstance(mark, Rectangle):
        box = f'x="{mark.x:.2f}" y="{mark.y:.2f}" width="{mark.width:.2f}"'
        return f'<rect {box} height="{mark.height:.2f}" fill="{mark.colour}"/>'
    if isinstance(mark, Picture):
        return _picture(mark)
    is_dots = isinstance(mark, Dots)
    path = _dots(mark.x, mark.y) if is_dots else _path(mark.x, mark.y)
    width = mark.size if isinstance(mark, Dots) else mark.width
    cap = ' stroke-linecap="round"' if is_dots else ' stroke-linejoin="round"'
    return f'<path d="{path}" fill="none" stroke="{mark.colour}" stroke-width="{width:g}"{cap}/>'


def _path(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    points = [f"{a:.2f} {b:.2f}" for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    return "M" + "L".join(points) if points else ""


def _dots(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    """Lines without length, whose round ends are the dots."""
    return "".join(f"M{a:.2f} {b:.2f}h0" for a, b in zip(x.tolist(), y.tolist(), strict=True))


def _text(mark: Text) -> str:
    place = f'x="{mark.x:.2f}" y="{mark.y:.2f}"'
    if not mark.is_upright:
        place += f' transform="rotate(-90 {mark.x:.2f} {mark.y:.2f})"'
    weight = ' font-weight="bold"' if mark.is_bold else ""
    style = f'font-size="{mark.size:g}" text-anchor="{mark.anchor}" fill="{mark.colour}"{weight}'
    return f"<text {place} {style}>{escape(mark.text)}</text>"


def _picture(mark: Picture) -> str:
    held = io.BytesIO()
    Image.fromarray(mark.grey).save(held, "PNG")
    data = base64.b64encode(held.getvalue()).decode("ascii")
    box = f'x="{mark.x:.2f}" y="{mark.y:.2f}" width="{mark.width:.2f}" height="{mark.height:.2f}"'
    return (
        f'<image {box} preserveAspectRatio="none" style="image-rendering:pixelated"'
        f' href="data:image/png;base64,{data}"/>'
    )
