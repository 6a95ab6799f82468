"""Bad input gets one clear error: where, what was expected, what came, what to try."""

import re

import numpy as np
import pytest

from snnlab.errors import OutOfMemory, SnnlabError, SpecError, UnitError
from snnlab.model.connectivity import (
    AllToAll,
    DistanceDependent,
    FixedIndegree,
    FixedOutdegree,
    FixedTotalNumber,
    OneToOne,
    PairwiseBernoulli,
)
from snnlab.model.distribution import ClippedNormal, LogNormal, Normal, Uniform
from snnlab.model.edits import RemovePopulation, SetParameter
from snnlab.model.network import Knob, Network, Population, Projection
from snnlab.model.parameter import Parameter
from snnlab.model.recorders import StateRecorder, SynapseRecorder
from snnlab.model.space import Grid
from snnlab.model.stimuli import MovingBlob, PoissonInput, SpikeTrains, StepCurrent, Volley

EXC = Population("exc", 80, "LIFExp")
INH = Population("inh", 20, "LIFExp")


def network(*projections, populations=(EXC, INH), **parts):
    return Network(populations, projections, **parts)


def blob(**fields):
    space = Grid((4.0, 4.0), True, (4, 4))
    noise = Population("noise", 16, "PoissonSource", space=space)
    return network(populations=[noise], stimuli=[MovingBlob("blob", "noise", **fields)])


def population(**parameters):
    return network(populations=[Population("exc", 80, "LIFExp", parameters)])


def one(neuron, **parameters):
    return network(populations=[Population("p", 8, neuron, parameters)])


def projection(rule=None, weight=1.0, delay=1.5, **more):
    return network(Projection("exc", "inh", rule or FixedIndegree(10), weight, delay, **more))


def recorded(projection="exc->exc", **more):
    plastic = Projection("exc", "exc", FixedIndegree(10), 1.0, synapse="STDP",
                         parameters={"W_max": 9.0})  # fmt: skip
    return network(plastic, recorders=[SynapseRecorder("w", projection, **more)])


