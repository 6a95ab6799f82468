"""What drawn pictures share: colours, axes, and no more pictures than are painted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from snnlab.errors import InternalError
from snnlab.plots.ink import NOTHING, PAPER_TO_INK, evenly
from snnlab_widgets.part import Part

__all__ = ["COLOURS", "CYCLIC", "INK", "SPREAD", "Picture", "axis", "indexed"]

INK, CYCLIC, SPREAD = "ink", "cyclic", "spread"
"""Names of palettes: from nothing to much, round a torus, from one end to the other."""

COLOURS = 255
"""Colours of a palette; the index after them is where nothing is."""


class Picture(Part):
    """Abstract: an image of indexed colours with axes and a bar of colours.

    Nothing is computed before somebody looks, nor before the last picture was painted.

    Parameters
    ----------
    side : int [px]
        Longer side of the image, at most.
    on_error : callable, optional
        Gets the exceptions of the browser's messages.
    """

    palettes: Any = traitlets.Dict().tag(sync=True)
    nothing = traitlets.Unicode(NOTHING).tag(sync=True)
    side = traitlets.Int().tag(sync=True)

    def __init__(
        self,
        *,
        side: int,
        on_error: Callable[[Exception], object] | None = None,
        **traits: Any,
    ) -> None:
        self._lock = threading.Lock()
        self._is_open = False
        self._sent = self._painted = 0
        self._shown: Hashable = None
        super().__init__(on_error=on_error, palettes=self.colours(), side=side, **traits)

    def colours(self) -> dict[str, list[str]]:
        """Return the palettes that it draws with: name -> colours."""
        return {INK: evenly(PAPER_TO_INK, COLOURS)}

    @property
    def is_free(self) -> bool:
        """Whether a view is open and has painted what was sent."""
        return self._is_open and self._sent == self._painted

    def refresh(self) -> bool:
        """Send a picture if there is another one and the last was painted; returns whether."""
        with self._lock:
            version = self.version()
            if not self.is_free or version == self._shown:
                return False
            message, buffers = self.picture()
            self._shown = version
            self._sent += 1
            self.send({"kind": "picture", "k": self._sent, **message}, buffers)
            return True

    def version(self) -> Hashable:
        """Return what changes with the picture."""
        raise InternalError(type(self).__name__, "must say what version is drawn", got="nothing")

    def picture(self) -> tuple[dict[str, Any], list[bytes]]:
        """Return what the script draws, and its buffers: indices of colours first."""
        raise InternalError(type(self).__name__, "must say what is drawn", got="nothing")

    def do_ready(self) -> None:
        """Answer a view that has opened."""
        with self._lock:
            self._is_open = True
            self._painted = self._sent
            self._shown = None
        self.refresh()

    def do_painted(self, k: int) -> None:
        """Take note of the last picture that was painted."""
        with self._lock:
            self._painted = max(self._painted, min(int(k), self._sent))


def indexed(values: NDArray[np.floating], low: float, high: float) -> bytes:
    """Return the colours of values as bytes: 0 ... 254 from `low` to `high`, 255 for nan.

    The least above `low` is told from it.
    """
    share = np.clip((np.nan_to_num(values, nan=low) - low) / max(high - low, 1e-12), 0.0, 1.0)
    index = np.ceil(share * (COLOURS - 1))
    return bytes(np.where(np.isnan(values), COLOURS, index).astype(np.uint8))


def axis(label: str, length: float, ticks: list[tuple[float, str]]) -> dict[str, Any]:
    """Return an axis: ticks at ``(position, text)``, positions from 0 to `length`."""
    return {"label": label, "ticks": [(at / length, text) for at, text in ticks]}
