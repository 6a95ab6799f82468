"""Runaway and silence, found in the spike counts of the frames alone."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from snnlab.frames.frame import Frame
from snnlab.frames.health import Kind, Trouble
from snnlab.model.distribution import Distribution
from snnlab.model.network import Network, Population
from snnlab.session.watch import Watch

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["RateWatch"]

_MEMORY_MS = 5000.0
"""Model time over which the usual rate of a population is averaged; the past fades."""

_KNOWN_MS = 50.0
"""After so long a rate says something."""

_SHORT_MS = 20.0
"""Where in a frame that is not longer a population fell silent makes no difference."""

_EXPECTED = 10.0
"""Spikes seen before a silence, and missed in it; a Poisson process skips as many once in 22,000
times."""

_CALM = 0.9
"""A population has calmed down below this share of the rate at which it had run away."""


class RateWatch:
    """Reads frames one after the other and tells when a population runs away or falls silent.

    Each is told once: again only after the population has calmed down, or has fired again.

    Parameters
    ----------
    network : Network
    watch : Watch
    """

    def __init__(self, network: Network, watch: Watch) -> None:
        self._watch = watch
        self._begin(network)

    def _begin(self, network: Network) -> None:
        n = len(network.populations)
        self._window: deque[Frame] = deque()
        self._spikes, self._weight_ms = np.zeros(n), np.zeros(n)
        self._since = np.zeros(n, np.int64)
        self._has_run_away, self._is_silent = np.zeros(n, bool), np.zeros(n, bool)
        self._start: int | None = None
        self._has_fired = False
        self._read_network(network)

    @property
    def usual(self) -> dict[str, float]:
        """Rate [Hz] of each population over some seconds, without those that have not fired."""
        names = [p.name for p in self._network.populations]
        known = zip(names, self._spikes, self._weight_ms, self._sizes, strict=True)
        return {name: 1e3 * n / ms / size for name, n, ms, size in known if ms >= _KNOWN_MS}

    def passed(self, frame: Frame, network: Network) -> tuple[Trouble, ...]:
        """Return the trouble that shows with the next frame.

        Parameters
        ----------
        frame : Frame
            Follows the one before; only times and counts are read.
        network : Network
            As it was during the frame. After a change of its populations everything begins anew.
        """
        if network is not self._network:
            self._change(network)
        if frame.t_stop == frame.t_start:
            return ()
        if self._start is None:
            self._start = frame.t_start
            self._since[:] = frame.t_start
        return (*self._runaways(frame), *self._silences(frame))

    def _change(self, network: Network) -> None:
        old, new = (
            [(p.name, p.size, p.neuron) for p in n.populations] for n in (self._network, network)
        )
        if old != new:
            self._begin(network)
        else:
            self._read_network(network)

    def _read_network(self, network: Network) -> None:
        self._network = network
        self._sizes = np.array([p.size for p in network.populations], float)
        self._first_ids = np.array([network.first_id(p.name) for p in network.populations])
        self._is_watched = np.array([not p.model.is_source for p in network.populations], bool)
        self._bounds = np.array([_bound(network, p, self._watch) for p in network.populations])

    # --- too fast ---------------------------------------------------------------------------

    def _runaways(self, frame: Frame) -> list[Trouble]:
        window = self._window
        window.append(frame)
        length = window[-1].t_stop - window[0].t_start
        while length - (window[0].t_stop - window[0].t_start) >= self._steps(
            self._watch.runaway_ms
        ):
            window.popleft()
            length = window[-1].t_stop - window[0].t_start
        if length < self._steps(self._watch.runaway_ms):
            return []
        counts = np.sum([f.counts for f in window], axis=0)
        rates = counts / self._sizes / (length * frame.dt * 1e-3)
        is_fast = self._is_watched & (rates >= self._bounds)
        new = np.flatnonzero(is_fast & ~self._has_run_away)
        self._has_run_away = is_fast | (self._has_run_away & (rates >= _CALM * self._bounds))
        return [self._runaway(int(k), float(rates[k]), window[0].t_start, frame) for k in new]

    def _runaway(self, k: int, rate: float, start: int, frame: Frame) -> Trouble:
        return Trouble(
            kind=Kind.RUNAWAY, population=self._network.populations[k].name, neuron=None,
            variable="rate", value=rate, unit="Hz",
            expected=f"must stay below {self._bounds[k]:.6g} Hz", t_start=start,
            t_stop=frame.t_stop, dt=frame.dt,
            remedy="Make excitation or the drive weaker, or inhibition stronger.",
        )  # fmt: skip

    # --- not at all -------------------------------------------------------------------------

    def _silences(self, frame: Frame) -> list[Trouble]:
        has_fired = frame.counts > 0
        self._has_fired |= bool((has_fired & self._is_watched).any())
        self._remember(frame, has_fired)
        silent_ms = (frame.t_stop - self._since) * frame.dt
        usual = self._spikes / np.maximum(self._weight_ms, 1e-9)  # spikes per ms
        is_known = (self._spikes >= _EXPECTED) & (usual * silent_ms >= _EXPECTED)
        is_long = is_known & (silent_ms >= self._watch.silence_ms)
        is_silent = self._is_watched & is_long
        new = np.flatnonzero(is_silent & ~self._is_silent)
        self._is_silent = is_silent
        found = [self._silence(int(k), frame) for k in new]
        return found + self._never(frame)

    def _remember(self, frame: Frame, has_fired: NDArray[np.bool_]) -> None:
        """Take the counts of those that fired, and the time they took to, into the usual rate."""
        last = self._last_spikes(frame)[has_fired]
        took_ms = (last - self._since[has_fired]) * frame.dt
        fade = np.exp(-took_ms / _MEMORY_MS)
        self._weight_ms[has_fired] = self._weight_ms[has_fired] * fade + took_ms
        self._spikes[has_fired] = self._spikes[has_fired] * fade + frame.counts[has_fired]
        self._since[has_fired] = last

    def _last_spikes(self, frame: Frame) -> NDArray[np.int64]:
        """Step after the last spike of each population that fired; of short frames the end."""
        last = np.full(frame.counts.size, frame.t_stop, np.int64)
        if frame.duration <= _SHORT_MS or not frame.n_spikes:
            return last
        population = np.searchsorted(self._first_ids, frame.neuron, side="right") - 1
        last[population] = frame.step + 1  # ascending: the last one of each population stays
        return last

    def _silence(self, k: int, frame: Frame) -> Trouble:
        return self._too_quiet(
            self._network.populations[k].name, int(self._since[k]), frame,
            f"must not be silent for {self._watch.silence_ms:g} ms after it has fired",
        )  # fmt: skip

    def _never(self, frame: Frame) -> list[Trouble]:
        """A network that was started and in which nothing happens, once."""
        start = self._start or 0
        is_late = frame.t_stop - start >= self._steps(self._watch.silence_ms)
        if self._has_fired or not is_late or not self._is_watched.any():
            return []
        self._has_fired = True
        expected = f"must fire within the first {self._watch.silence_ms:g} ms"
        return [self._too_quiet("", start, frame, expected)]

    def _too_quiet(self, population: str, start: int, frame: Frame, expected: str) -> Trouble:
        return Trouble(
            kind=Kind.SILENCE, population=population, neuron=None, variable="rate", value=0.0,
            unit="Hz", expected=expected, t_start=start, t_stop=frame.t_stop, dt=frame.dt,
            remedy="Make the drive or excitation stronger, or inhibition weaker.",
        )  # fmt: skip

    def _steps(self, milliseconds: float) -> float:
        return milliseconds / self._network.dt - 1e-6


def _bound(network: Network, population: Population, watch: Watch) -> float:
    """Rate [Hz] at which a population has run away."""
    t_ref: float | Distribution | NDArray[np.float64]
    t_ref = network.parameters_of(population).get("t_ref", 0.0)
    if isinstance(t_ref, Distribution):
        t_ref = float(t_ref.quantile(np.array([0.5]))[0])
    fastest = 1e3 / t_ref if t_ref > 0 else math.inf
    return min(watch.highest_rate, watch.largest_share * fastest)
