"""The state of plastic projections as arrays that do not depend on threads, and back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.arrays.array_check import check_array
from snnlab.arrays.built import Built
from snnlab.arrays.new_weights import first_weights
from snnlab.arrays.plastic_arrays import PlasticTable
from snnlab.arrays.plastic_view import PlasticView, steps_from_stored, stored_steps
from snnlab.arrays.synapse_order import places, synapse_order
from snnlab.arrays.world import World
from snnlab.model.network import Network, Projection

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
_KEYS = frozenset({"synapse", "pre", "pre_step", "post", "post_step", "mod", "structure"})


def export_plastic(
    built: Built, projections: Collection[str] | None = None, world: World | None = None
) -> dict[str, NDArray[np.generic]]:
    """Return the state of plastic projections, whose weights are up to date.

    Parameters
    ----------
    built : Built
    projections : collection of str, optional
        Which; default: all.
    world : World, optional
        Whose synapses; default: those of all ranks that hold the network.

    Returns
    -------
    dict
        ``synapse/<projection>/<variable>``: (n_synapses,) real, in `synapse_order`;
        ``pre/<projection>``: (n_pre, n_traces) real; ``pre_step/<projection>``: (n_pre,) int64,
        the last presynaptic spike; ``post/<projection>``: (n_post, n_spikes, n_traces) real and
        ``post_step/<projection>``: (n_post, n_spikes) int64, the last spikes of the targets,
        oldest first; ``mod/<projection>``: (n_traces,) real.
    """
    arrays: dict[str, NDArray[np.generic]] = {}
    for m, table in enumerate(built.plastic_tables):
        name, view = table.projection.name, PlasticView(built, m)
        if projections is not None and name not in projections:
            continue
        at, source, _, delay = synapse_order(built, table.k)
        of_all = places(built, table.k, source, delay, world)
        for variable, values in zip(table.kernels.rule.states, view.states(), strict=True):
            own = values[at - view.column("targets_base")]
            arrays[f"synapse/{name}/{variable}"] = of_all.whole(own)
        # A rank hears all its own neurons, of others perhaps only those that have targets there.
        own = built.owned(built.connections.plans[table.k].source)
        arrays[f"pre/{name}"] = built.world.gathered(view.pre()[0][own].copy())
        arrays[f"pre_step/{name}"] = built.world.gathered(
            view.rows(built.plastic.last_pre)[0][own].copy()
        )
        arrays[f"mod/{name}"] = view.mod()[0].copy()
        if table.kernels.rule.needs_history:
            parts = [view.history(p) for p in range(built.partitions.n)]
            steps, traces = (np.concatenate(each) for each in zip(*parts, strict=True))
            arrays[f"post_step/{name}"] = built.world.gathered(steps)
            arrays[f"post/{name}"] = built.world.gathered(traces)
    return arrays


def take_over_plastic(built: Built, arrays: Mapping[str, NDArray[Any]], step: int) -> None:
    """Give every plastic projection the state that `arrays` hold for it, if they fit.

    One whose state they do not hold is as new, but for its weights: build it anew before.
    """
    built.plastic.clock[:] = step
    built.plastic.swept[:] = step - 1
    for m, table in enumerate(built.plastic_tables):
        view = PlasticView(built, m)
        view.rows(built.plastic.done)[:] = step - 1
        view.reset()
        if _fits(built, table, view, arrays):
            _take_over(built, table, view, arrays)
        elif built.network.is_rewired(table.projection.name):
            _start(built, table, view)


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


def _projection_of(key: str) -> str:
    """Name of the projection, which may hold slashes."""
    kind, _, rest = key.partition("/")
    return rest.rpartition("/")[0] if kind in ("synapse", "structure") else rest


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
        for name, (shape, dtype) in _expected(built, table, PlasticView(built, m), arrays).items():
            check_array(arrays, name, shape, dtype)


def _fits(built: Built, table: PlasticTable, view: PlasticView, arrays: Mapping[str, Any]) -> bool:
    if f"synapse/{table.projection.name}/weight" not in arrays:
        return False  # without asking other ranks how many synapses they have
    return all(
        name in arrays and (arrays[name].shape, arrays[name].dtype) == wanted
        for name, wanted in _expected(built, table, view, arrays).items()
    )


def _expected(
    built: Built, table: PlasticTable, view: PlasticView, arrays: Mapping[str, NDArray[Any]]
) -> dict[str, tuple[tuple[int, ...], np.dtype[Any]]]:
    """Shape and type of the arrays of one projection; how long histories are is theirs."""
    name, rule, real, whole = table.projection.name, table.kernels.rule, built.dtype, _INT64
    wanted: dict[str, tuple[tuple[int, ...], np.dtype[Any]]]
    n_synapses = int(built.world.total(np.array([view.n_synapses]))[0])
    wanted = {f"synapse/{name}/{v}": ((n_synapses,), real) for v in rule.states}
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
    built: Built, table: PlasticTable, view: PlasticView, arrays: Mapping[str, NDArray[Any]]
) -> None:
    name = table.projection.name
    at, source, _, delay = synapse_order(built, table.k)
    of_all = places(built, table.k, source, delay)
    for variable, values in zip(table.kernels.rule.states, view.states(), strict=True):
        own = arrays[f"synapse/{name}/{variable}"][of_all.at]
        values[at - view.column("targets_base")] = own
    view.pre()[:] = arrays[f"pre/{name}"]
    view.rows(built.plastic.last_pre)[:] = arrays[f"pre_step/{name}"]
    view.mod()[:] = arrays[f"mod/{name}"]
    if table.kernels.rule.needs_history:
        first = built.owned(view.column("post")).start
        steps, traces = arrays[f"post_step/{name}"], arrays[f"post/{name}"]
        for p in range(built.partitions.n):
            first += view.set_history(p, steps[first:], traces[first:])


def _start(built: Built, table: PlasticTable, view: PlasticView) -> None:
    """Let a rule of rewiring weigh synapses that the network starts with, if one does."""
    at, pre, target, _ = synapse_order(built, table.k)
    post = target - built.layout.first_slot(view.column("post"))
    weights = first_weights(built.network, table.projection, pre, post, built.dtype)
    if weights is not None:
        view.states()[0][at - view.column("targets_base")] = weights


def age(built: Built) -> None:
    """Let spikes that are long ago count as never, before the numbers of their steps wrap around.

    To be called at least every 2^29 steps, when all weights are up to date.
    """
    now = int(built.plastic.clock[0])
    for steps in (built.plastic.recent_steps, built.plastic.spike_steps):
        steps[:] = stored_steps(steps_from_stored(steps, now), now)
