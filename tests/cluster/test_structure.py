"""Synapses that come and go on ranks are those of one process, whatever lets them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from snnlab.cluster import Ranks
from snnlab.cluster.engine import ClusterEngine
from snnlab.errors import SpecError
from snnlab.model.edits import AddRecorder, Lesion, Recover
from snnlab.model.network import Network
from snnlab.model.recorders import StateRecorder, SynapseRecorder
from tests.cluster.both import both, events_of
from tests.features.test_lesions import lesionable
from tests.networks import plastic

pytestmark = [pytest.mark.mpi, pytest.mark.timeout(280)]


def wide(network: Network) -> Network:
    """Return it with so many targets that every rank has some: 4 blocks of neurons."""
    target = network.population("target")
    space = None if target.space is None else replace(target.space, shape=(20, 20))
    wider = replace(target, size=400, space=space)
    populations = [wider if p.name == "target" else p for p in network.populations]
    return network.replace(populations=populations)


def fragile() -> Network:
    """Two sheets and given spikes; synapses of two projections come and go."""
    network = wide(lesionable(partner="last_spike"))
    busy = {"p_form": 0.9, "sigma_form": 3.0, "p_elim_dep": 0.3, "w_threshold": 500.0}
    return network.replace(rewirings=[
        replace(rewiring, rule="Topographic", parameters=busy) for rewiring in network.rewirings
    ])  # fmt: skip


def test_lesions_while_it_runs(several: Ranks) -> None:
    with both(fragile(), several) as pair:
        assert pair.n_ranks_of("target") > 1
        pair.advance(50)
        pair.edit(Lesion("source", range(40)), Lesion("target", [3, 5, (120, 144)]))
        pair.compare()
        events = events_of(pair.advance(1, 99))
        assert events.is_lesion.sum() > 100
        assert events.at(~events.is_lesion).is_formed.sum() > 20
        pair.compare()
        pair.edit(Recover("target", range(130)), Lesion("given", 3))
        events = events_of(pair.advance(80))
        recovered = pair.alone.network.first_id("target") + np.array([3, 5, 125])
        assert np.isin(events.at(events.is_formed).post, recovered).any()
        pair.compare()


# --- recorders of synapses ------------------------------------------------------------------------


def watched() -> Network:
    """Recorders of all synapses of a projection, of chosen ones, and of neurons beside them."""
    network = plastic()
    populations = [replace(p, size=500) if p.name == "a" else p for p in network.populations]
    return network.replace(populations=populations, recorders=[
        SynapseRecorder("all", "source->a", ("weight",), interval=1.3),
        SynapseRecorder("some", "b->b", ("weight", "c"), sources=(3, 70), interval=0.7),
        SynapseRecorder("one rank", "a->a", targets=(5,), interval=2.0),
        StateRecorder("neurons", "a", ("V_m",), (0, 249), interval=0.5),
    ])  # fmt: skip


def test_recorders_of_synapses(several: Ranks) -> None:
    with both(watched(), several) as pair:
        assert pair.n_ranks_of("a") > 1
        frames = pair.advance(1, 77, 200)
        moved = frames[-1].samples["all"]
        assert moved.synapses is not None
        assert moved.values.shape == (15, 1, moved.synapses.n)
        assert np.ptp(moved.values[:, 0], axis=0).max() > 0
        pair.compare()
        pair.edit(AddRecorder(SynapseRecorder("chosen", "a->a", synapses=(7, 4000), interval=1.0)))
        samples = pair.advance(50)[0].samples["chosen"]
        assert samples.synapses is not None
        assert samples.synapses.number.tolist() == [7, 4000]


def test_a_recorder_that_chooses_nothing_is_refused_on_ranks(ranks: Ranks) -> None:
    recorder = SynapseRecorder("none", "a->a", synapses=(10**6,))
    with pytest.raises(SpecError, match=r"none.*synapses"):
        ClusterEngine(plastic().replace(recorders=[recorder]), ranks, threads=1)
