"""What is said of synapse models and of projections that cannot be meant."""

import re

import pytest

from snnlab.errors import RuleError, SpecError
from snnlab.model.connectivity import FixedIndegree
from snnlab.model.network import Network, Population, Projection
from snnlab.model.parameter import Parameter, State
from snnlab.model.synapse import PreTrace, Synapse
from snnlab.rules.intrinsics import uniform
from snnlab.rules.synapse_kernel import compile_synapse_kernels


def network(**changes):
    a = Population("a", 10, "LIFDelta")
    return Network([a], [Projection("a", "a", FixedIndegree(2), 0.5, 1.5, **changes)])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"synapse": "STPD"}, r"synapse model.*'STPD'[\s\S]*Did you mean 'STDP'"),
        ({"synapse": "STDP", "parameters": {"W_mx": 1.0}}, r"'W_mx'[\s\S]*Did you mean 'W_max'"),
        ({"synapse": "STDP", "parameters": {"W_max": 0.1}}, r"at least as large: 0\.5 \.\.\. 0\.5"),
        ({"synapse": "STDP", "parameters": {"tau_plus": "3 mV"}}, r"STDP\.tau_plus[\s\S]*mV"),
        ({"synapse": "STDP", "parameters": {"tau_plus": -1.0}}, r"STDP\.tau_plus: must be > 0 ms"),
        ({"synapse": "STDP", "modulator": "a"}, r"must be empty: STDP has no modulation"),
        ({"synapse": "STDPDopamine"}, r"must name a population: STDPDopamine is modulated"),
        ({"synapse": "STDPDopamine", "modulator": "b"}, r"population.*'b'"),
        ({"dendritic_fraction": 0.4}, r"dendritic_fraction: must be >= 0\.5 and <= 1"),
    ],
)
def test_a_projection_that_cannot_be_meant_is_refused(changes, message):
    with pytest.raises(SpecError) as caught:
        network(**changes)
    assert re.search(message, str(caught.value)), str(caught.value)


def test_a_weight_is_not_declared():
    with pytest.raises(SpecError, match=r"Own\.weight: must not be declared"):
        type("Own", (Synapse,), {"weight": State(1.0)})


def test_a_trace_needs_its_time_constant():
    with pytest.raises(SpecError, match=r"Own\.K\.tau[\s\S]*'tau_plus'[\s\S]*'tau_pluss'"):
        type("Own", (Synapse,), {"tau_pluss": Parameter(1.0, "ms"), "K": PreTrace("tau_plus")})


class Draws(Synapse):
    """Delivers at random."""

    @staticmethod
    def on_pre(syn, pre, post, p):
        return syn.weight if uniform() < 0.5 else 0.0


class WritesTrace(Synapse):
    """Changes a trace where it must not."""

    tau = Parameter(10.0, "ms")
    K = PreTrace("tau")

    @staticmethod
    def on_post(syn, pre, post, p):
        pre.K = 0.0


class ForgetsReturn(Synapse):
    """Delivers nothing on one path."""

    @staticmethod  # noqa: RET503  (that is the point)
    def on_pre(syn, pre, post, p):
        if syn.weight > 0.0:
            return syn.weight


class ReturnsTruth(Synapse):
    """Delivers a truth value."""

    @staticmethod
    def on_pre(syn, pre, post, p):
        return syn.weight > 0.0


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Draws, r"Draws\.on_pre: must not draw random numbers"),
        (WritesTrace, r"WritesTrace\.on_post[\s\S]*pre\.K[\s\S]*Traces change in pre_spike alone"),
        (ForgetsReturn, r"ForgetsReturn\.on_pre: must return a number on every path"),
        (ReturnsTruth, r"ReturnsTruth\.on_pre: must be a number, not a truth value"),
    ],
)
def test_a_rule_outside_the_language_is_refused_with_its_place(model, message):
    with pytest.raises(RuleError) as caught:
        compile_synapse_kernels(model)
    assert re.search(message, str(caught.value)), str(caught.value)
