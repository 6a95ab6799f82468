"""How soon a running session does what it is told: edits, pauses, ways back, branches."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import snnlab
from benchmarks.balanced import balanced
from benchmarks.budgets.promise import Measured
from snnlab.model.edits import Edit
from snnlab.session import RateBeyond, Session
from snnlab_widgets.display import TICK_S, Display
from snnlab_widgets.raster import Raster

__all__ = ["View", "measure", "pause"]

LIMIT_S = 600.0
COLUMNS = 1000
"""Pixels of the raster along time."""


def measure(
    neurons: int, indegree: int, threads: int, repeats: int, back_ms: float
) -> Iterator[Measured]:
    """Yield what is found with a balanced network that is recorded on disk.

    Parameters
    ----------
    neurons, indegree, threads : int
    repeats : int
        How often each is done.
    back_ms : float [ms]
        Length of the way back.
    """
    described = balanced(neurons, indegree)
    condition = f"{neurons:.0e} neurons, {neurons * indegree:.0e} synapses, {threads} threads"
    with (
        tempfile.TemporaryDirectory() as folder,
        snnlab.open(
            described, device="cpu", threads=threads, record=Path(folder) / "run.snnlog"
        ) as session,
    ):
        yield from _measured(session, repeats, back_ms, condition)


def _measured(session: Session, repeats: int, back_ms: float, condition: str) -> Iterator[Measured]:
    def note(what: str, bar: float, unit: str, action: Callable[[int], float]) -> Measured:
        values = tuple(action(k) for k in range(repeats))
        return Measured(what, bar, unit, values, f"{condition}, load {os.getloadavg()[0]:.1f}")

    view = View(session)
    session.run(back_ms / 2).wait(LIMIT_S)
    yield note("slider to raster, packed for the page", 100.0, "ms", view.turn)
    view.close()
    yield note("knob turned while it runs", 100.0, "ms", lambda k: _while_running(session, k))
    yield note("pause", 50.0, "ms", lambda k: pause(session, k))
    yield note("population added", 2.0, "s", lambda k: _applied(session, _population(k)))
    yield note("projection added", 2.0, "s", lambda k: _applied(session, _projection(k)))
    yield note("projection removed", 2.0, "s",
               lambda k: _applied(session, snnlab.RemoveProjection(f"more {k}")))  # fmt: skip
    yield note("lesion of a tenth", 2.0, "s", lambda k: _lesion(session, k))
    yield note("undo of a population", 2.0, "s", lambda k: _undone(session, k))
    session.run(back_ms + 500.0).wait(LIMIT_S)
    yield note(f"way back by {back_ms / 1000:g} s", 1.0, "s", lambda _: _back(session, back_ms))
    yield note("branch", 2.0, "s", lambda _: _branch(session))
    yield note("breakpoint to pause", 1.0, "s", lambda _: _broken(session))
    yield note("session file", 20_000.0, "bytes", lambda _: float(len(session.share().encode())))


class View(Raster):
    """The page's raster and what draws it; in place of the browser, what is sent is painted.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._sent_to: list[tuple[float, int]] = []
        self._display = Display(session)
        super().__init__(session.network, self._display.recent)
        self.do_ready(COLUMNS)
        self._display.add(self.refresh, TICK_S)
        self._display.start()

    def send(self, content: dict[str, Any], buffers: Any = None) -> None:
        """Take note of what would now be on its way to the browser."""
        if content.get("kind") == "frame":
            self._sent_to.append((time.perf_counter(), content["step"]))
            self._credit.painted(content["k"])

    def turn(self, k: int) -> float:
        """Turn g while the network runs; returns the time [ms] until its first frame is sent."""
        session = self._session
        session.run()
        time.sleep(0.3 + 0.037 * k)
        began = time.perf_counter()
        g = session.network.knob("g").value
        step = session.set("g", g * (1.01 if k % 2 else 0.99)).result(LIMIT_S).step
        while not (there := [at for at, stop in self._sent_to if stop > step]):
            time.sleep(0.001)
        session.pause(60.0)
        return 1000.0 * (there[0] - began)

    def close(self) -> None:
        """See no more frames."""
        self._display.close()
        super().close()


def _while_running(session: Session, k: int) -> float:
    session.run()
    time.sleep(0.3 + 0.037 * k)
    began = time.perf_counter()
    session.set("g", session.network.knob("g").value * (1.01 if k % 2 else 0.99)).result(LIMIT_S)
    took = time.perf_counter() - began
    session.pause(60.0)
    return 1000.0 * took


def pause(session: Session, k: int) -> float:
    """Return how long [ms] a pause takes that comes at any moment of a run."""
    session.run()
    time.sleep(0.3 + 0.037 * k)
    began = time.perf_counter()
    session.pause(60.0)
    return 1000.0 * (time.perf_counter() - began)


def _population(k: int) -> snnlab.AddPopulation:
    return snnlab.AddPopulation(snnlab.Population(f"new {k}", 100, "LIFDelta"))


def _projection(k: int) -> snnlab.AddProjection:
    rule = snnlab.FixedIndegree(10)
    return snnlab.AddProjection(snnlab.Projection("exc", "inh", rule, 0.05, 1.5, name=f"more {k}"))


def _applied(session: Session, edit: Edit) -> float:
    began = time.perf_counter()
    session.apply(edit).result(LIMIT_S)
    return time.perf_counter() - began


def _lesion(session: Session, k: int) -> float:
    n = session.network.population("exc").size // 10
    return _applied(session, snnlab.Lesion("exc", range(k * 10, k * 10 + n)))


def _undone(session: Session, k: int) -> float:
    session.apply(_population(100 + k)).result(LIMIT_S)
    began = time.perf_counter()
    session.undo().result(LIMIT_S)
    return time.perf_counter() - began


def _back(session: Session, back_ms: float) -> float:
    end = session.t
    began = time.perf_counter()
    session.rewind(end - back_ms)
    took = time.perf_counter() - began
    session.run_until(end).wait(LIMIT_S)
    return took


def _branch(session: Session) -> float:
    began = time.perf_counter()
    with session.branch():
        return time.perf_counter() - began


def _broken(session: Session) -> float:
    """From running on to the pause at a condition that holds after 100 ms of model time."""
    condition = RateBeyond("exc", above=1e-6, window=100.0)
    session.break_when(condition)
    began = time.perf_counter()
    session.run().wait(LIMIT_S)
    session.clear_breakpoints()
    return time.perf_counter() - began
