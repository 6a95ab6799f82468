"""Where the synapses of recorders lie, found once per build, and how they are read at a step."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from snnlab.build.layout import BLOCK
from snnlab.cpu.assemble import SynapseProbes
from snnlab.cpu.built import Built
from snnlab.cpu.plastic import PLASTIC_FIELDS, visit
from snnlab.cpu.plastic_view import PlasticView
from snnlab.cpu.synapse_order import global_ids, synapse_order
from snnlab.cpu.team import Team
from snnlab.errors import SpecError
from snnlab.frames.synapse_ids import SynapseIds
from snnlab.model.network import Network
from snnlab.model.recorders import SynapseRecorder
from snnlab.rules.borrow import borrowed

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["read_synapses", "with_synapse_probes"]

_CATCH_UP = PLASTIC_FIELDS.index("catch_up")


def with_synapse_probes(built: Built) -> Built:
    """Return what was built with the synapses that its recorders choose.

    Raises
    ------
    SpecError
        A recorder chooses a synapse that was not drawn, or none.
    """
    probes = tuple(
        _probes(built, r, recorder)
        for r, recorder in enumerate(built.network.recorders)
        if isinstance(recorder, SynapseRecorder)
    )
    return replace(built, sampling=built.sampling.with_synapses(probes)) if probes else built


def _probes(built: Built, r: int, recorder: SynapseRecorder) -> SynapseProbes:
    names = [table.projection.name for table in built.plastic_tables]
    m = names.index(recorder.projection)
    table, view = built.plastic_tables[m], PlasticView(built, m)
    at, source, target, _ = synapse_order(built, table.k)
    pre, post = global_ids(built, table.k, source, target)
    chosen = _chosen(built.network, recorder, pre, post)
    part = np.searchsorted(built.partitions.bounds * BLOCK, target[chosen], side="right") - 1
    n_rows = int(built.layout.sizes[table.plan.source])
    row = np.unique(part * n_rows + source[chosen])
    variables = list(table.kernels.rule.states)
    starts = [variables.index(name) * view.states().shape[1] for name in recorder.variables]
    return SynapseProbes(
        r,
        SynapseIds(chosen, pre[chosen], post[chosen]),
        m,
        view.column("state_base") + np.array(starts, np.int64),
        at[chosen] - view.column("targets_base"),
        row // n_rows,
        row % n_rows,
    )


def _chosen(
    network: Network,
    recorder: SynapseRecorder,
    pre: NDArray[np.int64],
    post: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Numbers of the synapses that a recorder chooses, ascending."""
    projection = network.projection(recorder.projection)
    where, n = f"Recorder {recorder.name!r}", pre.size
    if max(recorder.synapses or (0,)) >= n > 0:
        raise SpecError(
            f"{where}.synapses", f"must be in 0 ... {n - 1}", got=str(max(recorder.synapses or ())),
            context=f"Projection {projection.name!r}.",
            remedy="They are places in the table that Session.synapses returns.",
        )  # fmt: skip
    is_chosen = np.ones(n, bool)
    for ids, name, wanted in (
        (pre, projection.pre, recorder.sources),
        (post, projection.post, recorder.targets),
    ):
        if wanted is not None:
            among = _marked(wanted, network.population(name).size)
            is_chosen &= among[ids - network.first_id(name)]
    if recorder.synapses is not None and n:
        is_chosen &= _marked(recorder.synapses, n)
    if not is_chosen.any():
        raise SpecError(
            where, "must choose at least one synapse",
            got=f"none of the {n} of {projection.name!r}",
            remedy="Session.synapses shows which there are: name a source and a target of one.",
        )  # fmt: skip
    return np.flatnonzero(is_chosen)


def _marked(indices: tuple[int, ...], n: int) -> NDArray[np.bool_]:
    """Which of `n` are among some."""
    marks = np.zeros(n, bool)
    marks[list(indices)] = True
    return marks


def read_synapses(
    built: Built, probes: SynapseProbes, values: NDArray[np.floating], team: Team, threads: int
) -> None:
    """Write the state variables of a recorder's synapses as they are now.

    All spikes must have been delivered. Only the rows that hold these synapses are brought up to
    date, which changes no result of what follows.

    Parameters
    ----------
    built : Built
    probes : SynapseProbes
    values : (n_variables, n_synapses) real
        Where they go.
    team : Team
    threads : int
        How many of the team's threads share the partitions.
    """
    ring, partitions, rows = built.memory.ring, probes.partitions, probes.rows
    team.run(
        threads,
        lambda member: _bring_rows_up_to_date(
            built.synapses, built.plastic, ring, probes.m, partitions, rows, member, threads
        ),
    )
    for row, start in zip(values, probes.variables, strict=True):
        np.take(built.plastic.state[start:], probes.at, out=row, mode="clip")


@njit(nogil=True, error_model="numpy", cache=True)
def _bring_rows_up_to_date(synapses, plastic, ring, m, partitions, rows, member, n_members):  # type: ignore[no-untyped-def]
    """Let some rows of a projection catch up; they come partition by partition."""
    synapses, plastic, ring = borrowed((synapses, plastic, ring))
    address = plastic.table[m, _CATCH_UP]
    for p in range(member, plastic.clock.size, n_members):
        for r in range(np.searchsorted(partitions, p), np.searchsorted(partitions, p + 1)):
            visit(synapses, plastic, ring, m, p, rows[r], plastic.clock[p] - 1, address)
