"""The neuron models that ship: registered, documented, NEST's numbers, sensible refusals."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from snnlab.errors import SpecError
from snnlab.model import neurons
from snnlab.model.neuron import lookup

MODELS = [getattr(neurons, name) for name in neurons.__all__]
NAMES = {
    "iaf_psc_delta", "iaf_psc_exp", "iaf_psc_alpha", "iaf_cond_exp", "izhikevich",
    "aeif_psc_exp", "poisson_generator", "spike_generator", "",
}  # fmt: skip


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
class TestEveryModel:
    def test_is_found_by_name(self, model: Any) -> None:
        assert lookup(model.__name__) is model

    def test_is_described(self, model: Any) -> None:
        assert model.__doc__
        declared = [*model.parameters.values(), *model.states.values(), *model.receptors.values()]
        assert all(d.doc for d in declared)
        assert model.nest_name in NAMES

    def test_its_defaults_are_allowed(self, model: Any) -> None:
        for name, parameter in model.parameters.items():
            assert parameter.check(parameter.default, where=name) == parameter.default
        model.check(model.defaults(), 0.1)

    def test_its_sliders_stay_in_bounds(self, model: Any) -> None:
        for name, parameter in model.parameters.items():
            low, high = parameter.slider_range()
            assert low < high
            assert parameter.check(low, where=name) == low
            assert parameter.check(high, where=name) == high

    def test_derives_for_many_neurons_at_once(self, model: Any) -> None:
        p = model.defaults()
        many = model.derive(SimpleNamespace(**{n: np.full(3, v) for n, v in p.items()}), 0.1)
        for name, one in model.derive(SimpleNamespace(**p), 0.1).items():
            assert np.ndim(one) == 0
            np.testing.assert_array_equal(many[name], np.full(np.shape(many[name]), one))
            assert np.all(np.isfinite(one))


@pytest.mark.parametrize(
    ("model", "values", "where", "expected"),
    [
        (neurons.LIFExp, {"V_reset": -50.0}, "LIFExp.V_reset", "must be < V_th = -55 mV"),
        (neurons.LIFCondExp, {"V_th": -60.0}, "LIFCondExp.V_reset", "must be < V_th = -60 mV"),
        (neurons.Izhikevich, {"c": 30.0}, "Izhikevich.c", "must be < V_th = 30 mV"),
        (neurons.AdEx, {"V_peak": -55.0}, "AdEx.V_peak", "must be > V_th = -50.4 mV"),
        (neurons.AdEx, {"V_reset": 1.0}, "AdEx.V_peak", "must be > V_reset = 1 mV"),
        (neurons.PoissonSource, {"rate": 10001.0}, "PoissonSource.rate", "must be <= 10000 Hz"),
    ],
)
def test_values_that_cannot_be_meant_together(
    model: Any, values: dict[str, float], where: str, expected: str
) -> None:
    with pytest.raises(SpecError) as caught:
        model.check(model.defaults() | values, 0.1, context="Population 'exc'")
    assert caught.value.where == where
    assert caught.value.expected.startswith(expected)
    assert caught.value.got
    assert caught.value.remedy
    assert caught.value.context == "Population 'exc'"


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (neurons.LIFExp, "tau_m"),
        (neurons.LIFExp, "tau_syn_exc"),
        (neurons.LIFDelta, "C_m"),
        (neurons.LIFExpShared, "tau_syn"),
        (neurons.LIFAlpha, "t_ref"),
        (neurons.LIFCondExp, "g_L"),
        (neurons.ALIF, "tau_adapt"),
        (neurons.AdEx, "Delta_T"),
        (neurons.PoissonSource, "rate"),
    ],
)
def test_negative_numbers_that_must_be_positive(model: Any, name: str) -> None:
    with pytest.raises(SpecError, match=rf"{model.__name__}\.{name}: must be >"):
        model.parameters[name].check(-20.0, where=f"{model.__name__}.{name}")
