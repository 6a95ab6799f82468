"""Compiles what a page computes with: ``python -m snnlab_widgets.warm``, so that no page waits."""

from __future__ import annotations

import snnlab
from snnlab.plots.grid import Grid
from snnlab_widgets.packing import pack_counts, pack_spikes
from snnlab_widgets.statistics import statistics_rows

__all__ = ["main"]


def main() -> None:
    """Pack the spikes of a small network and count them; what is compiled stays on the disk."""
    with snnlab.open("brunel", N=100) as session:
        session.run(50).wait()
        frame = session.recording.frames[-1]
        pack_spikes([frame], frame.t_start, Grid(100, 100, 1.0))
        pack_counts([frame], frame.t_start, [80, 20], 10)
        pack_counts([frame], frame.t_start, [10] * 10, 10)
        statistics_rows(session.network, frame)


if __name__ == "__main__":
    main()
