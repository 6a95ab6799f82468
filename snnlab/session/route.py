"""How to get to a moment of a run: restore a checkpoint, then make the same edits once more."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from snnlab.engine import Checkpoint, Engine
from snnlab.model.history import Applied
from snnlab.session.pace import ChunkLength

__all__ = ["Route"]

_CHUNK_S = 0.05
"""Wall-clock time between two moments at which the way may be given up."""


@dataclass(frozen=True)
class Route:
    """A way to a moment. What is simulated on it is bit for bit what was simulated before.

    Parameters
    ----------
    checkpoint : Checkpoint
        Where it begins.
    edits : tuple of Applied
        All edits of the run until the moment; those of the checkpoint come first.
    step : int
        Where it ends.
    """

    checkpoint: Checkpoint
    edits: tuple[Applied, ...]
    step: int

    def follow(self, engine: Engine, may_go_on: Callable[[], bool] = lambda: True) -> Checkpoint:
        """Lead an engine to the moment.

        Parameters
        ----------
        engine : Engine
            In any state.
        may_go_on : callable
            Asked now and then; where it says no, the way ends in between.

        Returns
        -------
        Checkpoint
            The moment, or the one at which the way was given up, without arrays.
        """
        engine.restore(self.checkpoint)
        network, n_made = self.checkpoint.network, len(self.checkpoint.edits)
        for applied in self.edits[n_made:]:
            _advance(engine, applied.step, may_go_on)
            if engine.step < applied.step:
                break
            network = applied.edit.apply(network)
            engine.apply(network)
            n_made += 1
        else:
            _advance(engine, self.step, may_go_on)
        edits = self.edits[:n_made]
        return replace(self.checkpoint, step=engine.step, network=network, arrays={}, edits=edits)


def _advance(engine: Engine, until: int, may_go_on: Callable[[], bool]) -> None:
    chunk = ChunkLength(_CHUNK_S)
    while engine.step < until and may_go_on():
        n_steps, began = min(chunk.steps, until - engine.step), time.perf_counter()
        engine.advance(n_steps)
        chunk.measured(n_steps, time.perf_counter() - began)
