"""The simulation thread: it alone uses the engine; everybody else asks it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from pathlib import Path

from snnlab.engine import Checkpoint, Engine
from snnlab.errors import (
    ClusterError,
    DeviceUnavailable,
    OutOfMemory,
    SnnlabError,
    StateError,
)
from snnlab.frames.decimate import until
from snnlab.frames.elements import ElementStates
from snnlab.frames.frame import Frame
from snnlab.frames.rewiring_work import RewiringWork
from snnlab.frames.synapses import Synapses
from snnlab.frames.weights import WeightPicture
from snnlab.model.fork import Fork
from snnlab.model.history import Applied
from snnlab.model.network import Network
from snnlab.model.run import Run
from snnlab.record.log.writer import LogWriter
from snnlab.session.autosave import Autosave
from snnlab.session.breakpoints import Breakpoints, Hit
from snnlab.session.editor import Editor
from snnlab.session.guard import Guard
from snnlab.session.keeper import Keeper
from snnlab.session.messages import MessageLog
from snnlab.session.outlet import PUBLISH_S, Outlet
from snnlab.session.pace import ChunkLength, Speedometer, Throttle
from snnlab.session.place import Engines, Place
from snnlab.session.replay import Replay
from snnlab.session.route import Route
from snnlab.session.state import SessionState

__all__ = ["Simulation"]

READER_PATIENCE_S = 10.0
"""A lossless reader that takes nothing for this long pauses the run."""

WRITE_S = 60.0
"""Longest wait for a disk that had no room before."""

INTERRUPT_S = 2.0
"""An engine on ranks that is in a call for so long after an interrupt is interrupted there."""

_IDLE_S = 0.25

_SOONER = 4
"""How much shorter the first call after an edit is than others: its picture is waited for."""

_HELD_BACK_S = 2.0
"""How long [s] of running edits may hold a checkpoint back."""


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
    record : bool or LogWriter
        Whether to keep all frames: in memory first, or in a log from the beginning.
    origin : Checkpoint, optional
        What the engine was restored from.
    autosave : Path, optional
        Folder for a file of the state that is renewed while it runs.
    engines : callable, optional
        Makes the engine that a move to another device goes on with.

    Attributes
    ----------
    place : Place
        Where the engine is.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        name: str,
        record: bool | LogWriter,
        origin: Checkpoint | None = None,
        autosave: Path | None = None,
        engines: Engines | None = None,
    ) -> None:
        self._wake = threading.Event()
        self.name = name
        self.dt = engine.network.dt
        self.step = engine.step
        self.target_step: int | None = None
        self.state = SessionState.PAUSED
        self.error: BaseException | None = None
        wake, network = self._wake.set, engine.network
        self.messages = MessageLog()
        self.place = Place(engine, self.messages, engines)
        self.outlet = Outlet(
            network, self.messages, record=record, run=self._run, wake=wake,
            computed_by=lambda: self.place.computed_by,
        )  # fmt: skip
        self.editor = Editor(self.place, self.outlet, self.messages, wake=wake, origin=origin)
        self.outlet.begin(network, engine.step)
        file = None if autosave is None else Autosave(autosave, name, messages=self.messages)
        self.keeper = Keeper(self.place, self.editor, origin, self.messages, file)
        self.guard = Guard(self.messages)
        self.breakpoints = Breakpoints()
        self.hit: Hit | None = None
        self.replay = Replay()
        self.throttle = Throttle(self.dt)
        self.speedometer = Speedometer(self.dt)
        self._chunk = ChunkLength()
        self._changed = threading.Condition()
        self._calls: deque[tuple[Callable[[], None], Future[None]]] = deque()
        self._pause_asked = False
        self._closing = False
        self._is_given_up = False
        self._stalled_since: float | None = None
        self._unkept_s = 0.0
        self._thread = threading.Thread(target=self._live, name=f"snnlab-{name}", daemon=True)
        self._thread.start()

    # --- asked from any thread --------------------------------------------------------------

    @property
    def is_mine(self) -> bool:
        """Whether the caller is the simulation thread, which must never wait for itself."""
        return threading.current_thread() is self._thread

    def run_to(self, target_step: int | None) -> None:
        """Run until `target_step`, or until paused."""
        if self.outlet.blocked is not None:
            self._write_again()
        with self._changed:
            self._refuse_dead("Session.run")
            if self.outlet.is_full:
                raise self.outlet.full(self.step * self.dt)
            if self.state is not SessionState.RUNNING:
                now = time.perf_counter()
                self.throttle.restart(now, self.step, self.throttle.speed)
                self.speedometer.start(now, self.step)
                self.guard.trouble = self.hit = None
            self.target_step = target_step
            self._pause_asked = False
            self.state = SessionState.RUNNING
            self._changed.notify_all()
        self._wake.set()

    def _write_again(self) -> None:
        """Write what the disk had no room for; there may be some now."""
        if self.is_mine:
            self.outlet.flush()
        else:
            self.call(self.outlet.flush).result(WRITE_S)

    def ask_pause(self) -> None:
        """Ask for a pause at the next step boundary."""
        with self._changed:
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
        with self._changed:
            return self._changed.wait_for(
                lambda: self.state is not SessionState.RUNNING or (asked and not self._pause_asked),
                timeout,
            )

    def set_speed(self, speed: float | None) -> None:
        """Change model time / wall-clock time; None: as fast as possible."""
        with self._changed:
            self.throttle.restart(time.perf_counter(), self.step, speed)
        self._wake.set()

    def call(self, function: Callable[[], None]) -> Future[None]:
        """Have `function` called on the simulation thread between two chunks."""
        future: Future[None] = Future()
        with self._changed:
            if self.state is SessionState.CLOSED:
                raise closed(self.name)
            self._calls.append((function, future))
        self._wake.set()
        return future

    def interrupt(self) -> None:
        """Stop what is going on: pause a run, give up a way back where it is.

        Returns when that is done. An engine on ranks that does not come back from its call is
        interrupted there, which costs its state; so it is when one is in no mood to wait.
        """
        try:
            is_back = self._comes_back()
        except KeyboardInterrupt:  # a second one
            is_back = False
        engine = self.place.on_ranks
        if not is_back and engine is not None:
            engine.interrupt()

    def _comes_back(self) -> bool:
        """Whether the thread ends what it does and answers, soon enough."""
        if self.is_mine or self.state is SessionState.CLOSED:
            return True
        self._is_given_up = True
        self.ask_pause()
        answer = self.call(self._go_on_again)
        try:
            answer.result(INTERRUPT_S)
        except TimeoutError:
            answer.cancel()
            return False
        return self.wait_while_running(INTERRUPT_S)

    def _go_on_again(self) -> None:
        self._is_given_up = False

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
        try:
            while not self._closing:
                try:
                    self._turn()
                except BaseException as error:  # whatever it is, it must be seen
                    if error is not self.error:
                        self._fail(error)
        finally:
            self._end()

    def _turn(self) -> None:
        self._answer_calls()
        self._make_edits()
        if self.state is not SessionState.RUNNING:
            if self.state is SessionState.PAUSED:
                self.outlet.sync()
                self.keeper.save()
                self._check_ranks()
            self._sleep(_IDLE_S)
        elif self._has_to_stop:
            self._settle()
        else:
            self._advance()

    def _make_edits(self) -> None:
        """Make what users ask for, which ends a repetition, and what is repeated."""
        if len(self.replay) and not self.editor.queue.is_empty:
            self._leave_replay("edited")
        self.editor.make_due(self.step)
        try:
            while (applied := self.replay.due(self.step)) is not None:
                self.editor.repeat(applied, self.step)
        except SnnlabError as error:
            self.messages.error(error, f"Edit at t = {self._t} could not be repeated")
            self._leave_replay("paused")
            self._pause_asked = True

    def _leave_replay(self, what: str) -> None:
        """Let the run take a way of its own."""
        n = self.replay.drop()
        if n:
            self.messages.info(
                f"The run was {what} at t = {self._t}: {n} later edits of the run that was "
                "repeated are not made."
            )

    def _check_ranks(self) -> None:
        """Notice the death of a rank while nothing is asked of it."""
        engine = self.place.on_ranks
        if engine is not None:
            engine.check()

    def _sleep(self, seconds: float) -> None:
        """Wait until somebody asks for something; edits that must wait a little are in time."""
        edits_s = self.editor.queue.wait_s(time.perf_counter())
        self._wake.wait(min(seconds, edits_s))
        self._wake.clear()

    @property
    def _has_to_stop(self) -> bool:
        is_at_target = self.target_step is not None and self.step >= self.target_step
        return self._pause_asked or is_at_target or self.outlet.is_full

    def _settle(self) -> None:
        """Stop running; what was simulated is published before anyone learns of the pause."""
        self.outlet.flush()
        with self._changed:
            if self._has_to_stop:
                self._stop(SessionState.PAUSED)

    def _stop(self, state: SessionState) -> None:
        with self._changed:
            self._pause_asked = self._is_given_up = False
            self.target_step = None
            self.state = state
            self._changed.notify_all()
        self.outlet.hub.nudge()

    # --- advancing --------------------------------------------------------------------------

    def _advance(self) -> None:
        now = time.perf_counter()
        if self.outlet.hub.is_full:
            self._wait_for_reader(now)
            return
        self._stalled_since = None
        n_steps = self._steps_now(now)
        if n_steps == 0:
            self.outlet.flush_if_due(now)
            self._sleep(min(self.throttle.wait_s(now, self.step), PUBLISH_S))
            return
        frame = self.guard.examined(self.place.engine.advance(n_steps), self.editor.network)
        done = time.perf_counter()
        # The way to ranks and back takes as long however many steps a call has.
        is_near = self.place.on_ranks is None
        self._chunk.measured(n_steps, done - now if is_near else frame.wall_s)
        kept, hit = self._until_break(frame)
        self.outlet.add(kept)
        with self._changed:
            self.step = frame.t_stop
            self.speedometer.passed(done, self.step)
        if hit is not None:
            self._break(hit, kept)
            return
        if frame.health:
            self._meet(frame)
            return
        self.outlet.flush_if_due(done)
        self._keep(done - now)

    def _until_break(self, frame: Frame) -> tuple[Frame, Hit | None]:
        """The part of a frame before a condition comes to hold, which; all of it if none does."""
        network = self.editor.network
        hit = self.breakpoints.first(frame, network, self._summary)
        kept = frame
        if hit is not None and hit.step < frame.t_stop:
            kept = until(frame, hit.step, [p.size for p in network.populations])
        self.breakpoints.passed(frame, kept)
        return kept, hit

    def _break(self, hit: Hit, kept: Frame) -> None:
        """Pause where a condition came to hold; nobody sees what the engine did beyond it."""
        self.outlet.flush_all()
        if self.place.engine.step > hit.step:
            route = self.keeper.route(hit.step, self.place.engine.step)
            route.follow(self.place.engine, self._may_go_on)
            self.place.goes_on()
        self.step = self.place.engine.step
        self.hit = hit
        self._stop(SessionState.PAUSED)
        if kept.health:
            self._meet(kept)
        self.messages.info(f"Breakpoint at t = {self._t}: {hit.text}.")

    def _keep(self, wall_s: float) -> None:
        """Let checkpoints be kept now and then, but not while somebody waits for an edit."""
        self._unkept_s += wall_s
        if self.editor.queue.is_empty or self._unkept_s > _HELD_BACK_S:
            self.keeper.ran(self._unkept_s)
            self._unkept_s = 0.0

    def _steps_now(self, now: float) -> int:
        with self._changed:
            limits = [self._chunk.steps, self.throttle.allowed(now, self.step)]
            if self.target_step is not None:
                limits.append(max(0, self.target_step - self.step))
        limits.append(self.replay.room(self.step))
        limits.append(self.breakpoints.room(self.step, self.editor.network))
        if self.outlet.is_awaited:
            limits.append(max(1, self._chunk.steps // _SOONER))
        return min(limit for limit in limits if limit is not None)

    def _wait_for_reader(self, now: float) -> None:
        if self._stalled_since is None:
            self._stalled_since = now
        if now - self._stalled_since > READER_PATIENCE_S:
            self._stalled_since = None
            self.messages.warning(
                f"Paused at t = {self._t}: a lossless reader has taken no frame for "
                f"{READER_PATIENCE_S:g} s. Take its frames or close it, then run again."
            )
            self._pause_asked = True
            return
        self._sleep(0.02)

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

    def repeat(self, run: Run) -> None:
        """Begin to repeat a run, whose network is this one; only for the simulation thread."""
        self._refuse_dead("Session.repeat")
        if self.step or self.editor.log or self.editor.network != run.network:
            raise StateError(
                "Session.repeat", "needs the network of the run, at its start",
                got=f"{self.editor.network.name!r} at t = {self._t}, {len(self.editor.log)} edits",
                remedy="Open run.network for it.",
            )  # fmt: skip
        self.go_on(run.edits, run.step)

    def go_on(self, edits: Iterable[Applied], step: int) -> None:
        """Begin to make edits at their steps, until `step`; only for the simulation thread."""
        self.replay.begin(edits)
        self._make_edits()
        if step > self.step:
            self.run_to(step)

    def reset(self) -> None:
        """Go back to t = 0 with the network as it is now; only for the simulation thread."""
        self.outlet.flush()
        try:
            self.place.engine.restore(Checkpoint(0, self.editor.network, {}))
        except Exception as error:
            self._fail(error)
            raise
        self.step = self.place.engine.step
        self.place.goes_on()
        self.editor.begin_run()
        self.keeper.begin_run()
        self.guard.begin()
        self.breakpoints.begin()
        self.outlet.clear(self.editor.network, self.step, is_new_run=True)
        self.error = self.guard.trouble = self.hit = None
        self._leave_replay("reset")
        self._stop(SessionState.PAUSED)
        self.messages.info("Reset to t = 0 ms: edits are kept, the recording is cleared.")

    def rewind(self, to: int | Checkpoint) -> None:
        """Go back to a moment of this run and pause there; only for the simulation thread.

        Parameters
        ----------
        to : int or Checkpoint
            See `Keeper.route`.
        """
        self.outlet.flush_all()
        route = self.keeper.route(to, self.step)
        try:
            arrived = route.follow(self.place.engine, self._may_go_on)
        except Exception as error:
            self._fail(error)
            raise
        self._arrive(arrived)

    def _arrive(self, there: Checkpoint) -> None:
        """Let everything follow the engine back to a moment of the run, and pause there."""
        n_edits = len(there.edits)
        n_dropped = len(self.editor.log) - n_edits
        self.step = self.place.engine.step
        self.place.goes_on()
        self.editor.rewind(n_edits, there.network)
        self.keeper.arrived(self.step)
        self.guard.begin()
        self.breakpoints.begin()
        self.outlet.rewind(self.step, there.network, n_edits)
        self.error = None
        self._leave_replay("taken back")
        self._stop(SessionState.PAUSED)
        later = f", {n_dropped} later edits can be redone" if n_dropped else ""
        self.messages.info(f"Back at t = {self._t}: the recording ends here{later}.")

    def move(self, device: str) -> None:
        """Go on with an engine on another device; only for the simulation thread.

        A run that was going on goes on. Where the engine cannot give its state, the run goes back
        to the last checkpoint and pauses there.
        """
        self._refuse_closing()
        if self.state is not SessionState.FAILED and device == self.place.engine.device:
            return
        here = self._state_now()
        if here is None:
            self.outlet.flush_all()
            there = self.keeper.last_before(self.step)
            self.place.move(device, there)
            self._arrive(there)
        else:
            self.place.move(device, here)
        self._begin_to_measure()
        label = self.place.engine.device_label
        self.messages.info(f"From t = {self._t} on, the network is computed by {label}.")

    def _state_now(self) -> Checkpoint | None:
        """The state; None if there is no longer one that the run could go on from."""
        if self.state is SessionState.FAILED:
            return None  # whatever the engine holds, a failed call may have left it half done
        try:
            return self.keeper.take()
        except (DeviceUnavailable, ClusterError) as error:
            self.messages.error(error, f"The state at t = {self._t} is lost")
            return None

    def _begin_to_measure(self) -> None:
        """Forget how fast the engine was: there is another one."""
        now = time.perf_counter()
        self._chunk = ChunkLength()
        with self._changed:
            self.throttle.restart(now, self.step, self.throttle.speed)
            self.speedometer.start(now, self.step)

    def checkpoint(self) -> Checkpoint:
        """Return the state now; only for the simulation thread."""
        self._refuse_dead("Session.checkpoint")
        return self.keeper.take()

    def synapses(self, projection: str) -> Synapses:
        """Read the synapses of a projection; only for the simulation thread."""
        self._refuse_dead("Session.synapses")
        return self.place.engine.synapses(projection)

    def weights(self, projection: str, *, most_cells: int, n_bars: int) -> WeightPicture:
        """Read the weights of a projection; only for the simulation thread."""
        self._refuse_dead("Session.weights")
        return self.place.engine.weights(projection, most_cells=most_cells, n_bars=n_bars)

    def _summary(self, projection: str) -> WeightPicture:
        """The weights of a projection, of which only the numbers are wanted."""
        return self.weights(projection, most_cells=1, n_bars=1)

    def synaptic_elements(self, population: str) -> ElementStates:
        """Read the synaptic elements of a population; only for the simulation thread."""
        self._refuse_dead("Session.synaptic_elements")
        return self.place.engine.synaptic_elements(population)

    def rewiring_work(self) -> tuple[RewiringWork, ...]:
        """Read what rules have done; only for the simulation thread."""
        self._refuse_dead("Session.rewiring_work")
        return self.place.engine.rewiring_work()

    def route(self, step: int | None) -> Route:
        """Return the way to `step`, or to now; only for the simulation thread."""
        if step is not None:
            return self.keeper.route(step, self.step)
        here = self.checkpoint()
        return Route(here, here.edits, here.step)

    def route_of(self, fork: Fork) -> Route:
        """Return the way to where a branch left; only for the simulation thread."""
        return self.keeper.route_of(fork)

    def sibling(self, network: Network) -> Engine:
        """Return a new engine like the one that is used here; from any thread."""
        return self.place.engine.sibling(network)

    def restart_ranks(self) -> None:
        """Start all ranks anew and go on from here; only for the simulation thread."""
        engine = self.place.on_ranks
        if engine is None:
            raise StateError(
                "Session.restart_ranks", "needs a session on several ranks",
                got=self.place.engine.device_label, remedy='session.move("2 ranks") starts some.',
            )  # fmt: skip
        here = self._state_now()
        if here is None:
            self.rewind(self.step)
            return
        try:
            engine.stop_ranks()
            self.place.engine.restore(here)
        except Exception as error:
            self._fail(error)
            raise
        self._begin_to_measure()
        self.messages.info(f"The ranks were started anew at t = {self._t}.")

    def _may_go_on(self) -> bool:
        self._refuse_closing()
        return not self._is_given_up

    def _refuse_closing(self) -> None:
        if self._closing:
            raise closed(self.name)

    def clear_recording(self) -> None:
        """Forget all recorded frames; only for the simulation thread."""
        self.outlet.flush()
        self.outlet.clear(self.editor.network, self.step, is_new_run=False)

    # --- trouble ----------------------------------------------------------------------------

    def _meet(self, frame: Frame) -> None:
        """Publish a frame that is not well; go back to before it if it has to pause the run."""
        self.outlet.flush()
        if self.outlet.blocked is not None:
            return  # paused until the frame is on disk; the next one is not well either
        trouble = self.guard.weigh(frame)
        if trouble is not None:
            self.rewind(self.keeper.last_before(trouble.t_start))

    def _fail(self, error: BaseException) -> None:
        try:
            self.outlet.flush()
        except Exception as second:
            self.messages.error(second, "The last frame could not be kept")
        self.error = error
        self._stop(SessionState.FAILED)
        self.messages.error(error, f"Simulation of {self.name!r} stopped at t = {self._t}")
        if isinstance(error, DeviceUnavailable | OutOfMemory):
            self._offer_the_cpu()
        elif isinstance(error, ClusterError):
            self._offer_to_restart()

    def _offer_the_cpu(self) -> None:
        """Say how to go on without a device that is lost or full."""
        if self.place.engines is None or self.place.engine.device == "cpu":
            return
        t = self.keeper.last_before(self.step).step * self.dt
        self.messages.info(
            f"session.move('cpu') goes on from t = {t:g} ms, the last state that was kept; "
            "what was recorded until there stays."
        )

    def _offer_to_restart(self) -> None:
        """Say how to go on after ranks have died, or have stopped to answer."""
        self.messages.info(
            f"session.rewind({self.step * self.dt:g}) starts the ranks again and repeats what came "
            "after the last state that was kept: nothing is lost. session.move('cpu') goes on in "
            "this process."
        )

    def _end(self) -> None:
        """Close everything; each part even if another one fails."""
        save = [self.keeper.save] if self.state is not SessionState.FAILED else []
        engine, hub = self.place.engine, self.outlet.hub
        for close in (self.outlet.close, *save, engine.close, hub.close, self.keeper.close):
            try:
                close()
            except Exception as error:
                self.messages.error(error, f"Closing {self.name!r}")
        self._stop(SessionState.CLOSED)
        self.editor.queue.close(closed(self.name))
        while self._calls:
            _, future = self._calls.popleft()
            if future.set_running_or_notify_cancel():
                future.set_exception(closed(self.name))

    def _run(self) -> tuple[Network, list[Applied]]:
        """The network at the start of the run, and the edits since."""
        return self.editor.start_network, self.editor.log

    def _refuse_dead(self, what: str) -> None:
        if self.state is SessionState.CLOSED or self._closing:
            raise closed(self.name)
        if self.state is SessionState.FAILED:
            raise StateError(
                what,
                "needs a session that has not failed",
                got=str(self.error),
                remedy="Mend the cause, then rewind() or reset(), or move() to another device.",
            )

    @property
    def _t(self) -> str:
        return f"{self.step * self.dt:g} ms"


def closed(name: str) -> StateError:
    """Return the error for a session that is closed."""
    return StateError(
        f"Session {name!r}",
        "must be open",
        got="a closed session",
        remedy="Open the network again.",
    )
