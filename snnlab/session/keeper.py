"""Takes checkpoints of a run now and then, and finds the way back to any moment of it."""

from __future__ import annotations

import time
from dataclasses import replace

from snnlab.engine import Checkpoint
from snnlab.errors import SpecError, StateError
from snnlab.model.fork import Fork
from snnlab.session.autosave import Autosave
from snnlab.session.checkpoints import Checkpoints, beginning, default_limit
from snnlab.session.editor import Editor
from snnlab.session.interval import Interval
from snnlab.session.messages import MessageLog
from snnlab.session.place import Place
from snnlab.session.route import Route

__all__ = ["EVERY_S", "LARGEST_SHARE", "Keeper"]

EVERY_S = 0.25
"""Wall-clock time of running between two checkpoints, at least."""

LARGEST_SHARE = 0.04
"""Part of the running time that checkpoints take, at most."""

DENSE_MS = 12_000.0
DENSE_S = 60.0
"""Model time and wall-clock time that are gone back by most; within the shorter of them
checkpoints are equally close."""


class Keeper:
    """The checkpoints of one simulation; only the simulation thread calls it.

    Parameters
    ----------
    place : Place
        Where the engine is.
    editor : Editor
        Knows the edits that led here.
    origin : Checkpoint, optional
        What the engine was restored from.
    messages : MessageLog
        Learns of checkpoints that do not fit.
    autosave : Autosave, optional
        Gets one now and then, after every change in a pause, and at the end.

    Attributes
    ----------
    kept : Checkpoints
    """

    def __init__(
        self,
        place: Place,
        editor: Editor,
        origin: Checkpoint | None,
        messages: MessageLog,
        autosave: Autosave | None = None,
    ) -> None:
        self.kept = Checkpoints(beginning(place.engine, origin), default_limit())
        if origin is not None and origin.arrays and origin.step > self.kept.first.step:
            self.kept.add(origin)
        self._place = place
        self._editor = editor
        self._messages = messages
        self._autosave = autosave
        self._saved = self._moment
        self._interval = Interval(EVERY_S, LARGEST_SHARE)
        self._n_bytes = place.engine.report.state_bytes
        self._has_warned = False
        self._ran_s = 0.0
        self._ran_from = place.engine.step

    def take(self) -> Checkpoint:
        """Return the state now, with all that led to it."""
        edits = tuple(self._editor.log)
        return replace(self._place.engine.checkpoint(), start=self.kept.first.start, edits=edits)

    def ran(self, wall_s: float) -> None:
        """Take note of running time [s], and keep a checkpoint if it is time for one."""
        self._ran_s += wall_s
        if self._interval.ran(wall_s):
            self._keep_if_it_fits()
        if self._autosave is not None and self._autosave.interval.ran(wall_s):
            self.save()

    def save(self) -> None:
        """Have the state written to the file of the autosave, if there is one and it is behind."""
        if self._autosave is None or self._saved == self._moment:
            return
        began, self._saved = time.perf_counter(), self._moment
        try:
            self._autosave.put(self.take(), self._place.computed_by)
        except MemoryError as error:  # the run itself has all it needs
            self._messages.error(error, f"No memory to save the state to {self._autosave.path}")
        self._autosave.interval.took(time.perf_counter() - began)

    @property
    def _moment(self) -> tuple[int, int]:
        """What tells two states of a run apart."""
        return self._place.engine.step, len(self._editor.log)

    def close(self) -> None:
        """Wait until everything is written."""
        if self._autosave is not None:
            self._autosave.close()

    def _keep_if_it_fits(self) -> None:
        began = time.perf_counter()
        if self._n_bytes > self.kept.limit_bytes:
            self._warn()
        else:
            self._keep()
        self._interval.took(time.perf_counter() - began)

    def _keep(self) -> None:
        try:
            checkpoint = self.take()
        except MemoryError as error:  # the run itself has all it needs
            self.kept.limit_bytes = 0
            self._messages.error(error, "No memory for checkpoints: none is kept from now on")
            return
        self._n_bytes = checkpoint.n_bytes
        self._measure(checkpoint.step)
        self.kept.add(checkpoint)

    def _measure(self, step: int) -> None:
        """Learn how many steps make up the time that is gone back by most."""
        n_steps, seconds = step - self._ran_from, self._ran_s
        if n_steps > 0 and seconds > 0.0:
            in_model_time = DENSE_MS / self._editor.network.dt
            self.kept.dense_steps = int(min(in_model_time, n_steps * DENSE_S / seconds))
        self._ran_from, self._ran_s = step, 0.0

    def _warn(self) -> None:
        """Say once that there is no room; copying the state only to drop it would be a waste."""
        if not self._has_warned:
            self._has_warned = True
            self._messages.warning(
                f"A checkpoint takes {self._n_bytes / 2**20:.4g} MiB, more than the "
                f"{self.kept.limit_bytes / 2**20:.4g} MiB of session.checkpoints.limit_bytes: none "
                "is kept, and rewind() simulates again from the start. Raise the limit to change "
                "that."
            )

    def begin_run(self) -> None:
        """Take note that the run starts anew with the network as it is now."""
        network = self._editor.network
        self.kept.begin(Checkpoint(0, network, {}, network))

    def arrived(self, step: int) -> None:
        """Take note that the run went back; call after the editor did."""
        self._ran_from, self._ran_s = step, 0.0
        self.kept.forget_after(step, len(self._editor.log))

    # --- the way back -----------------------------------------------------------------------

    def last_before(self, step: int) -> Checkpoint:
        """Return the last kept checkpoint at or before `step`, or else the beginning."""
        return self.kept.nearest(max(step, self.kept.first.step), len(self._editor.log))

    def route(self, to: int | Checkpoint, now: int) -> Route:
        """Return the way to an earlier moment of this run.

        Parameters
        ----------
        to : int or Checkpoint
            A step, with all edits that took effect there; or a checkpoint, with those before it.
        now : int
            The step now.

        Raises
        ------
        SpecError
            A step that this run cannot go back to.
        StateError
            A checkpoint of another run.
        """
        if isinstance(to, Checkpoint):
            return self._route_to_checkpoint(to, now)
        first, dt = self.kept.first.step, self._editor.network.dt
        if not first <= to <= now:
            raise SpecError(
                "Session.rewind.to", f"must be from {first * dt:g} ms to now, {now * dt:g} ms",
                got=f"{to * dt:g} ms", remedy="Run on to get later.",
            )  # fmt: skip
        edits = tuple(applied for applied in self._editor.log if applied.step <= to)
        return Route(self.kept.nearest(to, len(edits)), edits, to)

    def route_of(self, fork: Fork) -> Route:
        """Return the way to where a branch left: from a kept state if this run has been there.

        Parameters
        ----------
        fork : Fork
        """
        shared, start = fork.run.edits[: fork.n_shared], fork.run.network
        first, log = self.kept.first, tuple(self._editor.log)
        if first.start == start and first.step <= fork.step and log[: len(shared)] == shared:
            return Route(self.kept.nearest(fork.step, len(shared)), shared, fork.step)
        return Route(Checkpoint(0, start, {}, start), shared, fork.step)

    def _route_to_checkpoint(self, to: Checkpoint, now: int) -> Route:
        log = tuple(self._editor.log)
        is_ours = (
            to.start == self.kept.first.start
            and to.step <= now
            and to.edits == log[: len(to.edits)]
            and all(applied.step >= to.step for applied in log[len(to.edits) :])
        )
        if not is_ours:
            dt = to.network.dt
            raise StateError(
                "Session.rewind.to", "must be a checkpoint of this run",
                got=f"one at t = {to.step * dt:g} ms that this run has not passed",
                remedy="Go on from it beside this run with session.branch(at=checkpoint).",
            )  # fmt: skip
        return Route(to, to.edits, to.step)
