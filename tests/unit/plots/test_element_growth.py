"""Growth of synaptic elements, drawn from tables that were read at several times."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab import presets
from snnlab.errors import SpecError
from snnlab.frames.elements import ElementStates
from snnlab.plots import element_growth
from snnlab.record.element_table import element_table


def table(population: str, step: int):
    """Two neurons whose numbers are their step."""
    network = presets.load("homeostatic", N=10)
    kinds = {"Axon": 1.0, "Den": 2.0}
    return element_table(
        ElementStates(
            population, step, np.array([step, 3.0 * step]),
            {kind: np.full(2, factor * step) for kind, factor in kinds.items()},
            {kind: np.full(2, step, np.int64) for kind in kinds},
        ), network,
    )  # fmt: skip


TABLES = [table(name, step) for step in (20_000, 10_000) for name in ("exc", "inh")]


def test_calcium_is_a_mean_over_time() -> None:
    drawn = element_growth(TABLES)
    assert [curve.label for curve in drawn] == ["exc", "inh"]
    for curve in drawn:
        np.testing.assert_allclose(curve.dimension_values("time"), [1.0, 2.0])
        np.testing.assert_allclose(curve.dimension_values("Ca"), [20_000.0, 40_000.0])


@pytest.mark.parametrize(
    ("variable", "values"), [("z", 20_000), ("connected", 20_000), ("vacant", 20_000)]
)
def test_kinds_have_a_line_each(variable: str, values: int) -> None:
    drawn = {curve.label: curve for curve in element_growth(TABLES, variable)}
    assert list(drawn) == ["exc: Axon", "exc: Den", "inh: Axon", "inh: Den"]
    found = drawn["inh: Den"].dimension_values(variable)
    assert found[0] == 20_000
    np.testing.assert_allclose(found, found[0] * np.array([1.0, 2.0]))


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(SpecError, match="0 tables"):
        element_growth([])
    with pytest.raises(SpecError, match="'Cb'"):
        element_growth(TABLES, "Cb")
