"""What cannot be meant is refused when it is set, while a network runs, and changes nothing."""

import numpy as np
import pytest

from snnlab.cpu.engine import CpuEngine
from snnlab.errors import SnnlabError
from snnlab.model.connectivity import FixedIndegree, PairwiseBernoulli
from snnlab.model.distribution import Normal, Uniform
from snnlab.model.network import Knob, Network, Population, Projection
from snnlab.model.parameter import Parameter
from snnlab.model.rewiring import Rewiring
from snnlab.model.space import Grid
from snnlab.model.stimuli import MovingBlob, PoissonInput, StepCurrent
from snnlab.session import Session

LIMIT_S = 60.0

NETWORK = Network(
    [
        Population("exc", 8, "LIFExp"),
        Population("inh", 4, "LIFExp"),
        Population("cond", 4, "LIFCondExp"),
        Population("adex", 4, "AdEx"),
        Population("izh", 4, "Izhikevich"),
        Population("noise", 4, "PoissonSource", {"rate": 10.0}, space=Grid(shape=(2, 2))),
    ],
    [
        Projection("exc", "inh", FixedIndegree(2), 1.0, 1.5, receptor="exc"),
        Projection("exc", "exc", FixedIndegree(2, multapses=False), 0.5, 1.5, synapse="STDP",
                   name="learnt", parameters={"W_max": 1.0}),
    ],
    stimuli=[
        PoissonInput("drive", "exc", rate=1000.0, weight="J"),
        StepCurrent("step", "exc", 10.0, start=5.0, stop=20.0),
        MovingBlob("blob", "noise"),
    ],
    rewirings=[Rewiring("learnt", "Magnitude", name="growth")],
    knobs=[Knob("J", 1.0, Parameter(1.0, "pA", low=0.0))],
)  # fmt: skip

IMPOSSIBLE = [
    ("exc", "tau_m", -20.0, "must be > 0 ms"),
    ("exc", "tau_m", 0.05, "must be >= the time step, dt = 0.1 ms"),
    ("exc", "tau_m", Uniform(0.01, 10.0), "must be >= the time step"),
    ("exc", "tau_m", "-70 mV", "must be a time [ms]"),
    ("exc", "tau_syn_exc", 0.05, "must be >= the time step"),
    ("exc", "tau_syn_inh", 0.0, "must be > 0 ms"),
    ("exc", "C_m", -1.0, "must be > 0 pF"),
    ("exc", "t_ref", 0.05, "must be 0 or >= the time step"),
    ("exc", "t_ref", -1.0, "must be >= 0 ms"),
    ("exc", "V_reset", -40.0, "must be < V_th = -55 mV"),
    ("exc", "V_th", -75.0, "must be < V_th = -75 mV"),
    ("exc", "I_e", np.inf, "must be a finite number"),
    ("cond", "g_L", 1e4, "C_m / g_L: must be >= the time step"),
    ("cond", "V_reset", -50.0, "must be < V_th"),
    ("adex", "V_peak", -65.0, "must be > V_reset = -60 mV"),
    ("adex", "V_th", 10.0, "must be > V_th = 10 mV"),
    ("adex", "Delta_T", 0.0, "must be > 0 mV"),
    ("adex", "tau_w", 0.01, "must be >= the time step"),
    ("izh", "a", 30.0, "must be < 2 / dt = 20 1/ms"),
    ("izh", "c", 40.0, "must be < V_th = 30 mV"),
    ("noise", "rate", 20_000.0, "must be <= "),
    ("exc->inh", "delay", 0.04, "must be at least one time step"),
    ("exc->inh", "delay", np.inf, "must "),
    ("exc->inh", "delay", Normal(1.5, 0.75), "must be at least one time step"),
    ("exc->inh", "weight", -3.0, "must be >= 0 at receptor 'exc'"),
    ("exc->inh", "weight", Normal(1.0, 1.0), "must be >= 0 at receptor 'exc'"),
    ("exc->inh", "weight", 1e12, "must be at most 1e+09 pA"),
    ("exc->inh", "rule", FixedIndegree(1.5), "must be a whole number >= 0"),
    ("exc->inh", "rule", PairwiseBernoulli(1.2), "must be a probability between 0 and 1"),
    ("learnt", "W_max", 0.1, "at least as large: 0.5"),
    ("learnt", "tau_plus", -1.0, "must be > 0 ms"),
    ("learnt", "weight", Uniform(0.1, 0.2), "must start from one constant weight"),
    ("learnt", "rule", FixedIndegree(2), "must start without multapses"),
    ("learnt", "delay", Uniform(1.0, 2.0), "must have one constant delay"),
    ("growth", "every", 0.01, "must be at least one time step"),
    ("growth", "attempts", -1, "must be >= 0"),
    ("growth", "p_form", 1.5, "must be >= 0 and <= 1"),
    ("growth", "weight", 1.5, "at least as large: 1.5"),
    ("growth", "weight", -0.5, "must be >= 0 at receptor 'exc'"),
    ("growth", "partner", "nearest", "must be 'uniform' or 'last_spike'"),
    ("drive", "rate", -5.0, "must be >= 0 Hz"),
    ("drive", "rate", 1e12, "and <= 1e+07 Hz"),
    ("drive", "weight", "1 nS", "must be a current [pA]"),
    ("step", "stop", 2.0, "must be >= 0 and < stop = 2 ms"),
    ("blob", "peak", 1e4, "must be <= 10000 Hz"),
    ("blob", "base", "inf", "must "),
    ("blob", "sigma", "-2 um", "must be finite and > 0 um"),
    ("blob", "sigma", "2 ms", "must be a length [um]"),
    ("blob", "interval", 0.05, "must be a multiple of dt"),
    ("blob", "tile", (300.0, 500.0), "must fit into the extent"),
    ("blob", "tile", 3.0, "must be two lengths > 0 um"),
    ("blob", "is_correlated", 1, "must be True or False"),
    ("", "J", -1.0, "must be >= 0"),
]


@pytest.fixture(scope="module")
def session():
    with Session(CpuEngine(NETWORK, threads=1)) as session:
        session.run()
        yield session


@pytest.mark.parametrize(
    ("target", "name", "value", "words"), IMPOSSIBLE, ids=lambda x: str(x).split("(")[0]
)
def test_it_is_refused_at_once_with_the_limit(session, target, name, value, words):
    before = session.network
    with pytest.raises(SnnlabError) as caught:
        session.set(target, name, value).result(LIMIT_S)
    assert words in str(caught.value)
    assert caught.value.where
    assert caught.value.expected
    assert session.network == before
    assert session.error is None


def test_there_are_enough_of_them(session):
    assert len({(target, name, words) for target, name, _, words in IMPOSSIBLE}) >= 25
    session.set("exc", "tau_m", 12.0).result(LIMIT_S)
    assert session.network.population("exc").parameters["tau_m"] == 12.0
