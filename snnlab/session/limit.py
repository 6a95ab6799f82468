"""`Limit`: how large a time step, how strong weights a network bears, tried out beside the run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from itertools import takewhile

import numpy as np

from snnlab.engine import Engine
from snnlab.errors import SnnlabError, unknown_name
from snnlab.frames.health import Kind
from snnlab.model.distribution import Distribution
from snnlab.model.network import Network
from snnlab.session.pace import ChunkLength
from snnlab.session.rate_watch import RateWatch
from snnlab.session.watch import Watch

__all__ = ["SUBJECTS", "Limit", "Trial", "with_factor"]

SUBJECTS = {"dt": "time step", "weights": "weights of all projections"}
"""What can be tried -> in words."""

_BROKEN = frozenset({Kind.NOT_FINITE, Kind.OUT_OF_BOUNDS, Kind.SATURATION, Kind.RUNAWAY})

_MOST_DOUBLINGS = 10
_NEAR = 0.05
"""Share by which mean rates may differ to count as the same."""

_CHUNK_S = 0.05


@dataclass(frozen=True)
class Trial:
    """A copy of the network that was run from its start.

    Parameters
    ----------
    factor : float
        How many times the value that the network has.
    dt : float [ms]
        Its time step.
    error : SnnlabError or None
        What stopped it: numbers that left their range, or a description that cannot be built.
    t : float [ms]
        How far it came.
    rate : float [spikes/s]
        Mean over all neurons until then.
    """

    factor: float
    dt: float
    error: SnnlabError | None
    t: float = 0.0
    rate: float = float("nan")

    @property
    def is_healthy(self) -> bool:
        """Whether nothing stopped it."""
        return self.error is None


class Limit:
    """Doubles a number of a network until a copy of it stops; then says why, and what it bears.

    Where the network as it is does not go well, the number is halved until it does, and a time
    step further until the mean rate does not depend on it any more. The copies run on a
    thread and engines of their own; nothing else notices.

    Parameters
    ----------
    network : Network
    subject : str
        ``"dt"`` or ``"weights"``.
    engines : callable
        Makes the engine of a network.
    duration : float [ms]
        Model time that a copy has to go well.
    watch : Watch
        What counts as a rate that has run away.
    timeout : float [s]
        Wall-clock time for all of it.

    Attributes
    ----------
    trials : tuple of Trial
        In the order in which they were made.
    """

    def __init__(
        self,
        network: Network,
        subject: str,
        engines: Callable[[Network], Engine],
        *,
        duration: float = 300.0,
        watch: Watch | None = None,
        timeout: float = 60.0,
    ) -> None:
        if subject not in SUBJECTS:
            raise unknown_name("limit of a network", subject, SUBJECTS)
        self.subject = subject
        self.duration = duration
        self.trials: tuple[Trial, ...] = ()
        self._network = network
        self._engines = engines
        self._watch = watch or Watch()
        self._deadline = time.monotonic() + timeout
        self._is_cancelled = False
        self._ended = threading.Event()
        threading.Thread(target=self._run, name="snnlab limit", daemon=True).start()

    @property
    def is_done(self) -> bool:
        """Whether nothing changes any more."""
        return self._ended.is_set()

    @property
    def largest(self) -> Trial | None:
        """The healthy copy with the largest value; None: none was healthy."""
        healthy = [trial for trial in self.trials if trial.is_healthy]
        return max(healthy, key=lambda trial: trial.factor, default=None)

    @property
    def broken(self) -> Trial | None:
        """The copy with the smallest value that stopped; None: none did."""
        stopped = [trial for trial in self.trials if not trial.is_healthy]
        return min(stopped, key=lambda trial: trial.factor, default=None)

    @property
    def advised(self) -> Trial | None:
        """The healthy copy to go on with; None: none was healthy.

        Of time steps, the largest whose mean rate does not change by more than 5 % when the step
        is made smaller as far as it was tried; of weights, the largest.
        """
        healthy = sorted((t for t in self.trials if t.is_healthy), key=lambda t: t.factor)
        if self.subject != "dt" or not healthy:
            return healthy[-1] if healthy else None
        same = list(takewhile(lambda t: _is_near(t, healthy[0]), healthy))
        return same[-1]

    @property
    def suggestion(self) -> str:
        """What to do, as a sentence; empty while it works."""
        best, what = self.advised, SUBJECTS[self.subject]
        if not self.is_done:
            return ""
        if best is None:
            return f"No smaller {what} went well either; look at the parameters."
        if self.subject == "weights":
            if self.broken is None:
                return f"Up to {self.value(best)} nothing stopped it."
            return f"Keep the {what} at {best.factor:g} times what they are, or less."
        finest = min((t for t in self.trials if t.is_healthy), key=lambda t: t.factor)
        use = f"Keep dt at {best.dt:g} ms or less: snnlab.open(..., dt={best.dt:g})"
        if best is finest:
            return f"{use}. What a smaller one changes was not tried."
        return (
            f"{use}. The mean rate is {best.rate:.3g} spikes/s there, and {finest.rate:.3g}"
            f" spikes/s at dt = {finest.dt:g} ms."
        )

    def value(self, trial: Trial) -> str:
        """Return in words what a copy was tried with: ``"dt = 0.2 ms"``, ``"weights x 2"``."""
        if self.subject == "dt":
            return f"dt = {trial.dt:g} ms"
        return f"weights \N{MULTIPLICATION SIGN} {trial.factor:g}"

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is done; False when the time is over first."""
        return self._ended.wait(timeout)

    def cancel(self) -> None:
        """End it; the copy that runs is left out."""
        self._is_cancelled = True

    def __str__(self) -> str:
        rows = [f"  {self.value(t)}: {_outcome(t)}" for t in self.trials]
        return "\n".join([SUBJECTS[self.subject], *rows, self.suggestion])

    __repr__ = __str__

    # --- on the thread --------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            first = self._try(1.0)
            if first is None or first.is_healthy:
                self._double()
            else:
                self._halve()
        finally:
            self._ended.set()

    def _double(self) -> None:
        """Until a copy is stopped."""
        for k in range(1, _MOST_DOUBLINGS + 1):
            last = self._try(2.0**k)
            if last is None or not last.is_healthy:
                return

    def _halve(self) -> None:
        """Until a copy goes well; of time steps, until the next one tells the same."""
        before: Trial | None = None
        for k in range(1, _MOST_DOUBLINGS + 1):
            last = self._try(0.5**k)
            if last is None:
                return
            if last.is_healthy:
                if self.subject != "dt" or (before is not None and _is_near(before, last)):
                    return
                before = last

    def _try(self, factor: float) -> Trial | None:
        """Run one copy; None where there was no time."""
        if not self._may_go_on():
            return None
        dt = self._network.dt * (factor if self.subject == "dt" else 1.0)
        trial = Trial(factor, dt, None)
        try:
            network = with_factor(self._network, self.subject, factor)
            engine = self._engines(network)
        except SnnlabError as error:
            trial = replace(trial, error=error)
        else:
            try:
                trial = self._run_copy(trial, engine, network)
            finally:
                engine.close()
        if self._may_go_on():
            self.trials = (*self.trials, trial)
            return trial
        return None

    def _run_copy(self, trial: Trial, engine: Engine, network: Network) -> Trial:
        rates, chunk = RateWatch(network, self._watch), ChunkLength(_CHUNK_S)
        n_steps, n_spikes = max(1, round(self.duration / network.dt)), 0
        while engine.step < n_steps and self._may_go_on():
            n, began = min(chunk.steps, n_steps - engine.step), time.perf_counter()
            frame = engine.advance(n)
            chunk.measured(n, time.perf_counter() - began)
            n_spikes += int(np.sum(frame.counts))
            trouble = [t for t in (*frame.health, *rates.passed(frame, network))
                       if t.kind in _BROKEN]  # fmt: skip
            t = engine.step * network.dt
            trial = replace(trial, t=t, rate=n_spikes / network.n_neurons / (t * 1e-3))
            if trouble:
                return replace(trial, error=trouble[0].as_error())
        return trial

    def _may_go_on(self) -> bool:
        return not self._is_cancelled and time.monotonic() < self._deadline


