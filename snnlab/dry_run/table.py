"""Dry runs as a table for people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["table_of"]

_COLUMNS = (
    "ranks", "rank", "neurons", "synapses", "images", "from", "held MB", "starts MB", "peak MB",
    "estimate", "plan s", "build s", "asked kB", "collective kB", "p2p kB", "way",
    "collective MB", "p2p MB",
)  # fmt: skip

_LEGEND = """
neurons, synapses: those of the rank; images: neurons elsewhere with synapses onto them, from so
many ranks. held: what the built rank keeps, with what exchanging spikes takes at the rate below;
starts: of that, where rows start. peak: growth of the process while building; estimate: what was
predicted, relative to it. asked: sent while building to exchange spikes point to point (nothing,
collectively). collective, p2p: what reaches the rank in an exchange, every {steps} steps, at
{rate:g} spikes/s. way: how ranks will choose to exchange spikes; what either takes
there: who wants whose, and messages."""

_GPU_COLUMNS = {
    "synapses MB": "synapses", "starts MB": "row starts", "plasticity MB": "plasticity",
    "neurons MB": "neurons", "input MB": "input under way", "record MB": "record of spikes",
    "exchange MB": "exchange",
}  # fmt: skip
"""Head of a column -> what is held."""

_GPU_LEGEND = """
Worked out, nothing was built. neurons, synapses: those of the rank; images: neurons elsewhere with
synapses onto them. Then the parts of what the rank holds on its GPU: exchange only where MPI takes
memory of GPUs; record: room for spikes. held: all of them; peak: also what is taken while synapses
are drawn."""


def table_of(rows: Sequence[dict[str, Any]], *, on_gpus: bool = False) -> str:
    """Return rows of ``snnlab dry-run`` as text.

    Parameters
    ----------
    rows : sequence of dict
    on_gpus : bool
        Whether they tell of GPUs.
    """
    if not rows:
        return "Nothing was built."
    if on_gpus:
        columns = ("ranks", "rank", "neurons", "synapses", "images", *_GPU_COLUMNS, "held MB",
                   "peak MB")  # fmt: skip
        return _table(rows, columns, _gpu_cells, _GPU_LEGEND)
    first = rows[0]
    legend = _LEGEND.format(steps=first["steps"], rate=first["rate"])
    return _table(rows, _COLUMNS, _cells, legend)


def _table(
    rows: Sequence[dict[str, Any]], columns: tuple[str, ...],
    cells: Callable[[dict[str, Any]], tuple[str, ...]], legend: str,
) -> str:  # fmt: skip
    lines = [columns, *(cells(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    first = rows[0]
    head = (
        f"{first['network']}: {_short(first['n_neurons'])} neurons, "
        f"{_short(first['n_synapses'])} synapses"
        + (f", to {_short(rows[-1]['n_neurons'])} neurons, {_short(rows[-1]['n_synapses'])} "
           "synapses" if rows[-1]["n_neurons"] != first["n_neurons"] else "")
    )  # fmt: skip
    text = ["  ".join(map(str.rjust, line, widths)) for line in lines]
    return "\n".join([head, "", *text, legend])


def _gpu_cells(row: dict[str, Any]) -> tuple[str, ...]:
    parts = [row["bytes"].get(name, 0) for name in _GPU_COLUMNS.values()]
    return (
        str(row["ranks"]), str(row["rank"]), _short(row["own_neurons"]),
        _short(row["own_synapses"]), _short(row["images"]),
        *(_number(1e-6 * n) for n in (*parts, row["held_bytes"], row["peak_bytes"])),
    )  # fmt: skip


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        str(row["ranks"]), str(row["rank"]), _short(row["own_neurons"]),
        _short(row["own_synapses"]), _short(row["images"]), str(row["senders"]),
        _number(1e-6 * row["held_bytes"]), _number(1e-6 * row["bytes"]["row starts"]),
        _number(1e-6 * row["peak_bytes"]),
        f"{100 * row['estimated_bytes'] / max(row['peak_bytes'], 1):.0f} %",
        f"{row['plan_s']:.3f}", f"{row['build_s']:.2f}",
        _number(1e-3 * row["construction_bytes"]["point_to_point"]),
        _number(1e-3 * row["exchange_bytes"]["collective"]),
        _number(1e-3 * row["exchange_bytes"]["point_to_point"]),
        row["way"],
        _number(1e-6 * row["exchange_memory"]["collective"]),
        _number(1e-6 * row["exchange_memory"]["point_to_point"]),
    )  # fmt: skip


def _short(number: float) -> str:
    """A count with three digits."""
    return f"{number:.0f}" if number < 10_000 else f"{number:.3g}".replace("e+0", "e")


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
