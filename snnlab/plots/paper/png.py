"""A drawing as PNG, by Pillow; provenance stands in its text chunks."""

from __future__ import annotations

import io
import re
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from snnlab.plots.paper.drawing import Dots, Drawing, Mark, Picture, Rectangle, Text

__all__ = ["png"]

_FINER = 2
"""Drawn so many times as large and then shrunk: that smooths lines and dots."""

_PLAIN = str.maketrans({"\N{NARROW NO-BREAK SPACE}": " ", "\N{MULTIPLICATION SIGN}": "x",
                        "\N{MINUS SIGN}": "-"})  # fmt: skip
_SUPERSCRIPT = {"\N{SUPERSCRIPT TWO}": "2"}
_RAISED = 0.7
"""Size of a superscript as a share of that of the text."""


def png(drawing: Drawing, dpi: float = 300.0) -> bytes:
    """Return the bytes of a PNG file.

    Parameters
    ----------
    drawing : Drawing
    dpi : float
        Pixels in an inch.
    """
    scale = dpi / 72.0 * _FINER
    size = round(drawing.width * scale), round(drawing.height * scale)
    image = Image.new("RGB", size, "#ffffff")
    for mark in drawing.marks:
        _draw(image, mark, scale)
    image = image.resize((size[0] // _FINER, size[1] // _FINER), Image.Resampling.BOX)
    facts = PngInfo()
    for name, text in {"Title": drawing.title, "Description": drawing.description,
                       **drawing.metadata}.items():  # fmt: skip
        facts.add_itxt(name, text)
    held = io.BytesIO()
    image.save(held, "PNG", dpi=(dpi, dpi), pnginfo=facts, optimize=True)
    return held.getvalue()


def _draw(image: Image.Image, mark: Mark, scale: float) -> None:
    pen = ImageDraw.Draw(image)
    if isinstance(mark, Text):
        _write(image, mark, scale)
    elif isinstance(mark, Picture):
        corner = round(mark.x * scale), round(mark.y * scale)
        size = max(1, round(mark.width * scale)), max(1, round(mark.height * scale))
        stretched = Image.fromarray(mark.grey).resize(size, Image.Resampling.NEAREST)
        image.paste(stretched.convert("RGB"), corner)
    elif isinstance(mark, Rectangle):
        x, y = mark.x * scale, mark.y * scale
        pen.rectangle((x, y, x + mark.width * scale, y + mark.height * scale), fill=mark.colour)
    elif isinstance(mark, Dots):
        radius = mark.size * scale / 2
        for x, y in zip((mark.x * scale).tolist(), (mark.y * scale).tolist(), strict=True):
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=mark.colour)
    elif mark.x.size > 1:
        points = np.column_stack([mark.x, mark.y]) * scale
        width = max(1, round(mark.width * scale))
        pen.line([(float(x), float(y)) for x, y in points], fill=mark.colour, width=width)


def _write(image: Image.Image, mark: Text, scale: float) -> None:
    if mark.is_upright:
        _letters(image, mark, (mark.x * scale, mark.y * scale), scale)
        return
    # Written onto a transparent square around the anchor, which is then turned.
    size = mark.size * scale
    half = round(_font(size).getlength(mark.text) + size)
    square = Image.new("RGBA", (2 * half, 2 * half), (255, 255, 255, 0))
    _letters(square, mark, (half, half), scale)
    turned = square.rotate(90, resample=Image.Resampling.BICUBIC)
    corner = round(mark.x * scale) - half, round(mark.y * scale) - half
    image.paste(turned, corner, turned)


def _letters(image: Image.Image, mark: Text, at: tuple[float, float], scale: float) -> None:
    """Write from left to right; what the font of Pillow does not have is put in other words."""
    size = mark.size * scale
    parts = [
        (part, size * (_RAISED if part in _SUPERSCRIPT else 1.0))
        for part in re.split(f"([{''.join(_SUPERSCRIPT)}])", mark.text.translate(_PLAIN))
    ]
    width = sum(_font(s).getlength(_SUPERSCRIPT.get(part, part)) for part, s in parts)
    x = at[0] - width * {"start": 0.0, "middle": 0.5, "end": 1.0}[mark.anchor]
    stroke = round(0.03 * size) if mark.is_bold else 0
    pen = ImageDraw.Draw(image)
    for part, own in parts:
        y = at[1] - (0.35 * size if part in _SUPERSCRIPT else 0.0)
        text = _SUPERSCRIPT.get(part, part)
        pen.text(
            (x, y), text, fill=mark.colour, font=_font(own), anchor="ls", stroke_width=stroke,
            stroke_fill=mark.colour,
        )  # fmt: skip
        x += _font(own).getlength(text)


@cache
def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
