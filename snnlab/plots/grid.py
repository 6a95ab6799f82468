"""The pixels of a raster, and what one of them stands for."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Grid"]


@dataclass(frozen=True)
class Grid:
    """Pixels of a raster: whole numbers of neurons in a row, whole columns of time.

    Parameters
    ----------
    n_neurons : int
        Neurons of the network.
    most_rows : int
        Rows of pixels that there is room for.
    column_ms : float [ms]
        Model time of one column.

    Examples
    --------
    >>> Grid(10_000, 400, 1.0).note
    'image: 1 px = 25 neurons \N{MULTIPLICATION SIGN} 1 ms'
    """

    n_neurons: int
    most_rows: int
    column_ms: float

    @property
    def neurons_per_row(self) -> int:
        """Number of neurons that share a row; 1 as long as there is room."""
        return max(1, -(-self.n_neurons // self.most_rows))

    @property
    def rows(self) -> int:
        """Number of rows; the last one may have fewer neurons."""
        return max(1, -(-self.n_neurons // self.neurons_per_row))

    @property
    def note(self) -> str:
        """What a pixel stands for, as a phrase for people."""
        if self.neurons_per_row > 1:
            pixel = (
                f"{self.neurons_per_row} neurons \N{MULTIPLICATION SIGN} {self.column_ms:.3g} ms"
            )
            return f"image: 1 px = {pixel}"
        # No neuron fires twice in a millisecond, so short columns show every spike.
        every = (
            "every spike drawn" if self.column_ms <= 1 else f"image: 1 px = {self.column_ms:.3g} ms"
        )
        return f"{every}, one row per neuron"
