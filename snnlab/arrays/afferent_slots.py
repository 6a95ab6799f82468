"""Slots of target neurons as arrays: who is in them, and who shares them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from snnlab.build.growing import Pairs
from snnlab.build.random import stream_id
from snnlab.model.rewiring_slots import pool_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from snnlab.model.network import Network
    from snnlab.model.rewiring import Rewiring

__all__ = ["AfferentSlots"]


class AfferentSlots:
    """Lists the afferents of all targets that have slots, rewiring by rewiring.

    Parameters
    ----------
    network : Network
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._afferents: list[NDArray[np.int32]] = [np.empty(0, np.int32)]
        self._pools: list[list[int]] = []

    def columns(
        self, rewiring: Rewiring, pairs: Pairs, n_post: int, bases: dict[str, int]
    ) -> dict[str, int]:
        """Return what `Rewirings.table` says of the slots of a rewiring.

        Parameters
        ----------
        rewiring : Rewiring
        pairs : Pairs
            The synapses of its projection.
        n_post : int
        bases : dict
            Projection -> its `indegree_base`, of all that are rewired.
        """
        if not rewiring.slots:
            return dict.fromkeys(_COLUMNS, 0) | {"pairs": stream_id("rewiring", rewiring.name)}
        pool = pool_of(self._network, rewiring)
        place = pool.index(rewiring)
        low = sum(member.slots for member in pool[:place])
        slots = sum(member.slots for member in pool)
        indegree = np.bincount(pairs.post, minlength=n_post)
        capacity = max(slots, int(indegree.max(initial=0)))
        found = {
            "pairs": stream_id("rewiring pool", rewiring.pool or rewiring.name),
            "slots": slots,
            "share_low": low,
            "share_high": low + rewiring.slots,
            "afferents_base": sum(a.size for a in self._afferents),
            "capacity": capacity,
            "pool_base": sum(len(members) for members in self._pools),
            "pool_size": len(pool),
            "pool_place": place,
        }
        self._pools.append([bases[member.projection] for member in pool])
        listed = np.zeros((n_post, capacity), np.int32)
        order = np.lexsort((pairs.pre, pairs.post))
        first = np.cumsum(indegree) - indegree
        post = pairs.post[order]
        listed[post, np.arange(post.size) - first[post]] = pairs.pre[order]
        self._afferents.append(listed.ravel())
        return found

    @property
    def afferents(self) -> NDArray[np.int32]:
        """What `Rewirings.afferents` holds."""
        return np.concatenate(self._afferents)

    @property
    def pool_indegree(self) -> NDArray[np.int64]:
        """What `Rewirings.pool_indegree` holds."""
        return np.array([base for members in self._pools for base in members], np.int64)


_COLUMNS = (
    "pairs", "slots", "share_low", "share_high", "afferents_base", "capacity", "pool_base",
    "pool_size", "pool_place",
)  # fmt: skip
