"""`SharedEngine`: an engine that may be one of several ranks, and hold its share of a network."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import Generic, TypeVar

from snnlab.arrays.carry import export
from snnlab.arrays.engine import ArrayEngine, C
from snnlab.arrays.structural_engine import B
from snnlab.arrays.world import ALONE, World
from snnlab.engine import Checkpoint
from snnlab.errors import BuildError, SnnlabError
from snnlab.frames.synapse_ids import SynapseIds
from snnlab.model.network import Network

__all__ = ["SharedEngine"]

T = TypeVar("T")


class SharedEngine(ArrayEngine[B, C], Generic[B, C]):
    """A network as flat arrays, or what one of several ranks holds of it.

    Parameters
    ----------
    network : Network
    precision : str
        Of the state: ``"float32"`` or ``"float64"``.
    world : World
        The ranks that hold the network together, each of which makes such an engine and calls the
        same methods in the same order. The spikes do not depend on their number.

    Attributes
    ----------
    threads : int
        Threads of the processor that compute.
    link_s : float [s]
        Wall-clock time until the ranks knew whose spikes each of them wants.
    """

    threads: int

    def __init__(self, network: Network, precision: str, world: World = ALONE) -> None:
        super().__init__(network, precision)
        self._world = world
        self.link_s = 0.0

    @property
    @abstractmethod
    def exchange(self) -> str:
        """How it exchanges spikes with other ranks, in words."""

    @property
    def transport(self) -> str:
        """What a GPU hands to MPI for that: ``"host"`` or ``"device"`` memory; empty on CPUs."""
        return ""

    @abstractmethod
    def close(self) -> None:
        """Release everything; closing twice is allowed."""

    @property
    def is_first(self) -> bool:
        """Whether this is the first rank."""
        return self._world.rank == 0

    @property
    def owned(self) -> tuple[tuple[int, int], ...]:
        """First and last neuron of each population that are here, ``first <= neuron < stop``."""
        parts = [self._arrays.owned(k) for k in range(len(self.network.populations))]
        return tuple((part.start, part.stop) for part in parts)

    @property
    def recorded(self) -> dict[str, SynapseIds]:
        """The synapses here that each recorder of synapses samples."""
        names = [recorder.name for recorder in self.network.recorders]
        return {names[probes.recorder]: probes.ids for probes in self._arrays.sampling.synapses}

    def checkpoint_on_first(self) -> Checkpoint:
        """Return what `checkpoint` does on the first rank; the arrays of the others are empty."""
        self._collect()
        built = replace(self._arrays, world=self._world.on_first())
        return Checkpoint(self._step, self.network, export(built, self._step))

    def _any(self, flag: bool) -> bool:
        """Return whether a flag is set, here or on another rank; all of them ask."""
        return self._world.any(flag)

    def _built_by_all(self, build: Callable[[], T]) -> T:
        """Return what is built here, or fail where a rank cannot build its share."""
        failure: SnnlabError | None = None
        try:
            built = build()
        except SnnlabError as error:
            failure = error
        if self._any(failure is not None):
            raise failure or BuildError(
                "network", "must be built by all ranks", got="a failure on another rank",
                remedy="That rank's error says why.",
            )  # fmt: skip
        return built

    def _linked(self, link: Callable[[], T]) -> T:
        """Return what lets the ranks exchange spikes, and note how long that took to find out."""
        began = time.perf_counter()
        linked = link()
        self.link_s = time.perf_counter() - began
        return linked
