"""What can be read of a session at any time, from any thread."""

from __future__ import annotations

import time
from typing import Any

from snnlab.engine import BuildReport
from snnlab.frames.health import Trouble
from snnlab.frames.rank_status import RankStatus
from snnlab.model.history import Applied, History
from snnlab.model.network import Network
from snnlab.model.recipe import Recipe
from snnlab.session.breakpoints import Hit
from snnlab.session.conditions import Condition
from snnlab.session.forks import Forks
from snnlab.session.messages import MessageLog
from snnlab.session.simulation import Simulation
from snnlab.session.state import SessionState
from snnlab.session.watch import Watch

__all__ = ["Status"]


class Status:
    """The readings of a session; the base of `Session`.

    Parameters
    ----------
    simulation : Simulation

    Attributes
    ----------
    forks : Forks
        Branches that are known but not open.
    recipe : Recipe or None
        The preset that the network was made of.
    view : dict
        What a page shows, plain values: the part that is ``"selected"``, ``"positions"`` of what
        is drawn. `Session.share` keeps it.
    """

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self.recipe: Recipe | None = None
        self.forks = Forks()
        self.view: dict[str, Any] = {}

    def __repr__(self) -> str:
        kind, state = type(self).__name__, self.state.value
        return f"{kind}({self.name!r}, {self.network.name!r}, {state}, t = {self.t:g} ms)"

    @property
    def name(self) -> str:
        """The session's name."""
        return self._simulation.name

    @property
    def network(self) -> Network:
        """The network as it is now, all applied edits included."""
        return self._simulation.editor.network

    @property
    def engine_report(self) -> BuildReport:
        """What building the network took; a move or an edit of its structure builds it anew."""
        return self._simulation.place.engine.report

    @property
    def device(self) -> str:
        """What computes it: ``"cpu"``, ``"cuda:0"``."""
        return self._simulation.place.engine.device

    @property
    def device_label(self) -> str:
        """What computes it, for people: ``"CPU, 2 threads"``, ``"NVIDIA H100 (cuda:0)"``."""
        return self._simulation.place.engine.device_label

    @property
    def ranks(self) -> tuple[RankStatus, ...]:
        """What each rank holds, how busy it is, what it died of; empty for a single process."""
        engine = self._simulation.place.on_ranks
        return () if engine is None else engine.ranks

    @property
    def can_move(self) -> bool:
        """Whether it knows how to make the engine that `Session.move` goes on with."""
        return self._simulation.place.engines is not None

    @property
    def state(self) -> SessionState:
        """Whether it is paused, running, failed or closed."""
        return self._simulation.state

    @property
    def step(self) -> int:
        """Number of steps done; the truth about time."""
        return self._simulation.step

    @property
    def dt(self) -> float:
        """Time step [ms]."""
        return self._simulation.dt

    @property
    def t(self) -> float:
        """Model time [ms]."""
        return self.step * self.dt

    @property
    def target_t(self) -> float | None:
        """Model time [ms] at which the run will end; None if it has no end."""
        target = self._simulation.target_step
        return None if target is None else target * self.dt

    @property
    def real_time_factor(self) -> float | None:
        """Wall-clock time / model time over the last second; below 1 is faster than real time."""
        return self._simulation.speedometer.real_time_factor

    @property
    def eta_s(self) -> float | None:
        """Wall-clock time [s] until the run ends; None if it has no end or is not measured yet."""
        target, factor = self.target_t, self.real_time_factor
        if target is None or factor is None:
            return None
        return max(0.0, target - self.t) * 1e-3 * factor

    @property
    def last_frame_age_s(self) -> float | None:
        """Wall-clock time [s] since the last frame; None before the first one."""
        published_at = self._simulation.outlet.published_at
        return None if published_at is None else time.perf_counter() - published_at

    @property
    def history(self) -> History:
        """What was edited; to be read only."""
        return self._simulation.editor.history

    @property
    def edits(self) -> tuple[Applied, ...]:
        """The edits since the start of the run, in the order in which they took effect."""
        return tuple(self._simulation.editor.log)

    @property
    def messages(self) -> MessageLog:
        """What the session has to say."""
        return self._simulation.messages

    @property
    def watch(self) -> Watch:
        """What counts as trouble, and which trouble pauses a run; may be set at any time."""
        return self._simulation.guard.watch

    @watch.setter
    def watch(self, watch: Watch) -> None:
        self._simulation.guard.watch = watch

    @property
    def trouble(self) -> Trouble | None:
        """What paused the last run and took it back; None if nothing did."""
        return self._simulation.guard.trouble

    @property
    def rates(self) -> dict[str, float]:
        """Mean rate [Hz] of each population over some seconds of model time.

        Populations that have not fired for 50 ms at least are left out.
        """
        return self._simulation.guard.rates

    @property
    def hit(self) -> Hit | None:
        """The breakpoint that paused the last run, and where; None if none did."""
        return self._simulation.hit

    @property
    def breakpoints(self) -> tuple[Condition, ...]:
        """The conditions that pause a run; see `Session.break_when`."""
        return tuple(self._simulation.breakpoints)

    @property
    def error(self) -> BaseException | None:
        """What made the session fail; None if it has not."""
        return self._simulation.error
