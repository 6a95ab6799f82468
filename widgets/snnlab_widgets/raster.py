"""The live raster with the population rates under it, drawn in a canvas."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from typing import Any

import traitlets

from snnlab.errors import SpecError
from snnlab.model.network import Network
from snnlab.plots.grid import Grid
from snnlab.plots.palette import colours
from snnlab.plots.recent import RecentFrames
from snnlab_widgets.credit import Credit
from snnlab_widgets.packing import MOST, pack_counts, pack_spikes
from snnlab_widgets.part import Part, script

__all__ = ["SCALES", "Raster"]

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Model time per pixel that the reader may choose [ms]."""

FULL_COLOUR_HZ = 100.0
"""Rate at which a pixel that stands for several neurons has its full colour."""

Mark = tuple[int, str]
"""Step at which an edit took effect, and what it set."""


class Raster(Part):
    """A raster that follows a run, and the rates of the populations on the same time axis.

    Nothing is sent before somebody looks, and never more than some frames ahead of what the
    browser has painted; a hidden view costs nothing. Each frame holds what is new; a view that
    opens later gets the last window at once.

    Parameters
    ----------
    network : Network
        Populations and their sizes.
    recent : RecentFrames
        Where the frames are read.
    height : int [pixels]
        Height of the raster; larger networks are binned to so many rows.
    column_ms : float [ms]
        Model time that one pixel stands for; one of `SCALES`.
    marks : callable, optional
        Returns the edits to be marked, as (step, text).
    on_select : callable, optional
        Gets what somebody selects with the mouse, as keywords; see `selection`.
    on_poke : callable, optional
        Gets the first and the last of the neurons that somebody clicks on.
    on_error : callable, optional
        Gets the exceptions of the browser's messages.

    Attributes
    ----------
    bytes_per_s : float
        What is sent in a second, at most; a fast line bears more, such as 1e7.
    aside : callable
        Returns what other parts of the page are told with each frame: name of the event in the
        page -> what it tells.
    """

    _esm = script(
        "canvas.js", "spike_picture.js", "rate_lines.js", "raster_brush.js", "raster.js"
    )  # fmt: skip
    selection = traitlets.Dict().tag(sync=True)
    """``{"first": id, "last": id, "t_start": ms, "t_stop": ms}``, drawn as a frame; or empty."""
    view = traitlets.Dict().tag(sync=True)
    """Everything that the script needs to lay out the picture, as one value."""

    def __init__(
        self,
        network: Network,
        recent: RecentFrames,
        *,
        height: int = 330,
        column_ms: float = 1.0,
        marks: Callable[[], Sequence[Mark]] = tuple,
        on_select: Callable[..., object] | None = None,
        on_poke: Callable[[int, int], object] | None = None,
        on_error: Callable[[Exception], object] | None = None,
    ) -> None:
        super().__init__(on_error=on_error)
        self._recent = recent
        self._marks = marks
        self._on_select = on_select
        self._on_poke = on_poke
        self.aside: Callable[[], dict[str, Any]] = dict
        self._height = height
        self._column_ms = column_ms
        self._lock = threading.Lock()
        self._columns = 0
        self._credit = Credit()
        self._drawn: int | None = None
        self._marked: list[Mark] = []
        self._epoch = recent.epoch
        self.show(network)

    @property
    def bytes_per_s(self) -> float:
        """What is sent in a second, at most."""
        return self._credit.bytes_per_s

    @bytes_per_s.setter
    def bytes_per_s(self, value: float) -> None:
        self._credit.bytes_per_s = value

    @property
    def is_watched(self) -> bool:
        """Whether a view is open, has painted (nearly) all that was sent, and the line is free."""
        return self._columns > 0 and self._credit.is_left

    def show(self, network: Network) -> None:
        """Lay the picture out for `network`; its populations may have changed."""
        self._sizes = [population.size for population in network.populations]
        self._grid = Grid(network.n_neurons, self._height, self._column_ms)
        self._bin_steps = max(1, round(max(1.0, self._column_ms) / network.dt))
        self._dt = network.dt
        self.view = {
            "populations": [
                {"name": p.name, "size": p.size, "first": network.first_id(p.name)}
                for p in network.populations
            ],
            "n_neurons": network.n_neurons,
            "rows": self._grid.rows,
            "neurons_per_row": self._grid.neurons_per_row,
            "height": self._height,
            "rate_height": 110,
            "column_ms": self._column_ms,
            "bin_ms": self._bin_steps * network.dt,
            "scales": list(SCALES),
            "full_count": _full_count(self._grid),
            "colours": colours(len(self._sizes)),
            "colours_dark": colours(len(self._sizes), dark=True),
            "note": self._grid.note,
            "is_brush": self._on_select is not None,
            "is_poke": self._on_poke is not None,
        }

    def refresh(self) -> None:
        """Send what has come since the last time, if somebody watches."""
        with self._lock:
            if not self.is_watched:
                return
            is_fresh = self._drawn is None or self._epoch != self._recent.epoch
            self._epoch = self._recent.epoch
            start = self._first_step(0 if is_fresh else self._drawn or 0)
            if self._recent.stop > start:
                self._ship(start, is_fresh=is_fresh)
            elif is_fresh:
                self._drawn = 0
                self.send({"kind": "clear"})

    def _first_step(self, drawn: int) -> int:
        """Step from which on something is new, or has not yet scrolled out of the window."""
        window = round(self._columns * self._column_ms / self._dt)
        return max(drawn, self._recent.stop - window)

    def _ship(self, start: int, *, is_fresh: bool) -> None:
        """Send the spikes from `start` on; the rates begin with the bin that was not complete."""
        bin_start = start // self._bin_steps * self._bin_steps
        frames = self._recent.since(bin_start)
        if frames[-1].counts.size != len(self._sizes):
            return  # these frames are from before populations came or went
        full = min(MOST, math.ceil(_full_count(self._grid)))
        spikes = pack_spikes(frames, start, self._grid, full)
        counts = pack_counts(frames, bin_start, self._sizes, self._bin_steps)
        self._drawn = frames[-1].t_stop
        k, asks = self._credit.spend(len(spikes.data) + len(counts.data))
        message = {
            "kind": "frame", "k": k, "asks": asks, "step": self._drawn, "is_fresh": is_fresh,
            "mode": spikes.mode, "start": spikes.start, "stop": spikes.stop,
            "n": spikes.n, "bits": spikes.bits,
            "first_bin": counts.start, "stop_bin": counts.stop, "width": counts.width,
            **self._new_marks(is_fresh=is_fresh), "aside": self.aside(),
        }  # fmt: skip
        self.send(message, [spikes.data, counts.data])

    def _new_marks(self, *, is_fresh: bool) -> dict[str, Any]:
        """The marks, if they are others than in the last frame."""
        marks = list(self._marks())
        if not is_fresh and marks == self._marked:
            return {}
        self._marked = marks
        return {"marks": [{"t": step * self._dt, "text": text} for step, text in marks]}

    def do_ready(self, columns: int) -> None:
        """Answer a view that has opened or changed its size: send the last window anew."""
        with self._lock:
            self._columns = max(1, int(columns))
            self._credit.renew()
            self._drawn = None
        self.refresh()

    def do_painted(self, k: int) -> None:
        """Take note of the last frame that the browser has painted."""
        self._credit.painted(int(k))

    def do_select(self, first: int, last: int, t_start: float, t_stop: float) -> None:
        """Hand on what was selected."""
        if self._on_select is not None:
            self._on_select(first=first, last=last, t_start=t_start, t_stop=t_stop)

    def do_poke(self, first: int, last: int) -> None:
        """Hand on who was clicked on."""
        if self._on_poke is not None:
            self._on_poke(int(first), int(last))

    def do_scale(self, column_ms: float) -> None:
        """Set the model time that one pixel stands for [ms]."""
        if column_ms not in SCALES:
            raise SpecError(
                "Raster.column_ms",
                f"must be one of {', '.join(f'{s:g}' for s in SCALES)} ms",
                got=f"{column_ms!r}",
            )
        with self._lock:
            self._column_ms = float(column_ms)
            self._grid = Grid(self._grid.n_neurons, self._height, self._column_ms)
            self._bin_steps = max(1, round(max(1.0, self._column_ms) / self._dt))
        self.view = {
            **self.view,
            "column_ms": self._column_ms,
            "bin_ms": self._bin_steps * self._dt,
            "full_count": _full_count(self._grid),
            "note": self._grid.note,
        }


def _full_count(grid: Grid) -> float:
    """Number of spikes in a pixel at which it has its full colour."""
    if grid.neurons_per_row == 1:
        return 1.0
    return max(1.0, grid.neurons_per_row * grid.column_ms * 1e-3 * FULL_COLOUR_HZ)
