"""The same network in one process and on several ranks, which must not differ in anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from snnlab.cluster import Ranks
from snnlab.cluster.engine import ClusterEngine
from snnlab.cpu.engine import CpuEngine
from snnlab.frames.frame import Frame
from snnlab.frames.structure import StructuralEvents
from snnlab.frames.synapse_ids import same_synapses
from snnlab.model.edits import Edit
from snnlab.model.network import Network
from tests.twins import assert_same_frame, assert_same_state, assert_same_synapses

__all__ = ["Both", "both", "events_of"]


class Both:
    """A network in one process and on ranks.

    Parameters
    ----------
    network : Network
    ranks : Ranks
    threads : int
        Of each rank.
    exchange : str, or mapping of str
        How they exchange spikes.
    device : str
        What they compute on.
    transport : str
        What they hand to MPI.
    """

    def __init__(
        self, network: Network, ranks: Ranks, *, threads: int = 1,
        exchange: str | Mapping[str, str] = "auto",
        device: str = "cpu",
        transport: str = "auto",
    ) -> None:  # fmt: skip
        self.alone = CpuEngine(network, threads=1)
        self.together = ClusterEngine(
            network, ranks, device=device, threads=threads, exchange=exchange, transport=transport
        )

    def advance(self, *pieces: int) -> list[Frame]:
        """Advance both in these pieces, and compare; return the frames."""
        frames = []
        for n in pieces:
            frame, other = self.alone.advance(n), self.together.advance(n)
            assert_same_frame(other, frame)
            for name, samples in frame.samples.items():
                assert same_synapses(other.samples[name].synapses, samples.synapses)
            frames.append(frame)
        return frames

    def edit(self, *edits: Edit) -> None:
        """Make edits on both."""
        network = self.alone.network
        for edit in edits:
            network = edit.apply(network)
        self.alone.apply(network)
        self.together.apply(network)

    def compare(self) -> None:
        """Compare the whole state, every synapse, and what the rules have counted."""
        assert_same_state(self.together.checkpoint(), self.alone.checkpoint())
        assert_same_synapses(self.together, self.alone)
        for mine, theirs in zip(
            self.alone.rewiring_work(), self.together.rewiring_work(), strict=True
        ):
            for count in ("rewiring", "attempts", "formed", "removed", "short"):
                assert getattr(theirs, count) == getattr(mine, count), f"{mine.rewiring}: {count}"

    def n_ranks_of(self, population: str) -> int:
        """Return how many ranks compute neurons of a population."""
        k = self.together.network.population_index(population)
        owned = [share.owned[k] for share in self.together.shares]
        return sum(stop > start for start, stop in owned)

    def close(self) -> None:
        """Release both."""
        self.together.close()
        self.alone.close()


@contextmanager
def both(
    network: Network, ranks: Ranks, *, threads: int = 1,
    exchange: str | Mapping[str, str] = "auto",
    device: str = "cpu",
    transport: str = "auto",
) -> Iterator[Both]:  # fmt: skip
    """Return a network in one process and on ranks, released in the end."""
    pair = Both(
        network, ranks, threads=threads, exchange=exchange, device=device, transport=transport
    )
    try:
        yield pair
    finally:
        pair.close()


def events_of(frames: list[Frame]) -> StructuralEvents:
    """Return all synapses that were formed and removed in some frames."""
    return StructuralEvents.joined(frame.structure for frame in frames)
