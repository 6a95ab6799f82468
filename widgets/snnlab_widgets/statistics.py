"""Rate and irregularity of each population over the last second of model time, and its cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import traitlets

from snnlab.analysis.interval_moments import interval_moments
from snnlab.analysis.irregularity import cv_of, mean_of_known
from snnlab.analysis.rates import mean_rate
from snnlab.frames.decimate import merged
from snnlab.frames.frame import Frame
from snnlab.frames.health import Trouble
from snnlab.model.network import Network
from snnlab.plots.palette import colours
from snnlab.plots.recent import RecentFrames, tail
from snnlab_widgets.part import Part, script

__all__ = ["Statistics", "cost_line", "statistics_rows"]

WINDOW_MS = 1000.0
"""Model time that the statistics look back."""


class Statistics(Part):
    """A table with a line for each population: rate, published rate if there is one, CV.

    Parameters
    ----------
    network : Network
    recent : RecentFrames
        Where the frames are read.
    trouble : callable, optional
        Returns what paused the run, if anything; its population is marked.
    on_error : callable, optional
        Gets the exceptions of the browser's messages.
    """

    _esm = script("canvas.js", "statistics.js")
    table = traitlets.Dict().tag(sync=True)
    """``{"caption": str, "rows": [...], "cost": str}``; numbers are text already."""

    def __init__(
        self,
        network: Network,
        recent: RecentFrames,
        *,
        trouble: Callable[[], Trouble | None] = lambda: None,
        on_error: Callable[[Exception], object] | None = None,
    ) -> None:
        super().__init__(on_error=on_error)
        self._recent = recent
        self._trouble = trouble
        self._drawn: tuple[int, Trouble | None] = _NOTHING
        self.show(network)

    def show(self, network: Network) -> None:
        """Show the populations of `network`, without numbers until frames have come."""
        self._network = network
        rows = statistics_rows(network, None, _marks(self._trouble()))
        self.table = {"caption": "no spikes yet", "rows": rows, "cost": ""}

    def refresh(self) -> None:
        """Compute the numbers anew if the run has gone on."""
        frames = self._recent.last(WINDOW_MS)
        if not frames:
            now = (-1, self._trouble())
            if self._drawn != now:
                self._drawn = now
                self.show(self._network)
            return
        now = (frames[-1].t_stop, self._trouble())
        if self._drawn == now:
            return
        self._drawn = now
        start = frames[-1].t_stop - round(WINDOW_MS / frames[-1].dt)
        window = merged([tail(frames[0], frames[0].t_stop - start), *frames[1:]])
        caption = f"over the last {window.duration:.0f} ms of model time"
        rows = statistics_rows(self._network, window, _marks(now[1], *window.health))
        self.table = {"caption": caption, "rows": rows, "cost": cost_line(window.timings)}


def cost_line(timings: Mapping[str, float]) -> str:
    """Return where the engine's time went, as percentages; phases without any are left out.

    Parameters
    ----------
    timings : mapping
        `Frame.timings`; if it is empty, so is the line.
    """
    total = sum(timings.values())
    shares = {phase: seconds / total for phase, seconds in timings.items() if seconds > 0.0}
    words = [f"{phase} {share:.0%}" for phase, share in shares.items()]
    return f"computing: {', '.join(words)}" if words else ""


_NOTHING = (-1, None)
"""What is drawn of a run before it has begun: step and trouble."""


def _marks(*troubles: Trouble | None) -> dict[str, str]:
    """Population -> what is wrong with it, in a word or two; the first ones count."""
    return {t.population: t.kind.value for t in reversed(troubles) if t is not None}


def statistics_rows(
    network: Network, window: Frame | None, marks: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Return a line for each population.

    Parameters
    ----------
    network : Network
    window : Frame or None
        What the statistics are taken from; None leaves the numbers empty.
    marks : mapping, optional
        Population -> what is wrong with it.

    Returns
    -------
    list of dict
        ``name, size, colour, colour_dark, rate, reference, cv, trouble``; the last four are
        text.
    """
    n = len(network.populations)
    light, dark = colours(n), colours(n, dark=True)
    numbers = [("", "")] * n if window is None else _numbers(network, window)
    rows = []
    for k, population in enumerate(network.populations):
        published = population.reference_rate
        rate, irregularity = numbers[k]
        rows.append(
            {
                "name": population.name,
                "size": population.size,
                "colour": light[k],
                "colour_dark": dark[k],
                "rate": rate,
                "reference": "" if published is None else f"{published:.2f}",
                "cv": irregularity,
                "trouble": (marks or {}).get(population.name, ""),
            }
        )
    return rows


def _numbers(network: Network, window: Frame) -> list[tuple[str, str]]:
    """Rate and mean CV of each population as text; no CV if no neuron has fired often enough.

    The spikes are looked at once for all populations: this is done while the network runs.
    """
    moments = interval_moments(window.step, window.neuron, network.n_neurons)
    values = cv_of(moments)
    found = []
    for population in network.populations:
        first, size = network.first_id(population.name), population.size
        mine = slice(first, first + size)
        rate = float(mean_rate(moments.n_spikes[mine].sum(), size, window.duration))
        irregularity = mean_of_known(values[mine])
        shown = f"{irregularity:.2f}" if np.isfinite(irregularity) else ""
        found.append((f"{rate:.2f}", shown))
    return found
