"""`figure`: a run, or some of its neurons for some time, as a figure for a paper."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnlab.analysis.selection import selection_statistics
from snnlab.errors import FormatError, SpecError, unknown_name
from snnlab.plots.activity import Activity, Group
from snnlab.plots.paper import contents
from snnlab.plots.paper.data import csv_text, to_dataset
from snnlab.plots.paper.drawing import Drawing, Mark
from snnlab.plots.paper.origin import origin_of
from snnlab.plots.paper.panel import Panel, marks_of
from snnlab.plots.paper.svg import svg
from snnlab.plots.source import activity_of
from snnlab.record.atomic import replacing

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["PANELS", "SUFFIXES", "Figure", "figure"]

PANELS = ("raster", "rates", "intervals", "spectrum")

SUFFIXES = (".svg", ".png")

_WIDE = {"raster": 170.0, "rates": 68.0}
"""Panels as wide as the figure, and their height [pt]."""

_NARROW_HEIGHT = 95.0
_LEFT, _RIGHT, _TOP, _GAP = 52.0, 14.0, 24.0, 50.0
_BETWEEN = 74.0
_MM = 72.0 / 25.4


@dataclass(frozen=True)
class Figure:
    """A figure that can be looked at in a notebook and saved with its numbers.

    Parameters
    ----------
    panels : tuple of Panel
    title : str
    provenance : mapping of str
        Versions, seed, device, network and edits; part of every file.
    width_mm : float [mm]
    """

    panels: tuple[Panel, ...]
    title: str
    provenance: Mapping[str, str]
    width_mm: float = 170.0

    def save(self, path: str | Path, *, data: str = ".nc", dpi: float = 300.0) -> tuple[Path, ...]:
        """Write the figure, and the numbers that it shows beside it.

        Parameters
        ----------
        path : str or Path
            Ends in ``.svg`` or ``.png``.
        data : str
            ``".nc"``: NetCDF, all panels in a file of the figure's name; ``".csv"``: a file a
            panel; empty: none.
        dpi : float
            Pixels in an inch, of a PNG.

        Returns
        -------
        tuple of Path
            What was written, the figure first.

        Raises
        ------
        FormatError
            Another suffix.
        """
        target = Path(path)
        if target.suffix not in SUFFIXES:
            raise FormatError(
                f"figure {str(path)!r}", "must end in .svg or .png", got=repr(target.suffix)
            )
        if data not in ("", ".nc", ".csv"):
            raise FormatError("Figure.save.data", "must be .nc, .csv or empty", got=repr(data))
        if target.suffix == ".svg":
            _write(target, partial(_write_text, self.svg()))
        else:
            _write(target, lambda to: to.write_bytes(self.png(dpi)))
        return target, *self._save_data(target, data)

    def _save_data(self, target: Path, data: str) -> list[Path]:
        if data == ".nc":
            beside = target.with_suffix(".nc")
            held = self.dataset()
            _write(beside, lambda to: held.to_netcdf(to, engine="h5netcdf"))
            return [beside]
        paths = []
        for panel in self.panels if data else ():
            paths.append(target.with_name(f"{target.stem}_{panel.name}.csv"))
            text = csv_text(panel, self.provenance)
            _write(paths[-1], partial(_write_text, text))
        return paths

    def dataset(self) -> xr.Dataset:
        """Return the numbers of all panels, with units and provenance."""
        return to_dataset(self.panels, self.provenance)

    def svg(self) -> str:
        """Return the figure as the text of an SVG file."""
        return svg(self._drawing())

    def png(self, dpi: float = 300.0) -> bytes:
        """Return the figure as the bytes of a PNG file."""
        from snnlab.plots.paper.png import png  # Pillow: only who wants a PNG waits for it

        return png(self._drawing(), dpi)

    def _repr_svg_(self) -> str:
        """What a notebook shows, and keeps."""
        return self.svg()

    def _drawing(self) -> Drawing:
        width = self.width_mm * _MM
        marks: list[Mark] = []
        y, letters = _TOP, iter("ABCDEFGH")
        for panel in (p for p in self.panels if p.name in _WIDE):
            area = _LEFT, y, width - _LEFT - _RIGHT, _WIDE[panel.name]
            marks += marks_of(panel, *area, letter=next(letters))
            y += _WIDE[panel.name] + _GAP
        narrow = [p for p in self.panels if p.name not in _WIDE]
        each = (width - _LEFT - _RIGHT - _BETWEEN) / 2
        for k, panel in enumerate(narrow):
            x = _LEFT + k * (each + _BETWEEN)
            marks += marks_of(panel, x, y, each, _NARROW_HEIGHT, letter=next(letters))
        y += _NARROW_HEIGHT + _GAP if narrow else 0.0
        shown = "; ".join(f"{p.name}: {p.y.label} against {p.x.label}" for p in self.panels)
        return Drawing(width, y - 14.0, tuple(marks), self.title, shown, self.provenance)


def _write_text(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8")


def _write(path: Path, write: Callable[[Path], object]) -> None:
    with replacing(path) as unfinished:
        write(unfinished)


def figure(
    source: Any,
    t_start: float | None = None,
    t_stop: float | None = None,
    *,
    neurons: tuple[int, int] | None = None,
    panels: Sequence[str] = PANELS,
    width_mm: float = 170.0,
) -> Figure:
    """Return a run as a figure for a paper: raster, rates, intervals between spikes, spectrum.

    Parameters
    ----------
    source : Session or Dataset
        Where the spikes are taken from.
    t_start, t_stop : float [ms], optional
        Interval; default: everything that is there.
    neurons : tuple of int, optional
        Global ids of the first and the last neuron that are shown; default: all.
    panels : sequence of str
        Which of `PANELS`.
    width_mm : float [mm]
        Width of the figure: 170 is two columns of most journals, 85 one.

    Returns
    -------
    Figure
        A notebook shows it; ``save("run.svg")`` writes it with its numbers beside.

    Raises
    ------
    SpecError
        No such panel, or no neurons.

    Examples
    --------
    ::

        plots.figure(session, 500, 1000, neurons=(0, 99)).save("run.svg")
    """
    for name in panels:
        if name not in PANELS:
            raise unknown_name("panel of a figure", name, PANELS)
    run = activity_of(source).window(t_start, t_stop)
    first, last = (0, run.n_neurons - 1) if neurons is None else neurons
    groups = _within(run, first, last)
    found = selection_statistics(
        run.frame.times, run.frame.neuron, first=first, last=last,
        t_start=run.t_start, t_stop=run.t_stop,
    )  # fmt: skip
    makers = {
        "raster": lambda: contents.raster(run, groups),
        "rates": lambda: contents.rates(run, groups),
        "intervals": lambda: contents.intervals(found),
        "spectrum": lambda: contents.spectrum(found),
    }
    about = {"t_start": f"{run.t_start:.10g} ms", "t_stop": f"{run.t_stop:.10g} ms",
             "neurons": f"{first} to {last}"}  # fmt: skip
    facts = origin_of(source)
    title = f"{facts['name']}, t = {about['t_start']} to {about['t_stop']}, neurons {first}-{last}"
    made = tuple(makers[name]() for name in PANELS if name in panels)
    return Figure(made, title, {**facts, **about}, width_mm)


def _within(run: Activity, first: int, last: int) -> list[Group]:
    """The populations as far as they are among the neurons `first` to `last`."""
    if not 0 <= first <= last < run.n_neurons:
        raise SpecError(
            "figure.neurons", f"must be a first and a last one of 0 to {run.n_neurons - 1}",
            got=f"{first} to {last}",
        )  # fmt: skip
    cut = [
        Group(g.name, max(g.first, first), min(g.first + g.size, last + 1) - max(g.first, first))
        for g in run.groups
    ]
    return [group for group in cut if group.size > 0]