CASES = {
    "wrong unit": (
        lambda: population(tau_m="-70 mV"),
        UnitError,
        "LIFExp.tau_m: must be a time [ms] (got '-70 mV', a voltage unit).\n"
        "Give the value in ms or in a prefix of it.",
    ),
    "unknown unit": (
        lambda: population(tau_m="3 parsec"),
        SpecError,
        "LIFExp.tau_m: must be a number, a quantity or an expression of knobs (got '3 parsec').",
    ),
    "not a number": (
        lambda: population(tau_m=[1, 2]),
        SpecError,
        "LIFExp.tau_m: must be a number, a quantity, an expression or a distribution "
        "(got [1, 2] (list)).",
    ),
    "negative time constant": (
        lambda: population(tau_m=-20.0),
        SpecError,
        "LIFExp.tau_m: must be > 0 ms (got -20 ms).\nPopulation 'exc'.\nTry a value between",
    ),
    "negative draws of a time constant": (
        lambda: population(tau_m=Normal(10.0, 5.0)),
        SpecError,
        "LIFExp.tau_m: must be > 0 ms (got -11.6246 ms).",
    ),
    "not finite": (
        lambda: population(I_e=float("inf")),
        SpecError,
        "LIFExp.I_e: must be a finite number (got inf pA).",
    ),
    "reset above threshold": (
        lambda: population(V_reset=-40.0),
        SpecError,
        "LIFExp.V_reset: must be < V_th",
    ),
    "unknown parameter": (
        lambda: population(taum=10.0),
        SpecError,
        "parameter of LIFExp: must be an existing name (got 'taum').\n"
        "Population 'exc'.\nDid you mean 'tau_m'",
    ),
    "unknown state": (
        lambda: network(populations=[Population("exc", 8, "LIFExp", initial={"Vm": 0.0})]),
        SpecError,
        "state of LIFExp: must be an existing name (got 'Vm').",
    ),
    "unknown neuron model": (
        lambda: network(populations=[Population("exc", 8, "LIFexpo")]),
        SpecError,
        "neuron model: must be an existing name (got 'LIFexpo').\nDid you mean 'LIFExp'",
    ),
    "size": (
        lambda: network(populations=[Population("exc", 0, "LIFExp")]),
        SpecError,
        "Population 'exc'.size: must be a whole number >= 1 (got 0).",
    ),
    "two of the same name": (
        lambda: network(populations=[EXC, EXC]),
        SpecError,
        "Network.populations: must have different names (got 'exc' twice).",
    ),
    "unknown population": (
        lambda: network(Projection("ecx", "inh", FixedIndegree(10))),
        SpecError,
        "population: must be an existing name (got 'ecx').\nDid you mean 'exc'?",
    ),
    "delay below the time step": (
        lambda: projection(delay=0.04),
        SpecError,
        "Projection 'exc->inh'.delay: must be at least one time step, dt = 0.1 ms (got 0.04 ms).\n"
        "Lengthen the delay",
    ),
    "delays drawn below the time step": (
        lambda: projection(delay=Normal(1.5, 0.75)),
        SpecError,
        "Projection 'exc->inh'.delay: must be at least one time step",
    ),
    "weight of the wrong sign": (
        lambda: projection(weight=-3.0, receptor="exc"),
        SpecError,
        "Projection 'exc->inh'.weight: must be >= 0 at receptor 'exc' (got -3 pA).\n"
        "Change the sign, name another receptor",
    ),
    "draws of both signs": (
        lambda: projection(weight=Normal(1.0, 1.0)),
        SpecError,
        "Projection 'exc->inh'.weight: must keep one sign",
    ),
    "draws of both signs at a receptor": (
        lambda: projection(weight=Normal(1.0, 1.0), receptor="exc"),
        SpecError,
        "Projection 'exc->inh'.weight: must be >= 0 at receptor 'exc' (got draws from -3.32",
    ),
    "weight in the wrong unit": (
        lambda: projection(weight="1 nS"),
        UnitError,
        "Projection 'exc->inh'.weight: must be a current [pA] (got '1 nS', a conductance unit).",
    ),
    "unknown receptor": (
        lambda: projection(receptor="ampa"),
        SpecError,
        "receptor of LIFExp: must be an existing name (got 'ampa').",
    ),
    "synapses onto a source": (
        lambda: network(
            Projection("exc", "noise", AllToAll()),
            populations=[EXC, Population("noise", 5, "PoissonSource")],
        ),
        SpecError,
        "Projection 'exc->noise'.post: must be a population that takes synapses",
    ),
    "no rule": (
        lambda: projection(rule="all_to_all"),
        SpecError,
        "Projection 'exc->inh'.rule: must be a connectivity rule (got 'all_to_all').\n"
        "Write for example FixedIndegree(100)",
    ),
    "shapes that do not match": (
        lambda: projection(rule=OneToOne()),
        SpecError,
        "Projection 'exc->inh'.rule: one_to_one needs populations of equal size "
        "(got 80 and 20 neurons).",
    ),
    "more sources than there are": (
        lambda: projection(rule=FixedIndegree(81, multapses=False)),
        SpecError,
        "Projection 'exc->inh'.rule.indegree: must be <= 80, the number of other sources when "
        "multapses are off (got 81).",
    ),
    "more targets than there are": (
        lambda: projection(rule=FixedOutdegree(21, multapses=False)),
        SpecError,
        "must be <= 20, the number of other targets",
    ),
    "more pairs than there are": (
        lambda: projection(rule=FixedTotalNumber(1601, multapses=False)),
        SpecError,
        "must be <= 1600, the number of pairs",
    ),
    "fractional in-degree": (
        lambda: projection(rule=FixedIndegree(1.5)),
        SpecError,
        "Projection 'exc->inh'.rule.indegree: must be a whole number >= 0 (got 1.5).",
    ),
    "probability above one": (
        lambda: projection(rule=PairwiseBernoulli(1.2)),
        SpecError,
        "Projection 'exc->inh'.rule.p: must be a probability between 0 and 1 (got 1.2).",
    ),
    "distance without positions": (
        lambda: projection(rule=DistanceDependent(0.5, 100.0)),
        SpecError,
        "Population 'exc'.space: must be given for a distance-dependent projection (got None).",
    ),
    "grid of another size": (
        lambda: network(populations=[Population("exc", 80, "LIFExp", space=Grid(shape=(9, 9)))]),
        SpecError,
        "Population 'exc'.space.shape: must have one cell for each of the 80 neurons "
        "(got 9 x 9 = 81).",
    ),
    "negative standard deviation": (
        lambda: projection(weight=ClippedNormal(1.0, -1.0, low=0.0)),
        SpecError,
        "Projection 'exc->inh'.weight.std: must be >= 0 (got -1 pA).",
    ),
    "limits upside down": (
        lambda: projection(weight=Uniform(3.0, 2.0)),
        SpecError,
        "Projection 'exc->inh'.weight.low: must be < high = 2 pA (got 3 pA).",
    ),
    "limits out of reach": (
        lambda: projection(weight=ClippedNormal(1.0, 0.1, low=5.0)),
        SpecError,
        "must leave room for the mean within [low, high]",
    ),
    "infinite draws": (
        lambda: projection(weight=LogNormal(800.0, 1.0)),
        SpecError,
        "Projection 'exc->inh'.weight: must be finite",
    ),
    "unknown knob": (
        lambda: projection(weight="gg * 2"),
        SpecError,
        "Projection 'exc->inh'.weight: knob: must be an existing name (got 'gg').",
    ),
    "expression that is code": (
        lambda: projection(weight="__import__('os').getpid()"),
        SpecError,
        "Projection 'exc->inh'.weight: must be made of numbers, knobs, + - * / **",
    ),
    "division by zero in an expression": (
        lambda: network(
            Projection("exc", "inh", AllToAll(), "1 / J"), knobs=[Knob("J", 0.0)]
        ),
        SpecError,
        "Projection 'exc->inh'.weight: must have a finite value (got '1 / J': ",
    ),
    "knob out of bounds": (
        lambda: network(knobs=[Knob("g", -1.0, Parameter(5.0, low=0.0))]),
        SpecError,
        "Knob 'g': must be >= 0 (got -1).",
    ),
    "negative rate": (
        lambda: network(stimuli=[PoissonInput("bg", "exc", rate=-5.0, weight=1.0)]),
        SpecError,
        "Stimulus 'bg'.rate: must be >= 0 Hz and <= 1e+07 Hz (got -5 Hz).",
    ),
    "current that ends before it starts": (
        lambda: network(stimuli=[StepCurrent("dc", "exc", 100.0, start=5.0, stop=2.0)]),
        SpecError,
        "Stimulus 'dc'.start: must be >= 0 and < stop = 2 ms (got 5 ms).",
    ),
    "blob over neurons without rates": (
        lambda: network(stimuli=[MovingBlob("blob", "exc")]),
        SpecError,
        "Stimulus 'blob'.target: must be a population with a parameter rate (got 'exc' (LIFExp)).",
    ),
    "blob over neurons without places": (
        lambda: network(
            populations=[Population("noise", 16, "PoissonSource")],
            stimuli=[MovingBlob("blob", "noise")],
        ),
        SpecError,
        "Population 'noise'.space: must be given for a moving blob (got None).\nStimulus 'blob'.",
    ),
    "blob without width": (
        lambda: blob(sigma=0.0),
        SpecError,
        "Stimulus 'blob'.sigma: must be finite and > 0 um (got 0 um).",
    ),
    "blob with a hole": (
        lambda: blob(peak=-1.0),
        SpecError,
        "Stimulus 'blob'.peak: must be finite and >= 0 Hz (got -1 Hz).",
    ),
    "blob that jumps within a step": (
        lambda: blob(interval=0.25),
        SpecError,
        "Stimulus 'blob'.interval: must be a multiple of dt = 0.1 ms, > 0 (got 0.25 ms).",
    ),
    "blob that never stays": (
        lambda: blob(interval=0.0),
        SpecError,
        "Stimulus 'blob'.interval: must be a multiple of dt = 0.1 ms, > 0 (got 0 ms).",
    ),
    "blob with tiles that do not fit": (
        lambda: blob(tile=(2.0, 3.0)),
        SpecError,
        "Stimulus 'blob'.tile: must fit into the extent of the space a whole number of times "
        "(got 3 um in 4 um).",
    ),
    "blob with half a tile": (
        lambda: blob(tile=(2.0,)),
        SpecError,
        "Stimulus 'blob'.tile: must be two lengths > 0 um (got (2.0,)).",
    ),
    "blob that is neither correlated nor not": (
        lambda: blob(is_correlated="no"),
        SpecError,
        "Stimulus 'blob'.is_correlated: must be True or False (got 'no').",
    ),
    "blob with more than a spike in a step": (
        lambda: blob(peak=1e4),
        SpecError,
        "PoissonSource.rate: must be <= 10000 Hz, one spike per step of 0.1 ms (got 10005 Hz).\n"
        "Stimulus 'blob', in its centre.",
    ),
    "spike trains of another shape": (
        lambda: network(
            populations=[Population("source", 2, "SpikeSource")],
            stimuli=[SpikeTrains("given", "source", (1.0, 2.0), (0,))],
        ),
        SpecError,
        "Stimulus 'given'.times: must be as many as neurons (got shapes (2,) and (1,)).",
    ),
    "spikes off the grid": (
        lambda: network(
            populations=[Population("source", 2, "SpikeSource")],
            stimuli=[SpikeTrains("given", "source", (1.05,), (0,))],
        ),
        SpecError,
        "Stimulus 'given'.times: must be multiples of dt = 0.1 ms, > 0 (got 1.05 ms).",
    ),
    "volley beyond the population": (
        lambda: network(
            populations=[Population("n", 2, "LIFDelta")],
            stimuli=[Volley("volley", "n", (1.0,), 1.0, last=2)],
        ),
        SpecError,
        "Stimulus 'volley'.first and last: must be neurons of 0 ... 1 (got 2).\n"
        "-1 is the last one.",
    ),
    "volley with a time twice": (
        lambda: network(
            populations=[Population("n", 2, "LIFDelta")],
            stimuli=[Volley("volley", "n", (1.0, 1.0), 1.0)],
        ),
        SpecError,
        "Stimulus 'volley'.times: must not name a time twice (got 1 ms).\nDouble the weight, or "
        "add a second volley.",
    ),
    "volley backwards": (
        lambda: network(
            populations=[Population("n", 5, "LIFDelta")],
            stimuli=[Volley("volley", "n", (1.0,), 1.0, first=3, last=1)],
        ),
        SpecError,
        "Stimulus 'volley'.first: must not come after last (got 3 and 1).",
    ),
    "volley of drawn weights": (
        lambda: network(
            populations=[Population("n", 5, "LIFDelta")],
            stimuli=[Volley("volley", "n", (1.0,), Uniform(0.0, 1.0))],
        ),
        SpecError,
        "Stimulus 'volley'.weight: must be one number (got Uniform(low=0.0, high=1.0)).",
    ),
    "recorder of an unknown variable": (
        lambda: network(recorders=[StateRecorder("V", "exc", ("Vm",))]),
        SpecError,
        "state of LIFExp: must be an existing name (got 'Vm').\nRecorder 'V'.\nDid you mean 'V_m'",
    ),
    "recorder of a neuron that is not there": (
        lambda: network(recorders=[StateRecorder("V", "exc", ("V_m",), (80,))]),
        SpecError,
        "Recorder 'V'.neurons: must be in 0 ... 79 (got 80).\nPopulation 'exc'.",
    ),
    "recorder of constant weights": (
        lambda: network(
            Projection("exc", "inh", FixedIndegree(10)),
            recorders=[SynapseRecorder("w", "exc->inh")],
        ),
        SpecError,
        "Recorder 'w'.projection: must be a plastic projection (got 'exc->inh' (Static)).\n"
        "Its weights are constant: Session.synapses reads them.",
    ),
    "recorder of an unknown projection": (
        lambda: recorded(projection="exc->ecx"),
        SpecError,
        "projection: must be an existing name (got 'exc->ecx').\nDid you mean 'exc->exc'?",
    ),
    "recorder of an unknown variable of synapses": (
        lambda: recorded(variables="wieght"),
        SpecError,
        "state of STDP: must be an existing name (got 'wieght').\n"
        "Recorder 'w'.\nDid you mean 'weight'?",
    ),
    "recorder of synapses from a neuron that is not there": (
        lambda: recorded(sources=range(78, 82)),
        SpecError,
        "Recorder 'w'.sources: must be in 0 ... 79 (got 80).\nPopulation 'exc'.",
    ),
    "recorder of synapses onto a neuron that is not there": (
        lambda: recorded(targets=-1),
        SpecError,
        "Recorder 'w'.targets: must be in 0 ... 79 (got -1).\nPopulation 'exc'.",
    ),
    "recorder of synapses with negative numbers": (
        lambda: recorded(synapses=[3, -1]),
        SpecError,
        "Recorder 'w'.synapses: must be >= 0 (got -1).\nThey count from 0 in the table",
    ),
    "recorder of no synapses": (
        lambda: recorded(sources=[]),
        SpecError,
        "Recorder 'w'.sources: must name at least one (got ()).\nLeave it out to choose all.",
    ),
    "interval of a recorder of synapses": (
        lambda: recorded(interval="0.25 ms"),
        SpecError,
        "Recorder 'w'.interval: must be a multiple of dt = 0.1 ms (got 0.25 ms).",
    ),
    "time constant below the time step": (
        lambda: population(tau_m=0.05),
        SpecError,
        "LIFExp.tau_m: must be >= the time step, dt = 0.1 ms (got 0.05 ms).\n"
        "Population 'exc'.\nMake dt smaller, or the time constant longer.",
    ),
    "time step above a time constant": (
        lambda: network(dt=5.0),
        SpecError,
        "LIFExp.tau_syn_exc: must be >= the time step, dt = 5 ms (got 2 ms)",
    ),
    "draws of a time constant below the time step": (
        lambda: population(tau_m=Uniform(0.01, 10.0)),
        SpecError,
        "LIFExp.tau_m: must be >= the time step, dt = 0.1 ms (got 0.01",
    ),
    "refractory period below the time step": (
        lambda: population(t_ref=0.05),
        SpecError,
        "LIFExp.t_ref: must be 0 or >= the time step, dt = 0.1 ms (got 0.05 ms).\n"
        "Population 'exc'.\nMake dt smaller, or the refractory period 0 or longer.",
    ),
    "membrane faster than the time step": (
        lambda: one("LIFCondExp", C_m=1.0, g_L=100.0),
        SpecError,
        "LIFCondExp.C_m / g_L: must be >= the time step, dt = 0.1 ms (got 0.01 ms)",
    ),
    "recovery that explodes": (
        lambda: one("Izhikevich", a=30.0),
        SpecError,
        "Izhikevich.a: must be < 2 / dt = 20 1/ms (got 30 1/ms).\n"
        "Population 'p'.\nMake a or dt smaller",
    ),
    "drawn reset that may lie above the threshold": (
        lambda: population(V_reset=Uniform(-70.0, -50.0)),
        SpecError,
        "LIFExp.V_reset: must be < V_th = -55 mV (got -50",
    ),
    "drawn threshold that may lie below the reset": (
        lambda: population(V_th=Uniform(-80.0, -50.0)),
        SpecError,
        "LIFExp.V_reset: must be < V_th = -79.99",
    ),
    "peak below the reset": (
        lambda: one("AdEx", V_peak=-65.0),
        SpecError,
        "AdEx.V_peak: must be > V_reset = -60 mV (got -65 mV)",
    ),
    "drawn peak that may lie below the upstroke": (
        lambda: one("AdEx", V_peak=Uniform(-55.0, 0.0)),
        SpecError,
        "AdEx.V_peak: must be > V_th = -50.4 mV (got -54.99",
    ),
    "Poisson source faster than the time step": (
        lambda: one("PoissonSource", rate=20_000.0),
        SpecError,
        "PoissonSource.rate: must be <= ",
    ),
    "implausible start value": (
        lambda: network(populations=[Population("p", 8, "LIFExp", initial={"V_m": 7000.0})]),
        SpecError,
        "LIFExp.V_m.initial: must be >= -1000 mV and <= 1000 mV (got 7000 mV).\nPopulation 'p'.",
    ),
    "start value that is no number": (
        lambda: network(populations=[Population("p", 8, "LIFExp", initial={"I_exc": np.inf})]),
        SpecError,
        "LIFExp.I_exc.initial: must ",
    ),
    "implausible draws of a start value": (
        lambda: network(
            populations=[Population("p", 8, "LIFExp", initial={"V_m": Normal(0.0, 500.0)})]
        ),
        SpecError,
        "LIFExp.V_m.initial: must be >= -1000 mV and <= 1000 mV (got -2",
    ),
    "weight beyond any meaning": (
        lambda: projection(weight=1e12),
        SpecError,
        "Projection 'exc->inh'.weight: must be at most 1e+09 pA in size (got 1e+12 pA).\n"
        "Weights here are in pA",
    ),
    "infinite weight": (
        lambda: projection(weight=np.inf),
        SpecError,
        "Projection 'exc->inh'.weight: must ",
    ),
    "infinite delay": (
        lambda: projection(delay=np.inf),
        SpecError,
        "Projection 'exc->inh'.delay: must ",
    ),
    "endless Poisson input": (
        lambda: network(stimuli=[PoissonInput("noise", "exc", rate=1e12, weight=1.0)]),
        SpecError,
        "Stimulus 'noise'.rate: must be >= 0 Hz and <= 1e+07 Hz (got 1e+12 Hz)",
    ),
    "Poisson input of an infinite rate": (
        lambda: network(stimuli=[PoissonInput("noise", "exc", rate=np.inf, weight=1.0)]),
        SpecError,
        "Stimulus 'noise'.rate: must ",
    ),
    "infinite current": (
        lambda: network(stimuli=[StepCurrent("step", "exc", np.inf, 0.0, 5.0)]),
        SpecError,
        "Stimulus 'step'.amplitude: must be finite (got inf pA)",
    ),
    "current without an end": (
        lambda: network(stimuli=[StepCurrent("step", "exc", 10.0, 0.0, np.inf)]),
        SpecError,
        "Stimulus 'step'.stop: must be finite (got inf ms)",
    ),
    "spike at no time": (
        lambda: network(
            populations=[Population("s", 1, "SpikeSource")],
            stimuli=[SpikeTrains("given", "s", (np.nan,), (0,))],
        ),
        SpecError,
        "Stimulus 'given'.times: must be multiples of dt = 0.1 ms, > 0 (got nan ms)",
    ),
    "time step that is no number": (
        lambda: network(dt=np.nan),
        SpecError,
        "Network.dt: must be > 0 ms (got nan ms)",
    ),
    "time step": (
        lambda: network(dt=0.0),
        SpecError,
        "Network.dt: must be > 0 ms (got 0 ms).",
    ),
    "time step in the wrong unit": (
        lambda: network(dt="1 mV"),
        UnitError,
        "Network.dt: must be a time [ms] (got '1 mV', a voltage unit).",
    ),
    "seed": (
        lambda: network(seed=-1),
        SpecError,
        "Network.seed: must be a whole number in 0 ... 2^32 - 1 (got -1).",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_wording(name):
    make, kind, start = CASES[name]
    with pytest.raises(kind) as caught:
        make()
    message = str(caught.value)
    assert start in message
    assert len(message.splitlines()) <= 3
    assert caught.value.where
    assert caught.value.expected


def test_errors_are_also_the_built_in_kind():
    with pytest.raises(ValueError, match="must be > 0 ms"):
        population(tau_m=-1.0)


EDITS = {
    "unknown target": (SetParameter("ecx", "tau_m", 1.0), "part of the network: must be an exist"),
    "unknown knob": (SetParameter("", "q", 1.0), "knob: must be an existing name (got 'q')"),
    "unknown field": (SetParameter("exc->inh", "wieght", 1.0), "Did you mean 'weight'"),
    "infinite weight": (SetParameter("exc->inh", "weight", np.inf), "'exc->inh'.weight: must "),
    "too fast a membrane": (SetParameter("exc", "tau_m", 0.01), "must be >= the time step"),
    "reset above the threshold": (SetParameter("exc", "V_reset", -40.0), "must be < V_th"),
    "delay below the time step": (SetParameter("exc->inh", "delay", 0.01), "at least one time"),
    "bad value": (SetParameter("exc", "tau_m", "0 ms"), "LIFExp.tau_m: must be > 0 ms (got 0 ms)"),
    "too long an in-degree": (
        SetParameter("exc->inh", "rule", FixedIndegree(10**6, multapses=False)),
        "must be <= 80",
    ),
    "unknown population": (RemovePopulation("ex"), "population: must be an existing name"),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_refused_edit_leaves_the_network_alone(name):
    edit, start = EDITS[name]
    before = projection()
    with pytest.raises(SnnlabError) as caught:
        edit.apply(before)
    assert start in str(caught.value)
    assert before == projection()


def test_a_network_larger_than_memory_is_refused_before_anything_is_allocated():
    from snnlab.build.memory import available_bytes
    from snnlab.cpu.engine import CpuEngine

    population = Population("huge", 3_000_000, "LIFDelta")
    rule = FixedIndegree(1_000_000)
    network = Network([population], [Projection("huge", "huge", rule, 0.1, 1.5)])
    before = available_bytes()
    with pytest.raises(OutOfMemory) as caught:
        CpuEngine(network)
    message = str(caught.value)
    assert re.search(r"GiB of free memory \(got 5\.\d+e\+03 GiB for 3000000 neurons", message)
    assert "3e+12 synapses" in message
    assert "Use a smaller scale" in message
    assert abs(before - available_bytes()) < 2**30


def test_numpy_scalars_are_numbers():
    assert (
        population(tau_m=np.float32(12.5)).parameters_of(
            population(tau_m=np.float32(12.5)).populations[0]
        )["tau_m"]
        == 12.5
    )
