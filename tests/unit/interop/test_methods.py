"""The account of a run names everything that it consists of, and any text in it stays text."""

from __future__ import annotations

import re

import pytest

import snnlab
from snnlab import (
    FixedIndegree,
    Knob,
    Network,
    Normal,
    Parameter,
    PoissonInput,
    Population,
    Projection,
    SpikeTrains,
    StepCurrent,
    Volley,
    presets,
)
from snnlab.errors import FormatError
from snnlab.interop.methods import MAX_ROWS, methods
from snnlab.model.edits import SetParameter, Several
from snnlab.model.history import Applied
from snnlab.model.run import Run


def rows(text: str) -> list[list[str]]:
    """Cells of all tables, their text as it was before it was escaped."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [re.split(r"(?<!\\) \| ", line[2:-2]) for line in lines]
    return [[re.sub(r"\\(.)", r"\1", cell).strip() for cell in line] for line in cells]


def two_populations() -> Network:
    """Numbers of every kind: plain, with units, expressions, distributions, defaults."""
    return Network(
        [
            Population("exc", 80, "LIFExp", {"tau_m": "15 ms"}), Population("inh", 20, "LIFExp"),
            Population("player", 2, "SpikeSource"),
        ],
        [
            Projection("exc", "inh", FixedIndegree(8), weight=Normal("J", 3.0), delay=1.5),
            Projection("inh", "exc", FixedIndegree(2), weight="-g * J", delay="2 ms",
                       synapse="STDP", parameters={"tau_plus": 15.0, "W_max": -400.0}),
        ],
        stimuli=[
            PoissonInput("drive", "exc", rate="8 kHz", weight="J"),
            StepCurrent("step", "inh", amplitude=100.0, start=10.0, stop=20.0),
            SpikeTrains("played", "player", times=(1.0, 2.0, 3.0), neurons=(0, 1, 0)),
            Volley("volley", "inh", times=(1.0, 2.0), weight="J", last=9),
        ],
        knobs=[Knob("g", 5.0, Parameter(5.0, doc="how much stronger")), Knob("J", 60.0)],
        source="Nobody (2026)",
    )  # fmt: skip


def test_every_number_is_there_with_its_unit() -> None:
    start = two_populations()
    change = SetParameter("exc", "tau_m", "12 ms")
    text = methods(Run(start, (Applied(change, change.inverse(start), 1000),), 20_000))
    found = rows(text)
    assert ["tau_m", "membrane time constant", "15 ms", "10 ms"] in found
    assert ["V_th", "firing threshold", "-55 mV", "-55 mV"] in found
    assert ["exc->inh", "exc", "inh", "FixedIndegree(8)", "exc", "Normal(60.0, 3.0) pA", "1.5 ms",
            "Static"] in found  # fmt: skip
    assert ["inh->exc", "inh", "exc", "FixedIndegree(2)", "inh", "-g * J = -300 pA", "2 ms",
            "STDP"] in found  # fmt: skip
    assert ["tau_plus", "time constant of potentiation", "15 ms"] in found
    assert ["drive", "exc", "PoissonInput", "rate 8000 Hz, weight J = 60 pA, receptor exc"] in found
    assert ["step", "inh", "StepCurrent", "amplitude 100 pA, start 10 ms, stop 20 ms"] in found
    assert ["played", "player", "SpikeTrains", "3 spikes"] in found
    each = "2 spikes to each of neurons 0 to 9"
    assert ["volley", "inh", "Volley", f"weight J = 60 pA, receptor exc, {each}"] in found
    assert ["g", "5", "how much stronger"] in found
    assert ["100", "exc.tau_m = 12 ms"] in found
    assert "for 2000 ms of model time in time steps of 0.1 ms" in text
    assert "seed 1;" in text
    assert "While it ran, 1 change was made. Source of the network: Nobody (2026)." in text


@pytest.mark.parametrize("name", presets.names())
def test_every_part_of_every_preset_is_there(name: str) -> None:
    network = presets.load(name)
    text = methods(Run(network, (), 10))
    found = rows(text)
    first = {cells[0] for cells in found}
    parts = (network.populations, network.projections, network.stimuli, network.rewirings)
    for items in parts:
        missing = [item.name for item in items if item.name not in first]
        assert len(missing) == max(0, len(items) - MAX_ROWS)
    for population in network.populations:
        assert set(population.model.parameters) <= first


def test_each_row_has_the_cells_of_its_head() -> None:
    nasty = 'a|b\\|c\n`d` <script>alert("1")</script> [x](y) | * _ #'
    network = Network([Population(nasty, 3)], description=nasty, source=nasty, knobs=[Knob("g", 1)])
    text = methods(Run(network, (), 0))
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert len(tables) == 3
    for each in tables:
        assert (
            len({len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in each.splitlines()}) == 1
        )
    assert "<script>" not in text
    assert " ".join(nasty.split()) in {cells[0] for cells in rows(text)}


def test_several_changes_in_one_are_named() -> None:
    start = two_populations()
    both = Several((SetParameter("", "g", 4.0), SetParameter("exc", "tau_m", None)))
    text = methods(Run(start, (Applied(both, both.inverse(start), 5, "redone"),), 10))
    assert ["0.5", "g = 4.0; exc.tau_m = its default (redone)"] in rows(text)


def test_a_session_tells_its_own_run(tmp_path) -> None:
    with snnlab.open(two_populations(), device="cpu") as session:
        session.run(5).wait()
        session.set("g", 2).result()
        text = session.methods(tmp_path / "methods.md")
        with pytest.raises(FormatError, match=r"must end in \.md"):
            session.methods(tmp_path / "methods.tex")
    assert (tmp_path / "methods.md").read_text("utf-8") == text
    assert ["5", "g = 2"] in rows(text)
