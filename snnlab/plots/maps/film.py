"""The states of a map that can be looked back at: evenly over the run, in bounded memory."""

from __future__ import annotations

import threading
from bisect import bisect_right
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from snnlab.errors import SpecError
from snnlab.plots.maps.state import MapState

__all__ = ["MapFilm"]

_LEAST = 3


class MapFilm:
    """States in order of time; when there are too many, those that are missed least go.

    The first and the last stay. Any thread may add and read.

    Parameters
    ----------
    most : int
        States that are kept, at least 3.
    most_bytes : int
        Memory of all of them together; about 8 bytes a synapse on sheets of up to 65 536 neurons.
        At least 3 states are kept in any case.

    Raises
    ------
    SpecError
        Fewer than 3 states.
    """

    def __init__(self, most: int = 240, most_bytes: int = 64 * 2**20) -> None:
        if most < _LEAST:
            raise SpecError("MapFilm.most", f"must be >= {_LEAST}", got=str(most))
        self.most = most
        self.most_bytes = most_bytes
        self._states: list[MapState] = []
        self._n_bytes = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._states)

    @property
    def n_bytes(self) -> int:
        """Memory of all states [bytes]."""
        return self._n_bytes

    @property
    def times(self) -> NDArray[np.float64]:
        """When the states were read, shape (n_states,) [ms]."""
        with self._lock:
            return np.array([state.t for state in self._states], np.float64)

    def append(self, state: MapState) -> None:
        """Add a state; those that are not before it belong to a run that went back, and go."""
        self.rewind(state.t)
        with self._lock:
            small = _small(state)
            self._states.append(small)
            self._n_bytes += _bytes_of(small)
            while len(self._states) > _LEAST and self._is_full():
                self._n_bytes -= _bytes_of(self._states.pop(self._least_missed()))

    def rewind(self, t: float) -> None:
        """Forget the states at `t` [ms] and after it."""
        with self._lock:
            while self._states and self._states[-1].t >= t:
                self._n_bytes -= _bytes_of(self._states.pop())

    def at(self, t: float) -> MapState:
        """Return the last state that is not after `t` [ms]; before the first one, the first.

        Raises
        ------
        SpecError
            There is none.
        """
        with self._lock:
            if not self._states:
                raise SpecError("MapFilm", "must have a state", got="none")
            k = bisect_right(self._states, t, key=lambda state: state.t) - 1
            found = self._states[max(k, 0)]
        return _whole(found)

    def states(self, most: int | None = None) -> list[MapState]:
        """Return the states, or `most` of them, evenly in their order, with first and last."""
        with self._lock:
            found = list(self._states)
        if most is not None and len(found) > most:
            chosen = np.unique(np.linspace(0, len(found) - 1, max(most, 1)).round().astype(int))
            found = [found[k] for k in chosen]
        return [_whole(state) for state in found]

    def _is_full(self) -> bool:
        return len(self._states) > self.most or self._n_bytes > self.most_bytes

    def _least_missed(self) -> int:
        """Index of the one, neither the first nor the last, that leaves the smallest gap."""
        t = [state.t for state in self._states]
        return min(range(1, len(t) - 1), key=lambda k: t[k + 1] - t[k - 1])


def _small(state: MapState) -> MapState:
    kind = np.uint16 if state.sheet.n <= 2**16 else np.uint32
    return replace(
        state,
        pre=state.pre.astype(kind),
        post=state.post.astype(kind),
        weight=state.weight.astype(np.float32),
    )


def _whole(state: MapState) -> MapState:
    return replace(state, pre=state.pre.astype(np.int64), post=state.post.astype(np.int64))


def _bytes_of(state: MapState) -> int:
    arrays = (
        state.pre, state.post, state.weight, state.rate, state.lesioned, state.lesioned_sources,
    )  # fmt: skip
    return sum(array.nbytes for array in arrays if array is not None)
