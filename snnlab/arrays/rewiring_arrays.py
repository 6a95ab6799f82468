"""The rewirings of a network become arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from snnlab.arrays.afferent_slots import AfferentSlots
from snnlab.arrays.lesions import is_lesioned
from snnlab.arrays.marks import mark_stream
from snnlab.arrays.plastic_arrays import PlasticTable
from snnlab.arrays.rewiring import EVENT_FIELDS, N_NOTES, REWIRING_FIELDS, ROUND, Rewirings
from snnlab.arrays.schedule import NEVER
from snnlab.build.connect import Connections
from snnlab.build.growing import pairs_of
from snnlab.build.layout import Layout, Partitions
from snnlab.build.random import stream_id
from snnlab.build.rules_of import positions
from snnlab.model.network import Network, Population
from snnlab.model.rewiring import Rewiring
from snnlab.rules.rewiring import RewiringTree

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "RewiringKernel",
    "compile_rules",
    "constants_of",
    "rewirings",
    "start_of",
    "steps_between",
    "table_of",
    "with_new_rules",
]

_CACHE_LINE = 8
_PAIRS_AT_ONCE = 64
_EVENTS = 4096
"""Events of a partition between two looks of the engine, at least; twice the attempts of a call."""


class RewiringKernel(Protocol):
    """A compiled rewiring rule, for whichever processor."""

    @property
    def tree(self) -> RewiringTree:
        """Names of states and parameters, in the order in which its functions take them."""
        ...

    @property
    def prune(self) -> int:
        """How the engine finds the function that decides whether a synapse goes."""
        ...

    @property
    def accept(self) -> int:
        """How it finds the one that decides whether a synapse is formed."""
        ...

    @property
    def adjust(self) -> int:
        """How it finds the one that changes weights; 0: there is none."""
        ...

    @property
    def initial(self) -> int:
        """How it finds the one that gives new synapses their weights; 0: there is none."""
        ...

    @property
    def propose(self) -> int:
        """How it finds the one that proposes sources; 0: there is none."""
        ...


K = TypeVar("K", bound=RewiringKernel)


def compile_rules(network: Network, compiled: Callable[[Any, tuple[str, ...]], K]) -> tuple[K, ...]:
    """Compile the rules of all rewirings.

    Parameters
    ----------
    network : Network
    compiled : callable
        Rule, and the state variables of the synapses that it forms, ``"weight"`` first -> its
        kernel.
    """
    return tuple(
        compiled(rewiring.model, ("weight", *network.projection(rewiring.projection).model.states))
        for rewiring in network.rewirings
    )


def table_of(connections: Connections, projection: str) -> int:
    """Return the number of the table that holds a projection."""
    return next(
        k for k, plan in enumerate(connections.plans)
        if projection in {p.name for p in plan.projections}
    )  # fmt: skip


def rewirings(
    network: Network,
    layout: Layout,
    partitions: Partitions,
    connections: Connections,
    tables: tuple[PlasticTable, ...],
    kernels: Sequence[RewiringKernel],
    dtype: np.dtype[np.floating],
    n_ranks: int = 1,
) -> Rewirings:
    """Allocate all rewirings: nothing has happened yet.

    Parameters
    ----------
    network : Network
    layout : Layout
    partitions : Partitions
    connections : Connections
    tables : tuple of PlasticTable
    kernels : sequence of RewiringKernel
        Of each rewiring.
    dtype : dtype
        Of the engine's state.
    n_ranks : int
        Ranks that hold the network together.
    """
    n, n_partitions, n_populations = len(network.rewirings), partitions.n, len(network.populations)
    columns = [_columns(network, connections, tables, k, kernels[k]) for k in range(n)]
    bases = _Bases()
    rows = [
        given | bases.next(network, rewiring, kernel)
        for given, rewiring, kernel in zip(columns, network.rewirings, kernels, strict=True)
    ]
    slots = AfferentSlots(network)
    for row, rewiring in zip(rows, network.rewirings, strict=True):
        pairs = pairs_of(connections, row["table"], row["post"], layout, partitions)
        row.update(slots.columns(rewiring, pairs, row["n_post"], bases.indegree))
    table = [[row[name] for name in REWIRING_FIELDS] for row in rows]
    most = max((network.rewiring_attempts_of(r) for r in network.rewirings), default=0)
    watched = [row["source"] for row in columns if row["is_last_spike"]]
    n_scratch = max((len(kernel.tree.states) for kernel in kernels), default=1)
    result = Rewirings(
        table=np.array(table, np.int64).reshape(n, len(REWIRING_FIELDS)),
        params=np.zeros(max(bases.params, 1), dtype),
        start=np.zeros(max(bases.start, 1), dtype),
        positions=_positions(network),
        period=np.array([_period(network, r) for r in network.rewirings]).reshape(n, 2),
        is_lesioned=np.zeros(bases.positions, bool),
        indegree=_indegrees(network, layout, partitions, connections),
        afferents=slots.afferents,
        pool_indegree=slots.pool_indegree,
        last_spike=np.full((n_partitions + (n_ranks > 1), n_populations, 3), -1, np.int64),
        is_watched=np.isin(np.arange(n_populations), watched),
        state=np.zeros((n_partitions, n_scratch + 2 * _CACHE_LINE), dtype),
        pair=np.zeros((n_partitions, 4 * _CACHE_LINE), dtype),
        random=np.zeros((n_partitions, 4 * _CACHE_LINE), np.uint32),
        pres=np.zeros((n_partitions, _PAIRS_AT_ONCE), np.int64),
        posts=np.zeros((n_partitions, _PAIRS_AT_ONCE), np.int64),
        events=np.zeros((n_partitions, max(_EVENTS, 2 * most) if n else 0, len(EVENT_FIELDS)),
                        np.int64),
        notes=np.zeros((n_partitions, N_NOTES), np.int64),
        counts=np.zeros((n, n_partitions, N_NOTES), np.int64),
        replacing=np.zeros((n_partitions, N_NOTES), np.int64),
        tried=np.zeros((n_partitions, ROUND if any(row["replaces"] for row in rows) else 0),
                       np.int64),
    )  # fmt: skip
    return with_new_rules(result, network, kernels)


def with_new_rules(
    arrays: Rewirings, network: Network, kernels: Sequence[RewiringKernel]
) -> Rewirings:
    """Write the numbers of the rules as they are in `network`."""
    for k, rewiring in enumerate(network.rewirings):
        own = dict(zip(REWIRING_FIELDS, arrays.table[k], strict=True))
        values = constants_of(network, rewiring)
        params = [values[name] for name in kernels[k].tree.parameters]
        arrays.params[own["params_base"] : own["params_base"] + len(params)] = params
        start = start_of(network, rewiring)
        arrays.start[own["start_base"] : own["start_base"] + len(start)] = start
        arrays.table[k, REWIRING_FIELDS.index("every")] = steps_between(network, rewiring)
        arrays.table[k, REWIRING_FIELDS.index("attempts")] = network.rewiring_attempts_of(rewiring)
        pre, post = _ends(network, rewiring)
        lesioned = np.concatenate([is_lesioned(pre), is_lesioned(post)])
        arrays.is_lesioned[own["pre_base"] : own["pre_base"] + lesioned.size] = lesioned
    return arrays


def steps_between(network: Network, rewiring: Rewiring) -> int:
    """Return the steps between two calls in the compiled loop, which does not do all rules."""
    rule = rewiring.model
    by_host = rule.compares() or rule.matches_elements
    return NEVER if by_host else network.rewiring_steps_of(rewiring)


def constants_of(network: Network, rewiring: Rewiring) -> dict[str, float]:
    """Return what the rule of a rewiring sees as ``p``: name -> number."""
    values = network.rewiring_parameters_of(rewiring)
    derived = rewiring.model.derive(SimpleNamespace(**values), network.dt)
    return {"weight": network.rewiring_weight_of(rewiring)} | values | derived


def start_of(network: Network, rewiring: Rewiring) -> list[float]:
    """Return the state variables of a new synapse."""
    projection = network.projection(rewiring.projection)
    parameters = {} if projection.model.is_static() else network.synapse_parameters_of(projection)
    initial = [state.initial for state in projection.model.states.values()]
    return [
        network.rewiring_weight_of(rewiring),
        *(parameters[value] if isinstance(value, str) else value for value in initial),
    ]


class _Bases:
    """Where the parts of the flat arrays begin, one rewiring after the other."""

    def __init__(self) -> None:
        self.params = self.start = self.positions = 0
        self.indegree: dict[str, int] = {}
        self._n_targets = 0

    def next(self, network: Network, rewiring: Rewiring, kernel: RewiringKernel) -> dict[str, int]:
        """Return the bases of the next rewiring."""
        pre, post = _ends(network, rewiring)
        found = {
            "params_base": self.params,
            "start_base": self.start,
            "pre_base": self.positions,
            "post_base": self.positions + pre.size,
            "indegree_base": self.indegree.setdefault(rewiring.projection, self._n_targets),
        }
        if found["indegree_base"] == self._n_targets:
            self._n_targets += post.size
        self.params += len(kernel.tree.parameters)
        self.start += len(kernel.tree.states)
        self.positions += pre.size + post.size
        return found


def _columns(
    network: Network,
    connections: Connections,
    tables: tuple[PlasticTable, ...],
    k: int,
    kernel: RewiringKernel,
) -> dict[str, int]:
    """What `Rewirings.table` says of a rewiring, but for where its parts begin."""
    rewiring = network.rewirings[k]
    projection = network.projection(rewiring.projection)
    pre, post = _ends(network, rewiring)
    names = [p.name for p in network.populations]
    plastic = [table.projection.name for table in tables]
    is_recurrent = pre.name == post.name
    return {
        "table": table_of(connections, projection.name),
        "plastic": plastic.index(projection.name) if projection.name in plastic else -1,
        "every": steps_between(network, rewiring),
        "attempts": network.rewiring_attempts_of(rewiring),
        "stream": stream_id("rewiring", rewiring.name),
        "n_pre": pre.size,
        "n_post": post.size,
        "source": names.index(pre.name),
        "post": names.index(post.name),
        "is_last_spike": int(rewiring.partner == "last_spike"),
        "forbids_self": int(is_recurrent and not getattr(projection.rule, "autapses", True)),
        "has_distance": int(pre.space is not None and post.space is not None),
        "accept": kernel.accept,
        "prune": kernel.prune,
        "adjust": kernel.adjust,
        "initial": kernel.initial,
        "reads_mark": int(kernel.tree.reads_mark),
        "marks": mark_stream(projection.name),
        "propose": kernel.propose,
        "n_states": len(kernel.tree.states),
        "replaces": int(rewiring.model.replaces),
    }


def _ends(network: Network, rewiring: Rewiring) -> tuple[Population, Population]:
    projection = network.projection(rewiring.projection)
    return network.population(projection.pre), network.population(projection.post)


def _positions(network: Network) -> NDArray[np.float64]:
    """Positions of source, then target neurons of each rewiring; zeros without space."""
    parts = [np.empty((0, 2))]
    for rewiring in network.rewirings:
        for population in _ends(network, rewiring):
            where = positions(network, population)
            parts.append(np.broadcast_to(where, (population.size, 2)))
    return np.concatenate(parts)


def _period(network: Network, rewiring: Rewiring) -> tuple[float, float]:
    space = _ends(network, rewiring)[1].space
    if space is None or not space.is_periodic:
        return 0.0, 0.0
    return float(space.extent[0]), float(space.extent[1])


def _indegrees(
    network: Network, layout: Layout, partitions: Partitions, connections: Connections
) -> NDArray[np.int32]:
    """Synapses onto each target of each projection that is rewired."""
    parts = [np.empty(0, np.int32)]
    names = [p.name for p in network.populations]
    for name in dict.fromkeys(rewiring.projection for rewiring in network.rewirings):
        projection = network.projection(name)
        k, post = table_of(connections, projection.name), names.index(projection.post)
        pairs = pairs_of(connections, k, post, layout, partitions)
        size = network.population(projection.post).size
        parts.append(np.bincount(pairs.post, minlength=size).astype(np.int32))
    return np.concatenate(parts)
