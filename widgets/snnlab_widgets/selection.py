"""Statistics of the neurons and the time that somebody has selected in the raster."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from snnlab.analysis.selection import SelectionStatistics, selection_statistics
from snnlab.errors import SpecError
from snnlab.frames.decimate import merged
from snnlab.model.network import Network
from snnlab.plots.recent import RecentFrames
from snnlab_widgets.part import Part, script

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Selection", "histogram", "rows_of"]

N_BARS = 40
"""Bars of the histogram of intervals, at most."""

MOST_POINTS = 400
"""Points of the spectrum that are drawn, at most."""


class Selection(Part):
    """Numbers and distributions of a selection; while it follows, of the newest time as long.

    Parameters
    ----------
    network : Network
    recent : RecentFrames
        Where the frames are read: what they no longer hold cannot be selected.
    on_poke : callable, optional
        Gets the first and the last of the neurons that somebody wants to poke.
    on_error : callable, optional
        Gets the exceptions of the browser's messages.

    Attributes
    ----------
    statistics : SelectionStatistics or None
        Of what is selected now.
    """

    _esm = script("canvas.js", "selection.js")
    selection = traitlets.Dict().tag(sync=True)
    """``{"first": id, "last": id, "t_start": ms, "t_stop": ms}``, or empty."""
    follows = traitlets.Bool(False).tag(sync=True)
    """Whether the selected time goes on with the run."""
    can_poke = traitlets.Bool(False).tag(sync=True)
    shown = traitlets.Dict().tag(sync=True)
    """Under ``"rows"`` name, text and meaning of each number; under ``"intervals"`` and
    ``"spectrum"`` what is drawn; under ``"error"`` what could not be selected."""

    def __init__(
        self,
        network: Network,
        recent: RecentFrames,
        *,
        on_poke: Callable[[int, int], object] | None = None,
        on_error: Callable[[Exception], object] | None = None,
    ) -> None:
        super().__init__(on_error=on_error, can_poke=on_poke is not None)
        self._recent = recent
        self._on_poke = on_poke
        self._drawn = -1
        self.statistics: SelectionStatistics | None = None
        self.show(network)

    def show(self, network: Network) -> None:
        """Select nothing of `network`, whose populations may be others than before."""
        self._n_neurons, self._dt = network.n_neurons, network.dt
        self.do_clear()

    def select(self, first: int, last: int, t_start: float, t_stop: float) -> None:
        """Select neurons `first` to `last` from `t_start` to `t_stop` [ms].

        What cannot be selected is said where the numbers are, and changes nothing.
        """
        try:
            self._compute(first, last, t_start, t_stop)
        except SpecError as error:
            self.shown = self.shown | {"error": str(error)}

    def refresh(self) -> None:
        """Go on with the run, if the selection follows it."""
        stop = self._recent.stop
        if not self.follows or not self.selection or stop == self._drawn:
            return
        chosen, now = self.selection, stop * self._dt
        length = chosen["t_stop"] - chosen["t_start"]
        self.select(chosen["first"], chosen["last"], max(0.0, now - length), now)

    def do_select(self, first: float, last: float, t_start: float, t_stop: float) -> None:
        """Select what somebody has typed."""
        self.select(int(first), int(last), float(t_start), float(t_stop))

    def do_poke(self) -> None:
        """Poke the selected neurons."""
        if self._on_poke is not None and self.selection:
            self._on_poke(self.selection["first"], self.selection["last"])

    def do_follow(self, follows: bool) -> None:
        """Let the selected time go on with the run, or stay."""
        self.follows = bool(follows)
        self.refresh()

    def do_clear(self) -> None:
        """Select nothing."""
        self.statistics, self.follows = None, False
        self.selection = {}
        self.shown = {"rows": [], "intervals": {}, "spectrum": {}, "error": ""}

    def _compute(self, first: int, last: int, t_start: float, t_stop: float) -> None:
        if last >= self._n_neurons:
            raise SpecError("selection", f"must be neurons of 0 to {self._n_neurons - 1}",
                            got=f"{first} to {last}")  # fmt: skip
        frames = self._recent.since(round(t_start / self._dt))
        whole = merged(frames) if frames else None
        oldest = None if whole is None else whole.t_start * self._dt
        if oldest is None or oldest > t_start or self._recent.stop * self._dt < t_stop - 1e-6:
            held = "nothing" if not frames else f"{oldest:g} to {self._recent.stop * self._dt:g} ms"
            raise SpecError(
                "selection", "must be a time whose spikes the page still holds",
                got=f"{t_start:g} to {t_stop:g} ms; it holds {held}",
                remedy="session.spikes() has all of the run.",
            )  # fmt: skip
        assert whole is not None
        found = selection_statistics(
            whole.times, whole.neuron, first=first, last=last, t_start=t_start, t_stop=t_stop
        )
        self._drawn, self.statistics = self._recent.stop, found
        self.selection = {"first": first, "last": last, "t_start": t_start, "t_stop": t_stop}
        self.shown = {
            "rows": rows_of(found), "intervals": histogram(found.intervals),
            "spectrum": _spectrum(found), "error": "",
        }  # fmt: skip


def rows_of(found: SelectionStatistics) -> list[list[str]]:
    """Return name, value with unit, and meaning of each number; a dash where there is none."""
    text = _text
    return [
        ["neurons", f"{found.n_neurons} ({found.n_active} active)", "Selected; with a spike"],
        ["spikes", f"{found.n_spikes}", "Of these neurons in this time"],
        ["rate", text(found.rate, "spikes/s"), "Mean over all selected neurons"],
        ["ISI", text(found.isi_mean, "ms"), "Mean inter-spike interval"],
        ["CV", text(found.cv), "Standard deviation of intervals / mean, mean over neurons"],
        ["CV2", text(found.cv2), "The same of neighbouring intervals (Holt et al. 1996)"],
        ["LV", text(found.lv), "Local variation (Shinomoto et al. 2003)"],
        ["Fano factor", text(found.fano), "Variance / mean of spike counts, mean over neurons"],
        ["correlation", text(found.correlation),
         f"Of counts in 2 ms, mean over pairs of {found.n_paired} neurons"],
        ["synchrony", text(found.synchrony), "Variance / mean of the population's count in 3 ms"],
        ["rhythm", text(found.peak, "Hz"), "Where the spectrum of the rate is largest"],
    ]  # fmt: skip


def histogram(intervals: NDArray[np.float64]) -> dict[str, Any]:
    """Return ``{"width": ms, "counts": [...]}``; the longest twentieth of the tail is left out."""
    if not intervals.size:
        return {}
    longest = float(np.quantile(intervals, 0.99)) * 1.05
    width = max(_nice(longest / N_BARS), 0.1)
    counts = np.bincount((intervals / width).astype(np.int64))[: int(longest / width) + 1]
    return {"width": width, "counts": counts.tolist()}


def _nice(value: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(m * power for m in (1, 2, 5, 10) if m * power >= value * 0.999))


def _spectrum(found: SelectionStatistics) -> dict[str, Any]:
    """Frequencies and powers, without that of the mean."""
    frequency, power = found.frequency[1 : MOST_POINTS + 1], found.power[1 : MOST_POINTS + 1]
    if not power.size or not power.max() > 0.0:
        return {}
    return {"frequency": frequency.round(3).tolist(), "power": power.tolist()}


def _text(value: float, unit: str = "") -> str:
    return f"{value:.3g} {unit}".rstrip() if np.isfinite(value) else "\u2013"
