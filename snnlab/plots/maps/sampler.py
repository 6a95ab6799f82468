"""`MapSampler`: reads the synapses of a running session now and then and keeps what plots need."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from snnlab.analysis.turnover import Turnover, turnover_over_distance, turnover_over_time
from snnlab.frames.frame import Frame
from snnlab.frames.structure import StructuralEvents
from snnlab.plots.maps.controls import Controls
from snnlab.plots.maps.events import RecentEvents
from snnlab.plots.maps.film import MapFilm
from snnlab.plots.maps.history import MapHistory, Moment, measured
from snnlab.plots.maps.rate_map import firing_rates
from snnlab.plots.maps.state import MapState, formation_width, map_of, map_projection, sheet_of
from snnlab.plots.recent import RecentFrames
from snnlab.units import to_canonical

__all__ = ["MapSampler", "sampler_of"]

_WALL_S = 0.15
"""Wall-clock time between two readings, at least."""

_CONTROLS_SHARE = 0.005
"""Share of the wall-clock time that shuffled maps may take while a run is followed."""

RATE_MS = 1000.0
"""Model time over which the rates of the targets are means [ms]."""

_MOST_SPIKES = 500_000

_MOST_FRAMES = 100
"""Frames of the past that the first rates are taken from."""

_MOST_BINS = 80

_NICE = (1.0, 2.0, 5.0)


class MapSampler:
    """Follows the map of a session: its synapses now, its quality so far, what came and went.

    Reading does not change the run. Where several plots follow a map, they share one; see
    `sampler_of`.

    Parameters
    ----------
    session : Session
    projection : str, optional
        Name of a projection between two grids; default: the first that is rewired.
    every : number or str [ms]
        Model time between two readings, at least; ``"1 s"``.
    n_controls : int
        Shuffled maps that a reading is compared with: each of those that `run` makes; else one is
        drawn after the other, in 0.5 % of the time, and then another reading is compared.
    most : int
        Readings of the quality that are kept; beyond it their distance in time doubles.

    Attributes
    ----------
    state : MapState
        The synapses when they were read last.
    history : MapHistory
    film : MapFilm
        The states that can be looked back at.
    version : int
        Grows with each reading.

    Raises
    ------
    SpecError
        A source or a projection that is no map.
    """

    def __init__(
        self,
        session: Any,
        projection: str | None = None,
        *,
        every: float | str = 0.0,
        n_controls: int = 5,
        most: int = 1000,
    ) -> None:
        self.session = session
        self.projection: str = map_projection(session.network, projection).name
        sheet_of(session.network, session.network.projection(self.projection))
        self.every = to_canonical(every, "ms", where="MapSampler.every")
        self.n_controls = n_controls
        self.history = MapHistory(most)
        self.film = MapFilm()
        self.version = 0
        self._events = RecentEvents()
        self._frames = RecentFrames(RATE_MS, _MOST_SPIKES)
        self._controls_due = float("-inf")
        self._newest: tuple[MapState, Moment] | None = None
        self._comparing: tuple[Controls, Moment] | None = None
        self._lock = threading.RLock()
        self._read_at = float("-inf")
        self._reader = session.subscribe(self._note, lossless=True)
        self._remember_recorded()
        self.state: MapState = self._read()
        self._keep(is_compared=True)

    def sample(self, *, now: bool = False) -> bool:
        """Read the synapses if the run has gone on or was edited, and it is time to.

        Parameters
        ----------
        now : bool
            Whether to read without regard to how long ago the last reading was, and to compare it
            with shuffled maps.

        Returns
        -------
        bool
            Whether they were read.
        """
        with self._lock:
            session = self.session
            if session.state.value in ("closed", "failed"):
                return False
            step = session.step
            self._events.rewind(step)
            t = step * session.dt
            went_on = t - self.state.t
            is_due = went_on < 0 or (went_on >= max(self.every, session.dt / 2) and self._is_due())
            has_changed = session.network is not self._network and (now or self._is_due())
            # A page that follows the run may have read this very moment, without shuffled maps.
            is_wanting = now and (went_on != 0 or not self._is_compared)
            is_read = is_due or has_changed or is_wanting
            if is_read:
                self.state = self._read()
                self._keep(is_compared=now)
            self._compare()
            return is_read

    def run(self, duration: float | str, every: float | str = 1000.0) -> MapSampler:
        """Run the session and read its synapses at regular times; returns when that is done.

        Parameters
        ----------
        duration : number or str [ms]
            Model time from now.
        every : number or str [ms]
            Model time between two readings.
        """
        session, until = self.session, to_canonical(duration, "ms", where="MapSampler.run.duration")
        step = to_canonical(every, "ms", where="MapSampler.run.every")
        until += session.t
        while session.t < until - session.dt / 2:
            session.run(min(step, until - session.t)).wait()
            self.sample(now=True)
        return self

    def turnover_over_time(self) -> Turnover:
        """Return how many synapses came and went in a second, in bins of a round width."""
        events, first, last = self._events.known()
        dt = self.session.dt
        width = _round_width((last - first) * dt / _MOST_BINS)
        return turnover_over_time(
            events.step * dt, events.is_formed,
            t_start=first * dt, t_stop=last * dt, bin_width=width,
        )  # fmt: skip

    def turnover_over_distance(
        self, t_start: float | None = None, t_stop: float | None = None
    ) -> Turnover:
        """Return how many synapses came and went in a second, over their lengths.

        Parameters
        ----------
        t_start, t_stop : float [ms], optional
            Time in which they did; default: all that is known.
        """
        events, first, last = self._events.known()
        dt = self.session.dt
        if t_start is not None:
            first = max(first, round(t_start / dt))
        if t_stop is not None:
            last = min(last, round(t_stop / dt))
        events = events.between(first, last)
        network = self.session.network
        ends = network.projection(self.projection)
        pre = events.pre - network.first_id(ends.pre)
        post = events.post - network.first_id(ends.post)
        duration = max(last - first, 1) * dt
        return turnover_over_distance(
            events.is_formed, pre, post, self.state.sheet, duration=duration
        )

    def close(self) -> None:
        """Stop to follow the run; what is known stays."""
        self._reader.close()

    # --- inside -----------------------------------------------------------------------------

    def _is_due(self) -> bool:
        return time.monotonic() - self._read_at >= _WALL_S

    def _read(self) -> MapState:
        self._network = network = self.session.network
        target = network.projection(self.projection).post
        found = map_of(self.session, self.projection)
        frames = self._frames.last(RATE_MS)
        return replace(found, rate=firing_rates(frames, network, target, RATE_MS))

    def _keep(self, *, is_compared: bool) -> None:
        """Add what was read to film and history."""
        self._is_compared = is_compared
        controls = self._controls(self.state).complete() if is_compared else None
        moment = measured(self.state, controls)
        self._newest = None if is_compared else (self.state, moment)
        self.film.append(self.state)
        self.history.append(moment)
        self.version += 1
        self._read_at = time.monotonic()  # how long it took does not count

    def _controls(self, state: MapState) -> Controls:
        """What a state is compared with."""
        network = self._network
        projection = network.projection(self.projection)
        width = formation_width(network, projection)
        autapses = projection.pre != projection.post or getattr(projection.rule, "autapses", True)
        return Controls(state, width, autapses=autapses, n=self.n_controls)

    def _compare(self) -> None:
        """Shuffle a map once more, or, while nothing runs, until it is compared."""
        if time.monotonic() < self._controls_due:
            return
        started = time.thread_time()
        if self._comparing is None and self._newest is not None:
            state, moment = self._newest
            self._comparing, self._newest = (self._controls(state), moment), None
        if self._comparing is None:
            return
        controls, moment = self._comparing
        if self.session.state.value == "running" and not controls.is_complete:
            controls.draw()
        else:
            controls.complete()
        if controls.is_complete:
            self.version += self.history.amend(moment, measured(controls.state, controls))
            self._comparing = None
        took = time.thread_time() - started
        self._controls_due = time.monotonic() + took / _CONTROLS_SHARE

    def _note(self, frame: Frame) -> None:
        """Take note of what came and went; on the simulation thread, so it is quick."""
        if frame.t_start < self._events.stop:
            self._forget_from(frame.t_start * frame.dt)
        self._events.append(self._ours(frame.structure), frame.t_start, frame.t_stop)
        self._frames.append(frame)

    def _forget_from(self, t: float) -> None:
        """The run went back, and may be past that moment again before the next reading."""
        self.history.rewind(t)
        self.film.rewind(t)

    def _ours(self, events: StructuralEvents) -> StructuralEvents:
        """The events of this projection."""
        rewirings = self.session.network.rewirings
        ours = [k for k, r in enumerate(rewirings) if r.projection == self.projection]
        if not len(events) or len(ours) == len(rewirings):
            return events
        return events.at(np.isin(events.place, ours))

    def _remember_recorded(self) -> None:
        """Begin with what has happened before."""
        recording = self.session.recording
        if recording is None or not len(recording.frames):
            return
        frames = recording.frames
        events = self._ours(self.session.structural_events())
        self._events.append(events, frames[0].t_start, frames[-1].t_stop)
        for frame in frames[-_MOST_FRAMES:]:
            self._frames.append(frame)


def _round_width(least: float) -> float:
    """The next of 1, 2, 5, 10, ... ms that is not below."""
    power = 1.0
    while True:
        for factor in _NICE:
            if factor * power >= least:
                return factor * power
        power *= 10.0


_shared: WeakValueDictionary[tuple[int, str], MapSampler] = WeakValueDictionary()
_sharing = threading.Lock()


def sampler_of(session: Any, projection: str | None = None) -> MapSampler:
    """Return the sampler that all live plots of a map share; made at the first call.

    It lasts, with its history, as long as anybody holds it.

    Parameters
    ----------
    session : Session
    projection : str, optional
        Name of a projection between two grids; default: the first that is rewired.
    """
    name = map_projection(session.network, projection).name
    with _sharing:
        # It holds its session, so that no other session gets its id.
        sampler = _shared.get((id(session), name))
        if sampler is None:
            sampler = _shared[id(session), name] = MapSampler(session, name)
    return sampler
