"""Projections that are not square: every pair, and no other, can get a synapse and lose it."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.cpu.engine import CpuEngine
from snnlab.model.connectivity import PairwiseBernoulli
from snnlab.model.network import Network, Population, Projection
from snnlab.model.parameter import Parameter
from snnlab.model.rewiring import Rewiring, RewiringRule

pytestmark = pytest.mark.usefixtures("both_engines")

CALLS = 60
ATTEMPTS = 50
"""A pair is missed by all 3000 attempts with probability (1 - 1 / 91)^3000 = 4e-15."""


class FillOrClear(RewiringRule):
    """Every pair that is drawn gets a synapse, or every synapse that is drawn goes."""

    fills = Parameter(1.0, "1", "which of both", low=0.0, high=1.0)

    @staticmethod
    def prune(syn, pair, p):
        return p.fills == 0.0

    @staticmethod
    def accept(pair, p):
        return p.fills == 1.0


def network(n_pre: int, n_post: int, fills: float, synapse: str) -> Network:
    populations = [
        Population("source", n_pre, "PoissonSource", {"rate": 100.0}),
        Population("target", n_post, "LIFDelta"),
    ]
    start = PairwiseBernoulli(1.0 - fills)
    projection = Projection("source", "target", start, 0.1, 0.3, name="it", synapse=synapse)
    rewiring = Rewiring("it", FillOrClear, 1.0, ATTEMPTS, {"fills": fills})
    return Network(populations, [projection], rewirings=[rewiring])


@pytest.mark.parametrize("synapse", ["Static", "STDP"])
@pytest.mark.parametrize(("n_pre", "n_post"), [(7, 13), (13, 7), (1, 91), (91, 1)])
def test_all_pairs_fill_and_clear(n_pre: int, n_post: int, synapse: str) -> None:
    every = {(i, n_pre + j) for i in range(n_pre) for j in range(n_post)}
    for fills, end in ((1.0, every), (0.0, set())):
        engine = CpuEngine(network(n_pre, n_post, fills, synapse))
        start = engine.synapses("it")
        assert len(start) == len(every) - len(end)
        events = engine.advance(10 * CALLS + 1).structure
        found = engine.synapses("it")
        assert set(zip(found.pre.tolist(), found.post.tolist(), strict=True)) == end
        assert len(found) == len(end)
        # Each pair has come or gone once.
        changed = np.unique(np.column_stack([events.pre, events.post]), axis=0)
        assert len(events) == len(changed) == len(every)
