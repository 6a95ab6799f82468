"""The picture of a projection's weights is that of its list, however partitions share them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from snnlab import FixedIndegree, Network, Population, Projection, presets
from snnlab.arrays import weight_read
from snnlab.cpu.engine import CpuEngine
from snnlab.errors import SpecError
from snnlab.frames.weights import WeightPicture
from snnlab.model.lesions import Lesion
from tests.networks import balanced, layered, plastic

CELLS, BARS = 7, 9


def rewired() -> Network:
    return presets.load("topographic_map_slots")


CASES: list[Callable[[], Network]] = [balanced, layered, plastic, rewired]


def check(found: WeightPicture, engine: CpuEngine) -> None:
    """Compare with a picture that is made of the list, in double precision."""
    network = engine.network
    p = network.projection(found.projection)
    listed = engine.synapses(p.name)
    n_pre, n_post = (network.population(end).size for end in (p.pre, p.post))
    weight = listed.weight.astype(np.float64)
    rows, columns = min(n_post, CELLS), min(n_pre, CELLS)
    assert (found.n_pre, found.n_post, found.matrix.shape) == (n_pre, n_post, (rows, columns))
    assert (found.step, found.n_synapses) == (engine.step, weight.size)
    assert weight.size > 0
    expected = np.zeros((rows, columns))
    row = (listed.post - network.first_id(p.post)) * rows // n_post
    column = (listed.pre - network.first_id(p.pre)) * columns // n_pre
    np.add.at(expected, (row, column), np.abs(weight))
    np.testing.assert_allclose(found.matrix, expected, rtol=1e-6, atol=1e-9 * weight.size)
    np.testing.assert_array_equal(found.counts, np.histogram(weight, found.edges)[0])
    assert (found.low, found.high) == (weight.min(), weight.max())
    assert found.mean == pytest.approx(weight.mean(), rel=1e-9)


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_the_picture_is_that_of_the_list(
    make: Callable[[], Network], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weight_read, "_AT_ONCE", 1000)
    network = make()
    pictures: list[list[WeightPicture]] = []
    for threads in (1, 2):
        engine = CpuEngine(network, threads=threads)
        engine.advance(300)
        names = [p.name for p in network.projections]
        pictures.append([engine.weights(name, most_cells=CELLS, n_bars=BARS) for name in names])
        for picture in pictures[-1]:
            check(picture, engine)
            summary = engine.weights(picture.projection, most_cells=1, n_bars=1)
            for name in ("low", "high", "mean", "n_synapses"):
                assert getattr(summary, name) == getattr(picture, name)
            assert summary.matrix[0, 0] == picture.matrix.sum()
        engine.close()
    for one, two in zip(*pictures, strict=True):
        for name in ("matrix", "edges", "counts", "low", "high", "mean"):
            np.testing.assert_array_equal(getattr(one, name), getattr(two, name), err_msg=name)


def test_synapses_that_a_lesion_took_are_not_seen() -> None:
    engine = CpuEngine(rewired(), threads=1)
    engine.advance(100)
    p = engine.network.projections[0]
    before = engine.weights(p.name, most_cells=CELLS, n_bars=BARS).n_synapses
    engine.apply(Lesion(p.post, range(10)).apply(engine.network))
    after = engine.weights(p.name, most_cells=CELLS, n_bars=BARS)
    assert 0 < after.n_synapses < before
    check(after, engine)


def _one_weight(weight: float, size: int = 5) -> CpuEngine:
    populations = [Population("a", size, "LIFDelta"), Population("b", size, "LIFDelta")]
    p = Projection("a", "b", FixedIndegree(2), weight, name="p")
    return CpuEngine(Network(populations, [p]), threads=1)


@pytest.mark.parametrize("cells", [1, 7])
@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_weights_that_are_none_are_refused(wrong: float, cells: int) -> None:
    engine = CpuEngine(plastic(), threads=1)
    name = engine.network.projections[0].name
    engine.advance(10)
    engine._arrays.plastic.state[0] = wrong
    with pytest.raises(SpecError, match="must be finite"):
        engine.weights(name, most_cells=cells, n_bars=cells)


@pytest.mark.parametrize("weight", [0.0, 2.5, -1.0])
def test_one_weight_for_all_is_one_bar(weight: float) -> None:
    found = _one_weight(weight).weights("p")
    assert found.n_synapses == found.counts.max() == 10
    assert found.edges[0] < weight < found.edges[-1]
    assert found.low == found.mean == found.high == weight


def test_no_synapses() -> None:
    network = _one_weight(1.0).network
    none = replace(network.projections[0], rule=FixedIndegree(0))
    found = CpuEngine(Network(network.populations, [none]), threads=1).weights("p")
    assert found.n_synapses == 0
    assert not found.matrix.any()
    assert np.isnan([found.low, found.high, found.mean]).all()


def test_an_unknown_projection_is_refused() -> None:
    with pytest.raises(SpecError, match="p"):
        _one_weight(1.0).weights("q")
