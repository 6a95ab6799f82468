"""Where neurons are: positions in a plane, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snnlab.errors import SpecError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["SPACES", "Grid", "RandomPositions", "Space"]


@dataclass(frozen=True)
class Space:
    """Abstract: a rectangle in which the neurons of a population lie.

    Parameters
    ----------
    extent : (2,) float [um]
        Width and height; the centre is at (0, 0).
    is_periodic : bool
        Whether opposite edges meet (a torus).
    """

    extent: tuple[float, float] = (1000.0, 1000.0)
    is_periodic: bool = False

    def positions(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where the neurons lie.

        Parameters
        ----------
        u : (n, 2) float64
            One pair of uniform numbers a neuron, from the population's own stream.

        Returns
        -------
        (n, 2) float64 [um]
        """
        raise SpecError(type(self).__name__, "must be one of " + ", ".join(sorted(SPACES)))

    def check(self, size: int, *, where: str) -> None:
        """Refuse an extent that is not positive."""
        if not (len(self.extent) == 2 and min(self.extent) > 0):
            raise SpecError(
                f"{where}.space.extent", "must be two lengths > 0 um", got=repr(self.extent)
            )


@dataclass(frozen=True)
class Grid(Space):
    """A regular grid of `shape` = (columns, rows), filled row by row."""

    shape: tuple[int, int] = (1, 1)

    def positions(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the cell centres; `u` only says how many."""
        import numpy as np

        columns, rows = self.shape
        i = np.arange(len(u))
        x = ((i % columns) + 0.5) / columns - 0.5
        y = ((i // columns) + 0.5) / rows - 0.5
        return np.asarray(np.column_stack([x, y]) * np.asarray(self.extent))

    def check(self, size: int, *, where: str) -> None:
        """The grid must have one cell a neuron."""
        super().check(size, where=where)
        if self.shape[0] * self.shape[1] != size:
            raise SpecError(
                f"{where}.space.shape",
                f"must have one cell for each of the {size} neurons",
                got=f"{self.shape[0]} x {self.shape[1]} = {self.shape[0] * self.shape[1]}",
                remedy="Change the size of the population or the shape of the grid.",
            )


@dataclass(frozen=True)
class RandomPositions(Space):
    """Positions drawn uniformly in the rectangle."""

    def positions(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return ``(u - 1/2) extent``."""
        import numpy as np

        return np.asarray((u - 0.5) * np.asarray(self.extent))


SPACES: dict[str, type[Space]] = {"grid": Grid, "random": RandomPositions}
"""Name in files -> class."""
