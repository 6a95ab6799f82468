"""Any checkpoint comes back as it was; a killed writer leaves the last whole file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from snnlab.cpu.engine import CpuEngine
from snnlab.engine import Checkpoint
from snnlab.errors import FormatError
from snnlab.interop import native_json
from snnlab.interop.checkpoint_file import load_checkpoint, save_checkpoint
from snnlab.model.connectivity import FixedIndegree
from snnlab.model.distribution import ClippedNormal, Uniform
from snnlab.model.edits import SetParameter
from snnlab.model.history import Applied
from snnlab.model.network import Knob, Network, Population, Projection
from snnlab.model.stimuli import PoissonInput
from snnlab.record import array_file
from tests.networks import spikes
from tests.properties.test_json_roundtrip import networks

SHAPES = arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
ANY_ARRAY = st.sampled_from(["?", "i1", "u2", "<i4", ">i8", "f4", ">f8"]).flatmap(
    lambda dtype: arrays_of.arrays(dtype, SHAPES)
)


@settings(max_examples=60)
@given(network=networks(), step=st.integers(0, 2**60),
       arrays=st.dictionaries(st.text(max_size=12).filter(str.isprintable), ANY_ARRAY, max_size=4),
       values=st.lists(st.floats(0.1, 9.0), max_size=4))  # fmt: skip
def test_any_checkpoint_comes_back_identical(tmp_path_factory, network, step, arrays, values):
    path = tmp_path_factory.mktemp("any") / "a.checkpoint"
    start, edits = network, []
    for value in values:
        edit = SetParameter("", "J", value)
        edits.append(Applied(edit, edit.inverse(network), step))
        network = edit.apply(network)
    save_checkpoint(Checkpoint(step, network, arrays, start, tuple(edits)), path)
    again = load_checkpoint(path)
    assert (again.step, again.network, again.start) == (step, network, start)
    assert again.edits == tuple(edits)
    assert list(again.arrays) == list(arrays)
    for name, array in arrays.items():
        assert again.arrays[name].dtype == array.dtype.newbyteorder("=")
        np.testing.assert_array_equal(again.arrays[name], array)


@st.composite
def small_networks(draw: st.DrawFn) -> Network:
    """A network that can be built in no time, and that spikes."""
    weight = draw(st.sampled_from(["J", ClippedNormal(0.5, 0.2, low=0.0)]))
    delay = draw(st.sampled_from([0.1, 1.5, Uniform(0.5, 3.0)]))
    sizes = draw(st.lists(st.integers(1, 130), min_size=1, max_size=2))
    names = [f"p{i}" for i in range(len(sizes))]
    model, drive = draw(st.sampled_from([("LIFDelta", 3.0), ("ALIF", 60.0)]))
    return Network(
        [Population(name, n, model, initial={"V_m": Uniform(-70.0, -55.0)})
         for name, n in zip(names, sizes, strict=True)],
        [Projection(a, b, FixedIndegree(draw(st.integers(0, 9))), weight, delay)
         for a in names for b in names],
        stimuli=[PoissonInput(f"to {n}", n, rate=4000.0, weight=drive)
                 for n in names],
        knobs=[Knob("J", 0.5)], seed=draw(st.integers(0, 99)),
    )  # fmt: skip


@settings(max_examples=12)
@given(network=small_networks(), step=st.integers(0, 400), threads=st.integers(1, 3))
def test_a_file_of_any_network_goes_on_as_it_did(tmp_path_factory, network, step, threads):
    path = tmp_path_factory.mktemp("any") / "a.checkpoint"
    engine = CpuEngine(network, threads=1)
    engine.advance(step)
    save_checkpoint(engine.checkpoint(), path)
    expected = spikes(engine, [300])
    other = CpuEngine(network, threads=threads)
    other.restore(load_checkpoint(path))
    np.testing.assert_array_equal(spikes(other, [300]), expected)


def killed(folder: Path, n: int, *how: str) -> tuple[int, int]:
    """How many writers were killed until `n` died while they wrote; how many files were harmed."""
    command = [sys.executable, "-m", "tests.properties.checkpoint_writer", str(folder), str(n)]
    ended = subprocess.run(
        [*command, *how], capture_output=True, text=True, timeout=120, check=True
    )
    n_killed, n_damaged = ended.stdout.split()
    return int(n_killed), int(n_damaged)


def test_kills_while_writing_never_harm_the_file(tmp_path):
    n_killed, n_damaged = killed(tmp_path, 100)
    assert n_killed >= 100
    assert n_damaged == 0


def test_planted_writing_in_place_is_harmed_by_kills(tmp_path):
    assert killed(tmp_path, 20, "plain")[1] > 0


# --- files that nobody wrote on purpose -----------------------------------------------------------

NETWORK = Network([Population("exc", 3, "LIFDelta")], knobs=[Knob("J", 1.0)])
EDIT = {"step": 5, "edit": native_json.edit_to_dict(SetParameter("", "J", 2.0))}


def header(**changes: object) -> dict[str, object]:
    """The header of a checkpoint at step 9, with changes."""
    after = native_json.to_dict(SetParameter("", "J", 2.0).apply(NETWORK))
    whole = {"snnlab": "checkpoint", "format": 1, "step": 9, "network": after,
             "start": native_json.to_dict(NETWORK), "edits": [EDIT]}  # fmt: skip
    return whole | changes


WRONG = {
    "negative step": (header(step=-1), "whole number >= 0"),
    "step of another kind": (header(step=1.0), "whole number >= 0"),
    "step beyond all runs": (header(step=2**63), "whole number >= 0"),
    "no network": (header(network={}), "must"),
    "network as text": (header(network="x"), "must be an object"),
    "a network that is too long": (header(network={"x": [0] * 10**6}), "must have at most"),
    "another start": (header(start={"x": 1}), "must"),
    "edits that lead elsewhere": (header(edits=[]), "that its edits lead to"),
    "edits after the end": (header(step=3), "that its edits lead to"),
    "edits of another kind": (header(edits={"a": 1}), "must be a list"),
    "an edit without a step": (header(edits=[{"edit": EDIT["edit"]}]), "must have a step"),
    "an unknown edit": (header(edits=[{"step": 1, "edit": {"kind": "run_shell"}}]), "known word"),
    "an undo of nothing": (header(edits=[EDIT | {"how": "undone"}]), "needs an edit to undo"),
    "a redo of nothing": (header(edits=[EDIT, {"step": 5, "how": "redone"}]), "the field 'kind'"),
    "edits in disorder": (header(edits=[EDIT, EDIT | {"step": 4}]), "must have a step >= 5"),
    "an edit of what is not there": (
        header(edits=[{"step": 1, "edit": EDIT["edit"] | {"name": "K"}}]),
        "must be an edit that can be made",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_checkpoint_that_cannot_be_meant_is_refused(tmp_path, name):
    data, words = WRONG[name]
    array_file.write(tmp_path / "a.checkpoint", data, {})
    with pytest.raises(FormatError, match=words) as refused:
        load_checkpoint(tmp_path / "a.checkpoint")
    assert "a.checkpoint" in str(refused.value)


def test_the_unchanged_header_is_accepted(tmp_path):
    array_file.write(tmp_path / "a.checkpoint", header(), {})
    assert load_checkpoint(tmp_path / "a.checkpoint").network.knob("J").value == 2.0


def test_another_suffix_is_refused(tmp_path):
    with pytest.raises(FormatError, match=r"must end in \.checkpoint"):
        save_checkpoint(Checkpoint(0, NETWORK, {}), tmp_path / "a.h5")
