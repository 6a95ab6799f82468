"""What does not fit is refused and costs nothing; what is closed gives its memory back."""

from __future__ import annotations

import numpy as np
import pytest

import snnlab
from snnlab.cpu.engine import CpuEngine
from snnlab.cuda.cupy_device import CupyDevice
from snnlab.cuda.engine import CudaEngine
from snnlab.errors import OutOfMemory, StateError
from snnlab.model.connectivity import FixedTotalNumber
from snnlab.model.edits import AddProjection
from snnlab.model.network import Network, Projection
from snnlab.session import Session
from tests.networks import balanced, layered, spikes

MEBIBYTE = 2**20


def too_large(device: CupyDevice) -> Projection:
    """Synapses that take twice the memory that is free."""
    n = device.free_bytes()
    return Projection("exc", "inh", FixedTotalNumber(n), 0.01, 1.5, name="too large")


def expected() -> np.ndarray:
    """What the balanced network does on the CPU."""
    return spikes(CpuEngine(balanced(), threads=1), [200, 300])


def test_a_network_that_does_not_fit_is_refused_before_anything_is_allocated(
    device: CupyDevice,
) -> None:
    CudaEngine(balanced(), device).close()
    before = device.free_bytes()
    network = balanced()
    network = network.replace(projections=(*network.projections, too_large(device)))
    with pytest.raises(OutOfMemory, match=r"must fit into .* of free memory on cuda:0"):
        CudaEngine(network, device)
    device.release()
    assert device.free_bytes() > before - 16 * MEBIBYTE
    np.testing.assert_array_equal(spikes(CudaEngine(balanced(), device), [200, 300]), expected())


def test_an_edit_that_does_not_fit_leaves_the_run_as_it_was(device: CupyDevice) -> None:
    engine = CudaEngine(balanced(), device)
    first = spikes(engine, [200])
    with pytest.raises(OutOfMemory):
        engine.apply(AddProjection(too_large(device)).apply(engine.network))
    assert engine.network == balanced()
    found = np.concatenate([first, spikes(engine, [300])])
    np.testing.assert_array_equal(found, expected())


def test_a_device_that_others_have_filled_can_be_used_when_they_are_gone(
    device: CupyDevice,
) -> None:
    CudaEngine(balanced(), device).close()
    others = device.empty(device.free_bytes() - 64 * MEBIBYTE, "uint8")
    with pytest.raises(OutOfMemory):
        CudaEngine(balanced(20_000), device)
    del others
    device.release()
    np.testing.assert_array_equal(spikes(CudaEngine(balanced(), device), [200, 300]), expected())


def test_a_closed_engine_gives_its_memory_back(device: CupyDevice) -> None:
    CudaEngine(balanced(), device).close()
    before = device.free_bytes()
    engine = CudaEngine(balanced(10_000), device)
    engine.advance(20)
    assert device.free_bytes() <= before - engine.report.n_bytes + 2 * MEBIBYTE
    engine.close()
    engine.close()
    assert device.free_bytes() > before - 16 * MEBIBYTE
    with pytest.raises(StateError, match="must not be closed"):
        engine.advance(1)


def test_many_networks_one_after_the_other_take_no_more_than_one(device: CupyDevice) -> None:
    left = []
    for _ in range(6):
        engine = CudaEngine(balanced(4000), device)
        engine.advance(20)
        left.append(device.free_bytes())
        engine.close()
    assert left[-1] > left[1] - 8 * MEBIBYTE


def test_two_networks_take_turns_on_one_device(device: CupyDevice) -> None:
    networks = (balanced(), layered())
    on_cpu = [CpuEngine(network, threads=1) for network in networks]
    on_gpu = [CudaEngine(network, device) for network in networks]
    for n in (1, 70, 30, 200):
        for cpu, gpu in zip(on_cpu, on_gpu, strict=True):
            np.testing.assert_array_equal(spikes(cpu, [n]), spikes(gpu, [n]))
    on_gpu[0].close()
    np.testing.assert_array_equal(spikes(on_cpu[1], [200]), spikes(on_gpu[1], [200]))


def run_of(network: Network, device: str) -> Session:
    return snnlab.open(network, device=device, name=f"{network.name} on {device}")


def test_two_sessions_run_at_the_same_time_on_one_device(device: CupyDevice) -> None:
    """Each has a thread, a stream and a whole grid of its own; neither waits for the other."""
    networks = (balanced(), layered())
    on_gpu = [run_of(network, "cuda:0") for network in networks]
    for session in on_gpu:
        session.run("100 ms")
    for network, session in zip(networks, on_gpu, strict=True):
        assert session.wait(100)
        with run_of(network, "cpu") as alone:
            assert alone.run("100 ms").wait(100)
            assert alone.spikes()[0].size > 100
            for ours, theirs in zip(alone.spikes(), session.spikes(), strict=True):
                np.testing.assert_array_equal(ours, theirs)
        session.close()
