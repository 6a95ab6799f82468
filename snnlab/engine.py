"""`Engine`: the one protocol between a network and whatever computes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from snnlab.frames.elements import ElementStates
from snnlab.frames.frame import Frame
from snnlab.frames.rank_status import RankStatus
from snnlab.frames.rewiring_work import RewiringWork
from snnlab.frames.synapses import Synapses
from snnlab.frames.weights import WeightPicture
from snnlab.model.history import Applied
from snnlab.model.network import Network

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["BuildReport", "Checkpoint", "Engine", "RankEngine"]


@dataclass(frozen=True)
class BuildReport:
    """What building a network took.

    Parameters
    ----------
    n_neurons, n_synapses : int
    build_s : float [s]
        Wall-clock time to turn the network into arrays, compilation excluded.
    compile_s : float [s]
        Wall-clock time to generate and compile code; near 0 from the second start on.
    synapse_bytes : int
        Bytes of the connectivity: targets, weights, delays and row pointers.
    state_bytes : int
        Bytes of everything else that lives as long as the network. Both count the memory of the
        device that computes it.
    """

    n_neurons: int
    n_synapses: int
    build_s: float
    compile_s: float
    synapse_bytes: int
    state_bytes: int

    @property
    def n_bytes(self) -> int:
        """Bytes that the network takes on its device."""
        return self.synapse_bytes + self.state_bytes

    @property
    def bytes_per_synapse(self) -> float:
        """Connectivity bytes per synapse; 0 for a network without synapses."""
        return self.synapse_bytes / self.n_synapses if self.n_synapses else 0.0


@dataclass(frozen=True)
class Checkpoint:
    """The complete state of a run at a step boundary.

    Parameters
    ----------
    step : int
        Number of steps done.
    network : Network
        The network as it was then; its edits are part of it.
    arrays : mapping
        Name -> array, independent of the number of threads.
    start : Network, optional
        The network at the start of the run; None where nobody kept it.
    edits : tuple of Applied
        What led from `start` to `network`, in order; whoever drives the engine knows them.
    """

    step: int
    network: Network
    arrays: Mapping[str, NDArray[np.generic]]
    start: Network | None = None
    edits: tuple[Applied, ...] = ()

    @property
    def n_bytes(self) -> int:
        """Bytes of all arrays."""
        return sum(array.nbytes for array in self.arrays.values())


@runtime_checkable
class Engine(Protocol):
    """Builds a network when it is made, then advances it.

    One thread uses an engine at a time. After `close` every method raises `StateError`.
    """

    network: Network
    report: BuildReport
    device: str
    """For programs: ``"cpu"``, ``"cuda:0"``."""

    @property
    def device_label(self) -> str:
        """What computes it, for people: ``"CPU, 2 threads"``, ``"NVIDIA H100 (cuda:0)"``."""
        ...

    @property
    def step(self) -> int:
        """Number of steps done since the start; the truth about time."""
        ...

    def advance(self, n_steps: int) -> Frame:
        """Advance by `n_steps` and return what happened in them.

        The spikes do not depend on how a run is cut into calls. The frame is shorter than asked
        for where the engine found trouble, which the frame's `health` describes; the engine can
        be restored, or go on all the same.
        """
        ...

    def apply(self, network: Network) -> None:
        """Go over to an edited network at this step boundary, keeping all state that remains.

        Raises
        ------
        BuildError
            The change cannot be made; the engine goes on with the old network.
        """
        ...

    def checkpoint(self) -> Checkpoint:
        """Return a copy of the complete state."""
        ...

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back to a state; the run continues bit for bit as it did from there.

        A checkpoint without arrays is the start of the run.

        Raises
        ------
        StateError
            The arrays do not fit the network or the precision of this engine, which goes on.
        """
        ...

    def sibling(self, network: Network) -> Engine:
        """Return a new engine for `network`, of the same kind and with the same settings."""
        ...

    def synapses(self, projection: str) -> Synapses:
        """Return the synapses of a projection as they are now, one entry each.

        Raises
        ------
        SpecError
            No such projection.
        """
        ...

    def weights(self, projection: str, *, most_cells: int = 64, n_bars: int = 40) -> WeightPicture:
        """Return the weights of a projection as they are now as a coarse picture.

        It is the same however threads and ranks share the synapses.

        Parameters
        ----------
        projection : str
            Its name.
        most_cells : int
            Columns and rows of the matrix at most; neighbouring neurons share one.
        n_bars : int
            Bars of the histogram, from the least to the largest weight.

        Raises
        ------
        SpecError
            No such projection, or weights that are not finite.
        """
        ...

    def synaptic_elements(self, population: str) -> ElementStates:
        """Return calcium and synaptic elements of a population as they are now.

        Raises
        ------
        SpecError
            No such population, or it has no synaptic elements.
        """
        ...

    def rewiring_work(self) -> tuple[RewiringWork, ...]:
        """Return what the rules of rewirings have done since this engine was made."""
        ...

    def close(self) -> None:
        """Release everything; closing twice is allowed."""
        ...


@runtime_checkable
class RankEngine(Protocol):
    """What an engine can do besides if several processes hold the network, which may die."""

    @property
    def ranks(self) -> tuple[RankStatus, ...]:
        """What each rank holds, how busy it is, and what it died of; from any thread."""
        ...

    def check(self) -> None:
        """Look whether all ranks are alive, also while nothing is asked of them.

        Raises
        ------
        RankDied
            One is gone. The state is lost; `restore` starts ranks again.
        """
        ...

    def stop_ranks(self) -> None:
        """End the processes; `restore` starts them again."""
        ...

    def interrupt(self) -> None:
        """Interrupt a call that does not come back, from any thread: it ends with an error."""
        ...
