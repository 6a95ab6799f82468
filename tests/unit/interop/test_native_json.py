"""Network files: what is written is read again, what does not fit is refused with its place."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from snnlab import presets
from snnlab.errors import FormatError
from snnlab.interop import native_json
from snnlab.model.connectivity import OneToOne
from snnlab.model.distribution import Normal
from snnlab.model.edits import (
    AddPopulation,
    AddProjection,
    AddRecorder,
    AddRewiring,
    AddStimulus,
    Edit,
    Lesion,
    Recover,
    RemovePopulation,
    RemoveProjection,
    RemoveRecorder,
    RemoveRewiring,
    RemoveStimulus,
    SetParameter,
    Several,
)
from snnlab.model.network import Network, Population, Projection
from snnlab.model.neuron import Neuron
from snnlab.model.parameter import Parameter, State
from snnlab.model.recorders import StateRecorder, SynapseRecorder
from snnlab.model.rewiring import Rewiring, RewiringRule
from snnlab.model.space import Grid
from snnlab.model.stimuli import MovingBlob, PoissonInput, SpikeTrains, Volley

SMALL = Network(
    [Population("exc", 3, "LIFDelta"), Population("source", 2, "SpikeSource")],
    [Projection("exc", "exc", OneToOne(), 0.5, "1.5 ms", synapse="STDP")],
    stimuli=[
        SpikeTrains("times", "source", (0.1, 2.5), (0, 1)),
        Volley("volley", "exc", (0.1, 2.5), "0.5 mV", 1, 2, "exc"),
    ],
    recorders=[
        StateRecorder("trace", "exc", ("V_m",), (0, 2), "0.1 ms"),
        SynapseRecorder("weights", "exc->exc", targets=2, synapses=[0, 2]),
    ],
    rewirings=[
        Rewiring("exc->exc", "Magnitude", "2 ms", 5, {"p_form": 0.5}, 0.25, "growth"),
        Rewiring("exc->exc", "Magnitude", partner="last_spike"),
    ],
)


def changed(**changes: object) -> dict:
    """A valid description with some top-level fields changed."""
    return native_json.to_dict(SMALL) | changes


def growth(**changes: object) -> list[dict]:
    return [{"projection": "exc->exc", "rule": "Magnitude"} | changes]


def exc(**changes: object) -> list[dict]:
    return [{"name": "exc", "size": 3, "neuron": "LIFDelta"} | changes]


@pytest.mark.parametrize("name", presets.names())
def test_presets_survive_a_file(name: str, tmp_path: Path) -> None:
    network = presets.load(name)
    native_json.save(network, tmp_path / "network.json")
    assert native_json.load(tmp_path / "network.json") == network


def test_small_network_survives_text() -> None:
    assert native_json.loads(native_json.dumps(SMALL)) == SMALL


def test_network_without_rewirings_does_not_speak_of_them() -> None:
    assert "rewirings" not in native_json.to_dict(SMALL.replace(rewirings=()))
    assert native_json.from_dict(changed(rewirings=[])).rewirings == ()


def test_rewiring_says_what_is_not_usual() -> None:
    assert native_json.to_dict(SMALL)["rewirings"][1] == {
        "projection": "exc->exc", "rule": "Magnitude", "every": 1.0, "attempts": 10,
        "parameters": {}, "name": "rewiring of exc->exc", "partner": "last_spike",
    }  # fmt: skip


@pytest.mark.parametrize("tile", [None, (16.0, 8.0), [16.0, 8.0]])
def test_moving_blobs_survive_text(tile: tuple[float, float] | None) -> None:
    space = Grid((16.0, 16.0), True, (4, 4))
    network = Network(
        [Population("source", 16, "PoissonSource", space=space)],
        stimuli=[MovingBlob("blob", "source", peak="100 Hz", tile=tile)],
    )
    assert native_json.loads(native_json.dumps(network)) == network


def test_file_is_made_to_be_read_and_compared(tmp_path: Path) -> None:
    native_json.save(presets.load("brunel"), tmp_path / "a.json")
    native_json.save(presets.load("brunel", g=4.5), tmp_path / "b.json")
    texts = [(tmp_path / name).read_text().splitlines() for name in ("a.json", "b.json")]
    differing = [line for line, other in zip(*texts, strict=True) if line != other]
    assert differing == ['   "value": 6.0,']


def test_failed_save_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "network.json"
    path.write_text("old")
    with pytest.raises(FormatError):
        native_json.save(SMALL.replace(description="x" * native_json.MAX_BYTES), path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["network.json"]


def test_schema_is_a_copy_that_nobody_else_sees() -> None:
    native_json.schema()["$defs"].clear()
    assert native_json.schema()["$defs"]


# --- refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "where", "says"),
    [
        (changed(snnlab="notebook"), "snnlab", "must be a known word"),
        (changed(format=2), "format", "got 2"),
        (changed(dt=None), "dt", "must be a number or a string"),
        (changed(seed=-1), "seed", "must be >= 0"),
        (changed(seed=1.0), "seed", "must be a whole number"),
        (changed(code="import os"), "network", "'code'"),
        (changed(rewirings=growth(rule=None)), "rewirings[0].rule", "must be a string"),
        (changed(rewirings=growth(code="x")), "rewirings[0]", "'code'"),
        (changed(rewirings=growth(partner="any")), "rewirings[0].partner", "known word"),
        (changed(rewirings=growth(every=True)), "rewirings[0].every", "a number or a string"),
        (changed(populations=exc(size=True)), "populations[0].size", "whole number"),
        (changed(populations=exc(size=2**31)), "populations[0].size", "must be <= 2147483647"),
        (changed(populations=exc(sise=3)), "populations[0]", "Did you mean 'size'"),
        (changed(populations=exc(name="a\nb")), "populations[0].name", "control characters"),
        (changed(populations=exc(name="\ud800")), "populations[0].name", "control characters"),
        (
            changed(populations=exc(parameters={"tau_m": {"kind": "normel", "mean": 1}})),
            "populations[0].parameters.tau_m.kind",
            "Did you mean 'normal'",
        ),
        (
            changed(populations=exc(initial={"V_m": {"kind": "uniform", "low": 1}})),
            "populations[0].initial.V_m",
            "must have the field 'high'",
        ),
        (
            changed(populations=exc(parameters={"tau_m": "__import__('os') or é"})),
            "populations[0].parameters.tau_m",
            "arithmetic on knobs",
        ),
    ],
)
def test_what_the_schema_forbids_is_refused_with_its_place(
    data: dict, where: str, says: str
) -> None:
    with pytest.raises(FormatError) as caught:
        native_json.from_dict(data)
    assert caught.value.where == where
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("populations", "where"),
    [
        (exc(parameters={"tau_m": -1.0}), "LIFDelta.tau_m"),
        (exc(parameters={"tau_m": "20 mV"}), "LIFDelta.tau_m"),
        (exc(parameters={"tau_m": "__import__('os')"}), "LIFDelta.tau_m"),
        (exc(parameters={"taum": 1.0}), "parameter of LIFDelta"),
        (exc() * 2, "Network.populations"),
    ],
)
def test_what_cannot_be_meant_is_a_format_error_too(populations: list, where: str) -> None:
    data = changed(populations=populations, stimuli=[], recorders=[], rewirings=[])
    with pytest.raises(FormatError) as caught:
        native_json.from_dict(data)
    assert caught.value.where == where


def test_unknown_model_says_that_it_must_be_defined_first() -> None:
    with pytest.raises(FormatError) as caught:
        native_json.from_dict(changed(populations=exc(neuron="LIFDlta")))
    assert caught.value.where == "Population 'exc'.neuron"
    assert "'LIFDelta'" in caught.value.remedy
    assert "must be defined before" in caught.value.remedy


def test_unknown_rewiring_rule_says_that_it_must_be_defined_first() -> None:
    with pytest.raises(FormatError) as caught:
        native_json.from_dict(changed(rewirings=growth(rule="Magnitud", name="growth")))
    assert caught.value.where == "Rewiring 'growth'.rule"
    assert "'Magnitude'" in caught.value.remedy
    assert "must be defined before" in caught.value.remedy


def test_rewiring_rule_of_the_user_is_found_by_name() -> None:
    class Chance(RewiringRule):
        kind = Parameter(1.0)

        @staticmethod
        def prune(syn, pair, p):  # type: ignore[no-untyped-def]
            return syn.weight < p.kind

    network = SMALL.replace(rewirings=(Rewiring("exc->exc", Chance, parameters={"kind": 2.0}),))
    assert native_json.loads(native_json.dumps(network)) == network


def test_model_of_the_user_is_found_by_name() -> None:
    class KindOfMine(Neuron):
        kind = Parameter(1.0, "mV")
        V_m = State(0.0, "mV")

    network = Network([Population("mine", 2, KindOfMine, parameters={"kind": 2.0})])
    assert native_json.loads(native_json.dumps(network)) == network


HOSTILE = {
    "empty": b"",
    "not JSON": b"{",
    "not UTF-8": b'{"snnlab": "\xff"}',
    "deep lists": b"[" * 200_000,
    "deep objects": b'{"a":' * 100_000,
    "long": b" " * (native_json.MAX_BYTES + 1),
    "long number": b'{"seed": ' + b"9" * 100_000 + b"}",
    "infinite": b'{"dt": Infinity}',
    "beyond a double": b'{"dt": 1e999}',
    "named twice": b'{"snnlab": "network", "snnlab": "network"}',
    "a list": b"[]",
    "a number": b"1",
    "null": b"null",
    "other program": b'{"cells": [], "nbformat": 4}',
    "many populations": json.dumps(changed(populations=exc() * 15_000)).encode(),
    "many numbers": json.dumps(
        changed(stimuli=[{"kind": "spike_trains", "name": "s", "target": "source",
                          "times": [0.1] * 150_000 + ["x"]}])
    ).encode(),
    "deep edit": json.dumps(changed(recorders=[{"kind": "several"}])).encode(),
    "huge time": json.dumps(
        changed(stimuli=[{"kind": "spike_trains", "name": "s", "target": "source",
                          "times": [10**400], "neurons": [0]}])
    ).encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", list(HOSTILE))
def test_hostile_files_are_refused_at_once(name: str, tmp_path: Path) -> None:
    native_json.from_dict(changed())  # loads what checking needs
    path = tmp_path / "hostile.json"
    path.write_bytes(HOSTILE[name])
    with pytest.raises(FormatError) as caught:
        native_json.load(path)
    assert "hostile.json" in caught.value.context
    assert max(map(len, str(caught.value).splitlines())) < 400


def test_missing_file_is_a_format_error(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="must be a file that can be read"):
        native_json.load(tmp_path / "missing.json")
    with pytest.raises(FormatError, match="must be a file that can be read"):
        native_json.load(tmp_path)


def test_number_that_is_not_finite_is_not_written() -> None:
    network = SMALL.replace(populations=(Population("exc", 3, reference_rate=float("nan")),),
                            projections=(), stimuli=(), recorders=(), rewirings=())  # fmt: skip
    with pytest.raises(FormatError, match="finite"):
        native_json.dumps(network)


@pytest.mark.parametrize("network", [presets.load("microcircuit"), SMALL], ids=lambda n: n.name)
def test_opening_a_file_neither_runs_code_nor_compiles(network: Network, tmp_path: Path) -> None:
    native_json.save(network, tmp_path / "m.json")
    code = (
        "import sys; from snnlab.interop import native_json; native_json.load(sys.argv[1]);"
        "print([m for m in sys.modules if m.split('.')[0] in ('numba', 'xarray')])"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "m.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


# --- edits --------------------------------------------------------------------------------------

BRUNEL = presets.load("brunel", scale=0.01)
EDITS: list[Edit] = [
    SetParameter("", "g", 4.5),
    SetParameter("exc", "tau_m", Normal("20 ms", 1.0)),
    SetParameter("exc", "tau_m", None),
    SetParameter("exc->inh", "rule", OneToOne()),
    SetParameter("trace", "variables", ("V_m", "refractory")),
    AddPopulation(Population("more", 5, "LIFExp", parameters={"tau_m": "15 ms"})),
    RemovePopulation("exc"),
    AddProjection(Projection("exc", "exc", OneToOne(), name="again")),
    RemoveProjection("exc->exc"),
    AddStimulus(MovingBlob("blob", "exc", sigma="2 um", tile=(8.0, 4.0), is_correlated=False)),
    AddStimulus(MovingBlob("blob", "exc", 1.0, "2 * g", interval="5 ms")),
    SetParameter("blob", "tile", (8.0, 4.0)),
    SetParameter("blob", "tile", None),
    AddStimulus(PoissonInput("noise", "exc", rate="eta", weight=0.1)),
    RemoveStimulus("drive of exc"),
    AddRecorder(StateRecorder("voltage", "exc", ("V_m",), (1, 2))),
    AddRecorder(SynapseRecorder("weights", "exc->exc", sources=(0, 1), interval="5 ms")),
    RemoveRecorder("voltage"),
    AddRewiring(Rewiring("exc->exc", "Topographic", parameters={"p_form": "g / 10"})),
    AddRewiring(Rewiring("exc->exc", "Magnitude", weight="J", partner="last_spike", name="r")),
    AddRewiring(Rewiring("exc->exc", "Topographic", slots=16, pool="afferents", name="r")),
    RemoveRewiring("r"),
    AddPopulation(Population("few", 5, "LIFExp", lesioned=[0, 3, 4])),
    Lesion("exc", range(40)),
    Recover("exc", [1, 2, 7]),
    SetParameter("r", "weight", None),
    SetParameter("weights", "sources", None),
    Several((SetParameter("", "g", 4.5), RemoveStimulus("drive of exc"))),
    RemovePopulation("exc").inverse(BRUNEL),
]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: type(edit).__name__)
def test_edits_survive_text(edit: Edit) -> None:
    text = json.dumps(native_json.edit_to_dict(edit))
    assert native_json.edit_from_dict(json.loads(text)) == edit


def test_edit_with_a_value_without_form_is_refused() -> None:
    with pytest.raises(FormatError, match="must be a value that files have a form for"):
        native_json.edit_to_dict(SetParameter("exc", "tau_m", object()))


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"kind": "normal", "mean": 0, "std": 1},
        {"kind": "set_parameter", "target": "exc", "name": "tau_m"},
        {"kind": "several", "edits": [{"kind": "set_parameter"}]},
        {"kind": "add_population", "population": {"name": "p", "size": 1, "neuron": "None"}},
    ],
)
def test_edit_that_does_not_fit_is_refused(data: dict) -> None:
    with pytest.raises(FormatError):
        native_json.edit_from_dict(data)


def test_nesting_of_edits_is_bounded() -> None:
    data: dict = {"kind": "remove_stimulus", "name": "s"}
    for _ in range(1000):
        data = {"kind": "several", "edits": [data]}
    with pytest.raises(FormatError):
        native_json.edit_from_dict(data)
