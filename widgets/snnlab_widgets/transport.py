"""Run, pause, step, go back, reset, undo, redo, speed, device; what the run is doing, in view."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import traitlets

from snnlab import launch
from snnlab.errors import unknown_name
from snnlab.session.state import SessionState
from snnlab_widgets.answers import Answers
from snnlab_widgets.part import Part, script

if TYPE_CHECKING:
    from snnlab.session import Session

__all__ = ["SPEEDS", "Transport", "about", "computed_by"]

SPEEDS: dict[str, float | None] = {
    "0.01\N{MULTIPLICATION SIGN}": 0.01,
    "0.1\N{MULTIPLICATION SIGN}": 0.1,
    "1\N{MULTIPLICATION SIGN}": 1.0,
    "max": None,
}
"""What the reader may choose -> model time per wall-clock time; None: as fast as possible."""


ASIDE_S = 0.1
"""Time for which a status that has travelled with a frame is new enough."""


class Transport(Part):
    """The bar that drives a session. Its buttons only ask: nothing here waits for a step.

    Parameters
    ----------
    session : Session
        What is driven; its messages get the errors.
    """

    _esm = script("canvas.js", "transport.js")
    about = traitlets.Unicode().tag(sync=True)
    device = traitlets.Unicode().tag(sync=True)
    devices: Any = traitlets.List().tag(sync=True)
    """Name and text of each device that can be chosen, ``[["cpu", "CPU"], ...]``; empty where
    there is no choice."""
    speeds: Any = traitlets.List().tag(sync=True)
    line = traitlets.Unicode().tag(sync=True)
    """Name of the event by which another part of the page tells a status."""
    status = traitlets.Dict().tag(sync=True)
    """State, model time [ms], real-time factor, ETA [s], age of the last frame [s], ...; and
    ``n``, by which of two the newer is known."""

    def __init__(self, session: Session) -> None:
        super().__init__(
            on_error=session.messages.error, speeds=list(SPEEDS), devices=_choice(session),
            line=f"snnlab-{uuid4().hex}",
        )  # fmt: skip
        self._session = session
        self._telling = threading.Lock()
        self._told: dict[str, Any] = {}
        self._aside_at = 0.0
        self._other_speed: float | None = None
        self._move: tuple[str, Future[None]] | None = None
        self._answers = Answers()
        self.refresh()

    def refresh(self) -> None:
        """Show what the session is doing now, if anything has changed."""
        self._show_place()
        with self._telling:
            status = self._status()
            if _moving(status) != _moving(self._told):
                self.status = self._next(status)

    def follow(self) -> None:
        """As `refresh`, but not the status while frames on their way to the page have it along."""
        is_running = self._session.state is SessionState.RUNNING
        if is_running and time.monotonic() - self._aside_at < ASIDE_S:
            self._show_place()
        else:
            self.refresh()

    def _show_place(self) -> None:
        self.about, self.device = about(self._session), computed_by(self._session)

    def aside(self) -> dict[str, Any]:
        """Return what the session is doing now, to be told on `line` with a frame.

        A message of its own takes the kernel as long as a frame, and has the page paint again.
        """
        with self._telling:
            self._aside_at = time.monotonic()
            return {self.line: self._next(self._status())}

    def _next(self, status: dict[str, Any]) -> dict[str, Any]:
        self._told = {**status, "n": self._told.get("n", 0) + 1}
        return self._told

    def _status(self) -> dict[str, Any]:
        session = self._session
        answered = self._answers.answered()  # before what is chosen, which then has all of it
        if session.speed not in SPEEDS.values():
            self._other_speed = session.speed
        return {
            "state": session.state.value,
            "t": session.t,
            "real_time_factor": session.real_time_factor,
            "eta_s": session.eta_s,
            "frame_age_s": session.last_frame_age_s,
            "speed": _speed_text(session.speed),
            "device": self._device,
            "can_go_back": session.step > session.checkpoints.first.step,
            "can_undo": session.history.can_undo,
            "can_redo": session.history.can_redo,
            "answered": answered,
        }

    def do_run(self) -> None:
        """Run until paused."""
        self._session.run()
        self.refresh()

    def do_pause(self) -> None:
        """Pause at the next step boundary."""
        self._session.ask_pause()

    def do_step(self) -> None:
        """Advance by one time step."""
        self._session.step_once()

    def do_until(self, t: float | None = None, duration: float | None = None) -> None:
        """Run until the model time `t` [ms], or for `duration` [ms] from now."""
        if duration is not None:
            self._session.run(duration)
        else:
            self._session.run_until(t or 0.0)

    def do_back(self, duration: float) -> None:
        """Go back by `duration` [ms], or to the beginning of the run if that is nearer.

        Nothing waits for it: what has to be simulated again may take a while.
        """
        session = self._session
        first = session.checkpoints.first.step * session.dt
        to = session.t - duration
        asked = session.ask_rewind(first if to < first else to)
        asked.add_done_callback(lambda asked: self._tell(asked, "Going back"))

    def _tell(self, asked: Future[None], what: str) -> None:
        """Report what went wrong after the message of the browser was answered."""
        error = None if asked.cancelled() else asked.exception()
        if error is not None:
            self._session.messages.error(error, what)

    def do_move(self, device: str, page: str = "", request: int = 0) -> None:
        """Go on on one of `devices`, as `request` of a `page`.

        Nothing waits for it, since the network is built there first. Of several choices in quick
        succession the newest counts: keys pass through all that lie between.
        """
        self._answers.expect(page, request, None)
        if device not in dict(self.devices):
            raise unknown_name("device", device, dict(self.devices))
        # Shown at once, so that what comes of it is a change to the browser in any case.
        with self._telling:
            self.status = self._next({**self._status(), "device": device})
        if self._move is not None:
            self._move[1].cancel()
        asked = self._session.ask_move(device)
        self._move = device, asked
        asked.add_done_callback(lambda asked: self._tell(asked, f"Moving to {device}"))

    @property
    def _device(self) -> str:
        """Where the session is computed or, while it moves, will be."""
        if self._move is not None and not self._move[1].done():
            return self._move[0]
        return self._session.device

    def do_reset(self) -> None:
        """Go back to the start, keeping the parameters."""
        asked = self._session.ask_reset()
        asked.add_done_callback(lambda asked: self._tell(asked, "Reset"))

    def do_undo(self) -> None:
        """Undo the last edit."""
        self._session.undo()

    def do_redo(self) -> None:
        """Redo the edit that was undone last."""
        self._session.redo()

    def do_speed(self, speed: str, page: str = "", request: int = 0) -> None:
        """Choose one of `SPEEDS`, or what code had set before, as `request` of a `page`."""
        try:
            self._choose(speed)
        finally:
            self._answers.expect(page, request, None)

    def _choose(self, speed: str) -> None:
        if speed == _speed_text(self._other_speed):
            self._session.speed = self._other_speed
            return
        if speed not in SPEEDS:
            raise unknown_name("speed", speed, SPEEDS)
        self._session.speed = SPEEDS[speed]


def _moving(status: dict[str, Any]) -> dict[str, Any]:
    """What the page has to be told; how old the last frame is it counts by itself."""
    return {k: v for k, v in status.items() if k not in ("n", "frame_age_s")}


def _choice(session: Session) -> list[tuple[str, str]]:
    """What the reader may choose among; empty unless there are two devices or more."""
    if not session.can_move:
        return []
    found = launch.devices()
    found.setdefault(session.device, session.device_label)
    return list(found.items()) if len(found) > 1 else []


def about(session: Session) -> str:
    """Return the network and its size, in one line."""
    network, report = session.network, session.engine_report
    n_synapses = f"{report.n_synapses:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    n_neurons = f"{network.n_neurons:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return f"{network.name}: {n_neurons} neurons, {n_synapses} synapses"


def computed_by(session: Session) -> str:
    """Return what computes the network and the memory that it takes there, in one line."""
    mib = session.engine_report.n_bytes / 2**20
    size = f"{mib / 1024:.3g} GiB" if mib >= 1000 else f"{mib:.3g} MiB"
    return f"{session.device_label}, {size}"


def _speed_text(speed: float | None) -> str:
    """The text of a speed; one that was set by code need not be among those offered."""
    for text, value in SPEEDS.items():
        if value == speed:
            return text
    return f"{speed:g}\N{MULTIPLICATION SIGN}"
