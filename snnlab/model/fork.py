"""`Fork`: a branch as all that is needed to make it again."""

from __future__ import annotations

from dataclasses import dataclass

from snnlab.model.run import Run

__all__ = ["Fork"]


@dataclass(frozen=True)
class Fork:
    """A run that left another one.

    Parameters
    ----------
    name : str
        Of the branch.
    step : int
        Time step at which it left.
    n_shared : int
        How many of its edits were made before it left.
    run : Run
        All of it, from the start that both have in common.
    branches : tuple of Fork
        What left the branch itself.
    """

    name: str
    step: int
    n_shared: int
    run: Run
    branches: tuple[Fork, ...] = ()
