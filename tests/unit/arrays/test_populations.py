"""The numbers of some neurons are those that they have among all of them."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.arrays.populations import drawn_parameters, initial_state
from snnlab.arrays.scheduled import numbers_at_start, scheduled_populations
from snnlab.build.random import uniforms
from snnlab.model.distribution import Normal, Uniform
from snnlab.model.network import Network, Population
from snnlab.model.space import Grid
from snnlab.model.stimuli import MovingBlob, StepCurrent

WINDOWS = [slice(0, 1), slice(250, 263), slice(511, 700), slice(300, 300), slice(0, 700)]


def varied() -> Network:
    """Drawn parameters and start values, and schedules that act on them."""
    neurons = Population(
        "neurons", 700, "LIFExp", {"I_e": Normal(300.0, 20.0), "C_m": 250.0},
        {"V_m": Uniform(-70.0, -55.0)},
    )  # fmt: skip
    source = Population("source", 700, "PoissonSource", space=Grid((35.0, 20.0), shape=(35, 20)))
    blob = MovingBlob("blob", "source", base=5.0, peak=20.0, sigma=2.0, interval=10.0)
    current = StepCurrent("current", "neurons", amplitude=50.0, start=0.0, stop=10.0)
    return Network([neurons, source], [], stimuli=[blob, current])


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_some_neurons_have_the_numbers_that_all_have(window: slice) -> None:
    network = varied()
    neurons = network.population("neurons")
    whole, part = (drawn_parameters(network, neurons, w) for w in (None, window))
    np.testing.assert_array_equal(part["I_e"], whole["I_e"][window])
    assert part["C_m"] == whole["C_m"] == 250.0
    start = initial_state(network, neurons)
    np.testing.assert_array_equal(initial_state(network, neurons, window), start[:, window])
    every, some = (
        scheduled_populations(network, [w] * 2) for w in (slice(0, neurons.size), window)
    )
    for all_of, few in zip(every, some, strict=True):
        for name, values in all_of.numbers(7).varying.items():
            np.testing.assert_array_equal(few.numbers(7).varying[name], values[window])


def test_the_first_neuron_tells_which_numbers_vary() -> None:
    neurons, source = numbers_at_start(varied())
    assert "I_e" in neurons.varying
    assert neurons.scalars["C_m"] == 250.0
    assert {name: values.size for name, values in source.varying.items()}["rate"] == 1


def test_a_rank_draws_for_its_own_neurons_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from snnlab.arrays import populations
    from snnlab.dry_run.rank import dry_run

    drawn: list[int] = []

    def noted(n: int, *args: int) -> np.ndarray:
        drawn.append(n)
        return uniforms(n, *args)

    monkeypatch.setattr(populations, "uniforms", noted)
    parameters = {"I_e": Normal(300.0, 20.0), "t_ref": Uniform(1.0, 2.0)}
    neurons = Population("neurons", 4_000_000, "LIFExp", parameters, {"V_m": Normal(-65.0, 3.0)})
    run = dry_run(Network([neurons], []), ranks=16_384, rank=5_000)
    assert 0 < run.own_neurons <= 256
    assert len(drawn) >= 3
    assert max(drawn) == run.own_neurons
