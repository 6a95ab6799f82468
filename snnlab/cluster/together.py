"""`TogetherEngine`: a program that mpiexec has started on all ranks sees the whole on each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from snnlab.cluster.mpi import world
from snnlab.cluster.mpi_world import MpiWorld
from snnlab.cluster.whole import whole_frame, whole_recorded, whole_report, whole_work
from snnlab.cpu.engine import CpuEngine
from snnlab.frames.frame import Frame
from snnlab.frames.rewiring_work import RewiringWork
from snnlab.model.network import Network

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["TogetherEngine"]


class TogetherEngine(CpuEngine):
    """One rank of a program that runs on all of them; frames and reports are those of the whole.

    Parameters
    ----------
    network : Network
    threads : int, optional
        Threads of each rank; default: 1, since ranks share the cores of their host.
    exchange : str, or mapping of str
        See `snnlab.cpu.engine.CpuEngine`.

    Notes
    -----
    Every rank makes the engine and calls its methods in the same order with the same arguments.
    """

    def __init__(
        self,
        network: Network,
        *,
        threads: int | None = None,
        exchange: str | Mapping[str, str] = "auto",
    ) -> None:
        self._ranks = MpiWorld(world())
        super().__init__(network, threads=threads or 1, world=self._ranks, exchange=exchange)
        self.report = whole_report(network, self._ranks.objects(self.report))
        self._owned_by = self._ranks.objects(self.owned)
        self._recorded = whole_recorded(self._ranks.objects(self.recorded))
        self.device = f"{self._ranks.n_ranks} ranks"

    def any(self, flag: bool) -> bool:
        """Return whether the flag of any rank is set; all of them ask."""
        return self._any(flag)

    def advance(self, n_steps: int) -> Frame:
        """Advance by `n_steps` and return what happened in them, on all ranks."""
        frames = self._ranks.objects(super().advance(n_steps))
        return whole_frame(self.network, frames, self._owned_by, self._recorded)

    def rewiring_work(self) -> tuple[RewiringWork, ...]:
        """Return what the rules of rewirings have done on all ranks."""
        return whole_work(self._ranks.objects(super().rewiring_work()))

    def out_degrees(self) -> NDArray[np.int64]:
        """Return the number of outgoing synapses of every neuron, onto those of all ranks."""
        return self._ranks.total(super().out_degrees())
