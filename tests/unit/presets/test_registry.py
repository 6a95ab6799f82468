"""Presets are found by name, take their options as values or as text, and their knobs too."""

from __future__ import annotations

import pytest

from snnlab import presets
from snnlab.errors import SpecError


@pytest.mark.parametrize("name", presets.names())
def test_every_preset_is_a_network_that_cites_its_source(name: str) -> None:
    network = presets.load(name, scale=0.1)
    assert network.name == name
    assert any(character.isdigit() for character in network.source)
    assert network.description


@pytest.mark.parametrize("name", presets.names())
def test_every_preset_takes_step_and_seed(name: str) -> None:
    network = presets.load(name, scale=0.1, dt=0.05, seed=7)
    assert (network.dt, network.seed) == (0.05, 7)


def test_options_may_be_text() -> None:
    network = presets.load("microcircuit", N_scaling="0.1", K_scaling="0.2", drive="dc")
    assert network == presets.load("microcircuit", N_scaling=0.1, K_scaling=0.2, drive="dc")
    assert presets.load("brunel", N="500").n_neurons == 500


def test_knobs_are_settings_too() -> None:
    network = presets.load("brunel", scale=0.1, g=4.5, J="0.3 mV")
    assert network.knob_values["g"] == 4.5
    assert network.knob_values["J"] == 0.3
    weight = network.weight_of(network.projection("inh->exc"))
    assert weight.value == pytest.approx(-4.5 * 0.3)


@pytest.mark.parametrize(
    ("name", "settings", "offered"),
    [
        ("brunell", {}, "'brunel'"),
        ("brunel", {"etta": 2.0}, "'eta'"),
        ("brunel", {"regime": "AIS"}, "'AI'"),
        ("microcircuit", {"N_scale": 0.1}, "'N_scaling'"),
        ("microcircuit", {"drive": "poison"}, "'poisson'"),
        ("microcircuit", {"V0": "optimised"}, "'optimized'"),
    ],
)
def test_misspelt_names_get_the_nearest(name: str, settings: dict, offered: str) -> None:
    with pytest.raises(SpecError) as caught:
        presets.load(name, **settings)
    assert offered in caught.value.remedy


@pytest.mark.parametrize(
    ("name", "settings", "got"),
    [
        ("brunel", {"scale": 0.0}, "0"),
        ("brunel", {"scale": -1.0}, "-1"),
        ("brunel", {"N": "many"}, "'many'"),
        ("brunel", {"g": -1.0}, "-1"),
        ("brunel", {"J": "0.1 ms"}, "'0.1 ms', a time unit"),
        ("microcircuit", {"K_scaling": -0.5}, "-0.5"),
        ("coba", {"scale": 0.001}, "20"),
    ],
)
def test_values_that_cannot_be_meant_are_shown(name: str, settings: dict, got: str) -> None:
    with pytest.raises(SpecError) as caught:
        presets.load(name, **settings)
    assert caught.value.got.startswith(got)
