"""How soon a run on ranks does what it is told: a knob that is turned, a pause."""

from __future__ import annotations

from collections.abc import Iterator

import snnlab
from benchmarks.budgets.edits import View, pause
from benchmarks.budgets.promise import Measured

__all__ = ["measure"]


def measure(n_ranks: int, repeats: int) -> Iterator[Measured]:
    """Yield what is found with a preset on ranks of this machine."""
    with snnlab.open("brunel", N=2500, ranks=n_ranks) as session:
        view = View(session)
        session.run(200.0).wait(120.0)
        values = tuple(view.turn(k) for k in range(repeats))
        view.close()
        pauses = tuple(pause(session, k) for k in range(repeats))
    condition = f"brunel, 2500 neurons, {n_ranks} ranks on this machine"
    yield Measured("slider to raster, on ranks", 250.0, "ms", values, condition)
    yield Measured("pause, on ranks", 250.0, "ms", pauses, condition)
