"""Models of a user's own travel as text: nothing is executed, and they compute the same."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import numpy as np
import pytest

from snnlab.cpu.engine import CpuEngine
from snnlab.errors import FormatError, RuleError
from snnlab.interop.model_reading import define_models
from snnlab.interop.model_text import models_to_text
from snnlab.model import neuron, rewiring, synapse
from snnlab.model.connectivity import FixedIndegree
from snnlab.model.network import Network, Population, Projection
from snnlab.model.neuron import Neuron
from snnlab.model.neurons import LIFExp
from snnlab.model.neurons.propagators import decay
from snnlab.model.parameter import Parameter, Receptor, State
from snnlab.model.rewiring import RewiringRule
from snnlab.rules.host_function import HostFunction
from snnlab.rules.source import WrittenFunction
from tests.rewired_networks import ranked, restless, rows, signed, weighing
from tests.twins import assert_same_frame, assert_same_state

REST = -65.0
_REGISTRIES = (neuron._MODELS, synapse._MODELS, rewiring._RULES)


@pytest.fixture(autouse=True)
def registries() -> Iterator[None]:
    """Classes that a test defines from text are forgotten."""
    kept = [kind.models() for kind in (neuron, synapse, rewiring)]
    yield
    for registry, before in zip(_REGISTRIES, kept, strict=True):
        registry.update(before)  # type: ignore[arg-type]


class Leaky(Neuron):
    """A neuron written with all that functions of the host may do."""

    tau_m = Parameter(10.0, "ms", "time constant", above=0.0)
    floor_of = Parameter(0.0, "mV", "a bound")
    V_m = State(REST, "mV")
    syn = Receptor("mV")

    @staticmethod
    def derive(p, dt):
        """Return the propagators."""
        keep = np.exp(-dt / p.tau_m)
        if p.floor_of > 0.0 and keep > 0.5:
            return {"keep": keep, "top": math.pi}
        left = 1.0 if 0.0 < dt < 1.0 else 2.0
        left += abs(min(p.floor_of, 1.0))
        return {"keep": decay(dt, p.tau_m) * left} | {"top": -(2.0**3) - REST}

    @staticmethod
    def update(state, p, input):
        state.V_m = REST + p.keep * (state.V_m - REST) + input.syn

    @staticmethod
    def threshold(state, p):
        return state.V_m > REST + math.sqrt(25.0)

    @staticmethod
    def reset(state, p):
        state.V_m = REST


class Louder(LIFExp):
    """A shipped model with another reset."""

    step_back = Parameter(1.0, "mV", "below the usual reset")

    @staticmethod
    def reset(state, p):
        state.V_m = p.V_reset - p.step_back


def own_neurons() -> Network:
    """Both, in one network."""
    populations = [
        Population("noise", 100, "PoissonSource", {"rate": 50.0}),
        Population("leaky", 60, Leaky),
        Population("louder", 60, Louder),
    ]
    return Network(populations, [
        Projection("noise", "leaky", FixedIndegree(20), 1.0, 0.5),
        Projection("leaky", "louder", FixedIndegree(20), 300.0, 0.5),
    ])  # fmt: skip


@pytest.mark.parametrize(
    "make", [own_neurons, restless, ranked, rows, signed, weighing], ids=lambda make: make.__name__
)
def test_classes_from_text_compute_the_same(make: Callable[[], Network]) -> None:
    network = make()
    as_written = CpuEngine(network, threads=1)
    frame, state = as_written.advance(120), as_written.checkpoint()
    assert frame.step.size > 50
    text = models_to_text(network)
    define_models(text)
    own = {(d["kind"], d["name"]) for d in json.loads(text)}
    assert own
    modules = {"neuron": neuron, "synapse": synapse, "rewiring": rewiring}
    for kind, name in own:
        model = modules[kind].models()[name]
        assert model.__module__ == "models from text"
    from_text = CpuEngine(network, threads=1)
    assert_same_frame(from_text.advance(120), frame)
    assert_same_state(from_text.checkpoint(), state)


def test_only_own_models_are_written() -> None:
    assert json.loads(models_to_text(Network([Population("a", 1, "LIFExp")]))) == []
    (data,) = json.loads(models_to_text(Network([Population("a", 1, Louder)])))
    assert (data["base"], sorted(data["members"])) == ("LIFExp", ["reset", "step_back"])


def test_a_class_is_defined_once_for_the_same_text() -> None:
    text = models_to_text(Network([Population("a", 1, Leaky)]))
    define_models(text)
    first = neuron.lookup("Leaky")
    define_models(text)
    assert neuron.lookup("Leaky") is first is not Leaky
    define_models(text.replace("25.0", "16.0"))  # its cell has been run again
    assert neuron.lookup("Leaky") is not first


def _host(*lines: str, **names: object) -> HostFunction:
    from snnlab.rules.source import read_source

    text = ("def f(p, dt):\n", *(f"    {line}\n" for line in lines))
    return HostFunction(read_source(WrittenFunction("cell", 1, text, names), "Mine.f"))


@pytest.mark.parametrize(
    "line",
    [
        "return {'a': __import__('os').getpid()}",
        "return p.__class__",
        "return open('file')",
        "return [x for x in p]",
        "for i in range(3): pass",
        "import os",
        "return p.tau[0]",
        "p.tau = 1.0",
        "return (lambda x: x)(dt)",
        "return eval('1')",
        "return f'{p}'",
        "return {**p}",
        "return min(dt, default=1)",
    ],
)
def test_a_function_of_the_host_does_arithmetic_only(line: str) -> None:
    with pytest.raises(RuleError):
        _host(line)(SimpleNamespace(tau=1.0), 0.1)


def test_a_function_of_the_host_is_python() -> None:
    lines = (
        "a = 0.0",
        "if p.x > 1 or dt == 0:",
        "    a = p.x // 2 % 3",
        "elif not p.x:",
        "    a = -1.0",
        "else:",
        "    a += float(0 < dt < 1) and max(p.x, 0.25)",
        "return {'a': a, 'b': a if p.x != 7 else g(dt)}",
    )
    f = _host(*lines, g=math.sqrt)
    values = [f(SimpleNamespace(x=x), 0.25) for x in (5, 0, 0.5, 7)]
    assert values == [
        {"a": 2, "b": 2}, {"a": -1.0, "b": -1.0}, {"a": 0.5, "b": 0.5}, {"a": 0, "b": 0.5},
    ]  # fmt: skip


def test_what_cannot_travel_is_refused_where_it_was_written() -> None:
    class Random(RewiringRule):
        ranks = "target"

        @staticmethod
        def n_going(group, p):
            return np.random.default_rng().integers(3)

    network = ranked()
    rewirings = [rewiring.Rewiring("forward", Random)]
    with pytest.raises(RuleError, match=r"Random.n_going.*functions of math"):
        models_to_text(network.replace(rewirings=rewirings))


def test_a_model_may_not_take_the_name_of_one_that_ships() -> None:
    class AdEx(LIFExp):
        pass

    with pytest.raises(FormatError, match=r"AdEx.*name"):
        models_to_text(Network([Population("a", 1, AdEx)]))
    (data,) = json.loads(models_to_text(Network([Population("a", 1, Leaky)])))
    with pytest.raises(FormatError, match="name"):
        define_models(json.dumps([data | {"name": "LIFExp"}]))
    with pytest.raises(FormatError, match="base"):
        define_models(json.dumps([data | {"base": "object"}]))
    names = {"f": {"function": ["os", "getpid"]}}
    strange = {"derive": data["members"]["derive"] | {"names": names}}
    with pytest.raises(FormatError, match="names of numbers"):
        define_models(json.dumps([data | {"members": strange}]))
