"""Receptive fields over time as an animated picture, without a browser."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from snnlab.errors import FormatError, SpecError
from snnlab.plots.maps.look import NOTHING, PAPER_TO_INK
from snnlab.plots.maps.state import MapState
from snnlab.plots.maps.tiles import Tiles

__all__ = ["save_movie"]

_GAP = 255
"""Colour of the lines between tiles, in the palette of the pictures."""


def save_movie(
    states: Iterable[MapState], path: str | Path, *, fps: float = 10.0, zoom: int = 2,
    weighted: bool = True,
) -> Path:  # fmt: skip
    """Write the receptive fields of several moments as an animated GIF and return its path.

    Parameters
    ----------
    states : iterable of MapState
        One a picture, of one sheet.
    path : str or Path
        Ends in ``.gif``.
    fps : float [1/s]
        Pictures in a second.
    zoom : int
        Pixels of the file for one of the picture, along x and y.
    weighted : bool
        Whether weights are shown, or numbers of synapses; black is the largest of all pictures.

    Raises
    ------
    FormatError
        Another suffix.
    SpecError
        No states.
    """
    target = Path(path)
    if target.suffix != ".gif":
        raise FormatError(str(path), "must end in .gif", got=repr(target.suffix))
    pictures = [Tiles(state.sheet).picture(state, weighted=weighted) for state in states]
    if not pictures:
        raise SpecError("states", "must be at least one", got="none")
    most = max(float(np.nanmax(picture)) for picture in pictures) or 1.0
    frames = [_frame(picture, most, zoom) for picture in pictures]
    frames[0].save(
        target, save_all=True, append_images=frames[1:], duration=round(1000 / fps), loop=0
    )
    return target


def _frame(picture: np.ndarray[tuple[int, ...], np.dtype[np.float64]], most: float, zoom: int
) -> Image.Image:  # fmt: skip
    """A picture in colours, its lowest row below."""
    share = np.clip(np.nan_to_num(picture) / most, 0.0, 1.0)
    index = np.where(np.isnan(picture), _GAP, np.ceil(share * (_GAP - 1))).astype(np.uint8)
    image = Image.fromarray(index[::-1].repeat(zoom, 0).repeat(zoom, 1), mode="P")
    colours = [*PAPER_TO_INK[: _GAP - 1], PAPER_TO_INK[-1], NOTHING]
    image.putpalette(bytes.fromhex("".join(colour[1:] for colour in colours)))
    return image
