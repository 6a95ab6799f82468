"""Where the synapses of recorders lie, found once per build."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from snnlab.arrays.assemble import SynapseProbes
from snnlab.arrays.built import Built
from snnlab.arrays.plastic_view import PlasticView
from snnlab.arrays.synapse_order import global_ids, places, synapse_order
from snnlab.arrays.world import Places
from snnlab.build.layout import BLOCK
from snnlab.errors import SpecError
from snnlab.frames.synapse_ids import SynapseIds
from snnlab.model.network import Network
from snnlab.model.recorders import SynapseRecorder

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["with_synapse_probes"]

B = TypeVar("B", bound=Built)


def with_synapse_probes(built: B) -> B:
    """Return what was built with the synapses that its recorders choose, and that are here.

    Where ranks hold the network together, all of them call this, and all raise or none.

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
    if table.k in built.connections.row_stop:
        raise SpecError(
            f"Recorder {recorder.name!r}.projection", "must be one whose synapses stay",
            got=f"{recorder.projection!r}, which is rewired",
            remedy="Session.synapses returns them as they are at any moment.",
        )  # fmt: skip
    at, source, target, delay = synapse_order(built, table.k)
    pre, post = global_ids(built, table.k, source, target)
    of_all = places(built, table.k, source, delay)
    chosen = _chosen(built.network, recorder, pre, post, of_all)
    part = np.searchsorted(built.partitions.bounds * BLOCK, target[chosen], side="right") - 1
    n_rows = int(built.layout.sizes[table.plan.source])
    row = np.unique(part * n_rows + source[chosen])
    variables = list(table.kernels.rule.states)
    starts = [variables.index(name) * view.states().shape[1] for name in recorder.variables]
    return SynapseProbes(
        r,
        SynapseIds(of_all.at[chosen], pre[chosen], post[chosen]),
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
    of_all: Places,
) -> NDArray[np.int64]:
    """Which of the synapses here a recorder chooses, ascending."""
    projection = network.projection(recorder.projection)
    where, n = f"Recorder {recorder.name!r}", of_all.n_whole
    if max(recorder.synapses or (0,)) >= n > 0:
        raise SpecError(
            f"{where}.synapses", f"must be in 0 ... {n - 1}", got=str(max(recorder.synapses or ())),
            context=f"Projection {projection.name!r}.",
            remedy="They are places in the table that Session.synapses returns.",
        )  # fmt: skip
    is_chosen = np.ones(pre.size, bool)
    for ids, name, wanted in (
        (pre, projection.pre, recorder.sources),
        (post, projection.post, recorder.targets),
    ):
        if wanted is not None:
            among = _marked(wanted, network.population(name).size)
            is_chosen &= among[ids - network.first_id(name)]
    if recorder.synapses is not None and n:
        is_chosen &= _marked(recorder.synapses, n)[of_all.at]
    if not of_all.world.any(bool(is_chosen.any())):
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
