"""`Proof`: whether this very run gives the same spikes and weights on all that is here."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from snnlab.engine import RankEngine
from snnlab.errors import SnnlabError
from snnlab.session.evidence import Evidence, Stretch, difference
from snnlab.session.place import Engines, SharesRanks

__all__ = ["RECORDED", "Line", "Proof", "Verdict"]

RECORDED = "this run, as recorded"


class Verdict(Enum):
    """How it stands with one line of a proof."""

    WAITING = "waiting"
    BUILDING = "building"
    RUNNING = "running"
    REFERENCE = "reference"
    """All others are held against it."""
    EQUAL = "equal"
    """All spikes and all compared synapses are the same to the bit."""
    DIFFERENT = "different"
    NOT_TRIED = "not tried"
    """It cannot be computed there; the text says why."""
    CANCELLED = "cancelled"
    TIMED_OUT = "timed out"

    @property
    def is_open(self) -> bool:
        """Whether it may still change."""
        return self in (Verdict.WAITING, Verdict.BUILDING, Verdict.RUNNING)


@dataclass(frozen=True)
class Line:
    """One place that computes the run.

    Parameters
    ----------
    place : str
        ``"2 threads"``, ``"cuda:0"``, ``"4 ranks"``; or `RECORDED`.
    verdict : Verdict
    text : str
        What was compared; the first difference; or why it was not tried.
    progress : float
        Share of the run that is done.
    seconds : float [s]
        Wall-clock time, building included.
    """

    place: str
    verdict: Verdict = Verdict.WAITING
    text: str = ""
    progress: float = 0.0
    seconds: float = 0.0


class Proof:
    """A stretch of a run, computed again by each place, one after the other, beside the run.

    It begins at once, on a thread of its own with engines of its own; the session goes on.

    Parameters
    ----------
    stretch : Stretch
        What is computed.
    engines : callable
        Makes the engine of a place.
    places : sequence of str
        The first one that can compute it is the reference.
    recorded : Evidence, optional
        What the session itself had recorded of the stretch.
    timeout : float [s]
        Wall-clock time for all of it. What is being built then is waited for.

    Attributes
    ----------
    lines : tuple of Line
        How it stands now.
    t_start, t_stop : float [ms]
        The stretch.
    """

    def __init__(
        self,
        stretch: Stretch,
        engines: Engines,
        places: Sequence[str],
        *,
        recorded: Evidence | None = None,
        timeout: float = 120.0,
    ) -> None:
        self._stretch = stretch
        self._network = stretch.network
        self._engines = engines
        self._recorded = recorded
        self._deadline = time.monotonic() + timeout
        self._timeout = timeout
        self._is_cancelled = False
        self._ranks: RankEngine | None = None
        first = [] if recorded is None or recorded.stop <= recorded.start else [RECORDED]
        self.lines = tuple(Line(place) for place in (*first, *places))
        dt = self._network.dt
        self.t_start, self.t_stop = stretch.start * dt, stretch.route.step * dt
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="snnlab proof", daemon=True)
        self._thread.start()

    @property
    def is_done(self) -> bool:
        """Whether nothing changes any more."""
        return self._ended.is_set()

    @property
    def is_equal(self) -> bool | None:
        """True: all that was compared is equal; False: something is not; None: nothing yet."""
        found = {line.verdict for line in self.lines}
        if Verdict.DIFFERENT in found:
            return False
        return True if Verdict.EQUAL in found else None

    @property
    def summary(self) -> str:
        """One sentence."""
        equal, different, left = (
            sum(line.verdict in kinds for line in self.lines)
            for kinds in (
                {Verdict.EQUAL}, {Verdict.DIFFERENT},
                {Verdict.NOT_TRIED, Verdict.CANCELLED, Verdict.TIMED_OUT},
            )
        )  # fmt: skip
        if not self.is_done:
            return "Computing the run again; it goes on undisturbed."
        left_out = f" {left} could not be compared." if left else ""
        if different:
            return f"Not the same: {different} of {equal + different} differ.{left_out}"
        if equal:
            return f"The same to the bit: {equal} of {equal}.{left_out}"
        return f"Nothing was compared.{left_out}"

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is done; False when the time is over first."""
        return self._ended.wait(timeout)

    def cancel(self) -> None:
        """End it; what is done is kept. An engine that is being built is waited for."""
        self._is_cancelled = True
        ranks = self._ranks
        if ranks is not None:
            ranks.interrupt()

    def __str__(self) -> str:
        width = max(len(line.place) for line in self.lines)
        head = f"t = {self.t_start:.10g} to {self.t_stop:.10g} ms. {self.summary}"
        rows = [f"  {_MARKS.get(each.verdict, ' ')} {each.place:{width}}  {each.verdict.value}"
                f"{': ' if each.text else ''}{each.text}" for each in self.lines]  # fmt: skip
        return "\n".join([head, *rows])

    __repr__ = __str__

    # --- on the thread --------------------------------------------------------------------------

    def _run(self) -> None:
        places = [line.place for line in self.lines if line.place != RECORDED]
        try:
            with _together(self._engines, places) as self._engines:
                self._prove_all()
        finally:
            self._ended.set()

    def _prove_all(self) -> None:
        reference: Evidence | None = None
        for k, line in enumerate(self.lines):
            if line.place != RECORDED:
                reference = self._prove(k, reference)

    def _prove(self, k: int, reference: Evidence | None) -> Evidence | None:
        """Work on one line; returns the evidence that the next ones are held against."""
        began = time.monotonic()
        if not self._may_go_on():
            self._end_early(k)
            return reference
        self._say(k, verdict=Verdict.BUILDING)
        try:
            found = self._computed(k)
        except Exception as error:
            if self._is_cancelled:
                self._end_early(k)
            else:
                text = str(error) if isinstance(error, SnnlabError) else f"{error!r}"
                self._say(k, verdict=Verdict.NOT_TRIED, text=text)
            return reference
        self._say(k, seconds=time.monotonic() - began, progress=1.0)
        if found is None:
            self._end_early(k)
        elif reference is None:
            self._say(k, verdict=Verdict.REFERENCE, text=_counts(found))
            self._hold_recorded(found)
            return found
        else:
            self._judge(k, found, reference)
        return reference

    def _computed(self, k: int) -> Evidence | None:
        """What a place makes of the stretch; None where there was no time for all of it."""
        engine = self._engines(self._stretch.route.checkpoint.network, self.lines[k].place)
        self._ranks = engine if isinstance(engine, RankEngine) else None
        try:
            self._say(k, verdict=Verdict.RUNNING)
            found = self._stretch.computed(
                engine, self._may_go_on, lambda share: self._say(k, progress=share)
            )
        finally:
            self._ranks = None
            with contextlib.suppress(SnnlabError):  # ranks that were interrupted
                engine.close()
        return found if found.stop == self._stretch.route.step else None

    def _hold_recorded(self, reference: Evidence) -> None:
        if self._recorded is None or self.lines[0].place != RECORDED:
            return
        mine, stop = self._recorded, min(self._recorded.stop, reference.stop)
        late = reference.step >= mine.start
        there = Evidence(mine.start, reference.stop, reference.step[late], reference.neuron[late])
        dt, whole = self._network.dt, (self._stretch.start, self._stretch.route.step)
        part = f" (t = {mine.start * dt:.10g} to {stop * dt:.10g} ms)"
        aside = "" if (mine.start, stop) == whole else part
        self._judge(0, mine.until(stop), there.until(stop), aside)

    def _judge(self, k: int, found: Evidence, reference: Evidence, aside: str = "") -> None:
        said = difference(found, reference, self._network)
        verdict = Verdict.DIFFERENT if said else Verdict.EQUAL
        self._say(k, verdict=verdict, text=(said or _counts(found)) + aside, progress=1.0)

    def _may_go_on(self) -> bool:
        return not self._is_cancelled and time.monotonic() < self._deadline

    def _end_early(self, k: int) -> None:
        if self._is_cancelled:
            self._say(k, verdict=Verdict.CANCELLED)
        else:
            self._say(k, verdict=Verdict.TIMED_OUT, text=f"not done within {self._timeout:g} s")

    def _say(self, k: int, **changes: object) -> None:
        line = replace(self.lines[k], **changes)  # type: ignore[arg-type]
        self.lines = (*self.lines[:k], line, *self.lines[k + 1 :])


def _together(
    engines: Engines, places: Sequence[str]
) -> contextlib.AbstractContextManager[Engines]:
    """Engines of which those on ranks use the same ones, if whoever makes them can do that."""
    maker: object = engines
    if isinstance(maker, SharesRanks):
        return maker.together(places)
    return contextlib.nullcontext(engines)


_MARKS = {Verdict.EQUAL: "\N{CHECK MARK}", Verdict.DIFFERENT: "\N{BALLOT X}"}


def _counts(found: Evidence) -> str:
    spikes = f"{_number(found.step.size)} spikes"
    return f"{spikes}, {_number(found.n_synapses)} synapses" if found.synapses else spikes


def _number(n: int) -> str:
    """A whole number with thin spaces between thousands, as the panels write it."""
    return f"{n:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
