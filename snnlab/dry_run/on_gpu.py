"""What one rank of many would hold on its GPU: worked out, where there is no GPU.

Nothing is drawn for it: the bytes are those that a build on a GPU asks for before it takes any, so
that thousands of ranks take no longer than one.
"""

from __future__ import annotations

from dataclasses import dataclass

from snnlab.build.expected import expected_synapses, expected_total
from snnlab.build.layout import Layout
from snnlab.build.memory import parts_here
from snnlab.cpu.elsewhere import expected_images
from snnlab.cuda.built import predicted_bytes, share_of
from snnlab.dry_run.which import check_rank
from snnlab.model.network import Network

__all__ = ["GpuDryRun", "gpu_dry_run"]


@dataclass(frozen=True)
class GpuDryRun:
    """What one rank will hold on a GPU.

    Parameters
    ----------
    ranks, rank : int
        Ranks in all, and which of them.
    n_neurons, n_synapses : int, float
        Of the whole network; of synapses the mean number.
    own_neurons, own_synapses : int, float
        Of this rank.
    images : float
        Neurons of other ranks with synapses onto those of this one, on average.
    bytes : dict
        Name of what is held -> bytes.
    construction_bytes : int
        Bytes that are taken at a time while synapses are drawn.
    """

    ranks: int
    rank: int
    n_neurons: int
    n_synapses: float
    own_neurons: int
    own_synapses: float
    images: float
    bytes: dict[str, int]
    construction_bytes: int

    @property
    def held_bytes(self) -> int:
        """Bytes that the rank holds when it is built."""
        return sum(self.bytes.values())

    @property
    def peak_bytes(self) -> int:
        """Bytes that are taken at most at a time."""
        return max(self.held_bytes, self.construction_bytes)


def gpu_dry_run(
    network: Network, *, ranks: int, rank: int = 0, precision: str = "float32"
) -> GpuDryRun:
    """Tell what one of many ranks will hold on a GPU.

    Parameters
    ----------
    network : Network
    ranks, rank : int
        Number of ranks, and which of them.
    precision : str
        Of the state: ``"float32"`` or ``"float64"``.

    Raises
    ------
    SpecError
        No such rank.
    """
    check_rank(ranks, rank)
    layout = Layout.of(network)
    partitions = share_of(network, layout, rank, ranks)
    here = parts_here(network, layout, partitions)
    first, stop = partitions.bounds[[0, -1]]
    needed = predicted_bytes(
        network, rank=rank, n_ranks=ranks, precision=precision, exchange="auto"
    )  # fmt: skip
    return GpuDryRun(
        ranks=ranks, rank=rank, n_neurons=network.n_neurons, n_synapses=expected_total(network),
        own_neurons=int(layout.block_size[first:stop].sum()),
        own_synapses=sum(expected_synapses(network, p) * here[p.post] for p in network.projections),
        images=expected_images(network, layout, partitions),
        bytes=needed.parts, construction_bytes=needed.construction,
    )  # fmt: skip
