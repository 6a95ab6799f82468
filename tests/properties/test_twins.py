"""Random edits of a running network: the device stays the CPU's twin, whatever is changed."""

from __future__ import annotations

import random

import pytest

from snnlab.cpu.engine import CpuEngine
from snnlab.cuda.engine import CudaEngine
from snnlab.errors import SnnlabError
from snnlab.model.distribution import Uniform
from snnlab.model.edits import Edit, SetParameter
from snnlab.model.network import Network
from tests.host_device.host_device import HostDevice
from tests.networks import RUNNING, balanced, plastic
from tests.properties.test_replay import random_edit
from tests.twins import Twins, assert_same_frame, assert_same_state

PLASTIC_EDITS = (
    ("source->a", "learning_rate", 0.01, 0.2), ("source->a", "W_max", 1.0, 3.0),
    ("source->a", "delay", 0.3, 3.0), ("a->a", "tau_plus", 10.0, 30.0),
    ("a", "V_th", -62.0, -58.0), ("source", "rate", 5.0, 90.0), ("to_a", "rate", 5e3, 1.2e4),
    ("static", "weight", 100.0, 300.0), ("b->b", "tau_n", 50.0, 300.0),
)  # fmt: skip


def plastic_edit(draw: random.Random, _: int, network: Network) -> Edit:
    """A number of a plastic network, or weights that are drawn anew."""
    if draw.random() < 0.1:
        return SetParameter("source->a", "weight", Uniform(0.1, draw.uniform(0.5, 1.0)))
    target, name, low, high = draw.choice(PLASTIC_EDITS)
    return SetParameter(target, name, draw.uniform(low, high))


@pytest.mark.parametrize(
    ("network", "edit", "seed"),
    [
        (balanced(300), random_edit, 1),
        (balanced(300), random_edit, 2),
        (plastic(), plastic_edit, 3),
    ],
    ids=["structure", "structure again", "plasticity"],
)
def test_random_edits_leave_twins_alike(network: Network, edit, seed: int) -> None:
    twins, draw = Twins(network, HostDevice(seed=seed)), random.Random(seed)
    made = n_spikes = 0
    for k in range(40):
        try:
            made += twins.edit(edit(draw, k, twins.cpu.network))
        except SnnlabError:
            continue  # of a thing that is not there
        n_spikes += twins.n_spikes(draw.randrange(1, 60))
        if draw.random() < 0.2:
            twins.compare()
    twins.compare()
    assert made > 20
    assert n_spikes > 1000


@pytest.mark.parametrize("network", RUNNING, ids=lambda make: make.__name__)
def test_a_run_moves_between_engines_and_goes_on(network) -> None:
    """From the CPU to the device and back, as often as one likes: always the same run."""
    stays = CpuEngine(network(), threads=1)
    kept = CpuEngine(network(), threads=1).checkpoint()
    for k, n in enumerate((40, 77, 1, 100)):
        engine = CudaEngine(network(), HostDevice()) if k % 2 else CpuEngine(network(), threads=2)
        engine.restore(kept)
        assert_same_frame(stays.advance(n), engine.advance(n))
        kept = engine.checkpoint()
    assert_same_state(stays.checkpoint(), kept)


def test_a_state_of_the_cpu_goes_back_and_forth_in_time() -> None:
    twins = Twins(plastic(), HostDevice())
    twins.advance(60)
    early = twins.cpu.checkpoint()
    frames = twins.advance(80)
    twins.cpu.restore(early)
    twins.cuda.restore(early)
    again = twins.advance(80)
    assert_same_frame(frames[0], again[0])
