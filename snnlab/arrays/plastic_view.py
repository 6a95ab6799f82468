"""The arrays of one plastic projection, cut out of the flat arrays of the compiled loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.arrays.built import Built
from snnlab.arrays.plastic import LONG_AGO, NEVER, PLASTIC_FIELDS
from snnlab.rules.emit_row import RECENT

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PlasticView", "steps_from_stored", "stored_steps"]

_COLUMN = {name: k for k, name in enumerate(PLASTIC_FIELDS)}


class PlasticView:
    """The parts of the flat arrays that belong to one plastic projection.

    Parameters
    ----------
    built : Built
    m : int
        Number of the projection among the plastic ones.
    """

    def __init__(self, built: Built, m: int) -> None:
        self._built, self._m = built, m
        self._rule = built.plastic_tables[m].kernels.rule
        row_start = built.connections.row_start[built.plastic_tables[m].k]
        self.n_synapses = built.connections.n_in_table(built.plastic_tables[m].k)
        self._room = int(row_start[-1, -1] - row_start[0, 0])
        self._n_rows = row_start.shape[1] - 1

    def column(self, name: str) -> int:
        """Return a number of this projection from `Plastic.table`."""
        return int(self._built.plastic.table[self._m, _COLUMN[name]])

    def states(self) -> NDArray[np.floating]:
        """State variables, shape (n_variables, room)."""
        n = len(self._rule.states) * self._room
        at = self.column("state_base")
        return self._built.plastic.state[at : at + n].reshape(len(self._rule.states), self._room)

    def rows(self, array: NDArray[Any]) -> NDArray[Any]:
        """What `array` holds for each row, shape (n_partitions, n_rows)."""
        at, n = self.column("row_base"), self._built.partitions.n * self._n_rows
        return array[at : at + n].reshape(-1, self._n_rows)

    def pre(self) -> NDArray[np.floating]:
        """Presynaptic traces, shape (n_partitions, n_rows, n_traces)."""
        return self._traces(
            self._built.plastic.pre, "pre_base", (self._n_rows, len(self._rule.pre))
        )

    def mod(self) -> NDArray[np.floating]:
        """Modulation traces, shape (n_partitions, n_traces)."""
        return self._traces(self._built.plastic.mod, "mod_base", (len(self._rule.mod),))

    def _traces(
        self, array: NDArray[np.floating], base: str, shape: tuple[int, ...]
    ) -> NDArray[np.floating]:
        at, full = self.column(base), (self._built.partitions.n, *shape)
        return array[at : at + int(np.prod(full))].reshape(full)

    def reset(self) -> None:
        """Go back to synapses that have not seen a spike; start weights stay as they are."""
        plastic = self._built.plastic
        self.rows(plastic.last_pre)[:] = NEVER
        self.pre()[:] = [t.rest for t in self._rule.pre]
        self.mod()[:] = [t.rest for t in self._rule.mod]
        for p in range(self._built.partitions.n):
            steps, traces, counts = self._post(p)
            recent_steps, recent_traces = self._recent(p)
            steps[:] = recent_steps[:] = stored_steps(NEVER, int(plastic.clock[p]))
            counts[:] = 0
            rest = np.array([t.rest for t in self._rule.post])
            traces[:], recent_traces[:] = rest, rest[:, None, None]

    def _n_post(self, p: int) -> int:
        """Neurons of partition `p` that receive these synapses, if their spikes matter."""
        low, high, _ = self._built.partitions.targets(self._built.layout, self.column("post"))
        return int(high[p] - low[p]) if self.column("history") else 0

    def _recent(self, p: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Newest spikes of partition `p`: steps (RECENT, n), traces (n_traces, RECENT, n)."""
        plastic, n, n_traces = self._built.plastic, self._n_post(p), len(self._rule.post)
        a = int(plastic.counts_base[self._m, p]) * RECENT
        b = int(plastic.recent_base[self._m, p])
        return (
            plastic.recent_steps[a : a + n * RECENT].reshape(RECENT, n),
            plastic.recent_traces[b : b + n * RECENT * n_traces].reshape(n_traces, RECENT, n),
        )

    def _post(self, p: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Histories of partition `p`: steps (n, H), traces (n, H, n_traces), counts (n,).

        Steps are modulo 2^32.
        """
        plastic, m = self._built.plastic, self._m
        n, length, n_traces = self._n_post(p), self.column("history"), len(self._rule.post)
        a, b, c = (
            int(base[m, p]) for base in (plastic.steps_base, plastic.traces_base,
                                         plastic.counts_base)
        )  # fmt: skip
        return (
            plastic.spike_steps[a : a + n * length].reshape(n, length),
            plastic.traces[b : b + n * length * n_traces].reshape(n, length, n_traces),
            plastic.counts[c : c + n],
        )

    def history(self, p: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return steps and traces of the spikes of partition `p`'s neurons, oldest first."""
        steps, traces, counts = self._post(p)
        order = (counts[:, None] + np.arange(steps.shape[1])) % max(steps.shape[1], 1)
        whole = steps_from_stored(steps, int(self._built.plastic.clock[p]))
        return (
            np.take_along_axis(whole, order, axis=1),
            np.take_along_axis(traces, order[:, :, None], axis=1),
        )

    def set_history(self, p: int, steps: NDArray[Any], traces: NDArray[Any]) -> int:
        """Take the histories of partition `p` from the first of these; return how many it took.

        What is more than it can hold is old enough to be forgotten: it is in the weights.
        """
        own_steps, own_traces, counts = self._post(p)
        n, length = int(own_steps.shape[0]), int(own_steps.shape[1])
        m = min(length, steps.shape[1])
        stored = stored_steps(steps[:n, steps.shape[1] - m :], int(self._built.plastic.clock[p]))
        own_steps[:, length - m :] = stored
        own_traces[:, length - m :] = traces[:n, steps.shape[1] - m :]
        counts[:] = length
        recent_steps, recent_traces = self._recent(p)
        recent_steps[:] = own_steps[:, : -RECENT - 1 : -1].T
        recent_traces[:] = own_traces[:, : -RECENT - 1 : -1].T
        return n


def stored_steps(steps: NDArray[np.int64] | int, now: int) -> NDArray[np.int32]:
    """Steps modulo 2^32, none more than `LONG_AGO` before `now`."""
    recent = np.maximum(np.asarray(steps, np.int64), now - LONG_AGO)
    return (recent & 0xFFFFFFFF).astype(np.uint32).view(np.int32)


def steps_from_stored(stored: NDArray[np.int32], now: int) -> NDArray[np.int64]:
    """Steps from what is stored of them; `NEVER` where they are too long ago."""
    elapsed = (now - stored.astype(np.int64)) & 0xFFFFFFFF
    return np.where(elapsed >= LONG_AGO, NEVER, now - elapsed)
