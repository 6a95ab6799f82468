"""Pictures as an MP4 file, by PyAV, which is asked for only here."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from snnlab.errors import StateError

__all__ = ["write_mp4"]

_QUALITY = "18"
"""Constant rate factor of H.264; 18 is hard to tell from the original."""


def write_mp4(images: Iterable[Image.Image], path: str | Path, fps: float) -> None:
    """Write pictures as H.264 video, which every browser and every slide program plays.

    Parameters
    ----------
    images : iterable of Image
        Of one size; a side that is odd gets one more line of pixels, as the format wants.
    path : str or Path
    fps : float [1/s]
        Pictures in a second.

    Raises
    ------
    StateError
        The package ``av`` is not there.
    """
    av = _av()
    rate = Fraction(fps).limit_denominator(1000)
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as file:
        stream: Any = None
        for image in images:
            pixels = _even(np.asarray(image.convert("RGB")))
            if stream is None:
                stream = file.add_stream("libx264", rate=rate, options={"crf": _QUALITY})
                stream.height, stream.width = pixels.shape[:2]
                stream.pix_fmt = "yuv420p"
            file.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        if stream is not None:
            file.mux(stream.encode())


def _even(pixels: np.ndarray[Any, np.dtype[np.uint8]]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    rows, columns = pixels.shape[:2]
    return np.pad(pixels, ((0, rows % 2), (0, columns % 2), (0, 0)), mode="edge")


def _av() -> Any:
    try:
        import av
    except ModuleNotFoundError as error:
        raise StateError(
            "save_movie", "needs the package av to write .mp4", got="no such package",
            remedy="Install it, `pip install av`, or write a .gif, which needs nothing more.",
        ) from error  # fmt: skip
    return av
