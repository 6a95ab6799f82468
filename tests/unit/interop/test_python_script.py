"""A script gives the spikes of the run that it was made of."""

from __future__ import annotations

import ast
import math
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import snnlab
from snnlab import (
    AddPopulation,
    FixedIndegree,
    Knob,
    LIFDelta,
    Network,
    PoissonInput,
    Population,
    Projection,
    RemovePopulation,
    presets,
)
from snnlab.errors import FormatError, StateError
from snnlab.interop.python_script import python_script
from snnlab.model.edits import SetParameter
from snnlab.model.history import Applied
from snnlab.model.run import Run

LEAST = 0.5


class Shy(LIFDelta):
    """Fires only above a threshold that lies a little higher."""

    shyness = snnlab.Parameter(1.0, "mV", "what it takes more", low=0.0)

    @staticmethod
    def derive(p, dt):
        return LIFDelta.derive(p, dt) | {"extra": p.shyness * math.exp(-LEAST)}

    @staticmethod
    def threshold(neuron, p):
        return neuron.V_m >= p.V_th + p.extra


def network(model: type[LIFDelta] = LIFDelta) -> Network:
    """Forty neurons that fire now and then."""
    return Network(
        [Population("all", 40, model, {"V_th": 20.0, "E_L": 0.0, "V_reset": 10.0})],
        [Projection("all", "all", FixedIndegree(5), weight="-g", delay=1.5)],
        stimuli=[PoissonInput("drive", "all", rate="20 kHz", weight=0.1)],
        knobs=[Knob("g", 1.0)],
        seed=3,
    )


def edited(session: snnlab.Session) -> None:
    """A run with every kind of change, at steps of all kinds."""
    session.run(20).wait()
    session.set("g", 0.5).result()
    session.set("all", "tau_m", "15 ms").result()
    session.step_once(7)
    session.undo().result()
    session.undo().result()
    session.redo().result()
    session.run("19.3 ms").wait()
    session.apply(AddPopulation(Population("more", 3, "LIFExp"))).result()
    session.run(5).wait()
    session.apply(RemovePopulation("more")).result()
    session.undo().result()
    session.run(20).wait()


def test_a_script_run_alone_gives_the_same_spikes(tmp_path: Path) -> None:
    path = tmp_path / "run.py"
    with snnlab.open(network(), device="cpu") as session:
        edited(session)
        data, spikes = session.dataset(), spikes_of_all_sections(session)
        text = session.script(path)
    assert path.read_text("utf-8") == text
    done = subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, timeout=200, check=True
    )
    assert done.stdout == f"{data.sizes['spike']} spikes until t = 65 ms\n"
    with xr.open_dataset(tmp_path / "run.nc") as written:
        xr.testing.assert_equal(written, data)
    with runpy.run_path(str(path))["run"]() as session:
        again = spikes_of_all_sections(session)
    assert again == spikes
    assert len(spikes) == 3
    assert min(map(len, spikes)) > 3


def spikes_of_all_sections(session: snnlab.Session) -> list[list[tuple[int, int]]]:
    """Step and neuron of each spike, apart for each structure that the network had."""
    assert session.recording is not None
    return [
        [pair for frame in section.frames for pair in zip(frame.step, frame.neuron, strict=True)]
        for section in session.recording.sections
    ]


def test_a_model_of_ones_own_comes_along(tmp_path: Path) -> None:
    path = tmp_path / "shy.py"
    with snnlab.open(network(Shy), device="cpu") as session:
        session.run(60).wait()
        step, neuron = session.spikes()
        session.script(path)
    assert "class Shy(LIFDelta):" in path.read_text("utf-8")
    again = runpy.run_path(str(path))
    assert again["Shy"] is not Shy
    with again["run"]() as session:
        np.testing.assert_array_equal(session.spikes(), (step, neuron))
    assert len(step) > 10


def test_what_was_undone_before_the_start_is_written_out() -> None:
    """After a reset the script's session has no edit that it could undo."""
    with snnlab.open(network(), device="cpu") as session:
        session.set("g", 0.25).result()
        session.reset()
        session.run(10).wait()
        session.undo().result()
        session.redo().result()
        session.run(10).wait()
        text = session.script()
    assert 'set("g", 1.0)' in text
    assert 'set("g", 0.25)' in text
    assert "undo" not in text
    assert "redo" not in text


def test_a_description_cannot_end_the_docstring() -> None:
    nasty = 'a"""\nimport os\nos.abort()\n"""\\'
    text = python_script(Run(network().replace(description=nasty), (), 0))
    tree = ast.parse(text)
    names = {
        alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names
    }
    assert names == {"pathlib", "snnlab"}


def test_a_number_with_two_meanings_is_refused() -> None:
    namespaces = [{"Neuron": LIFDelta, "CONSTANT": value} for value in (1.0, 2.0)]
    models = [define(f"Of{i}", names) for i, names in enumerate(namespaces)]
    both = Network([Population(model.__name__, 1, model) for model in models])
    with pytest.raises(FormatError, match=r"CONSTANT = 2\.0, elsewhere 1\.0"):
        python_script(Run(both, (), 0))


def define(name: str, names: dict[str, object]) -> type[LIFDelta]:
    """A class from a text of its own, as a notebook cell is."""
    import linecache

    text = (
        f"class {name}(Neuron):\n"
        "    @staticmethod\n"
        "    def threshold(neuron, p):\n"
        "        return neuron.V_m >= p.V_th + CONSTANT\n"
    )
    file = f"<cell {name}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    names["__name__"] = "cell"
    exec(compile(text, file, "exec"), names)  # noqa: S102
    made = names[name]
    assert isinstance(made, type)
    return made


def test_a_run_without_its_beginning_is_refused(tmp_path: Path) -> None:
    with snnlab.open(network(), device="cpu") as session:
        session.run(5).wait()
        engine = session._simulation.place.engine
        bare = engine.checkpoint()
    from snnlab.launch import make_engine

    other = make_engine(bare.network, device="cpu")
    other.restore(bare)
    with (
        snnlab.Session(other, origin=bare) as session,
        pytest.raises(StateError, match="from its start"),
    ):
        session.script()


def test_a_path_must_end_in_py(tmp_path: Path) -> None:
    with (
        snnlab.open(network(), device="cpu") as session,
        pytest.raises(FormatError, match=r"must end in \.py"),
    ):
        session.script(tmp_path / "run.txt")
    assert not list(tmp_path.iterdir())


def test_presets_with_edits_are_short_enough_to_be_read() -> None:
    start = presets.load("brunel")
    edit = SetParameter("", "g", 4.0)
    run = Run(start, (Applied(edit, edit.inverse(start), 1000),), 2000)
    text = python_script(run)
    assert 'session.set("g", 4.0).result()' in text
    assert len(text.splitlines()) < 100
