"""Every neuron model with every synapse model, storage and kind of delay, on both engines."""

from __future__ import annotations

import pytest

from tests.host_device.host_device import HostDevice
from tests.model_pairs import TARGETS, everything, precision_of
from tests.twins import Twins


@pytest.mark.parametrize("k", range(len(TARGETS)), ids=TARGETS)
def test_all_kinds_of_synapses_drive_every_model_alike(k: int) -> None:
    twins = Twins(everything(k), HostDevice(seed=k), precision=precision_of(k))
    frames = twins.advance(1, 150, 49, 100)
    spikes_of_target = sum(int(frame.counts[1]) for frame in frames)
    assert spikes_of_target > 30
    twins.compare()
    twins.advance(20)
