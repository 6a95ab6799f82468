"""What a session can go back to, and what can go on from it."""

from __future__ import annotations

import math
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from snnlab.engine import Checkpoint
from snnlab.errors import SpecError
from snnlab.session.checkpoints import Checkpoints
from snnlab.session.kept import Kept
from snnlab.session.route import Route
from snnlab.units import to_canonical

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Past"]


class Past(Kept):
    """The checkpoints of a session and the way back to them; a base of `Session`."""

    @property
    def checkpoints(self) -> Checkpoints:
        """The states in memory that `rewind` starts from.

        One is taken about every quarter of a second of running, seldom enough to cost at most 4 %
        of it. They are equally close over the last 12 s of model time, or the last minute of
        running if that is less; older ones become sparse. ``checkpoints.limit_bytes`` limits their
        memory.
        """
        return self._simulation.keeper.kept

    def checkpoint(self, path: str | Path | None = None) -> Checkpoint:
        """Return the complete state now, for `rewind` and `branch`; a running session runs on.

        Parameters
        ----------
        path : str or Path, optional
            A file to write it to as well; ends in ``.checkpoint``. What was there is replaced
            only when all is written. ``snnlab.open(path)`` goes on from it.

        Raises
        ------
        FormatError
            Another suffix, or a network that files have no form for.
        StateError
            The session is closed or has failed.
        """
        from snnlab.interop.checkpoint_file import check_suffix, save_checkpoint

        if path is not None:
            check_suffix(path)
        taken: list[Checkpoint] = []
        self._on_thread(lambda: taken.append(self._simulation.checkpoint()))
        if path is not None:
            save_checkpoint(taken[0], path, device=self._simulation.place.computed_by)
            self.messages.info(f"Saved the state at t = {taken[0].step * self.dt:g} ms to {path}.")
        return taken[0]

    def rewind(self, to: float | str | Checkpoint, timeout: float = 600.0) -> Self:
        """Go back to an earlier moment of this run and pause there.

        The nearest kept checkpoint is restored and the rest simulated again with the same edits,
        so that running on gives the same spikes as the first time. The recording ends there;
        edits made later can be made again, one by one, with `redo`. Also a way out after a
        failure. An interrupt ends the way where it is.

        Parameters
        ----------
        to : float, str or Checkpoint [ms]
            A time, ``500`` or ``"0.5 s"``, with the edits that took effect then; or what
            `checkpoint` returned, with the edits before it.
        timeout : float [s]
            Longest wait; the session goes on to the moment afterwards.

        Raises
        ------
        SpecError
            Not a time, before the start of the run, or later than now.
        StateError
            A checkpoint of another run, or a session that is closed.
        TimeoutError
            It takes longer.
        """
        self._wait_for(self.ask_rewind(to), timeout)
        return self

    def ask_rewind(self, to: float | str | Checkpoint) -> Future[None]:
        """Ask for `rewind` and return at once.

        Returns
        -------
        Future
            Done when the session is there.
        """
        target = to if isinstance(to, Checkpoint) else self._steps(to, "Session.rewind.to")
        self._simulation.ask_pause()
        return self._asked(lambda: self._simulation.rewind(target))

    # --- inside -----------------------------------------------------------------------------

    def _route(self, at: float | str | Checkpoint | None) -> Route:
        """The way to a moment, as the simulation thread knows it."""
        if isinstance(at, Checkpoint):
            return Route(at, at.edits, at.step)
        found: list[Route] = []
        step = None if at is None else self._steps(at, "Session.branch.at")
        self._on_thread(lambda: found.append(self._simulation.route(step)))
        return found[0]

    def _steps(self, duration: float | str, where: str) -> int:
        milliseconds = to_canonical(duration, "ms", where=where)
        if not (math.isfinite(milliseconds) and milliseconds >= 0):
            raise SpecError(
                where,
                "must be >= 0 ms",
                got=f"{milliseconds:g} ms",
                remedy='Give a number of ms, or a time such as "0.5 s".',
            )
        return math.floor(milliseconds / self.dt + 0.5)
