"""Keeping a run: as a data set, in a file, with all that is needed to repeat it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from snnlab.errors import FormatError
from snnlab.interop import native_json
from snnlab.model.edits import AddPopulation, RemovePopulation
from snnlab.model.network import Population
from snnlab.record import dataset as files
from snnlab.session import Session
from tests.features.reference_engine import balanced
from tests.features.session_bench import LIMIT_S, has_gap, same


def test_a_data_set_holds_the_run(session) -> None:
    session.run(50).wait(LIMIT_S)
    data = session.dataset()
    assert same((data.step.values, data.neuron.values), session.spikes())
    assert data["count"].sum() == session.spikes()[0].size
    assert (float(data.t_start), float(data.t_stop)) == (0.0, pytest.approx(50.0))
    assert data.voltage_V_m.shape == (50, 2)
    assert data.time.attrs["units"] == "ms"


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_a_file_holds_the_run(session, tmp_path, suffix) -> None:
    session.run(50).wait(LIMIT_S)
    path = session.save(tmp_path / f"run{suffix}")
    with files.open(path) as data:
        assert same((data.step.values, data.neuron.values), session.spikes())
    assert str(path) in [*session.messages][-1].text


def test_another_suffix_is_refused_and_nothing_is_lost(session, tmp_path) -> None:
    session.run(20).wait(LIMIT_S)
    with pytest.raises(FormatError, match=r"\.nc"):
        session.save(tmp_path / "run.mat")
    assert session.spikes()[0].size > 0


def test_a_data_set_holds_what_is_needed_to_repeat_the_run(make_engine) -> None:
    with Session(make_engine(balanced())) as session:
        for g in (3, np.float64(6.0)):
            session.run(30).wait(LIMIT_S)
            session.set("g", g).result(LIMIT_S)
        session.run(30).wait(LIMIT_S)
        attributes, found = session.dataset().attrs, session.spikes()
    assert attributes["device"] == session.device
    with Session(make_engine(native_json.loads(attributes["network"]))) as again:
        for entry in json.loads(attributes["edits"]):
            again.run_until(entry["step"] * again.dt).wait(LIMIT_S)
            again.apply(native_json.edit_from_dict(entry["edit"])).result(LIMIT_S)
        again.run_until(90).wait(LIMIT_S)
        assert same(found, again.spikes())


def test_after_a_reset_only_the_new_run_is_told(session) -> None:
    session.set("g", 3).result(LIMIT_S)
    session.reset()
    session.run(20).wait(LIMIT_S)
    session.set("J", 0.6).result(LIMIT_S)
    session.undo().result(LIMIT_S)
    attributes = session.dataset().attrs
    assert native_json.loads(attributes["network"]).knob_values["g"] == 3
    edits = json.loads(attributes["edits"])
    assert [(e["step"], e["edit"]["name"], e["edit"]["value"]) for e in edits] == [
        (200, "J", 0.6),
        (200, "J", 0.5),
    ]


def test_a_data_set_starts_where_the_structure_changed(session) -> None:
    session.run(20).wait(LIMIT_S)
    session.apply(AddPopulation(Population("new", 3, "LIFDelta"))).result(LIMIT_S)
    session.run(20).wait(LIMIT_S)
    session.apply(RemovePopulation("new")).result(LIMIT_S)
    session.undo().result(LIMIT_S)
    session.run(20).wait(LIMIT_S)
    data = session.dataset()
    assert float(data.t_start) == pytest.approx(40.0)
    assert data.population.values.tolist() == ["exc", "inh", "new"]
    assert len(json.loads(data.attrs["edits"])) == 3
    assert len(session.recording.sections) == 3


def test_clearing_while_it_runs_loses_no_frame_for_readers(session) -> None:
    frames = []
    reader = session.subscribe(frames.append, lossless=True)
    session.run(100)
    for _ in range(5):
        session.clear_recording()
    session.wait(LIMIT_S)
    assert not has_gap(frames)
    assert not has_gap(list(session.recording.frames))
    assert frames[-1].t_stop == 1000
    assert not reader.is_closed
