"""Who loses a synapse and who gets one is drawn evenly; how many is not a matter of chance."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from snnlab.cpu.engine import CpuEngine
from snnlab.frames.structure import StructuralEvents
from snnlab.model.connectivity import AllToAll, PairwiseBernoulli
from snnlab.model.growth_curves import LinearGrowth
from snnlab.model.network import Network, Population, Projection
from snnlab.model.rewiring import Rewiring
from snnlab.model.rewirings import Homeostatic
from snnlab.model.synaptic_elements import SynapticElements

FALSE_ALARMS = 1e-4
"""How often a correct engine would fail each test of randomness, over seeds."""


def updated(
    sizes: dict[str, int], elements: dict[str, LinearGrowth], rule, until: int = 1,
    targets: tuple[str, ...] = ("post",),
) -> StructuralEvents:  # fmt: skip
    """What happens to populations without spikes until a step; updates are 1 ms apart."""
    projections = [Projection("pre", name, rule, 1.0, 1.0) for name in targets]
    kinds = {name: "Axon" if name == "pre" else "Den" for name in sizes}
    network = Network(
        [Population(name, size, "LIFDelta") for name, size in sizes.items()], projections,
        rewirings=[
            Rewiring(p.name, Homeostatic, 1.0, pre_synaptic_element="Axon",
                     post_synaptic_element="Den")
            for p in projections
        ],
        synaptic_elements=[
            SynapticElements(name, {kind: elements[name]}, 1e6, Ca=1.0)
            for name, kind in kinds.items()
        ], seed=3,
    )  # fmt: skip
    return CpuEngine(network, threads=1).advance(until).structure


def still(z: float) -> LinearGrowth:
    return LinearGrowth(0.0, 1.0, z=z)


def evenly(counts: np.ndarray, variance: float) -> bool:
    """Whether counts with a common mean differ by no more than chance."""
    statistic = ((counts - counts.mean()) ** 2).sum() / variance
    tail = stats.chi2.sf(statistic, counts.size - 1)
    return bool(FALSE_ALARMS / 2 < tail < 1 - FALSE_ALARMS / 2)


@pytest.mark.statistics
def test_the_side_with_fewer_elements_finds_a_partner_each() -> None:
    sizes = {"pre": 400, "post": 30, "other": 20}
    elements = {"pre": still(1.9), "post": still(4.0), "other": still(4.5)}
    events = updated(
        sizes, elements, PairwiseBernoulli(0.0), targets=("post", "other")
    )  # fmt: skip
    assert events.is_formed.all()
    assert len(events) == 4 * 50  # of 400 axonal elements
    np.testing.assert_array_equal(np.bincount(events.post - 400), 4)
    assert np.unique(events.pre).size == 200
    # Half of the sources, any of them: 100 of each 200, as in a draw without replacement.
    assert stats.hypergeom(400, 200, 200).cdf((events.pre < 200).sum()) == pytest.approx(
        0.5, abs=0.5 - FALSE_ALARMS
    )
    halves = np.array([(events.pre[events.post == 400 + k] < 200).sum() for k in range(50)])
    assert evenly(halves, 4 * 0.25)


@pytest.mark.statistics
def test_any_of_a_neurons_synapses_go() -> None:
    """Each source loses 60 of 100 synapses in one update."""
    shrinks = LinearGrowth(60.5, 0.5)
    elements = {"pre": shrinks, "post": still(0.0)}
    events = updated({"pre": 40, "post": 100}, elements, AllToAll(), until=11)
    assert not events.is_formed.any()
    assert (events.step == 10).all()
    np.testing.assert_array_equal(np.bincount(events.pre), 61)
    assert evenly(np.bincount(events.post - 40, minlength=100), 40 * 0.61 * 0.39)


def test_pairs_that_are_connected_stay_as_they_are() -> None:
    events = updated({"pre": 3, "post": 2}, {"pre": still(2.0), "post": still(5.0)}, AllToAll(),
                     until=51)  # fmt: skip
    assert not len(events)


def test_two_elements_of_a_pair_become_one_synapse() -> None:
    events = updated({"pre": 1, "post": 1}, {"pre": still(5.0), "post": still(5.0)},
                     PairwiseBernoulli(0.0), until=51)  # fmt: skip
    assert len(events) == 1
