"""Receptive fields over time as an animated picture or a video, without a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from snnlab.errors import FormatError, SpecError
from snnlab.plots.maps.look import NOTHING, PAPER_TO_INK
from snnlab.plots.maps.state import MapState
from snnlab.plots.maps.tiles import Tiles
from snnlab.plots.maps.video import write_mp4
from snnlab.record.atomic import replacing

__all__ = ["CAPTION", "SUFFIXES", "save_movie"]

SUFFIXES = (".gif", ".mp4")

CAPTION = 26
"""Height of the strip that tells the time, below the picture [px]."""

_GAP = 254
"""Colour of the lines between tiles, in the palette of the pictures."""

_INK = 255
"""Colour of the letters."""


def save_movie(
    states: Iterable[MapState] | Any, path: str | Path, *, fps: float = 10.0, zoom: int = 2,
    weighted: bool = True, on_frame: Callable[[int, int], object] | None = None,
) -> Path:  # fmt: skip
    """Write the receptive fields of several moments as a movie and return its path.

    A file that is there is replaced when the new one is complete. Below each picture stand its
    time and how far the movie is.

    Parameters
    ----------
    states : iterable of MapState, or MapSampler
        One a picture, of one sheet; of a sampler, all that it has kept.
    path : str or Path
        Ends in ``.gif``, or in ``.mp4``, which needs the package ``av``: ``pip install av``.
    fps : float [1/s]
        Pictures in a second.
    zoom : int
        Pixels of the file for one of the picture, along x and y.
    weighted : bool
        Whether weights are shown, or numbers of synapses; black is the largest of all pictures.
    on_frame : callable, optional
        Gets the number of pictures that are done, and of all, now and then.

    Raises
    ------
    FormatError
        Another suffix.
    SpecError
        No states, a rate that is not > 0.
    StateError
        The package ``av`` is not there.
    """
    target = Path(path)
    if target.suffix not in SUFFIXES:
        raise FormatError(
            str(path), f"must end in {' or '.join(SUFFIXES)}", got=repr(target.suffix)
        )
    if not fps > 0:
        raise SpecError("save_movie.fps", "must be > 0", got=f"{fps:g}")
    film = getattr(states, "film", None)
    shown: list[MapState] = film.states() if film is not None else list(states)
    if not shown:
        raise SpecError("states", "must be at least one", got="none")
    frames = _Frames(shown, zoom, weighted, on_frame)
    with replacing(target) as partial:
        if target.suffix == ".mp4":
            write_mp4(frames, partial, fps)
        else:
            first, *others = frames
            first.save(
                partial, save_all=True, append_images=others, duration=round(1000 / fps), loop=0
            )
    return target


class _Frames:
    """The pictures of a movie, one after the other."""

    def __init__(
        self,
        states: list[MapState],
        zoom: int,
        weighted: bool,
        on_frame: Callable[[int, int], object] | None,
    ) -> None:
        self._states, self._zoom, self._weighted = states, zoom, weighted
        self._on_frame = on_frame
        self._most = max(float(np.nanmax(self._picture(state))) for state in states) or 1.0
        self._font = ImageFont.load_default(14)

    def __iter__(self) -> Any:
        for k, state in enumerate(self._states):
            yield self._frame(k, state)
            if self._on_frame is not None:
                self._on_frame(k + 1, len(self._states))

    def _picture(self, state: MapState) -> np.ndarray[Any, np.dtype[np.float64]]:
        return Tiles(state.sheet).picture(state, weighted=self._weighted)

    def _frame(self, k: int, state: MapState) -> Image.Image:
        """A picture in colours, its lowest row below, and its time."""
        picture = self._picture(state)
        share = np.clip(np.nan_to_num(picture) / self._most, 0.0, 1.0)
        index = np.where(np.isnan(picture), _GAP, np.ceil(share * (_GAP - 1))).astype(np.uint8)
        large = index[::-1].repeat(self._zoom, 0).repeat(self._zoom, 1)
        image = Image.fromarray(np.pad(large, ((0, CAPTION), (0, 0))), mode="P")
        colours = [*PAPER_TO_INK[: _GAP - 1], PAPER_TO_INK[-1], NOTHING, "#222222"]
        image.putpalette(bytes.fromhex("".join(colour[1:] for colour in colours)))
        self._write(image, k, state)
        return image

    def _write(self, image: Image.Image, k: int, state: MapState) -> None:
        width, height = image.size
        pen = ImageDraw.Draw(image)
        pen.fontmode = "1"  # the palette has no shades of the letters' colour
        pen.text((6, height - CAPTION + 3), state.moment, fill=_INK, font=self._font)
        done = round(width * (k + 1) / len(self._states))
        pen.rectangle((0, height - 3, done, height), fill=_GAP - 1)
