"""Neurons that are poked fire, soon, and others do not."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab import Network, Population, open
from snnlab.cpu.engine import CpuEngine
from snnlab.errors import SpecError
from snnlab.model.poke import poke
from snnlab.model.stimuli import Volley

MODELS = ("LIFDelta", "LIFExp", "LIFExpShared", "LIFAlpha", "LIFCondExp", "AdEx", "Izhikevich")
SOON = 150
"""Steps within which they fire: the push takes 50."""


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("neurons", [None, range(40, 90)], ids=["all", "some"])
def test_poked_neurons_fire(model: str, neurons: range | None) -> None:
    network = Network([Population("before", 30, model), Population("these", 200, model)])
    engine = CpuEngine(network, threads=1)
    assert engine.advance(200).n_spikes == 0 or model == "Izhikevich"
    engine.apply(poke(network, "these", 20.0, neurons).apply(network))
    fired = np.unique(engine.advance(SOON).neuron)
    wanted = 30 + np.arange(200)[slice(None) if neurons is None else slice(40, 90)]
    np.testing.assert_array_equal(fired, wanted)


def test_a_poke_leaves_the_scale_of_input_as_it_is() -> None:
    """Another scale would round all weights anew, and make arrays anew."""
    with open("brunel", N=2500, threads=1) as session:
        session.run(50.0).wait()
        arrays = session._simulation.place.engine._arrays
        session.poke("exc", range(100)).result(20)
        assert session._simulation.place.engine._arrays.exponents == arrays.exponents


def test_pokes_that_are_over_go_with_the_next() -> None:
    with open(Network([Population("n", 10, "LIFExp")]), threads=1) as session:
        for k in range(3):
            session.poke("n", range(k, k + 2)).result(20)
            session.run(20.0).wait()
        (left,) = session.network.stimuli
        assert isinstance(left, Volley)
        assert (left.first, left.last) == (2, 3)
        session.undo().result(20)
        assert [s.first for s in session.network.stimuli] == [1]


@pytest.mark.parametrize("neurons", [range(0), range(3, 11), range(0, 8, 2), range(-2, 3)])
def test_neurons_that_are_not_there_are_refused(neurons: range) -> None:
    network = Network([Population("n", 10, "LIFExp")])
    with pytest.raises(SpecError, match=r"must be a range within 0 \.\.\. 9 of 'n'"):
        poke(network, "n", 0.0, neurons)


def test_sources_are_refused_with_a_remedy() -> None:
    network = Network([Population("s", 10, "PoissonSource")])
    with pytest.raises(SpecError, match="Poke the populations that it projects to"):
        poke(network, "s", 0.0, range(3))
