"""Where every neuron lives: blocks of 128 lanes, cut into partitions.

A *slot* is a lane counted over all blocks. Every population starts at a new block, so a slot is
fixed by the network alone; only which partition owns a block depends on the number of threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from snnlab.errors import BuildError
from snnlab.model.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BLOCK", "MAX_PARTITION", "MAX_SLOTS", "Layout", "Partitions", "partition", "shares"]

BLOCK = 128
"""Neurons in a block: small enough that a block's state stays in L1 for all steps of a chunk."""

MAX_SLOTS = 2**31
"""Slots of a network, over all ranks: they are stored as int32."""

MAX_PARTITION = 65536
"""Slots in a partition: synapses store their target as uint16."""


@dataclass(frozen=True)
class Layout:
    """Blocks of a network.

    Parameters
    ----------
    sizes : (n_populations,) int64
        Neurons of each population.
    first_ids : (n_populations,) int64
        Global id of each population's first neuron.
    first_blocks : (n_populations + 1,) int64
        First block of each population; the last entry is the number of blocks.
    block_population : (n_blocks,) int64
        Population of each block.
    block_size : (n_blocks,) int64
        Neurons in each block; `BLOCK` but for the last block of a population.
    """

    sizes: NDArray[np.int64]
    first_ids: NDArray[np.int64]
    first_blocks: NDArray[np.int64]
    block_population: NDArray[np.int64]
    block_size: NDArray[np.int64]

    @classmethod
    def of(cls, network: Network) -> Layout:
        """Lay out the populations of a network in their order."""
        sizes = np.array([p.size for p in network.populations], np.int64)
        n_blocks = -(-sizes // BLOCK)
        _check_slots(network, int(n_blocks.sum()) * BLOCK)
        first_blocks = np.concatenate([[0], np.cumsum(n_blocks)]).astype(np.int64)
        block_population = np.repeat(np.arange(sizes.size), n_blocks)
        block_in_population = np.arange(first_blocks[-1]) - first_blocks[block_population]
        block_size = np.minimum(sizes[block_population] - block_in_population * BLOCK, BLOCK)
        first_ids = np.concatenate([[0], np.cumsum(sizes)])[:-1].astype(np.int64)
        return cls(sizes, first_ids, first_blocks, block_population, block_size)

    @property
    def n_blocks(self) -> int:
        """Number of blocks."""
        return int(self.first_blocks[-1])

    def first_slot(self, population: int) -> int:
        """Return the slot of the first neuron of a population."""
        return int(self.first_blocks[population]) * BLOCK

    def slots(self, population: int) -> slice:
        """Return the slots of a population's neurons, without padding."""
        first = self.first_slot(population)
        return slice(first, first + int(self.sizes[population]))

    def block_first_ids(self) -> NDArray[np.int64]:
        """Return the global id of each block's first neuron, shape (n_blocks,)."""
        blocks = np.arange(self.n_blocks)
        population = self.block_population
        return self.first_ids[population] + (blocks - self.first_blocks[population]) * BLOCK


def _check_slots(network: Network, n_slots: int) -> None:
    """Refuse a network whose slots have no numbers; no array has been made of it yet."""
    if n_slots > MAX_SLOTS:
        raise BuildError(
            f"Network {network.name!r}",
            f"must have at most {MAX_SLOTS} neurons, each population rounded up to {BLOCK}",
            got=f"{n_slots}",
            remedy="Use a smaller scale: a neuron has a number of 31 bits on all ranks together; "
            "synapses are not limited.",
        )  # fmt: skip


@dataclass(frozen=True)
class Partitions:
    """Which consecutive blocks each partition owns.

    Parameters
    ----------
    bounds : (n_partitions + 1,) int64
        Partition p owns the blocks ``bounds[p] ... bounds[p + 1] - 1``; all blocks of the network
        together, or those of one rank.
    """

    bounds: NDArray[np.int64]

    @property
    def n(self) -> int:
        """Number of partitions."""
        return int(self.bounds.size - 1)

    @property
    def n_slots(self) -> NDArray[np.int64]:
        """Slots of each partition, shape (n_partitions,)."""
        return np.diff(self.bounds) * BLOCK

    def owned(self, layout: Layout, population: int) -> slice:
        """Return which neurons of a population all partitions together own."""
        low, high, _ = self.targets(layout, population)
        return slice(int(low[0]), max(int(high[-1]), int(low[0])))

    def targets(self, layout: Layout, population: int) -> tuple[NDArray[np.int64], ...]:
        """Return which neurons of a population each partition owns.

        Returns
        -------
        low, high : (n_partitions,) int64
            Indices within the population, low <= i < high.
        local : (n_partitions,) int64
            Slot within the partition of neuron `low`.
        """
        first = layout.first_slot(population)
        start, stop = self.bounds[:-1] * BLOCK, self.bounds[1:] * BLOCK
        size = layout.sizes[population]
        low = np.clip(start - first, 0, size)
        high = np.clip(stop - first, 0, size)
        return low, high, first + low - start


def shares(layout: Layout, n_ranks: int, delivery: NDArray[np.float64]) -> NDArray[np.int64]:
    """Cut the blocks into shares of about equal load, one for each rank.

    Parameters
    ----------
    layout : Layout
    n_ranks : int
    delivery : (n_populations,) float64
        See `partition`.

    Returns
    -------
    (n_ranks + 1,) int64
        Rank r owns the blocks ``bounds[r] ... bounds[r + 1] - 1``; none, if there are fewer blocks
        than ranks.
    """
    return _cut(_costs(layout, delivery), n_ranks)


def partition(
    layout: Layout,
    n_threads: int,
    delivery: NDArray[np.float64],
    share: tuple[int, int] | None = None,
) -> Partitions:
    """Cut the blocks into partitions of about equal load.

    Parameters
    ----------
    layout : Layout
    n_threads : int
        The number of partitions is a multiple of it.
    delivery : (n_populations,) float64
        What a neuron's incoming synapses cost on average, relative to updating the neuron.
    share : first, stop, optional
        The blocks that are cut; default: all.

    Returns
    -------
    Partitions
        At most 65,536 slots in each.
    """
    first, stop = (0, layout.n_blocks) if share is None else share
    cost = _costs(layout, delivery)[first:stop]
    rounds = 1
    while True:
        n = n_threads * rounds
        bounds = first + _cut(cost, n)
        if int(np.diff(bounds).max()) * BLOCK <= MAX_PARTITION:
            return Partitions(bounds)
        rounds += 1


def _costs(layout: Layout, delivery: NDArray[np.float64]) -> NDArray[np.float64]:
    """What each block costs, relative to updating a neuron."""
    costs: NDArray[np.float64] = layout.block_size * (1.0 + delivery[layout.block_population])
    return costs


def _cut(cost: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    """Return the bounds between blocks that are nearest to equal shares of the cost."""
    before = np.concatenate([[0.0], np.cumsum(cost)])
    wanted = before[-1] * np.arange(1, n) / n
    inner = np.searchsorted(before, wanted)
    inner -= wanted - before[inner - 1] < before[inner] - wanted
    return np.concatenate([[0], inner, [cost.size]]).astype(np.int64)
