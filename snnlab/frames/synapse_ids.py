"""`SynapseIds`: which synapses a recorder samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["SynapseIds", "same_synapses"]


class SynapseIds(NamedTuple):
    """Some synapses of a projection, in the order of `snnlab.frames.synapses.Synapses`.

    Parameters
    ----------
    number : (n,) int64
        Place of each among all synapses of the projection, ascending.
    pre, post : (n,) int64
        Global ids of their neurons.
    """

    number: NDArray[np.int64]
    pre: NDArray[np.int64]
    post: NDArray[np.int64]

    @property
    def n(self) -> int:
        """Number of these synapses."""
        return int(self.number.size)


def same_synapses(a: SynapseIds | None, b: SynapseIds | None) -> bool:
    """Tell whether both name the same synapses, or both none."""
    import numpy as np

    if a is None or b is None or a is b:
        return a is b
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
