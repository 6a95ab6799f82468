"""A restored run goes on bit for bit, on any number of threads, also from a file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from snnlab.cpu.engine import CpuEngine
from snnlab.engine import Checkpoint
from snnlab.errors import StateError
from snnlab.interop.checkpoint_file import load_checkpoint, save_checkpoint
from snnlab.model.edits import AddPopulation, SetParameter, Several
from snnlab.model.history import Applied
from snnlab.model.network import Population
from tests.networks import RUNNING, balanced, layered, plastic, relay, spikes

pytestmark = pytest.mark.usefixtures("both_engines")


def gone_on(make, kept: Checkpoint, threads: int) -> np.ndarray:
    """All spikes of the 500 steps after a checkpoint, on an engine of its own."""
    engine = CpuEngine(make(), threads=threads)
    engine.advance(123)
    engine.restore(kept)
    assert engine.step == kept.step
    return spikes(engine, [200, 300])


@pytest.fixture(params=RUNNING, scope="module")
def run(request):
    """A network, a checkpoint of it after 777 steps, and what follows."""
    engine = CpuEngine(request.param(), threads=2)
    engine.advance(777)
    kept = engine.checkpoint()
    expected = spikes(engine, [500])
    assert len(expected) > 50
    return request.param, kept, expected


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_restore_continues_as_the_original(run, threads):
    make, kept, expected = run
    np.testing.assert_array_equal(gone_on(make, kept, threads), expected)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_file_continues_as_the_original(run, threads, tmp_path):
    make, kept, expected = run
    save_checkpoint(kept, tmp_path / "a.checkpoint")
    loaded = load_checkpoint(tmp_path / "a.checkpoint")
    np.testing.assert_array_equal(gone_on(make, loaded, threads), expected)


@pytest.mark.parametrize("kind", ["state", "ring"])
def test_every_kind_of_array_is_needed(run, kind):
    """The switch: with any kind of array wiped, the continuation differs."""
    make, kept, expected = run
    assert kind in {name.partition("/")[0] for name in kept.arrays}
    wiped = {
        name: np.zeros_like(array) if name.startswith(kind) else array
        for name, array in kept.arrays.items()
    }
    assert not np.array_equal(gone_on(make, replace(kept, arrays=wiped), 1), expected)


@pytest.mark.parametrize("kind", ["synapse/", "pre/", "pre_step/", "post/", "post_step/", "mod/"])
def test_every_kind_of_array_of_plastic_synapses_is_needed(kind):
    """The same for weights, traces and histories, seen in the weights at the end."""
    engine = CpuEngine(plastic(), threads=2)
    engine.advance(777)
    kept = engine.checkpoint()
    wiped = {
        name: np.full_like(array, -(2**62) if "step" in kind else 0)
        if name.startswith(kind) else array
        for name, array in kept.arrays.items()
    }  # fmt: skip
    ends = []
    for arrays in (kept.arrays, wiped):
        engine.restore(replace(kept, arrays=arrays))
        engine.advance(200)
        ends.append(engine.checkpoint().arrays)
    assert any(not np.array_equal(ends[0][n], ends[1][n]) for n in ends[0] if "synapse/" in n)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_weights_and_traces_are_the_same_on_any_number_of_threads(threads):
    engines = [CpuEngine(plastic(), threads=n) for n in (1, threads)]
    for engine, chops in zip(engines, ([900], [1, 399, 500]), strict=True):
        for n in chops:
            engine.advance(n)
    one, two = (engine.checkpoint().arrays for engine in engines)
    assert one.keys() == two.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], two[name], err_msg=name)


def test_the_start_of_a_run_has_start_weights():
    engine = CpuEngine(plastic(), threads=2)
    start = engine.synapses("source->a").weight
    engine.advance(300)
    assert not np.array_equal(engine.synapses("source->a").weight, start)
    engine.restore(Checkpoint(0, engine.network, {}))
    np.testing.assert_array_equal(engine.synapses("source->a").weight, start)


def test_a_checkpoint_without_a_trace_is_refused():
    engine = CpuEngine(plastic(), threads=1)
    kept = engine.checkpoint()
    arrays = {name: a for name, a in kept.arrays.items() if name != "pre/a->a"}
    with pytest.raises(StateError, match=r"'pre/a->a'.*must be float32 of shape \(250, 2\)"):
        engine.restore(replace(kept, arrays=arrays))


def test_taking_a_checkpoint_changes_nothing(run):
    make, _, expected = run
    engine = CpuEngine(make(), threads=2)
    for _ in range(7):
        engine.advance(111)
        engine.checkpoint()
    np.testing.assert_array_equal(spikes(engine, [500]), expected)


def test_restore_goes_back_over_edits():
    engine = CpuEngine(balanced(), threads=2)
    engine.advance(300)
    kept = engine.checkpoint()
    expected = spikes(engine, [300])
    engine.apply(SetParameter("", "g", 2.0).apply(engine.network))
    engine.apply(AddPopulation(Population("more", 10, "LIFExp")).apply(engine.network))
    engine.advance(200)
    engine.restore(kept)
    assert engine.network == balanced()
    np.testing.assert_array_equal(spikes(engine, [300]), expected)


def test_restore_over_a_number_builds_nothing_anew():
    engine = CpuEngine(balanced(), threads=1)
    kept = engine.checkpoint()
    expected, synapses = spikes(engine, [300]), engine._arrays.connections
    engine.apply(SetParameter("", "g", 2.0).apply(engine.network))
    engine.advance(100)
    engine.restore(kept)
    assert engine._arrays.connections.targets is synapses.targets
    np.testing.assert_array_equal(spikes(engine, [300]), expected)


def test_a_spike_under_way_longer_than_any_delay_of_the_network_arrives():
    """A delay was shortened behind it; a new engine's ring would be too short for it."""
    engine = CpuEngine(relay(20.0), threads=1)
    engine.advance(50)
    engine.apply(SetParameter("source->target", "delay", 0.5).apply(engine.network))
    kept = engine.checkpoint()
    expected = spikes(engine, [300])
    assert expected[-1].tolist() == [209, 1]
    other = CpuEngine(kept.network, threads=1)
    other.restore(kept)
    np.testing.assert_array_equal(spikes(other, [300]), expected)


