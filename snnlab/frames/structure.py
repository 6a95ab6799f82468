"""`StructuralEvents`: synapses that were formed and removed while a network ran."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["StructuralEvents"]


@dataclass(frozen=True)
class StructuralEvents:
    """Synapses that were formed and removed, in the order in which that happened.

    Parameters
    ----------
    step : (n,) int64
        Number of steps done when each took place, ascending; its time is ``step * dt``.
    rewiring : (n,) int16
        Place in `Network.rewirings` of the rewiring that did it; of a synapse that went because
        one of its neurons was lesioned ``~place`` (below 0) of the first that rewires it.
    is_formed : (n,) bool
        True: the synapse is there from then on; False: it is gone.
    pre, post : (n,) int64
        Global ids of its neurons.
    """

    step: NDArray[np.int64]
    rewiring: NDArray[np.int16]
    is_formed: NDArray[np.bool_]
    pre: NDArray[np.int64]
    post: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.step.size)

    @property
    def is_lesion(self) -> NDArray[np.bool_]:
        """Whether a lesion removed the synapse rather than a rule; a copy."""
        lost: NDArray[np.bool_] = self.rewiring < 0
        return lost

    @property
    def place(self) -> NDArray[np.int16]:
        """Place in `Network.rewirings` of one that rewires the same projection; a copy."""
        import numpy as np

        return np.where(self.rewiring < 0, ~self.rewiring, self.rewiring)

    @property
    def nbytes(self) -> int:
        """Memory that they take [bytes]."""
        return sum(int(column.nbytes) for column in self.columns)

    @property
    def columns(self) -> tuple[NDArray[Any], ...]:
        """The arrays, in the order of the parameters."""
        return self.step, self.rewiring, self.is_formed, self.pre, self.post

    @staticmethod
    def none() -> StructuralEvents:
        """Return no events; all callers share them."""
        return _none()

    @staticmethod
    def joined(parts: Iterable[StructuralEvents]) -> StructuralEvents:
        """Return a copy of the events of several parts, oldest first, as one."""
        import numpy as np

        columns = [part.columns for part in parts if len(part)]
        if not columns:
            return _none()
        return StructuralEvents(*(np.concatenate(column) for column in zip(*columns, strict=True)))

    def between(self, t_start: int, t_stop: int) -> StructuralEvents:
        """Return a view of the events with ``t_start <= step < t_stop``."""
        import numpy as np

        first, last = np.searchsorted(self.step, [t_start, max(t_start, t_stop)])
        return self.at(slice(first, last))

    def of(self, rewiring: int) -> StructuralEvents:
        """Return what one rewiring did, named by its place in `Network.rewirings`."""
        return self.at(self.rewiring == rewiring)

    def at(self, places: slice | NDArray[Any]) -> StructuralEvents:
        """Return the events at some places: a view for a slice, a copy for an array."""
        return StructuralEvents(*(column[places] for column in self.columns))


@cache
def _none() -> StructuralEvents:
    import numpy as np

    types = (np.int64, np.int16, np.bool_, np.int64, np.int64)
    columns: list[NDArray[Any]] = [np.empty(0, dtype) for dtype in types]
    none = StructuralEvents(*columns)
    for column in none.columns:
        column.flags.writeable = False  # everybody shares it
    return none
