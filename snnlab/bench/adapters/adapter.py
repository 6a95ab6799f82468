"""What the runner asks of a simulator."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from snnlab.bench.spec import Cell
from snnlab.bench.tree import Tree

if TYPE_CHECKING:
    from snnlab.model.network import Network

__all__ = ["Adapter", "Job"]


@dataclass(frozen=True)
class Job:
    """One run that is to be made.

    Parameters
    ----------
    cell : Cell
    seed : int
    tree : Tree
        The version that is measured.
    scratch : Path
        Folder for files that are gone afterwards.
    n_blocks : int
        Of the measured time, before each of which the program waits for its turn; 0: it does not.
    """

    cell: Cell
    seed: int
    tree: Tree
    scratch: Path
    n_blocks: int = 0

    @property
    def spikes(self) -> Path:
        """Where the program may write its spikes."""
        return self.scratch / "spikes.npz"


class Adapter(Protocol):
    """A simulator: how it is called, and which version of what it measures."""

    @property
    def name(self) -> str:
        """One of `keys.SIMULATORS`."""
        ...

    @property
    def package(self) -> str:
        """Package whose version is that of the simulator; empty if there is none."""
        ...

    def missing(self, cell: Cell) -> str:
        """Return why a cell cannot run here; empty if it can."""
        ...

    def command(self, job: Job) -> list[str]:
        """Return the command of a run; writes what it needs into the scratch folder."""
        ...

    def tree(self, cell: Cell) -> Tree:
        """Return the version that is measured unless another one is asked for."""
        ...

    def network(self, cell: Cell) -> Network | None:
        """Return the network that is run, if it is one of snnlab's."""
        ...