def _is_near(trial: Trial, other: Trial) -> bool:
    return abs(trial.rate - other.rate) <= _NEAR * max(trial.rate, other.rate)


def _outcome(trial: Trial) -> str:
    if trial.error is None:
        return f"went well for {trial.t:g} ms, {trial.rate:.3g} spikes/s"
    return f"stopped. {trial.error}"


def with_factor(network: Network, subject: str, factor: float) -> Network:
    """Return a network with a time step, or weights, so many times as large.

    Parameters
    ----------
    network : Network
    subject : str
        One of `SUBJECTS`.
    factor : float

    Raises
    ------
    SpecError
        Such a network cannot be meant.
    """
    if factor == 1.0:
        return network
    if subject == "dt":
        return network.replace(dt=network.dt * factor)
    projections = [
        replace(p, weight=_scaled(network.weight_of(p), factor), receptor=network.receptor_of(p))
        for p in network.projections
    ]
    return network.replace(projections=projections)


def _scaled(weight: Distribution, factor: float) -> Distribution:
    """A resolved distribution of values so many times as large."""
    own = type(weight).dimensionless
    values = {f.name: getattr(weight, f.name) for f in fields(weight)}
    return type(weight)(**{
        name: value if value is None or name in own else float(value) * factor
        for name, value in values.items()
    })  # fmt: skip
