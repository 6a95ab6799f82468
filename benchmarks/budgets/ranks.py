"""How soon the raster shows a knob that was turned, where ranks hold the network."""

from __future__ import annotations

from collections.abc import Iterator

import snnlab
from benchmarks.budgets.edits import View
from benchmarks.budgets.promise import Measured

__all__ = ["measure"]


def measure(n_ranks: int, repeats: int) -> Iterator[Measured]:
    """Yield what is found with a preset on ranks of this machine."""
    with snnlab.open("brunel", N=2500, device=f"{n_ranks} ranks") as session:
        view = View(session)
        session.run(200.0).wait(120.0)
        values = tuple(view.turn(k) for k in range(repeats))
        view.close()
    condition = f"brunel, 2500 neurons, {n_ranks} ranks on this machine"
    yield Measured("slider to raster, on ranks", 250.0, "ms", values, condition)
