"""`Sheet`: where the neurons of a grid lie, in steps of the grid, and how far they are apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snnlab.errors import SpecError

__all__ = ["Sheet"]


@dataclass(frozen=True)
class Sheet:
    """A grid of neurons, filled row by row as `snnlab.Grid` is.

    Parameters
    ----------
    columns, rows : int
        Neuron i is at ``(i % columns, i // columns)``; lengths are in steps of the grid.
    is_periodic : bool
        Whether opposite edges meet (a torus); otherwise the sheet is open.

    Raises
    ------
    SpecError
        No columns or no rows.

    Examples
    --------
    >>> Sheet(16, 16).distance([0, 0], [15, 17]).tolist()
    [1.0, 1.4142135623730951]
    """

    columns: int
    rows: int
    is_periodic: bool = True

    def __post_init__(self) -> None:
        if min(self.shape) < 1:
            raise SpecError("Sheet", "must have columns and rows", got=repr(self.shape))

    @property
    def shape(self) -> tuple[int, int]:
        """Number of columns and of rows: the extent along x and along y."""
        return self.columns, self.rows

    @property
    def n(self) -> int:
        """Number of neurons."""
        return self.columns * self.rows

    def coordinates(self, neuron: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the column and the row of neurons, each with the shape of `neuron`."""
        row, column = np.divmod(self.indices("neuron", neuron), self.columns)
        return np.asarray(column), np.asarray(row)

    def positions(self) -> NDArray[np.float64]:
        """Return where all neurons lie, shape (n, 2) [grid steps]."""
        return np.column_stack(self.coordinates(np.arange(self.n))).astype(np.float64)

    def apart(self, a: ArrayLike, b: ArrayLike, axis: int) -> NDArray[np.float64]:
        """Return how far coordinates are apart along an axis (0: x, 1: y), on the shorter way.

        Parameters
        ----------
        a, b : float, shapes that broadcast [grid steps]
        axis : int
        """
        d = np.abs(np.asarray(a, np.float64) - np.asarray(b, np.float64))
        if not self.is_periodic:
            return d
        length = self.shape[axis]
        d = np.mod(d, length)
        return np.asarray(np.minimum(d, length - d))

    def ahead(self, a: ArrayLike, b: ArrayLike, axis: int) -> NDArray[np.int64]:
        """Return how far places `a` lie ahead of places `b` along an axis, on the shorter way.

        Parameters
        ----------
        a, b : int, shapes that broadcast [grid steps]
        axis : int

        Returns
        -------
        int64 [grid steps]
            Negative where `a` lies behind, and where both ways are equally long.
        """
        d = np.asarray(a, np.int64) - np.asarray(b, np.int64)
        if not self.is_periodic:
            return np.asarray(d)
        half = self.shape[axis] // 2
        return np.asarray(np.mod(d + half, self.shape[axis]) - half)

    def distance(self, a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
        """Return the Euclidean distance between neurons, e.g. sources and targets of synapses.

        Parameters
        ----------
        a, b : int, shapes that broadcast
            Indices of neurons; of two sheets of the same shape lying on each other, too.

        Returns
        -------
        float64 [grid steps]
        """
        (ax, ay), (bx, by) = self.coordinates(a), self.coordinates(b)
        return np.hypot(self.apart(ax, bx, 0), self.apart(ay, by, 1))

    def indices(self, name: str, neuron: ArrayLike) -> NDArray[np.int64]:
        """Return indices of neurons as int64.

        Parameters
        ----------
        name : str
            What an error calls them.
        neuron : int

        Raises
        ------
        SpecError
            A neuron that the sheet does not have.
        """
        found = np.asarray(neuron, np.int64)
        if found.size and not 0 <= int(found.min()) <= int(found.max()) < self.n:
            raise SpecError(
                name, f"must be in 0 ... {self.n - 1}", got=f"{found.min()} ... {found.max()}"
            )
        return found
