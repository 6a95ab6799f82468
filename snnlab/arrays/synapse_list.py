"""Reading the synapses of one projection out of the arrays of the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from snnlab.arrays.built import Built
from snnlab.arrays.plastic_carry import export_plastic
from snnlab.arrays.static_weights import static_weights
from snnlab.arrays.synapse_order import global_ids, places, synapse_order, table_of
from snnlab.build.storage import PLASTIC
from snnlab.frames.synapses import Synapses
from snnlab.model.network import Projection

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["list_synapses"]


def list_synapses(built: Built, projection: Projection, step: int) -> Synapses:
    """Return the synapses of a projection, those of all ranks; all spikes must have been delivered.

    Static projections between the same populations that share a table are listed together: their
    synapses cannot be told apart. `step` is how many steps are done: the arrays themselves count
    them only where synapses are plastic.
    """
    k = table_of(built, projection)
    at, source, target, delay = synapse_order(built, k)
    of_all = places(built, k, source, delay)
    pre, post = (of_all.whole(ids) for ids in global_ids(built, k, source, target))
    delay = of_all.whole(delay)
    if built.connections.plans[k].kind == PLASTIC:
        mine = np.ones(pre.size, bool)
        states = _plastic_states(built, projection.name)
    else:
        first = built.network.first_id(projection.post)
        size = built.network.population(projection.post).size
        mine = (post >= first) & (post < first + size)
        states = {"weight": of_all.whole(static_weights(built, k, at))}
    weight = states.pop("weight")[mine]
    return Synapses(
        projection.name, step, pre[mine], post[mine],
        np.asarray(delay[mine] * built.network.dt), weight, states,
    )  # fmt: skip


def _plastic_states(built: Built, name: str) -> dict[str, NDArray[np.floating]]:
    prefix = f"synapse/{name}/"
    return {
        key.removeprefix(prefix): np.asarray(values, built.dtype)
        for key, values in export_plastic(built).items()
        if key.startswith(prefix) and "/" not in key.removeprefix(prefix)
    }
