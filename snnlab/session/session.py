"""`Session`: one running network, as the user holds it."""

from __future__ import annotations

import math
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

from snnlab.engine import Checkpoint, Engine
from snnlab.errors import SnnlabError, SpecError, StateError
from snnlab.frames.frame import Frame
from snnlab.frames.hub import Subscription
from snnlab.model.edits import Edit, SetParameter
from snnlab.model.fork import Fork
from snnlab.model.history import Applied
from snnlab.model.network import Network
from snnlab.model.poke import poke
from snnlab.model.run import Run
from snnlab.record.log.writer import LogWriter
from snnlab.session.autosave import check_folder
from snnlab.session.begin_proof import begin_proof
from snnlab.session.conditions import Condition
from snnlab.session.edit_queue import HistoryStep
from snnlab.session.forks import Forks, fork_of
from snnlab.session.limit import Limit
from snnlab.session.past import Past
from snnlab.session.place import Engines
from snnlab.session.proof import Proof
from snnlab.session.route import Route
from snnlab.session.simulation import Simulation
from snnlab.session.state import SessionState

__all__ = ["Session"]

_SLICE_S = 0.1
_CLOSE_S = 10.0


class Session(Past):
    """One network that runs while it is watched and changed.

    The simulation has a thread of its own. Every method may be called from any thread; only the
    simulation thread touches the engine. A session that is closed, left as a context or no longer
    held by anybody ends its thread and releases its engine.

    Parameters
    ----------
    engine : Engine
        From now on only this session may use it.
    name : str
        For people, and for `snnlab.launch.open` to find it again.
    record : bool, path or LogWriter
        Whether to keep all frames, for `spikes`, `dataset` and `save`: in memory, and in a
        temporary file when there is no more room; or, with a path (``"run.snnlog"``), in a log on
        disk from the beginning. A log that is there already is continued with a new run.
    origin : Checkpoint, optional
        What the engine was restored from; history and rewinding reach back beyond it.
    autosave : str or Path, optional
        A folder. A file in it, named after the session, holds the state of the run: it is renewed
        about every 20 s of running, in every pause and at the end, and is always whole.
        ``snnlab.open`` goes on from it. What an earlier session left there is kept beside it.
    engines : callable, optional
        Takes a network and the name of a device and returns the engine that `move` goes on with,
        of the same precision; `snnlab.launch.open` gives one.

    Examples
    --------
    ::

        with snnlab.open("brunel") as session:
            session.run("500 ms").wait()
            session.set("g", 6)
            session.run("500 ms").wait()
            step, neuron = session.spikes()
    """

    def __init__(
        self,
        engine: Engine,
        *,
        name: str = "session",
        record: bool | str | Path | LogWriter = True,
        origin: Checkpoint | None = None,
        autosave: str | Path | None = None,
        engines: Engines | None = None,
    ) -> None:
        folder = None if autosave is None else check_folder(autosave)
        kept = LogWriter(record) if isinstance(record, str | Path) else record
        simulation = Simulation(
            engine, name=name, record=kept, origin=origin, autosave=folder, engines=engines
        )
        super().__init__(simulation)
        self._parent: weakref.ref[Session] | None = None
        self._forked_at: float | None = None
        self._forked_edits = 0
        self._branches: list[weakref.ref[Session]] = []
        self._abandon = weakref.finalize(self, simulation.abandon)

    # --- running ----------------------------------------------------------------------------

    @property
    def speed(self) -> float | None:
        """Model time / wall-clock time that is aimed at; None: as fast as possible."""
        return self._simulation.throttle.speed

    @speed.setter
    def speed(self, speed: float | None) -> None:
        if speed is not None and not (math.isfinite(speed) and speed > 0):
            raise SpecError(
                "Session.speed",
                "must be > 0, or None for as fast as possible",
                got=repr(speed),
                remedy="1.0 is real time, 0.1 ten times slower.",
            )
        self._simulation.set_speed(speed)

    def run(self, duration: float | str | None = None) -> Session:
        """Start to run and return at once.

        Parameters
        ----------
        duration : float or str [ms], optional
            Model time from now, ``500`` or ``"0.5 s"``; default: until `pause`.

        Raises
        ------
        SpecError
            Not a positive time.
        StateError
            The session is closed, has failed, or its recording is full.
        """
        if duration is None:
            self._simulation.run_to(None)
        else:
            self._simulation.run_to(self.step + self._steps(duration, "Session.run.duration"))
        return self

    def run_until(self, t: float | str) -> Session:
        """Start to run until model time `t` [ms] and return at once."""
        target = self._steps(t, "Session.run_until.t")
        if target < self.step:
            raise SpecError(
                "Session.run_until.t",
                f"must be >= the time now, {self.t:g} ms",
                got=f"{t!r}",
                remedy="Use run(duration) for a time from now on, or reset() first.",
            )
        self._simulation.run_to(target)
        return self

    def repeat(self, run: Run, breakpoints: Sequence[Condition] = ()) -> Session:
        """Start to repeat a run from its start to its end and return at once.

        Its edits are made again at their steps, whatever else is asked for in between: pauses,
        other goals and speeds change nothing. An edit of one's own lets the run take its own way.

        Parameters
        ----------
        run : Run
            What `run_so_far` returned, here or elsewhere, or a file says.
        breakpoints : sequence of conditions
            What pauses the run after its end, as after `break_when`. What they look at need not
            be there yet.

        Raises
        ------
        StateError
            The session is not at the start of a run of that network.
        """
        if breakpoints:
            self._simulation.breakpoints.take(breakpoints, until=run.step)
        self._on_thread(lambda: self._simulation.repeat(run))
        return self

    @property
    def breakpoints(self) -> tuple[Condition, ...]:
        """What pauses the run where it comes to hold, in the order in which it was asked for."""
        return tuple(self._simulation.breakpoints)

    def break_when(self, condition: Condition) -> Session:
        """Pause at the very step at which a condition comes to hold, from now on.

        `hit` tells what and where. Running on goes on; the condition has to cease before it
        pauses again. Not finite numbers need none: see `watch`.

        Parameters
        ----------
        condition : RateBeyond, CvBeyond, SampleBeyond, WeightBeyond, SpikeOf or Holds
            Of `snnlab.session`; ``RateBeyond("exc", above=50)``, or as a formula
            ``Holds("rate(exc) > 50 and cv(exc) < 0.5")``.

        Raises
        ------
        SpecError
            The network does not have what it looks at.
        """
        self._simulation.breakpoints.add(condition, self.network)
        return self

    def clear_breakpoints(self, condition: Condition | None = None) -> Session:
        """Take away one breakpoint, or all of them."""
        if condition is None:
            self._simulation.breakpoints.clear()
        else:
            self._simulation.breakpoints.remove(condition)
        return self

    def step_once(self, n: int = 1) -> Session:
        """Pause if need be, advance by `n` time steps and return when they are done."""
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise SpecError("Session.step_once.n", "must be a whole number >= 1", got=repr(n))
        self.pause()
        self._simulation.run_to(self.step + n)
        self.wait()
        return self

    def pause(self, timeout: float = 5.0) -> Session:
        """Pause at the next step boundary; everything simulated until then is published.

        Parameters
        ----------
        timeout : float [s]
            Longest wait for the thread.

        Raises
        ------
        StateError
            The thread did not answer in time; the pause takes effect as soon as it does.
        """
        self._simulation.ask_pause()
        if not self._simulation.is_mine and not self._simulation.wait_while_running(timeout):
            raise StateError(
                "Session.pause",
                f"must take effect within {timeout:g} s",
                got="an engine that is still in its last call",
                remedy="It will pause as soon as that call returns; wait() or try again.",
            )
        return self

    def ask_pause(self) -> None:
        """Ask for `pause` and return at once."""
        self._simulation.ask_pause()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the session no longer runs.

        An interrupt of the waiting cell pauses the session, on all ranks if there are several.
        Ranks that do not come back within 2 s are ended, and the session fails; `rewind` goes on.

        Parameters
        ----------
        timeout : float [s], optional
            Longest wait; default: until the run ends.

        Returns
        -------
        bool
            False when the time was over first.

        Raises
        ------
        NumericalInstability
            The run was paused by trouble; the session is back at its last good checkpoint.
        Exception
            The session's own error, if it has failed.
        """
        if self._simulation.is_mine:
            raise StateError(
                "Session.wait",
                "must not be called by a reader's callback",
                got="a call on the simulation thread",
            )
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        try:
            while self.state is SessionState.RUNNING and time.monotonic() < deadline:
                self._simulation.wait_while_running(min(_SLICE_S, deadline - time.monotonic()))
        except KeyboardInterrupt:
            self._simulation.interrupt()
            raise
        self._raise_what_stopped_it()
        return self.state is not SessionState.RUNNING

    def reset(self) -> Session:
        """Go back to t = 0: fresh initial state, edits kept, recording cleared.

        Also the way out after a failure.
        """
        self._simulation.ask_pause()
        self._on_thread(self._simulation.reset)
        return self

    def ask_reset(self) -> Future[None]:
        """Ask for `reset` and return at once.

        Returns
        -------
        Future
            Done when the session is there.
        """
        self._simulation.ask_pause()
        return self._asked(self._simulation.reset)

    def branch(self, *, name: str | None = None, at: float | str | Checkpoint | None = None
    ) -> Session:  # fmt: skip
        """Return a new session that goes on from a moment of this one, which is left alone.

        Parameters
        ----------
        name : str, optional
            Its name; default: the name of this one and the time.
        at : float, str or Checkpoint [ms], optional
            A time of this run, or any checkpoint; default: now.

        Returns
        -------
        Session
            Paused, on an engine of its own of the same kind, with the edits that led there.

        Raises
        ------
        SpecError
            Not a time of this run.
        OutOfMemory
            There is no room for a second engine.
        """
        return self._branched(self._route(at), name)

    def _branched(self, route: Route, name: str | None) -> Session:
        """A session of its own at the end of a way."""
        t = route.step * route.checkpoint.network.dt
        engine = self._simulation.sibling(route.checkpoint.network)
        try:
            arrived = route.follow(engine)
            origin = replace(arrived, arrays=engine.checkpoint().arrays)
        except BaseException:
            engine.close()
            raise
        is_recording = self.recording is not None
        branch = Session(
            engine, name=name or f"{self.name} at {t:g} ms", record=is_recording, origin=origin,
            engines=self._simulation.place.engines,
        )  # fmt: skip
        branch.recipe, branch.view = self.recipe, dict(self.view)
        branch._parent, branch._forked_at = weakref.ref(self), t
        branch._forked_edits = len(origin.edits)
        self._branches.append(weakref.ref(branch))
        return branch

    def reopen(self, name: str) -> Session:
        """Return a branch that is not open, of a file or put aside, as a session of its own.

        It is made anew: from where it left on it runs, with its edits at their steps, to where it
        was; ``wait`` waits for that.

        Parameters
        ----------
        name : str
            One of `closed_branches`.

        Raises
        ------
        SpecError
            There is none with this name.
        """
        fork = self.forks.find(name)
        found: list[Route] = []
        self._on_thread(lambda: found.append(self._simulation.route_of(fork)))
        branch = self._branched(found[0], name)
        branch.forks = Forks(fork.branches)
        branch._on_thread(
            lambda: branch._simulation.go_on(fork.run.edits[fork.n_shared :], fork.run.step)
        )
        self.forks.drop(name)
        return branch

    def put_aside(self, branch: Session) -> None:
        """Close a branch, but know how to `reopen` it.

        Parameters
        ----------
        branch : Session
            One of `branches`.

        Raises
        ------
        StateError
            It has begun a run of its own, which this one does not lead to.
        """
        fork = branch._as_fork()
        if fork.run.network != self.run_so_far().network:
            raise StateError(
                "Session.put_aside", "needs a branch that begins as this session does",
                got=f"{branch.name!r}, which was reset",
                remedy="Keep it in a file of its own with its share().",
            )  # fmt: skip
        self.forks.add(fork)
        branch.close()

    @property
    def closed_branches(self) -> tuple[str, ...]:
        """Names of the branches that a file told of, or that were put aside; see `reopen`."""
        return tuple(fork.name for fork in self.forks)

    def _as_fork(self) -> Fork:
        step = round((self._forked_at or 0.0) / self.dt)
        run, of_it = self.run_so_far(), self._all_forks()
        return fork_of(self.name, run, step, self._forked_edits, of_it)

    def _all_forks(self) -> tuple[Fork, ...]:
        """All branches, open ones as they are now; those that were reset are none."""
        start = self.run_so_far().network
        opened = [branch._as_fork() for branch in self.branches]
        names = {fork.name for fork in opened}
        known = [*opened, *(fork for fork in self.forks if fork.name not in names)]
        return tuple(fork for fork in known if fork.run.network == start)

    @property
    def parent(self) -> Session | None:
        """The session that this one is a branch of; None if it is none or that one is gone."""
        return None if self._parent is None else self._parent()

    @property
    def forked_at(self) -> float | None:
        """Model time [ms] at which it left its parent; None if it is no branch."""
        return self._forked_at

    @property
    def branches(self) -> tuple[Session, ...]:
        """The branches of this session that are still held by somebody and not closed."""
        found = [branch for ref in self._branches if (branch := ref()) is not None]
        return tuple(b for b in found if b.state is not SessionState.CLOSED)

    def move(self, device: str, timeout: float = 600.0) -> Session:
        """Go on on another device, bit for bit as on this one.

        Recording, edits with undo and redo, checkpoints, messages and readers stay. A running
        session moves between two steps and runs on. Also a way out when a device was lost or is
        full: then the session goes back to its last kept checkpoint and pauses there.

        Parameters
        ----------
        device : str
            ``"cpu"``; ``"cuda"``, ``"cuda:0"``, ...: this GPU; ``"4 ranks"``: so many processes,
            started here. Nothing happens where it is computed there already.
        timeout : float [s]
            Longest wait; the session moves afterwards.

        Raises
        ------
        DeviceUnavailable
            The device is not there, or has no name that is known.
        OutOfMemory
            The network does not fit. In both cases the session goes on where it is.
        StateError
            The session is closed, or was made without `engines`.
        TimeoutError
            It takes longer.
        """
        self._wait_for(self.ask_move(device), timeout)
        return self

    def ask_move(self, device: str) -> Future[None]:
        """Ask for `move` and return at once.

        Returns
        -------
        Future
            Done when the session is there.
        """
        name = "cuda:0" if device == "cuda" else device
        return self._asked(lambda: self._simulation.move(name))

    def prove(
        self,
        places: Sequence[str] | None = None,
        *,
        duration: float | str = 200.0,
        timeout: float = 120.0,
    ) -> Proof:
        """Compute the last stretch of this run again elsewhere, and compare to the bit.

        It happens beside the run, which goes on; spikes, and synapses with their weights at the
        end, are compared, and the spikes with those that were recorded.

        Parameters
        ----------
        places : sequence of str, optional
            ``"1 thread"``, ``"2 threads"``, ``"cuda:0"``, ``"2 ranks"``, ...; default: all that
            this machine has. The first one is what the others are held against.
        duration : float or str [ms]
            Model time, until now; a run that has not come so far is gone on with.
        timeout : float [s]
            Wall-clock time for all of it.

        Returns
        -------
        Proof
            At once, while it works: ``wait()`` for it, ``print`` it, ``cancel()`` it.

        Raises
        ------
        SpecError
            Not a positive time, or no place.
        StateError
            The session was made without `engines`, or is closed.
        """
        return begin_proof(
            self._simulation, self._on_thread, places, timeout=timeout,
            n_steps=self._steps(duration, "Session.prove.duration"),
        )  # fmt: skip

    def limit(
        self, subject: str, *, duration: float | str | None = None, timeout: float = 60.0
    ) -> Limit:
        """Try out beside the run how large a time step, how strong weights the network bears.

        Copies of the network as it is now run from their start with twice the value, four times,
        ..., until one is stopped; where this one does not go well, with half of it, and so on.

        Parameters
        ----------
        subject : str
            ``"dt"`` or ``"weights"``, those of all projections.
        duration : float or str [ms], optional
            Model time that a copy has to go well; default: 300 ms, or until what stopped this run.
        timeout : float [s]
            Wall-clock time for all of it.

        Returns
        -------
        Limit
            At once, while it works: ``wait()`` for it, ``print`` it, ``cancel()`` it.

        Raises
        ------
        SpecError
            Another subject, or not a time.
        """
        place, trouble = self._simulation.place, self.trouble
        until = 300.0 if trouble is None else min(max(300.0, 1.2 * trouble.t), 5000.0)
        if duration is not None:
            until = self._steps(duration, "Session.limit.duration") * self.dt
        on_cpu = place.engine.sibling if place.engines is None else _on_cpu(place.engines)
        return Limit(
            self.network, subject, on_cpu, duration=until, watch=self.watch, timeout=timeout
        )

    def restart_ranks(self, timeout: float = 600.0) -> Session:
        """Start all ranks anew and go on from here; the way out after one has died.

        A session that has failed repeats what came after its last kept checkpoint, so that nothing
        is lost, and pauses there; a healthy one takes its state along and runs on.

        Parameters
        ----------
        timeout : float [s]
            Longest wait; the session goes on to it afterwards.

        Raises
        ------
        StateError
            The session is closed, or computed by one process.
        ClusterError
            They cannot be started.
        TimeoutError
            It takes longer.
        """
        self._wait_for(self.ask_restart_ranks(), timeout)
        return self

    def ask_restart_ranks(self) -> Future[None]:
        """Ask for `restart_ranks` and return at once."""
        return self._asked(self._simulation.restart_ranks)

    def close(self) -> None:
        """End the thread and release the engine; closing twice is allowed.

        Raises
        ------
        StateError
            The engine is still in its last call.
        StorageError
            The disk had no room for what was simulated last.
        """
        if not self._simulation.close(_CLOSE_S) and not self._simulation.is_mine:
            raise StateError(
                f"Session {self.name!r}",
                f"must end within {_CLOSE_S:g} s",
                got="an engine that is still in its last call",
                remedy="It will be released as soon as that call returns.",
            )
        if self._simulation.outlet.blocked is not None:
            raise self._simulation.outlet.blocked

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- changing ---------------------------------------------------------------------------

    def set(self, *target_name_value: Any) -> Future[Applied]:
        """Change a number while the network runs.

        ``set("g", 6)`` turns a knob, ``set("exc", "tau_m", "15 ms")`` changes a parameter of a
        population, projection, stimulus or recorder. Of several values in quick succession the
        newest wins.

        Parameters
        ----------
        *target_name_value : str, str, value
            Target (left out for a knob), name, and value: number, quantity, expression or
            Distribution.

        Returns
        -------
        Future of Applied
            Done when the change has taken effect; within one chunk, also while paused.

        Raises
        ------
        SpecError
            An unknown name or a value that cannot be meant; the session goes on.
        """
        if len(target_name_value) not in (2, 3):
            raise SpecError(
                "Session.set",
                "must be set(knob, value) or set(target, name, value)",
                got=f"{len(target_name_value)} arguments",
                remedy='Write for example set("g", 6) or set("exc", "tau_m", "15 ms").',
            )
        *target, name, value = target_name_value
        return self.apply(SetParameter(target[0] if target else "", name, value))

    def apply(self, edit: Edit) -> Future[Applied]:
        """Make any edit; see `set` for what is returned and raised."""
        return self._simulation.editor.queue.submit(edit)

    def poke(self, population: str, neurons: range | None = None) -> Future[Applied]:
        """Push neurons so that they fire now; an edit, too.

        Parameters
        ----------
        population : str
            Its name.
        neurons : range, optional
            Which of its neurons, in a row: they get a volley of spikes. Default: a current flows
            into all of them.

        Returns
        -------
        Future of Applied
            Done when the push begins.

        Raises
        ------
        SpecError
            No such population or neurons, or neurons that nothing of this kind acts on.
        StateError
            The session is closed.
        """
        poke(self.network, population, self.t, neurons)  # is refused at once
        answer: Future[Applied] = Future()

        def make() -> None:
            # On the simulation thread, so that it begins at the step at which it takes effect.
            outlook = self._simulation.editor.queue.outlook
            try:
                asked = self.apply(poke(outlook, population, self.t, neurons))
            except SnnlabError as error:
                answer.set_exception(error)
            else:
                asked.add_done_callback(lambda done: _pass_on(done, answer))

        self._asked(make)
        return answer

    def undo(self) -> Future[Applied]:
        """Take back the last edit; StateError if there is none."""
        if self._simulation.editor.queue.is_empty and not self.history.can_undo:
            self.history.undo_edit()
        return self._simulation.editor.queue.submit(HistoryStep.UNDO)

    def redo(self) -> Future[Applied]:
        """Make again what was undone last; StateError if there is nothing."""
        if self._simulation.editor.queue.is_empty and not self.history.can_redo:
            self.history.redo_edit()
        return self._simulation.editor.queue.submit(HistoryStep.REDO)

    # --- watching ---------------------------------------------------------------------------

    def subscribe(
        self,
        callback: Callable[[Frame], None] | None = None,
        *,
        lossless: bool = False,
        max_pending: int = 2,
    ) -> Subscription:
        """Read frames as they come. Keep what is returned: it ends when nobody holds it.

        Parameters
        ----------
        callback : callable, optional
            Gets every frame, on the simulation thread or the one that calls `ready`; must be quick.
            Default: ask for frames with ``take(timeout)``.
        lossless : bool
            True: every frame; the simulation waits for the reader. False: what the reader is too
            slow for is merged into its next frame.
        max_pending : int
            Frames under way to the reader; with a callback on the screen each has to be answered
            with ``ready()``.
        """
        return self._simulation.outlet.hub.subscribe(
            callback, lossless=lossless, max_pending=max_pending
        )

    def stream(self, duration: float | str | None = None) -> Iterator[Frame]:
        """Run and yield every frame; leaving the loop pauses the session.

        Parameters
        ----------
        duration : float or str [ms], optional
            Model time from now; default: until the loop is left.

        Yields
        ------
        Frame
        """
        with self.subscribe(lossless=True, max_pending=8) as reader:
            self.run(duration)
            try:
                yield from self._taken(reader)
            finally:
                if self.state is SessionState.RUNNING:
                    self.pause()
        self._raise_what_stopped_it()

    def _raise_what_stopped_it(self) -> None:
        if self.error is not None:
            raise self.error
        if self.trouble is not None:
            raise self.trouble.as_error()

    def _taken(self, reader: Subscription) -> Iterator[Frame]:
        while True:
            # Asked before taking: whatever was published before the end is still taken.
            is_running = self.state is SessionState.RUNNING
            frame = reader.take(_SLICE_S if is_running else 0.0)
            if frame is not None:
                yield frame
            elif not is_running:
                return


def _on_cpu(engines: Engines) -> Callable[[Network], Engine]:
    return lambda network: engines(network, "cpu")


def _pass_on(done: Future[Applied], to: Future[Applied]) -> None:
    """Answer one future as another one was answered."""
    error = done.exception()
    if error is not None:
        to.set_exception(error)
    else:
        to.set_result(done.result())
