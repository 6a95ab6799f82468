"""What ranks tell of their shares, put together: one frame, one report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from snnlab.engine import BuildReport
from snnlab.frames.frame import Frame, Samples
from snnlab.frames.rewiring_work import RewiringWork
from snnlab.frames.structure import StructuralEvents
from snnlab.frames.synapse_ids import SynapseIds
from snnlab.model.network import Network
from snnlab.model.recorders import StateRecorder

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Recorded", "whole_degrees", "whole_frame", "whole_recorded", "whole_report", "whole_work",
]  # fmt: skip

Owned = Sequence[tuple[tuple[int, int], ...]]
"""Of each rank: first and last neuron of each population, ``first <= neuron < stop``."""


@dataclass(frozen=True)
class Recorded:
    """The synapses of one recorder, of all ranks.

    Parameters
    ----------
    ids : SynapseIds
    order : (n,) int64
        Place of each in the list of the first rank's, the second's, and so on.
    """

    ids: SynapseIds
    order: NDArray[np.int64]


def whole_recorded(parts: Sequence[Mapping[str, SynapseIds]]) -> dict[str, Recorded]:
    """Return the synapses that each recorder samples from those that it samples on each rank."""
    found = {}
    for name in parts[0]:
        columns = [np.concatenate(column) for column in zip(*(p[name] for p in parts), strict=True)]
        order = np.argsort(columns[0])
        found[name] = Recorded(SynapseIds(*(column[order] for column in columns)), order)
    return found


def whole_frame(
    network: Network, frames: Sequence[Frame], owned: Owned, recorded: Mapping[str, Recorded]
) -> Frame:
    """Return what happened to the network from what happened on each rank.

    Parameters
    ----------
    network : Network
    frames : sequence of Frame
        Of each rank, of the same steps. `wall_s` is that of the slowest, `timings` are the means.
    owned : sequence
        Which neurons of each population each rank computes.
    recorded : mapping
        What `whole_recorded` returned; frames need not name the synapses.
    """
    step = np.concatenate([frame.step for frame in frames])
    neuron = np.concatenate([frame.neuron for frame in frames])
    order = np.argsort(step, kind="stable")  # ids ascend from rank to rank
    first = frames[0]
    return Frame(
        first.t_start, first.t_stop, first.dt, step[order], neuron[order],
        np.sum([frame.counts for frame in frames], axis=0),
        _samples(network, frames, owned, recorded),
        max(frame.wall_s for frame in frames),
        {name: float(np.mean([f.timings[name] for f in frames])) for name in first.timings},
        tuple(trouble for frame in frames for trouble in frame.health),
        _events([frame.structure for frame in frames]),
    )  # fmt: skip


def _samples(
    network: Network, frames: Sequence[Frame], owned: Owned, recorded: Mapping[str, Recorded]
) -> dict[str, Samples]:
    """The samples of each recorder, each value from the rank that computes it."""
    found = {}
    for recorder in network.recorders:
        parts = [frame.samples[recorder.name] for frame in frames]
        if isinstance(recorder, StateRecorder):
            values, ids = _of_neurons(network, recorder, parts, owned), None
        else:
            synapses = recorded[recorder.name]
            values = np.concatenate([part.values for part in parts], axis=2)[:, :, synapses.order]
            ids = synapses.ids
        found[recorder.name] = Samples(parts[0].steps, values, ids)
    return found


def _of_neurons(
    network: Network, recorder: StateRecorder, parts: Sequence[Samples], owned: Owned
) -> NDArray[np.floating]:
    k = network.population_index(recorder.population)
    neurons = np.array(recorder.neurons, np.int64)
    values = parts[0].values.copy()
    for part, share in zip(parts, owned, strict=True):
        mine = (neurons >= share[k][0]) & (neurons < share[k][1])
        values[:, :, mine] = part.values[:, :, mine]
    return values


def _events(parts: Sequence[StructuralEvents]) -> StructuralEvents:
    """Structural events of all ranks, ascending in step, rewiring and target."""
    step, rewiring, is_formed, pre, post = (
        np.concatenate(column)
        for column in zip(
            *((p.step, p.rewiring, p.is_formed, p.pre, p.post) for p in parts), strict=True
        )
    )  # fmt: skip
    order = np.lexsort((post, rewiring, step))
    return StructuralEvents(
        step[order], rewiring[order], is_formed[order], pre[order], post[order]
    )  # fmt: skip


def whole_report(network: Network, reports: Sequence[BuildReport]) -> BuildReport:
    """Return what building the network took: the slowest rank's time, the bytes of all."""
    return BuildReport(
        network.n_neurons,
        sum(report.n_synapses for report in reports),
        max(report.build_s for report in reports),
        max(report.compile_s for report in reports),
        sum(report.synapse_bytes for report in reports),
        sum(report.state_bytes for report in reports),
    )


def whole_work(works: Sequence[tuple[RewiringWork, ...]]) -> tuple[RewiringWork, ...]:
    """Return what rules have done on all ranks together; the time is the mean."""
    return tuple(
        RewiringWork(
            parts[0].rewiring,
            sum(part.attempts for part in parts),
            sum(part.formed for part in parts),
            sum(part.removed for part in parts),
            sum(part.short for part in parts),
            sum(part.seconds for part in parts) / len(parts),
        )
        for parts in zip(*works, strict=True)
    )


def whole_degrees(parts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return the number of synapses of every neuron onto those of all ranks."""
    return np.asarray(np.sum(parts, axis=0), np.int64)
