"""The simulation thread: it alone uses the engine; everybody else asks it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

from snnlab.engine import Checkpoint, Engine
from snnlab.errors import StateError
from snnlab.frames.decimate import merged
from snnlab.frames.frame import Frame
from snnlab.frames.hub import Hub, Subscription
from snnlab.model.edits import Edit
from snnlab.model.history import Applied, History
from snnlab.model.network import Network
from snnlab.session.edit_queue import EditQueue, HistoryStep, Request
from snnlab.session.messages import MessageLog
from snnlab.session.pace import ChunkLength, Speedometer, Throttle
from snnlab.session.recording import Recording, default_limit
from snnlab.session.state import SessionState

__all__ = ["Simulation"]

PUBLISH_S = 0.04
"""Wall-clock time [s] between two frames: 25 a second."""

READER_PATIENCE_S = 10.0
"""A lossless reader that takes nothing for this long pauses the run."""

_IDLE_S = 0.25


class Simulation:
    """Runs one engine on a thread of its own until it is closed or abandoned.

    It knows nothing of the `Session` in front of it, so that a session nobody holds any more can
    vanish and take the thread with it.

    Parameters
    ----------
    engine : Engine
        From now on only the thread uses it.
    name : str
        For people: part of the thread's name and of messages.
    record : bool
        Whether to keep all frames in memory.
    """

    def __init__(self, engine: Engine, *, name: str, record: bool) -> None:
        self._engine = engine
        self.name = name
        self.network = engine.network
        self.step = engine.step
        self.target_step: int | None = None
        self.state = SessionState.PAUSED
        self.error: BaseException | None = None
        self.published_at: float | None = None

        self.messages = MessageLog()
        self.history = History()
        self.start_network = engine.network
        self.log_start = 0
        self.recording = Recording(engine.network, default_limit()) if record else None
        self._wake = threading.Event()
        self.hub = Hub(on_error=self._reader_failed, on_room=self._wake.set)
        self.edits = EditQueue(engine.network, wake=self._wake.set)
        self.throttle = Throttle(engine.network.dt)
        self.speedometer = Speedometer(engine.network.dt)

        self.changed = threading.Condition()
        self._chunk = ChunkLength()
        self._fresh: list[Frame] = []
        self._calls: deque[tuple[Callable[[], None], Future[None]]] = deque()
        self._pause_asked = False
        self._closing = False
        self._stalled_since: float | None = None
        self._thread = threading.Thread(target=self._live, name=f"snnlab-{name}", daemon=True)
        self._thread.start()

    # --- asked from any thread --------------------------------------------------------------

    @property
    def is_mine(self) -> bool:
        """Whether the caller is the simulation thread, which must never wait for itself."""
        return threading.current_thread() is self._thread

    def run_to(self, target_step: int | None) -> None:
        """Run until `target_step`, or until paused."""
        with self.changed:
            self._refuse_dead("Session.run")
            if self.recording is not None and self.recording.is_full:
                raise self._full()
            if self.state is not SessionState.RUNNING:
                now = time.perf_counter()
                self.throttle.restart(now, self.step, self.throttle.speed)
                self.speedometer.start(now, self.step)
            self.target_step = target_step
            self._pause_asked = False
            self._become(SessionState.RUNNING)
        self._wake.set()

    def ask_pause(self) -> None:
        """Ask for a pause at the next step boundary."""
        with self.changed:
            self._pause_asked = self.state is SessionState.RUNNING
        self._wake.set()

    def wait_while_running(self, timeout: float | None) -> bool:
        """Wait until the run has ended or was taken up again after a pause was asked for.

        Returns
        -------
        bool
            False when `timeout` [s] is over.
        """
        asked = self._pause_asked
        with self.changed:
            return self.changed.wait_for(
                lambda: self.state is not SessionState.RUNNING or (asked and not self._pause_asked),
                timeout,
            )

    def set_speed(self, speed: float | None) -> None:
        """Change model time / wall-clock time; None: as fast as possible."""
        with self.changed:
            self.throttle.restart(time.perf_counter(), self.step, speed)
        self._wake.set()

    def call(self, function: Callable[[], None]) -> Future[None]:
        """Have `function` called on the simulation thread between two chunks."""
        future: Future[None] = Future()
        with self.changed:
            if self.state is SessionState.CLOSED:
                raise closed(self.name)
            self._calls.append((function, future))
        self._wake.set()
        return future

    def abandon(self) -> None:
        """Let the thread end soon. Takes no lock, so that the garbage collector may call it."""
        self._closing = True

    def close(self, timeout: float) -> bool:
        """End the thread; return whether it ended within `timeout` [s]."""
        self._closing = True
        self._wake.set()
        if not self.is_mine:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    # --- the thread -------------------------------------------------------------------------

    def _live(self) -> None:
        while not self._closing:
            try:
                self._turn()
            except BaseException as error:  # whatever it is, it must be seen
                self._fail(error)
        self._end()

    def _turn(self) -> None:
        self._answer_calls()
        self._apply_edits()
        if self.state is not SessionState.RUNNING:
            self._sleep(_IDLE_S)
        elif self._pause_asked or self._is_at_target:
            self._settle()
        else:
            self._advance()

    def _sleep(self, seconds: float) -> None:
        """Wait until somebody asks for something; edits that must wait a little are in time."""
        edits_s = self.edits.wait_s(time.perf_counter())
        self._wake.wait(min(seconds, edits_s))
        self._wake.clear()

    @property
    def _is_at_target(self) -> bool:
        return self.target_step is not None and self.step >= self.target_step

    def _settle(self) -> None:
        """Stop running; what was simulated is published before anyone learns of the pause."""
        self._flush()
        with self.changed:
            if self._pause_asked or self._is_at_target:
                self._pause_asked = False
                self.target_step = None
                self._become(SessionState.PAUSED)

    def _become(self, state: SessionState) -> None:
        with self.changed:
            self.state = state
            self.changed.notify_all()

    # --- advancing --------------------------------------------------------------------------

    def _advance(self) -> None:
        now = time.perf_counter()
        if self.hub.is_full:
            self._wait_for_reader(now)
            return
        self._stalled_since = None
        n_steps = self._steps_now(now)
        if n_steps == 0:
            self._flush_if_due(now)
            self._sleep(min(self.throttle.wait_s(now, self.step), PUBLISH_S))
            return
        frame = self._engine.advance(n_steps)
        done = time.perf_counter()
        self._chunk.measured(n_steps, done - now)
        self._fresh.append(frame)
        with self.changed:
            self.step = frame.t_stop
            self.speedometer.passed(done, self.step)
        self._flush_if_due(done)

    def _steps_now(self, now: float) -> int:
        with self.changed:
            limits = [self._chunk.steps, self.throttle.allowed(now, self.step)]
            if self.target_step is not None:
                limits.append(max(0, self.target_step - self.step))
        return min(limit for limit in limits if limit is not None)

    def _wait_for_reader(self, now: float) -> None:
        if self._stalled_since is None:
            self._stalled_since = now
        if now - self._stalled_since > READER_PATIENCE_S:
            self._stalled_since = None
            self.messages.warning(
                f"Paused at t = {self._time_text()}: a lossless reader has taken no frame for "
                f"{READER_PATIENCE_S:g} s. Take its frames or close it, then run again."
            )
            self._pause_asked = True
            return
        self._sleep(0.02)

    def _flush_if_due(self, now: float) -> None:
        if self.published_at is None or now - self.published_at >= PUBLISH_S:
            self._flush()

    def _flush(self) -> None:
        """Record and publish what was simulated since the last time."""
        if not self._fresh:
            return
        frame = merged(self._fresh)
        self._fresh = []
        self.published_at = time.perf_counter()
        if self.recording is not None:
            self.recording.append(frame)
            if self.recording.is_full:
                self._pause_asked = True
                self.messages.warning(str(self._full()))
        self.hub.publish(frame)

    # --- edits ------------------------------------------------------------------------------

    def _apply_edits(self) -> None:
        now = time.perf_counter()
        if self.edits.is_empty or self.edits.wait_s(now) > 0:
            return
        self._flush()
        for request in self.edits.take(now):
            waiting = [f for f in request.futures if f.set_running_or_notify_cancel()]
            if waiting:
                self._answer(request, waiting)
        self.edits.settle(self.network)

    def _answer(self, request: Request, waiting: list[Future[Applied]]) -> None:
        try:
            applied = self._carry_out(request.change)
        except Exception as error:
            self.messages.error(error, f"Edit at t = {self._time_text()} refused")
            for future in waiting:
                future.set_exception(error)
            return
        for future in waiting:
            future.set_result(applied)

    def _carry_out(self, change: Edit | HistoryStep) -> Applied:
        if isinstance(change, Edit):
            applied = Applied(change, change.inverse(self.network), self.step)
            self._go_over(change.apply(self.network))
            self.history.add(applied)
            return applied
        if change is HistoryStep.UNDO:
            self._go_over(self.history.undo_edit().apply(self.network))
            self.history.undone(self.step)
        else:
            self._go_over(self.history.redo_edit().apply(self.network))
            self.history.redone(self.step)
        return self.history.log[-1]

    def _go_over(self, network: Network) -> None:
        self._engine.apply(network)
        self.network = network
        if self.recording is not None and self.recording.change_structure(network):
            self.messages.info(
                f"The structure changed at t = {self._time_text()}: spikes() and dataset() start "
                "here; what came before is in recording.sections."
            )

    # --- calls ------------------------------------------------------------------------------

    def _answer_calls(self) -> None:
        while self._calls:
            function, future = self._calls.popleft()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                function()
            except Exception as error:
                future.set_exception(error)
            else:
                future.set_result(None)

    def reset(self) -> None:
        """Go back to t = 0 with the network as it is now; only for the simulation thread."""
        self._fresh = []
        self._engine.restore(Checkpoint(0, self.network, {}))
        self.step = self._engine.step
        self.start_network = self.network
        self.log_start = len(self.history.log)
        self.error = None
        self.clear_recording()
        with self.changed:
            self._pause_asked = False
            self.target_step = None
            self._become(SessionState.PAUSED)
        self.messages.info("Reset to t = 0 ms: edits are kept, the recording is cleared.")

    def clear_recording(self) -> None:
        """Forget all recorded frames; only for the simulation thread."""
        if self.recording is not None:
            self.recording.clear(self.network)

    # --- trouble ----------------------------------------------------------------------------

    def _fail(self, error: BaseException) -> None:
        context = f"Simulation of {self.name!r} stopped at t = {self._time_text()}"
        try:
            self._flush()
        except Exception as second:
            self.messages.error(second, "The last frame could not be kept")
        with self.changed:
            self.error = error
            self._pause_asked = False
            self.target_step = None
            self._become(SessionState.FAILED)
        self.messages.error(error, context)

    def _reader_failed(self, error: BaseException, subscription: Subscription) -> None:
        self.messages.error(error, "A reader of frames failed and was closed")

    def _end(self) -> None:
        """Close everything; each part even if another one fails."""
        for close in (self._flush, self._engine.close, self.hub.close):
            try:
                close()
            except Exception as error:
                self.messages.error(error, f"Closing {self.name!r}")
        with self.changed:
            self._become(SessionState.CLOSED)
            calls = [future for _, future in self._calls]
        self.edits.close(closed(self.name))
        for future in calls:
            if future.set_running_or_notify_cancel():
                future.set_exception(closed(self.name))

    def _refuse_dead(self, what: str) -> None:
        if self.state is SessionState.CLOSED or self._closing:
            raise closed(self.name)
        if self.state is SessionState.FAILED:
            raise StateError(
                what,
                "needs a session that has not failed",
                got=str(self.error),
                remedy="Mend the cause, then reset() and run again.",
            )

    def _full(self) -> StateError:
        n_bytes = self.recording.n_bytes if self.recording is not None else 0
        limit = self.recording.limit_bytes if self.recording is not None else 0
        return StateError(
            "Session.recording",
            f"must stay below {limit / 2**20:.4g} MiB",
            got=f"{n_bytes / 2**20:.4g} MiB at t = {self._time_text()}",
            remedy="Nothing is lost. Save with session.save(path), then session.clear_recording(); "
            "or raise session.recording.limit_bytes; or open with record=False.",
        )

    def _time_text(self) -> str:
        return f"{self.step * self.network.dt:g} ms"


def closed(name: str) -> StateError:
    """Return the error for a session that is closed."""
    return StateError(
        f"Session {name!r}",
        "must be open",
        got="a closed session",
        remedy="Open the network again.",
    )
