"""What figures of a run show: raster, rates, intervals between spikes, spectrum of the rate."""

from __future__ import annotations

import numpy as np

from snnlab.analysis.rates import population_rate
from snnlab.analysis.selection import SelectionStatistics
from snnlab.frames.decimate import spike_image
from snnlab.plots.activity import Activity, Group
from snnlab.plots.grid import Grid
from snnlab.plots.palette import colours
from snnlab.plots.paper.panel import Axis, Column, Panel, Series

__all__ = ["MOST_DOTS", "intervals", "raster", "rates", "spectrum"]

MOST_DOTS = 20_000
"""Spikes up to which each one is drawn; an image beyond it, which the note tells."""

_BARS = 40
_MOST_HZ = 200.0
"""Frequencies that are drawn, at least, if there are so many."""

_BINS = 100
_PIXELS = 1200, 500


def raster(run: Activity, groups: list[Group]) -> Panel:
    """Return which of the neurons of `groups` fired when."""
    first, last = groups[0].first, groups[-1].first + groups[-1].size
    palette = dict(zip((g.name for g in run.groups), colours(len(run.groups)), strict=True))
    keep = (run.frame.neuron >= first) & (run.frame.neuron < last)
    time, neuron = run.frame.times[keep], run.frame.neuron[keep]
    x = Axis("time", "ms", run.t_start, run.t_stop)
    y = Axis("neuron", "global id", float(first), float(max(last, first + 1)))
    columns = Column("time", "ms", time), Column("neuron", "global id", neuron)
    if time.size <= MOST_DOTS:
        series = tuple(
            Series("dots", time[mine], neuron[mine] + 0.5, palette[group.name], group.name)
            for group in groups
            for mine in [(neuron >= group.first) & (neuron < group.first + group.size)]
        )
        return Panel("raster", x, y, series, columns, "every spike")
    shown = run.frame
    n_columns = min(_PIXELS[0], shown.t_stop - shown.t_start)
    grid = Grid(last - first, _PIXELS[1], shown.duration / n_columns)
    moved = type(shown)(shown.t_start, shown.t_stop, shown.dt, shown.step[keep],
                        shown.neuron[keep] - first, shown.counts)  # fmt: skip
    counts = spike_image(moved, grid.rows * grid.neurons_per_row, grid.rows, n_columns)
    high = first + grid.rows * grid.neurons_per_row
    grey = np.where(counts > 0, np.minimum(255, 100 + 155 * (counts / max(1, counts.max()))), 0)
    n, width = grid.neurons_per_row, grid.column_ms
    who = "neuron" if n == 1 else "neurons"
    note = f"image: 1 px = {n} {who} \N{MULTIPLICATION SIGN} {width:.3g} ms"
    image = Series("grey", np.empty(0), grey.astype(np.uint8)[::-1], "#000000")
    return Panel("raster", x, Axis("neuron", "global id", float(first), float(high)), (image,),
                 columns, note)  # fmt: skip


def rates(run: Activity, groups: list[Group]) -> Panel:
    """Return the mean rate of the neurons of each group over time."""
    palette = dict(zip((g.name for g in run.groups), colours(len(run.groups)), strict=True))
    width = max(run.frame.dt, 2.0, (run.t_stop - run.t_start) / _BINS)
    width = max(1, round(width / run.frame.dt)) * run.frame.dt
    series: list[Series] = []
    columns: list[Column] = []
    for group in groups:
        t, rate = population_rate(
            run.of(group)[0], group.size, t_start=run.t_start, t_stop=run.t_stop, bin_width=width
        )
        if not columns:
            columns.append(Column("time", "ms", t))
        columns.append(Column(group.name, "spikes/s", rate))
        series.append(Series("line", t, rate, palette[group.name], group.name))
    top = max([1.0, *(float(s.y.max()) for s in series if s.y.size)])
    x = Axis("time", "ms", run.t_start, run.t_stop)
    y = Axis("rate", "spikes/s", 0.0, 1.08 * top)
    return Panel("rates", x, y, tuple(series), tuple(columns), f"bins of {width:.4g} ms")


def intervals(found: SelectionStatistics) -> Panel:
    """Return how often intervals between two spikes of a neuron have which length."""
    longest = float(np.quantile(found.intervals, 0.99)) * 1.05 if found.intervals.size else 1.0
    edges = np.linspace(0.0, longest, _BARS + 1)
    counts, _ = np.histogram(found.intervals, edges)
    columns = Column("from", "ms", edges[:-1]), Column("to", "ms", edges[1:])
    left_out = int((found.intervals > longest).sum())
    note = f"mean {found.isi_mean:.3g} ms, CV {found.cv:.2f}" if found.intervals.size else "none"
    if left_out:
        note += f"; {left_out} longer ones"
    return Panel(
        "intervals", Axis("inter-spike interval", "ms", 0.0, longest),
        Axis("intervals", "count", 0.0, 1.08 * max(1, int(counts.max()))),
        (Series("bars", edges, counts, colours(1)[0]),),
        (*columns, Column("intervals", "count", counts)), note,
    )  # fmt: skip


def spectrum(found: SelectionStatistics) -> Panel:
    """Return the power spectrum of the mean rate, that of the mean itself left out."""
    frequency, power = found.frequency[1:], found.power[1:]
    peak = found.peak if np.isfinite(found.peak) else 0.0
    shown = frequency <= max(_MOST_HZ, 1.25 * peak)
    f, p = frequency[shown], power[shown]
    high = float(f[-1]) if f.size else 1.0
    top = float(p.max()) if p.size and p.max() > 0 else 1.0
    note = f"largest at {found.peak:.3g} Hz" if np.isfinite(found.peak) else "no spikes"
    return Panel(
        "spectrum", Axis("frequency", "Hz", 0.0, high), Axis("power", "1/s²/Hz", 0.0, 1.08 * top),
        (Series("line", f, p, colours(1)[0]),),
        (Column("frequency", "Hz", f), Column("power", "1/s²/Hz", p)), note,
    )  # fmt: skip
