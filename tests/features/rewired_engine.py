"""The reference engine with structural events that nothing but the step decides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from snnlab.frames.frame import Frame
from snnlab.frames.structure import StructuralEvents
from snnlab.model.connectivity import FixedIndegree
from snnlab.model.network import Network, Projection
from snnlab.model.rewiring import Rewiring
from tests.features.reference_engine import ReferenceEngine, balanced

EVERY = (7, 10)
"""Steps between two calls of each rewiring."""


def rewired() -> Network:
    """The balanced network with two projections that are rewired."""
    network = balanced()
    projections = [
        Projection(p.pre, p.post, FixedIndegree(10, multapses=False), p.weight, p.delay)
        for p in network.projections
    ]
    rewirings = [
        Rewiring("exc->exc", "Magnitude", EVERY[0] * network.dt, name="map"),
        Rewiring("exc->inh", "Magnitude", EVERY[1] * network.dt, name="prune"),
    ]
    return network.replace(projections=projections, rewirings=rewirings)


def events_between(t_start: int, t_stop: int) -> StructuralEvents:
    """What happens at steps ``t_start <= step < t_stop``."""
    pairs = [
        (step, k)
        for step in range(max(t_start, 1), t_stop)
        for k, every in enumerate(EVERY)
        if step % every == 0
    ]
    step, rewiring = np.array(pairs, np.int64).reshape(-1, 2).T
    post = np.where(rewiring == 0, 3 * step % 80, 80 + step % 20)
    return StructuralEvents(step.copy(), rewiring.astype(np.int16), step % 3 > 0, step % 80, post)


class RewiredEngine(ReferenceEngine):
    """Tells of synapses that come and go; they do so in its frames only."""

    def advance(self, n_steps: int) -> Frame:
        frame = super().advance(n_steps)
        return replace(frame, structure=events_between(frame.t_start, frame.t_stop))

    def sibling(self, network: Network) -> RewiredEngine:
        return RewiredEngine(network, self.pause_s)

    def out_degrees(self) -> np.ndarray:
        return np.full(self.network.n_neurons, 20)
