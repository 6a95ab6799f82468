"""A step that is too long for a model is warned of, with the limit and the way out."""

import pytest

from snnlab import cli
from snnlab.cpu.engine import CpuEngine
from snnlab.interop import native_json
from snnlab.model.coarse_step import coarse_steps
from snnlab.model.distribution import Uniform
from snnlab.model.network import Network, Population
from snnlab.model.neuron import models
from snnlab.session import Session

LIMIT_S = 60.0


def one(neuron, dt=0.1, **parameters):
    return Network([Population("p", 8, neuron, parameters)], dt=dt, name="one")


WARNED = {
    "fast adaptation": (
        one("AdEx", tau_w=0.5),
        "AdEx.tau_w: should be >= 10 dt = 1 ms (got 0.5 ms).\n"
        "Population 'p' is not integrated exactly: its results depend on dt.\n"
        "Make dt at most 0.05 ms.",
    ),
    "fast membrane": (one("AdEx", C_m=15.0), "AdEx.C_m / g_L: should be >= 10 dt = 1 ms (got 0.5"),
    "conductances": (one("LIFCondExp", g_L=500.0), "LIFCondExp.C_m / g_L: should be >= 10 dt"),
    "drawn": (
        one("LIFCondExp", C_m=Uniform(5.0, 250.0)), "LIFCondExp.C_m / g_L: should be >= 10 dt"
    ),
    "Euler's steps": (
        one("Izhikevich", dt=1.0),
        "Izhikevich.time constant of V_m at -65 mV: should be >= 10 dt = 10 ms (got 5 ms).\n"
        "Population 'p' is not integrated exactly: its results depend on dt.\n"
        "Make dt at most 0.5 ms.",
    ),
    "fast recovery": (one("Izhikevich", a=2.0), "Izhikevich.1 / a: should be >= 10 dt = 1 ms (got"),
}  # fmt: skip


@pytest.mark.parametrize("name", WARNED)
def test_wording(name):
    network, start = WARNED[name]
    (text,) = coarse_steps(network)
    assert text.startswith(start)
    assert len(text.splitlines()) == 3


@pytest.mark.parametrize("neuron", models())
def test_no_model_is_warned_of_as_it_comes(neuron):
    assert coarse_steps(one(neuron)) == ()


def test_a_tenth_is_enough():
    assert coarse_steps(one("AdEx", tau_w=1.0)) == ()
    assert coarse_steps(one("Izhikevich", dt=0.5)) == ()


@pytest.mark.parametrize("neuron", ["LIFDelta", "LIFExp", "LIFExpShared", "LIFAlpha"])
def test_exact_integration_takes_any_step(neuron):
    assert coarse_steps(one(neuron, dt=1.0, tau_m=1.0)) == ()


def warnings(session):
    return [m.text for m in session.messages if m.level == "warning"]


def test_a_session_warns_when_it_opens_and_at_the_edit_that_causes_it():
    with Session(CpuEngine(one("AdEx", tau_w=0.5), threads=1)) as session:
        assert len(warnings(session)) == 1
        session.set("p", "I_e", 10.0).result(LIMIT_S)
        assert len(warnings(session)) == 1, "said already"
        session.set("p", "tau_w", 100.0).result(LIMIT_S)
        session.set("p", "tau_w", 0.5).result(LIMIT_S)
        first, second = warnings(session)
        assert first == second
        session.run(1).wait(LIMIT_S)


def test_a_run_from_the_command_line_warns(tmp_path, capsys):
    native_json.save(one("AdEx", tau_w=0.5), tmp_path / "one.json")
    assert cli.main(["run", str(tmp_path / "one.json"), "--time", "1", "--quiet"]) == 0
    assert capsys.readouterr().err == WARNED["fast adaptation"][1] + "\n"
