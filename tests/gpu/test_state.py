"""State goes between the CPU and a GPU; edits, recorders and trouble are the same on both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

import snnlab
from snnlab.cpu.engine import CpuEngine
from snnlab.cuda.cupy_device import CupyDevice
from snnlab.cuda.engine import CudaEngine
from snnlab.engine import Checkpoint
from snnlab.errors import StateError
from snnlab.frames.health import Kind
from snnlab.model.distribution import Uniform
from snnlab.model.edits import AddRecorder, SetParameter
from snnlab.model.network import Network, Population
from snnlab.model.neuron import models
from snnlab.model.recorders import StateRecorder, SynapseRecorder
from snnlab.model.stimuli import StepCurrent
from tests.network_edits import EDITS
from tests.networks import RUNNING, balanced, layered, plastic, spikes
from tests.twins import Twins, assert_same_state
from tests.unwell import breaking

PLASTIC = [p.name for p in plastic().projections if not p.model.is_static()]


@pytest.mark.parametrize("network", RUNNING, ids=lambda make: make.__name__)
def test_a_run_goes_from_the_cpu_to_the_gpu_and_back(
    device: CupyDevice, network: Callable[[], Network]
) -> None:
    undisturbed, gpu = CpuEngine(network(), threads=1), CudaEngine(network(), device)
    back = CpuEngine(network(), threads=1)
    undisturbed.advance(777)
    gpu.restore(undisturbed.checkpoint())
    assert gpu.step == 777
    parts = [spikes(gpu, [100, 150])]
    back.restore(gpu.checkpoint())
    parts.append(spikes(back, [250]))
    expected = spikes(undisturbed, [500])
    assert len(expected) > 50
    np.testing.assert_array_equal(np.concatenate(parts), expected)
    assert_same_state(undisturbed.checkpoint(), back.checkpoint())


def test_a_session_moves_to_the_gpu_and_back(
    device: CupyDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files are left out: reading one asks for a package that nothing else here needs."""
    kept: dict[str, Checkpoint] = {}
    monkeypatch.setattr("snnlab.launch.load_checkpoint", kept.__getitem__)
    with snnlab.open(plastic(), device="cpu", threads=1, name="stays") as stays:
        assert stays.run("60 ms").wait(60)
        kept["cpu.checkpoint"] = stays.checkpoint()
        with snnlab.open("cpu.checkpoint", device="cuda:0", name="moves") as moves:
            assert moves.device == "cuda:0"
            assert moves.run("30 ms").wait(60)
            kept["gpu.checkpoint"] = moves.checkpoint()
            on_gpu = moves.spikes()
        with snnlab.open("gpu.checkpoint", device="cpu", name="returns") as returns:
            assert returns.run("10 ms").wait(60)
            end, on_cpu = returns.checkpoint(), returns.spikes()
        assert stays.run("40 ms").wait(60)
        assert_same_state(stays.checkpoint(), end)
        steps, neurons = stays.spikes()
    is_later = steps >= 600
    np.testing.assert_array_equal(neurons[is_later], np.concatenate([on_gpu[1], on_cpu[1]]))
    assert on_gpu[1].size > 50


def test_a_running_session_moves_there_and_back(device: CupyDevice) -> None:
    with snnlab.open(layered(), device="cpu", threads=1, name="stays") as stays:
        assert stays.run("120 ms").wait(60)
        with snnlab.open(layered(), device="cpu", threads=1, name="moves") as moves:
            assert moves.run("20 ms").wait(60)
            moves.run("100 ms")
            for name in ("cuda:0", "cpu", "cuda:0"):
                moves.move(name)
                assert moves.device == name
            assert moves.wait(60)
            assert_same_state(stays.checkpoint(), moves.checkpoint())
            for ours, theirs in zip(stays.spikes(), moves.spikes(), strict=True):
                np.testing.assert_array_equal(ours, theirs)


