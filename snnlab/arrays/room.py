"""Rows grow only into memory that is there."""

from __future__ import annotations

from snnlab.arrays.built import Built
from snnlab.build.growing import n_places
from snnlab.errors import OutOfMemory

__all__ = ["check_room"]

_LISTED_BYTES = 48
"""Of each synapse, while it is told from which neuron to which it goes and put into order."""

_KEPT_FREE = 0.05


def check_room(built: Built, free: int, device: str) -> None:
    """Refuse to lay rows out anew, twice as long, if they would not fit.

    Parameters
    ----------
    built : Built
        What is there, and stays until the new rows are filled.
    free : int [bytes]
    device : str
        Where, for people.

    Raises
    ------
    OutOfMemory
        Nothing was allocated, and nothing has changed.
    """
    needed, names = 0, []
    for k in built.connections.row_stop:
        n = built.connections.n_in_table(k)
        n_rows = int(built.connections.row_start[k].size)
        needed += int(n_places(n, n_rows)) * _bytes(built, k) + n * _LISTED_BYTES
        names.append(built.connections.plans[k].projections[0].name)
    limit = int(free * (1.0 - _KEPT_FREE))
    if needed <= limit:
        return
    rules = [repr(r.name) for r in built.network.rewirings if r.projection in names]
    raise OutOfMemory(
        f"Projection{'s' if len(names) > 1 else ''} {', '.join(map(repr, names))}",
        f"must fit into {limit / 2**30:.3g} GiB of free memory on {device} when rows grow",
        got=f"{needed / 2**30:.3g} GiB",
        context=f"Rewiring {', '.join(rules)} forms more synapses than go; the network is as it "
        "was before the synapse that found no room.",
        remedy="Set its attempts to 0 or remove it, and go on; or let its rule accept fewer pairs, "
        "for example by pair.indegree.",
    )


def _bytes(built: Built, k: int) -> int:
    """Bytes of a place in a row: target, weight, and the state of a plastic synapse."""
    states = [len(t.kernels.rule.states) for t in built.plastic_tables if t.k == k]
    return 6 + built.dtype.itemsize * sum(states)
