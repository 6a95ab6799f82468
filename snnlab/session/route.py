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

    def follow(self, engine: Engine, go_on: Callable[[], None] = lambda: None) -> Checkpoint:
        """Lead an engine to the moment.

        Parameters
        ----------
        engine : Engine
            In any state.
        go_on : callable
            Called now and then; what it raises ends the way somewhere in between.

        Returns
        -------
        Checkpoint
            The moment, without arrays.
        """
        engine.restore(self.checkpoint)
        network = self.checkpoint.network
        for applied in self.edits[len(self.checkpoint.edits) :]:
            _advance(engine, applied.step, go_on)
            network = applied.edit.apply(network)
            engine.apply(network)
        _advance(engine, self.step, go_on)
        return replace(
            self.checkpoint, step=self.step, network=network, arrays={}, edits=self.edits
        )


def _advance(engine: Engine, until: int, go_on: Callable[[], None]) -> None:
    chunk = ChunkLength(_CHUNK_S)
    while engine.step < until:
        go_on()
        n_steps, began = min(chunk.steps, until - engine.step), time.perf_counter()
        engine.advance(n_steps)
        chunk.measured(n_steps, time.perf_counter() - began)
