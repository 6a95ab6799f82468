"""Memory of a device: told before it is taken, refused where it does not do, given back."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest

from snnlab import presets
from snnlab.cuda import built
from snnlab.cuda.engine import CudaEngine
from snnlab.errors import OutOfMemory, StateError
from snnlab.model.connectivity import FixedIndegree, PairwiseBernoulli
from snnlab.model.distribution import ClippedNormal
from snnlab.model.edits import AddProjection
from snnlab.model.network import Network, Population, Projection
from snnlab.model.rewiring import Rewiring
from tests.host_device.host_device import GIBIBYTE, HostArray, HostDevice
from tests.networks import balanced, plastic
from tests.twins import Twins


def rewired(n: int) -> Network:
    """Plastic and static synapses that come and go: there is room behind their rows."""
    population = Population("neurons", n, "LIFDelta", {"I_e": 500.0})
    rule, learning = PairwiseBernoulli(0.05), {"W_max": 1.0}
    projections = [
        Projection("neurons", "neurons", rule, 0.1, name="plastic", synapse="STDP",
                   parameters=learning),
        Projection("neurons", "neurons", rule, 0.1, name="static"),
    ]  # fmt: skip
    rewirings = [Rewiring(p.name, "Magnitude") for p in projections]
    return Network([population], projections, rewirings=rewirings)


class CountingDevice(HostDevice):
    """Notes the most memory that was taken at a time."""

    peak = 0

    def empty(self, *args, **kwargs) -> HostArray:
        array = super().empty(*args, **kwargs)
        self.peak = max(self.peak, self.memory_limit - self.free_bytes())
        return array


@pytest.mark.parametrize(
    "network",
    [
        lambda: balanced(5000),
        lambda: presets.load("microcircuit", scale=0.02),
        lambda: presets.load("stdp"),
        lambda: rewired(4000),
    ],
    ids=["balanced", "microcircuit", "stdp", "rewired"],
)
def test_the_estimate_is_what_is_taken(network: Callable[[], Network], monkeypatch) -> None:
    told: list[int] = []
    honest = built.check_fits
    monkeypatch.setattr(
        built, "check_fits", lambda needed, *rest: told.append(needed) or honest(needed, *rest)
    )
    device = CountingDevice()
    CudaEngine(network(), device)
    assert told[0] == pytest.approx(device.peak, rel=0.1)


def test_a_network_that_does_not_fit_is_refused_before_anything_is_taken() -> None:
    device = CountingDevice(memory_limit=2**20)
    with pytest.raises(OutOfMemory, match=r"'balanced': must fit into [\s\S]*device='cpu'"):
        CudaEngine(balanced(20000), device)
    assert device.peak == 0


def test_an_edit_that_does_not_fit_leaves_the_network_running() -> None:
    twins = Twins(balanced(300), HostDevice(memory_limit=60 * 2**20))
    twins.advance(50)
    drawn = ClippedNormal(0.5, 0.1, low=0.0)
    many = AddProjection(Projection("exc", "exc", FixedIndegree(60000), drawn, name="many"))
    with pytest.raises(OutOfMemory, match=r"Network .balanced."):
        twins.cuda.apply(many.apply(twins.cuda.network))
    twins.advance(70)
    twins.compare()


def test_memory_that_runs_out_in_the_middle_of_building_leaves_the_network_running(
    monkeypatch,
) -> None:
    """As when another program has taken what was free a moment ago."""
    twins = Twins(plastic(), HostDevice(memory_limit=45 * 2**20))
    twins.advance(50)
    monkeypatch.setattr(built, "check_fits", lambda *_: None)
    many = AddProjection(Projection("a", "a", FixedIndegree(60000), 0.1, name="many"))
    with pytest.raises(OutOfMemory):
        twins.cuda.apply(many.apply(twins.cuda.network))
    twins.advance(70)
    twins.compare()


def test_closing_gives_everything_back() -> None:
    device = HostDevice()
    engine = CudaEngine(plastic(), device)
    engine.advance(20)
    assert device.free_bytes() < 8 * GIBIBYTE
    engine.close()
    engine.close()
    gc.collect()
    assert device.free_bytes() == 8 * GIBIBYTE
    with pytest.raises(StateError, match="must not be closed"):
        engine.advance(1)


def test_two_networks_share_a_device() -> None:
    device = HostDevice()
    one, other = Twins(balanced(200), device), Twins(plastic(), device)
    for _ in range(3):
        one.advance(20)
        other.advance(30)
    one.compare()
    other.compare()
