"""The figures of a run whose synapses come and go."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.batch.tally import Tally
from snnlab.frames.frame import Frame
from snnlab.frames.structure import StructuralEvents
from snnlab.model.network import Network, Population

N, STOP = 6, 60
NETWORK = Network([Population("exc", N, "LIFDelta")])
DRAW = np.random.default_rng(3)
OUT_DEGREES = DRAW.integers(20, 30, N)
SPIKES = np.argwhere(DRAW.random((STOP, N)) < 0.4)
EVENTS = StructuralEvents(
    np.sort(DRAW.integers(0, STOP, 50)), np.zeros(50, np.int16), DRAW.random(50) < 0.6,
    DRAW.integers(0, N, 50), DRAW.integers(0, N, 50),
)  # fmt: skip


def part(start: int, stop: int) -> Frame:
    """What happens between two steps."""
    step, neuron = SPIKES[(SPIKES[:, 0] >= start) & (SPIKES[:, 0] < stop)].T
    return Frame(
        start, stop, 0.1, step, neuron, np.array([step.size]),
        structure=EVENTS.between(start, stop),
    )  # fmt: skip


def arrivals(first: int) -> int:
    """Synapses that the spikes from a step on arrive at, counted spike by spike."""
    degrees, total, change = OUT_DEGREES.copy(), 0, np.where(EVENTS.is_formed, 1, -1)
    for step in range(STOP):
        for k in np.flatnonzero(EVENTS.step == step):
            degrees[EVENTS.pre[k]] += change[k]
        total += sum(degrees[i] for s, i in SPIKES if s == step >= first)
    return total


@pytest.mark.parametrize("warmup", [0, 20])
@pytest.mark.parametrize("edges", [[0, 20, 60], [0, 7, 20, 21, 22, 40, 60], range(0, 61, 1)])
def test_spikes_arrive_at_the_synapses_of_their_time(edges: list[int], warmup: int) -> None:
    tally = Tally(NETWORK, OUT_DEGREES, warmup)
    for k, stop in enumerate(edges[1:]):
        tally.add(part(edges[k], stop))
    measured = EVENTS.between(warmup, STOP).is_formed
    assert tally.n_events == arrivals(warmup)
    assert (tally.n_formed, tally.n_removed) == (measured.sum(), (~measured).sum())


def test_the_engine_keeps_its_numbers() -> None:
    before = OUT_DEGREES.copy()
    Tally(NETWORK, OUT_DEGREES, 0).add(part(0, STOP))
    np.testing.assert_array_equal(OUT_DEGREES, before)
