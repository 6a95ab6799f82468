"""Lesioned neurons lose their synapses, where synapses come and go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.arrays.lesions import is_lesioned
from snnlab.arrays.rewiring import EVENT_FIELDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from snnlab.frames.synapses import Synapses
    from snnlab.model.network import Network

__all__ = ["cut_lesioned", "without_lesioned"]


def cut_lesioned(
    network: Network, arrays: Mapping[str, NDArray[Any]], step: int
) -> tuple[dict[str, NDArray[Any]], NDArray[np.int64]]:
    """Return a state without the synapses of lesioned neurons.

    Parameters
    ----------
    network : Network
    arrays : mapping
        The complete state, as `snnlab.arrays.carry.export` returns it.
    step : int
        When they go.

    Returns
    -------
    arrays : dict
        The state; what has not changed is shared.
    events : (n, 5) int64
        Synapses that went, columns `EVENT_FIELDS`; ``~place`` of the first rewiring of each
        projection.
    """
    left, events = dict(arrays), [np.empty((0, len(EVENT_FIELDS)), np.int64)]
    names = [rewiring.projection for rewiring in network.rewirings]
    for name in dict.fromkeys(names):
        pre, post = (arrays[f"structure/{name}/{end}"] for end in ("pre", "post"))
        goes = _touches(network, name, pre, post)
        if not goes.any():
            continue
        pairs = np.zeros((int(goes.sum()), len(EVENT_FIELDS)), np.int64)
        pairs[:, 0], pairs[:, 1] = step, ~names.index(name)
        pairs[:, 3], pairs[:, 4] = pre[goes], post[goes]
        events.append(pairs)
        for key, values in arrays.items():
            kind, _, rest = key.partition("/")
            if kind in ("structure", "synapse") and rest.rpartition("/")[0] == name:
                left[key] = values[~goes]
    return left, np.concatenate(events)


def _touches(
    network: Network, name: str, pre: NDArray[np.int64], post: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which synapses, given by their neurons within their populations, a lesion takes."""
    projection = network.projection(name)
    from_lesioned, onto_lesioned = (
        is_lesioned(network.population(end)) for end in (projection.pre, projection.post)
    )
    found: NDArray[np.bool_] = from_lesioned[pre] | onto_lesioned[post]
    return found


def without_lesioned(network: Network, synapses: Synapses) -> Synapses:
    """Return the synapses of a projection that a lesion leaves, if they come and go."""
    if not network.is_rewired(synapses.projection):
        return synapses
    projection = network.projection(synapses.projection)
    first = [network.first_id(end) for end in (projection.pre, projection.post)]
    goes = _touches(network, projection.name, synapses.pre - first[0], synapses.post - first[1])
    return replace(
        synapses,
        **{name: getattr(synapses, name)[~goes] for name in ("pre", "post", "delay", "weight")},
        variables={name: values[~goes] for name, values in synapses.variables.items()},
    )