@pytest.mark.parametrize(("ours", "theirs"), [("float32", "float64"), ("float64", "float32")])
def test_another_precision_is_refused_and_the_engine_goes_on(ours, theirs):
    one = CpuEngine(balanced(200), threads=1, precision=ours)
    two = CpuEngine(balanced(200), threads=1, precision=theirs)
    one.advance(100)
    two.advance(40)
    with pytest.raises(StateError, match=rf"{theirs} of shape .* \(got {ours}"):
        two.restore(one.checkpoint())
    assert two.step == 40
    assert two.advance(10).t_stop == 50


def test_arrays_of_another_network_are_refused():
    engine = CpuEngine(balanced(200), threads=1)
    kept = engine.checkpoint()
    with pytest.raises(StateError, match="must be float32 of shape"):
        engine.restore(replace(kept, network=balanced(400)))
    del kept.arrays["ring/inh"]
    with pytest.raises(StateError, match=r"ring/inh.*got nothing"):
        engine.restore(kept)


def test_a_sibling_is_made_alike():
    engine = CpuEngine(layered(), threads=3, precision="float64")
    other = engine.sibling(balanced(200))
    assert (other.precision, other.network) == ("float64", balanced(200))
    assert other.device_label == engine.device_label


def test_several_edits_and_a_file_keep_the_way(tmp_path):
    """The file of a run holds how it got there: start, edits with inverses, and the network."""
    start = balanced(200)
    edit = Several((SetParameter("", "g", 4.0), SetParameter("exc", "tau_m", 15.0)))
    applied = Applied(edit, edit.inverse(start), 10)
    kept = Checkpoint(20, edit.apply(start), {}, start, (applied,))
    save_checkpoint(kept, tmp_path / "a.checkpoint")
    assert load_checkpoint(tmp_path / "a.checkpoint") == kept
