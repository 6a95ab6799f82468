"""What an edit cannot carry over is named, and it is what really begins anew."""

from __future__ import annotations

import numpy as np

import snnlab
from snnlab.cpu.engine import CpuEngine
from snnlab.model.edits import AddPopulation, RemovePopulation, SetParameter, Several
from snnlab.model.network import Population
from snnlab.model.starts_anew import starts_anew
from snnlab.session import Session
from tests.features.session_bench import LIMIT_S


def test_only_drawn_weights_start_anew_and_that_is_told() -> None:
    network = snnlab.presets.load("stdp", N=200)
    with Session(CpuEngine(network, threads=1)) as session:
        session.run(200).wait(LIMIT_S)
        learnt = session.synapses("exc->exc").weight.values
        session.apply(AddPopulation(Population("new", 5, "LIFDelta"))).result(LIMIT_S)
        np.testing.assert_array_equal(session.synapses("exc->exc").weight.values, learnt)
        assert not any("starts anew" in m.text for m in session.messages)
        session.apply(SetParameter("exc->exc", "weight", 0.3)).result(LIMIT_S)
        (told,) = [m.text for m in session.messages if "starts anew" in m.text]
        assert "the weights of 'exc->exc'" in told
        assert np.ptp(learnt) > 0
        np.testing.assert_allclose(session.synapses("exc->exc").weight.values, 0.3, rtol=1e-6)


def test_another_model_of_the_same_name_is_told() -> None:
    network = snnlab.Network([Population("a", 3, "LIFDelta")])
    edit = Several((RemovePopulation("a"), AddPopulation(Population("a", 3, "ALIF"))))
    assert starts_anew(network, edit.apply(network)) == ("the state of 'a', now ALIF",)
    assert starts_anew(network, network) == ()