def test_state_that_does_not_fit_is_refused_and_the_run_goes_on(device: CupyDevice) -> None:
    twins = Twins(balanced(), device)
    twins.advance(100)
    kept = twins.cpu.checkpoint()
    del kept.arrays["ring/inh"]  # type: ignore[attr-defined]
    with pytest.raises(StateError, match="ring/inh"):
        twins.cuda.restore(kept)
    with pytest.raises(StateError, match="must be float32 of shape"):
        twins.cuda.restore(replace(twins.cpu.checkpoint(), network=balanced(400)))
    assert twins.n_spikes(200) > 20
    twins.compare()


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_while_it_runs_is_the_same_edit(device: CupyDevice, name: str) -> None:
    twins = Twins(balanced(), device)
    twins.advance(400)
    inverse = EDITS[name].inverse(twins.cpu.network)
    assert twins.edit(EDITS[name])
    twins.compare()
    twins.advance(150)
    assert twins.edit(inverse)
    assert twins.n_spikes(150) > 0
    twins.compare()


def test_rules_of_learning_can_be_edited(device: CupyDevice) -> None:
    twins = Twins(plastic(), device)
    twins.advance(200)
    assert twins.edit(SetParameter("source->a", "learning_rate", 0.2))
    twins.advance(77)
    assert twins.edit(SetParameter("b", "tau_m", "8 ms"), SetParameter("source", "rate", 60.0))
    assert twins.n_spikes(200) > 100
    twins.compare()


def test_a_current_that_comes_and_goes(device: CupyDevice) -> None:
    pulse = StepCurrent("pulse", "exc", amplitude=900.0, start=5.0, stop=16.05)
    network = balanced().replace(stimuli=(*balanced().stimuli, pulse))
    twins = Twins(network, device)
    assert twins.n_spikes(49, 1, 1, 249) > 100
    twins.compare()


def test_every_state_of_every_neuron_in_every_step(device: CupyDevice) -> None:
    network = layered()
    recorders = [
        StateRecorder(p.name, p.name, list(models()[p.neuron].states), range(p.size))
        for p in network.populations
    ]
    twins = Twins(network.replace(recorders=recorders), device)
    frames = twins.advance(1, 50, 13, 56)
    assert sum(len(frame.samples["a"].steps) for frame in frames) == 120


def test_synapses_are_sampled_alike(device: CupyDevice) -> None:
    recorders = [
        SynapseRecorder(p, p, ("weight", *plastic().projection(p).model.states), interval="1.3 ms")
        for p in PLASTIC
    ]
    twins = Twins(plastic().replace(recorders=recorders), device)
    frames = twins.advance(1, 40, 80, 79)
    assert sum(frame.samples[PLASTIC[0]].values.size for frame in frames) > 1000
    late = AddRecorder(StateRecorder("late", "b", ("V_m",), (0, 5), 0.7))
    assert twins.edit(late)
    assert len(twins.advance(50)[0].samples["late"].steps) > 5


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_trouble_is_found_in_the_same_step_and_told_in_the_same_words(
    device: CupyDevice, precision: str
) -> None:
    twins = Twins(breaking(3000, Uniform(20.0, 400.0)), device, precision=precision)
    twins.advance(100)
    kept = twins.cuda.checkpoint()
    (frame,) = twins.advance(5000)
    assert frame.health[0].kind is Kind.NOT_FINITE
    assert 200 <= frame.t_stop < 1000
    twins.compare()
    for engine in (twins.cpu, twins.cuda):
        engine.restore(kept)
    twins.advance(80)
    twins.compare()


def test_a_variable_that_leaves_its_range_is_found_alike(device: CupyDevice) -> None:
    twins = Twins(Network([Population("p", 200, "Grows")]), device)
    (frame,) = twins.advance(5000)
    assert frame.health[0].kind is Kind.OUT_OF_BOUNDS


def test_input_that_is_far_too_strong_is_told_alike(device: CupyDevice) -> None:
    twins = Twins(layered(), device)
    twins.advance(200)
    twins.edit(SetParameter("b->a", "weight", -1e7))
    (frame,) = twins.advance(2000)
    assert frame.health
