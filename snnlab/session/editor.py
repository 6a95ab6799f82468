"""Makes edits between two chunks: engine, history, recording and those who wait learn of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future

from snnlab.engine import Checkpoint
from snnlab.model.coarse_step import coarse_steps
from snnlab.model.edits import Edit
from snnlab.model.history import Applied, History
from snnlab.model.network import Network
from snnlab.model.starts_anew import starts_anew
from snnlab.session.edit_queue import EditQueue, HistoryStep, Request
from snnlab.session.messages import MessageLog
from snnlab.session.outlet import Outlet
from snnlab.session.place import Place

__all__ = ["Editor"]


class Editor:
    """Applies what waits in its queue; only the simulation thread calls it.

    Parameters
    ----------
    place : Place
        Where the engine is.
    outlet : Outlet
        Is flushed before a change, so that no frame spans it.
    messages : MessageLog
        Learns of changes that the engine refuses.
    wake : callable
        Called when something was added to the queue.
    origin : Checkpoint, optional
        What the engine was restored from; the history goes on from its edits.

    Attributes
    ----------
    network : Network
        The network as it is now.
    start_network : Network
        The network at the start of the run.
    """

    def __init__(
        self,
        place: Place,
        outlet: Outlet,
        messages: MessageLog,
        *,
        wake: Callable[[], None],
        origin: Checkpoint | None = None,
    ) -> None:
        self.network = self.start_network = place.engine.network
        self.history = History()
        if origin is not None and origin.start is not None:
            self.start_network = origin.start
            self.history = History.of(origin.edits)
        self.queue = EditQueue(self.network, wake=wake)
        self._place = place
        self._outlet = outlet
        self._messages = messages
        self._n_before = 0
        self._warned_of: tuple[str, ...] = ()
        self._warn()

    def make_due(self, step: int) -> None:
        """Make all changes that are due, at time step `step`."""
        now = time.perf_counter()
        if self.queue.is_empty or self.queue.wait_s(now) > 0:
            return
        self._outlet.flush()
        for request in self.queue.take():
            waiting = [f for f in request.futures if f.set_running_or_notify_cancel()]
            if waiting:
                self._answer(request, waiting, step)
        self.queue.settle(self.network, now, time.perf_counter())
        self._outlet.await_next()

    def repeat(self, applied: Applied, step: int) -> None:
        """Make an edit of a run that is repeated, at its step, as it was made then."""
        now = time.perf_counter()
        self._outlet.flush()
        self._make(applied.edit, step)
        self.history.follow(applied)
        self.queue.settle(self.network, now, now)
        self._outlet.await_next()

    def begin_run(self) -> None:
        """Take note that the run starts anew with the network as it is now."""
        self.start_network = self.network
        self._n_before = len(self.history.log)

    def rewind(self, n_edits: int, network: Network) -> None:
        """Take note that the run went back to where it had seen `n_edits`, and to `network`."""
        now = time.perf_counter()
        self.history.rewind(self._n_before + n_edits)
        self.network = network
        self.queue.settle(network, now, now)

    @property
    def log(self) -> list[Applied]:
        """The edits since the start of the run, in the order in which they took effect."""
        return self.history.log[self._n_before :]

    def _answer(self, request: Request, waiting: list[Future[Applied]], step: int) -> None:
        try:
            applied = self._carry_out(request.change, step)
        except Exception as error:
            t = step * self.network.dt
            self._messages.error(error, f"Edit at t = {t:g} ms refused")
            for future in waiting:
                future.set_exception(error)
            return
        for future in waiting:
            future.set_result(applied)

    def _carry_out(self, change: Edit | HistoryStep, step: int) -> Applied:
        if isinstance(change, Edit):
            applied = Applied(change, change.inverse(self.network), step)
            self._make(change, step)
            self.history.add(applied)
            return applied
        if change is HistoryStep.UNDO:
            self._make(self.history.undo_edit(), step)
            self.history.undone(step)
        else:
            self._make(self.history.redo_edit(), step)
            self.history.redone(step)
        return self.history.log[-1]

    def _make(self, edit: Edit, step: int) -> None:
        network = edit.apply(self.network)
        with self._outlet.logged(edit, step):
            self._place.engine.apply(network)
        anew = starts_anew(self.network, network)
        if anew:
            t = step * network.dt
            self._messages.info(f"The edit at t = {t:g} ms starts anew: {', '.join(anew)}.")
        self.network = network
        self._outlet.change_structure(network, step)
        self._warn()

    def _warn(self) -> None:
        """Say where the step is too long for a model, once until that changes."""
        coarse = coarse_steps(self.network)
        for text in coarse:
            if text not in self._warned_of:
                self._messages.warning(text)
        self._warned_of = coarse
