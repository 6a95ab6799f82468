"""Speed against size: how long a second of the topographic map takes, and where the time goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.limits import PHASES, shares
from benchmarks.models import MODELS
from benchmarks.table import Runs, counted, middle, seconds

if TYPE_CHECKING:
    import holoviews as hv

__all__ = ["save_size_figure", "size_figure", "stacked"]

Record = dict[str, Any]

MAPS = tuple(name for name in MODELS if name.startswith("map"))

SIZE, FACTOR = "neurons in each layer", "wall time / model time"


def save_size_figure(records: Sequence[Record], path: Path) -> None:
    """Write the figure as a page that needs no network.

    Parameters
    ----------
    records : sequence of dict
        As `benchmarks.records.read` gives them; at least one run of a map must count.
    path : Path
        Ends in ``.html``.
    """
    import holoviews as hv

    hv.save(size_figure(records), path, fmt="html", resources="inline", title="Speed against size")


def size_figure(records: Sequence[Record]) -> hv.Layout:
    """Return the real-time factor of each simulator over the size, and snnlab's by phase.

    Parameters
    ----------
    records : sequence of dict
    """
    import holoviews as hv

    from snnlab.plots.palette import colours

    hv.extension("bokeh", logo=False)
    runs = {key: mine for key, mine in counted(records, busy=False).items() if key[0] in MAPS}
    if not runs:
        raise SystemExit(f"No run of {', '.join(MAPS)} counts: there is no figure to draw.")
    look = {"width": 520, "height": 340, "show_grid": True}
    return (
        _speed(factors(runs)).opts(title="Real-time factor, lower is faster", **look)
        + hv.Bars(stacked(runs), [SIZE, "phase"], FACTOR).opts(
            stacked=True, cmap=colours(len(PHASES)), legend_position="right", line_alpha=0.0,
            title="snnlab, by phase", **look,
        )
    ).opts(shared_axes=False, toolbar=None)  # fmt: skip


def _speed(points: dict[str, list[tuple[int, float]]]) -> hv.Overlay:
    """One line a simulator over the size, beside one for real time."""
    import holoviews as hv

    from snnlab.plots.palette import colours

    every = [point for line in points.values() for point in line]
    low, high = min(factor for _, factor in every), max(factor for _, factor in every)
    smallest, largest = min(size for size, _ in every), max(size for size, _ in every)
    lines = [
        hv.Curve(line, SIZE, FACTOR, label=name).opts(color=colour, line_width=2)
        * hv.Scatter(line, SIZE, FACTOR).opts(color=colour, size=7)
        for (name, line), colour in zip(points.items(), colours(len(points)), strict=True)
    ]
    real_time = hv.HLine(1.0, label="real time").opts(color="#7F7F7F", line_dash="dashed")
    return hv.Overlay([*lines, real_time]).opts(
        logx=True, logy=True, legend_position="top_left", xlim=(0.8 * smallest, 1.25 * largest),
        ylim=(0.5 * low, 2.0 * max(high, 1.0)), padding=0,
    )  # fmt: skip


def factors(runs: Runs) -> dict[str, list[tuple[int, float]]]:
    """Return neurons in a layer and median real-time factor, by simulator."""
    found: dict[str, list[tuple[int, float]]] = {}
    for (_, simulator), mine in runs.items():
        factor = middle(mine, "real_time_factor")
        if factor is not None:
            found.setdefault(simulator, []).append((layer(mine), factor))
    return {simulator: sorted(points) for simulator, points in found.items()}


def stacked(runs: Runs) -> list[tuple[str, str, float]]:
    """Return size, phase and its part of the real-time factor, of snnlab's median runs."""
    mine = (runs[name, "snnlab"] for name in MAPS if (name, "snnlab") in runs)
    return [
        (f"{layer(found):,}", phase, part * typical["figures"]["real_time_factor"])
        for found in mine
        for typical in [sorted(found, key=seconds)[len(found) // 2]]
        for phase, part in shares(typical["figures"]["timings"]).items()
    ]


def layer(runs: Iterable[Record]) -> int:
    """Neurons in one of the two layers."""
    return int(next(iter(runs))["figures"]["n_neurons"]) // 2
