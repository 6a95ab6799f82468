"""The state of plastic projections as arrays that do not depend on threads, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.cpu.array_check import check_array
from snnlab.cpu.built import Built
from snnlab.cpu.plastic import LONG_AGO, NEVER, PLASTIC_FIELDS, bring_up_to_date
from snnlab.cpu.plastic_arrays import PlasticTable
from snnlab.cpu.synapse_order import synapse_order
from snnlab.model.network import Network, Projection
from snnlab.rules.emit_synapse import RECENT

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "age",
    "check_plastic",
    "export_plastic",
    "has_plastic",
    "take_over_plastic",
    "without_changed",
]

_INT64 = np.dtype(np.int64)
_COLUMN = {name: k for k, name in enumerate(PLASTIC_FIELDS)}


def export_plastic(built: Built) -> dict[str, NDArray[np.generic]]:
    """Return the state of all plastic projections, all weights brought up to date.

    Returns
    -------
    dict
        ``synapse/<projection>/<variable>``: (n_synapses,) real, in `synapse_order`;
        ``pre/<projection>``: (n_pre, n_traces) real; ``pre_step/<projection>``: (n_pre,) int64,
        the last presynaptic spike; ``post/<projection>``: (n_post, n_spikes, n_traces) real and
        ``post_step/<projection>``: (n_post, n_spikes) int64, the last spikes of the targets,
        oldest first; ``mod/<projection>``: (n_traces,) real.
    """
    bring_up_to_date(built.program, built.synapses, built.plastic, built.memory)
    arrays: dict[str, NDArray[np.generic]] = {}
    for m, table in enumerate(built.plastic_tables):
        name, view = table.projection.name, _View(built, m)
        at, *_ = synapse_order(built, table.k)
        for variable, values in zip(table.kernels.rule.states, view.states(), strict=True):
            arrays[f"synapse/{name}/{variable}"] = values[at - view.column("targets_base")]
        arrays[f"pre/{name}"] = view.pre()[0].copy()
        arrays[f"pre_step/{name}"] = view.rows(built.plastic.last_pre)[0].copy()
        arrays[f"mod/{name}"] = view.mod()[0].copy()
        if table.kernels.rule.needs_history:
            parts = [view.history(p) for p in range(built.partitions.n)]
            arrays[f"post_step/{name}"] = np.concatenate([steps for steps, _ in parts])
            arrays[f"post/{name}"] = np.concatenate([traces for _, traces in parts])
    return arrays


def take_over_plastic(built: Built, arrays: Mapping[str, NDArray[Any]], step: int) -> None:
    """Give every plastic projection the state that `arrays` hold for it, if they fit.

    One whose state they do not hold is as new, but for its weights: build it anew before.
    """
    built.plastic.clock[:] = step
    built.plastic.swept[:] = step - 1
    for m, table in enumerate(built.plastic_tables):
        view = _View(built, m)
        view.rows(built.plastic.done)[:] = step - 1
        view.reset()
        if _fits(built, table, view, arrays):
            _take_over(built, table, view, arrays)


def without_changed(
    arrays: Mapping[str, NDArray[Any]], old: Network, new: Network
) -> dict[str, NDArray[Any]]:
    """Leave out the state of projections that an edit draws anew: they start afresh."""
    changed = {
        p.name for p in old.projections
        if p.name not in {q.name for q in new.projections}
        or _drawn_from(old, p) != _drawn_from(new, new.projection(p.name))
    }  # fmt: skip
    return {
        key: a for key, a in arrays.items()
        if key.partition("/")[0] not in _KEYS or _projection_of(key) not in changed
    }  # fmt: skip


_KEYS = frozenset({"synapse", "pre", "pre_step", "post", "post_step", "mod"})


def _projection_of(key: str) -> str:
    """Name of the projection, which may hold slashes."""
    kind, _, rest = key.partition("/")
    return rest.rpartition("/")[0] if kind == "synapse" else rest


def _drawn_from(network: Network, p: Projection) -> tuple[object, ...]:
    """All that decides which synapses there are, and what they start from."""
    sizes = network.population(p.pre).size, network.population(p.post).size
    weight, delay = network.weight_of(p), network.delay_of(p)
    return (p.pre, p.post, *sizes, p.rule, weight, delay, p.synapse, p.dendritic_fraction)


def has_plastic(built: Built, arrays: Mapping[str, NDArray[Any]]) -> bool:
    """Tell whether `arrays` hold weights for all plastic projections."""
    return all(f"synapse/{t.projection.name}/weight" in arrays for t in built.plastic_tables)


def check_plastic(built: Built, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Refuse arrays that are not the state of the plastic projections of `built`.

    Raises
    ------
    StateError
        An array is missing or has another shape or type.
    """
    for m, table in enumerate(built.plastic_tables):
        for name, (shape, dtype) in _expected(built, table, _View(built, m), arrays).items():
            check_array(arrays, name, shape, dtype)


def _fits(built: Built, table: PlasticTable, view: _View, arrays: Mapping[str, Any]) -> bool:
    return all(
        name in arrays and (arrays[name].shape, arrays[name].dtype) == wanted
        for name, wanted in _expected(built, table, view, arrays).items()
    )


