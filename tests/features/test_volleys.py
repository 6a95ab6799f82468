"""A volley is what a source would send that has one synapse onto each of its neurons."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab import (
    FixedIndegree,
    Network,
    Population,
    Projection,
    SpikeTrains,
    StateRecorder,
    Volley,
)
from snnlab.cpu.engine import CpuEngine

STRENGTHS = [
    ("LIFDelta", 9.0), ("LIFDelta", -3.0), ("LIFExp", 900.0), ("LIFExp", -300.0),
    ("LIFAlpha", 400.0), ("LIFCondExp", 30.0), ("AdEx", 900.0), ("Izhikevich", 8.0),
]  # fmt: skip
TIMES = (1.0, 1.7, 2.0, 6.3)


RECORDER = StateRecorder("V", "all", ("V_m",), tuple(range(5)))


def _from_a_source(model: str, weight: float) -> Network:
    """One source in place of the volley; its spikes arrive 0.8 ms after they are sent."""
    sent = tuple(round(t - 0.8, 1) for t in TIMES)
    return Network(
        [Population("all", 5, model), Population("source", 1, "SpikeSource")],
        [Projection("source", "all", FixedIndegree(1), weight, 0.8)],
        stimuli=[SpikeTrains("given", "source", sent, (0,) * len(sent))],
        recorders=[RECORDER],
    )


def _volley(model: str, weight: float, first: int = 0, last: int = -1) -> Network:
    volley = Volley("volley", "all", TIMES, weight, first, last)
    return Network([Population("all", 5, model)], stimuli=[volley], recorders=[RECORDER])


@pytest.mark.parametrize(("model", "weight"), STRENGTHS)
def test_it_is_what_a_source_would_send(model: str, weight: float) -> None:
    frames = [
        CpuEngine(make(model, weight), threads=1, precision="float64").advance(150)
        for make in (_volley, _from_a_source)
    ]
    for one, other in zip(*(f.samples["V"].values for f in frames), strict=True):
        np.testing.assert_array_equal(one, other)
    assert np.ptp(frames[0].samples["V"].values) > 0
    of_all = frames[1].neuron < 5
    np.testing.assert_array_equal(frames[0].step, frames[1].step[of_all])


def test_only_the_chosen_neurons_get_it() -> None:
    v = CpuEngine(_volley("LIFDelta", 5.0, 1, -3), threads=1).advance(12).samples["V"].values
    assert [bool(np.ptp(v[:, 0, k])) for k in range(5)] == [False, True, True, False, False]


def test_it_raises_the_voltage_by_its_weight_at_its_time() -> None:
    samples = CpuEngine(_volley("LIFDelta", 5.0), threads=1, precision="float64").advance(12)
    v = samples.samples["V"].values[:, 0, 0]
    at = samples.samples["V"].steps
    assert v[at == 10] - v[at == 9] == pytest.approx(5.0, abs=1e-6)
    assert v[at == 9] == v[at == 1]


def test_one_that_is_added_while_it_runs_is_as_if_it_had_been_there() -> None:
    neurons, recorders = [Population("all", 5, "LIFExp")], [RECORDER]
    later = [Volley("volley", "all", (7.0, 9.0), 900.0)]
    with_it = Network(neurons, stimuli=later, recorders=recorders)
    engine = CpuEngine(Network(neurons, recorders=recorders), threads=1)
    parts = [engine.advance(50)]
    engine.apply(with_it)
    parts.append(engine.advance(100))
    found = np.concatenate([part.samples["V"].values for part in parts])
    there = CpuEngine(with_it, threads=1).advance(150).samples["V"].values
    np.testing.assert_array_equal(found, there)
