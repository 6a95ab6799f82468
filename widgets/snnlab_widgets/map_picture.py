"""What the drawn pictures of a map share: how a viewpoint sees it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from snnlab.analysis.sheet import Sheet
from snnlab.plots.maps.look import CYCLE, DEVIATION, GRID_STEPS, colour_list
from snnlab.plots.maps.viewpoint import Viewpoint
from snnlab_widgets.picture import COLOURS, CYCLIC, SPREAD, Picture, axis

__all__ = ["MapPicture", "sheet_axis"]


class MapPicture(Picture):
    """Abstract: a picture that shows a map as a viewpoint sees it.

    Parameters
    ----------
    view : Viewpoint
    side : int [px]
        Longer side of the image, at most.
    on_error : callable, optional
        Gets the exceptions of the browser's messages.
    """

    def __init__(
        self,
        view: Viewpoint,
        *,
        side: int,
        on_error: Callable[[Exception], object] | None = None,
        **traits: Any,
    ) -> None:
        self._view = view
        super().__init__(side=side, on_error=on_error, **traits)

    def colours(self) -> dict[str, list[str]]:
        """Return the palettes that it draws with: name -> colours."""
        more = {CYCLIC: colour_list(CYCLE, COLOURS), SPREAD: colour_list(DEVIATION, COLOURS)}
        return {**super().colours(), **more}

    def version(self) -> Hashable:
        """Return what changes with the picture."""
        return self._view.state_version


def sheet_axis(sheet: Sheet, k: int, whose: str) -> dict[str, Any]:
    """Return the axis along x (0) or y (1) of a picture with a pixel for each neuron."""
    length = sheet.shape[k]
    every = -(-length // 8)
    ticks = [(place + 0.5, str(place)) for place in range(0, length, every)]
    return axis(f"{whose} {'xy'[k]} ({GRID_STEPS})", length, ticks)