def _expected(
    built: Built, table: PlasticTable, view: _View, arrays: Mapping[str, NDArray[Any]]
) -> dict[str, tuple[tuple[int, ...], np.dtype[Any]]]:
    """Shape and type of the arrays of one projection; how long histories are is theirs."""
    name, rule, real, whole = table.projection.name, table.kernels.rule, built.dtype, _INT64
    wanted: dict[str, tuple[tuple[int, ...], np.dtype[Any]]]
    wanted = {f"synapse/{name}/{v}": ((view.n_synapses,), real) for v in rule.states}
    wanted[f"pre/{name}"] = view.pre().shape[1:], real
    wanted[f"pre_step/{name}"] = view.pre().shape[1:2], whole
    wanted[f"mod/{name}"] = (len(rule.mod),), real
    if rule.needs_history:
        size = built.network.population(table.projection.post).size
        kept = arrays.get(f"post_step/{name}")
        length = kept.shape[1] if kept is not None and kept.ndim == 2 else view.column("history")
        wanted[f"post_step/{name}"] = (size, length), whole
        wanted[f"post/{name}"] = (size, length, len(rule.post)), real
    return wanted


def _take_over(
    built: Built, table: PlasticTable, view: _View, arrays: Mapping[str, NDArray[Any]]
) -> None:
    name = table.projection.name
    at, *_ = synapse_order(built, table.k)
    for variable, values in zip(table.kernels.rule.states, view.states(), strict=True):
        values[at - view.column("targets_base")] = arrays[f"synapse/{name}/{variable}"]
    view.pre()[:] = arrays[f"pre/{name}"]
    view.rows(built.plastic.last_pre)[:] = arrays[f"pre_step/{name}"]
    view.mod()[:] = arrays[f"mod/{name}"]
    if table.kernels.rule.needs_history:
        first = 0
        for p in range(built.partitions.n):
            first += view.set_history(
                p, arrays[f"post_step/{name}"][first:], arrays[f"post/{name}"][first:]
            )


class _View:
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
        self.n_synapses = int((row_start[:, -1] - row_start[:, 0]).sum())
        self._room = int(row_start[-1, -1] - row_start[0, 0])
        self._n_rows = row_start.shape[1] - 1

    def column(self, name: str) -> int:
        """Return a number of this projection from `Plastic.table`."""
        return int(self._built.plastic.table[self._m, _COLUMN[name]])

    def states(self) -> NDArray[np.floating]:
        """State variables, shape (n_variables, room)."""
        n = len(self._rule.states) * self._room
        at = self.column("state_base")
        return self._built.plastic.state[at : at + n].reshape(-1, self._room)

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
            steps[:] = recent_steps[:] = _stored(NEVER, int(plastic.clock[p]))
            counts[:] = 0
            traces[:] = recent_traces[:] = [t.rest for t in self._rule.post]

    def _n_post(self, p: int) -> int:
        """Neurons of partition `p` that receive these synapses, if their spikes matter."""
        low, high, _ = self._built.partitions.targets(self._built.layout, self.column("post"))
        return int(high[p] - low[p]) if self.column("history") else 0

    def _recent(self, p: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Newest spikes of partition `p`: steps (n, RECENT), traces (n, RECENT, n_traces)."""
        plastic, n, n_traces = self._built.plastic, self._n_post(p), len(self._rule.post)
        a = int(plastic.counts_base[self._m, p]) * RECENT
        b = int(plastic.recent_base[self._m, p])
        return (
            plastic.recent_steps[a : a + n * RECENT].reshape(n, RECENT),
            plastic.recent_traces[b : b + n * RECENT * n_traces].reshape(n, RECENT, n_traces),
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
        whole = _from_stored(steps, int(self._built.plastic.clock[p]))
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
        stored = _stored(steps[:n, steps.shape[1] - m :], int(self._built.plastic.clock[p]))
        own_steps[:, length - m :] = stored
        own_traces[:, length - m :] = traces[:n, steps.shape[1] - m :]
        counts[:] = length
        recent_steps, recent_traces = self._recent(p)
        recent_steps[:] = own_steps[:, : -RECENT - 1 : -1]
        recent_traces[:] = own_traces[:, : -RECENT - 1 : -1]
        return n


def _stored(steps: NDArray[np.int64] | int, now: int) -> NDArray[np.int32]:
    """Steps modulo 2^32, none more than `LONG_AGO` before `now`."""
    recent = np.maximum(np.asarray(steps, np.int64), now - LONG_AGO)
    return (recent & 0xFFFFFFFF).astype(np.uint32).view(np.int32)


def _from_stored(stored: NDArray[np.int32], now: int) -> NDArray[np.int64]:
    """Steps from what is stored of them; `NEVER` where they are too long ago."""
    elapsed = (now - stored.astype(np.int64)) & 0xFFFFFFFF
    return np.where(elapsed >= LONG_AGO, NEVER, now - elapsed)


def age(built: Built) -> None:
    """Let spikes that are long ago count as never, before the numbers of their steps wrap around.

    To be called at least every 2^29 steps.
    """
    bring_up_to_date(built.program, built.synapses, built.plastic, built.memory)
    now = int(built.plastic.clock[0])
    for steps in (built.plastic.recent_steps, built.plastic.spike_steps):
        steps[:] = _stored(_from_stored(steps, now), now)
