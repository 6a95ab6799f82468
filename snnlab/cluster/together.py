"""`TogetherEngine`: a program that mpiexec has started on all ranks sees the whole on each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Generic

from snnlab.arrays.engine import C
from snnlab.arrays.shared_engine import SharedEngine
from snnlab.arrays.structural_engine import B
from snnlab.cluster.devices import device_for, gpu, own_local_rank
from snnlab.cluster.mpi import world
from snnlab.cluster.mpi_world import MpiWorld
from snnlab.cluster.rank import gpus_here
from snnlab.cluster.whole import whole_frame, whole_recorded, whole_report, whole_work
from snnlab.cpu.built import CpuBuilt
from snnlab.cpu.engine import CpuEngine
from snnlab.cpu.phases import PhaseClock
from snnlab.cuda.built import CudaBuilt
from snnlab.cuda.clock import CudaClock
from snnlab.cuda.engine import CudaEngine
from snnlab.frames.frame import Frame
from snnlab.frames.rewiring_work import RewiringWork
from snnlab.model.network import Network

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Together", "TogetherEngine", "TogetherOnGpus", "together"]


class Together(SharedEngine[B, C], Generic[B, C]):
    """One rank of a program that runs on all of them; frames and reports are those of the whole.

    Every rank makes the engine and calls its methods in the same order with the same arguments.
    """

    _ranks: MpiWorld

    def _look_at_the_whole(self, name: str) -> None:
        """Let the report and the frames be of all ranks, which have been built."""
        self.report = whole_report(self.network, self._ranks.objects(self.report))
        self._owned_by = self._ranks.objects(self.owned)
        self._recorders = whole_recorded(self._ranks.objects(self.recorded))
        self.device = name

    def any(self, flag: bool) -> bool:
        """Return whether the flag of any rank is set; all of them ask."""
        return self._any(flag)

    def advance(self, n_steps: int) -> Frame:
        """Advance by `n_steps` and return what happened in them, on all ranks."""
        frames = self._ranks.objects(super().advance(n_steps))
        return whole_frame(self.network, frames, self._owned_by, self._recorders)

    def rewiring_work(self) -> tuple[RewiringWork, ...]:
        """Return what the rules of rewirings have done on all ranks."""
        return whole_work(self._ranks.objects(super().rewiring_work()))

    def out_degrees(self) -> NDArray[np.int64]:
        """Return the number of outgoing synapses of every neuron, onto those of all ranks."""
        own: NDArray[np.int64] = super().out_degrees()  # type: ignore[safe-super]
        return self._ranks.total(own)


class TogetherEngine(Together[CpuBuilt, PhaseClock], CpuEngine):
    """One rank of a program that runs on all of them, on the threads of its host.

    Parameters
    ----------
    network : Network
    threads : int, optional
        Threads of each rank; default: 1, since ranks share the cores of their host.
    exchange : str, or mapping of str
        See `snnlab.cpu.engine.CpuEngine`.
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
        self._look_at_the_whole(f"{self._ranks.n_ranks} ranks")


class TogetherOnGpus(Together[CudaBuilt, CudaClock], CudaEngine):
    """One rank of a program that runs on all of them, on the GPU of its number on its host.

    Parameters
    ----------
    network : Network
    exchange : str, or mapping of str
        See `snnlab.cpu.engine.CpuEngine`.
    transport : str
        See `snnlab.cuda.engine.CudaEngine`.

    Raises
    ------
    DeviceUnavailable
        The host of a rank has no GPU, or MPI does not take its memory where it must.
    """

    def __init__(
        self,
        network: Network,
        *,
        exchange: str | Mapping[str, str] = "auto",
        transport: str = "auto",
    ) -> None:
        self._ranks = MpiWorld(world())
        local_rank, _ = own_local_rank(os.environ, world())
        device = gpu(device_for("cuda", local_rank, gpus_here()))
        super().__init__(network, device, world=self._ranks, exchange=exchange, transport=transport)
        self._look_at_the_whole(f"{self._ranks.n_ranks} ranks on cuda")


def together(
    network: Network, *, device: str = "cpu", threads: int | None = None, transport: str = "auto"
) -> TogetherEngine | TogetherOnGpus:
    """Return this rank of a program that runs on all of them.

    Parameters
    ----------
    network : Network
    device : str
        ``"cpu"``, or ``"cuda"``: the GPU of its number on its host.
    threads : int, optional
        On CPUs: of each rank.
    transport : str
        On GPUs: what they hand to MPI, see `snnlab.cuda.engine.CudaEngine`.
    """
    if device == "cuda":
        return TogetherOnGpus(network, transport=transport)
    return TogetherEngine(network, threads=threads)
