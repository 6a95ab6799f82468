"""Branches over one another: what is shared, what is not, and where they part."""

from __future__ import annotations

from collections.abc import Iterator

import holoviews as hv
import numpy as np
import pytest

from snnlab import plots
from snnlab.analysis.difference import first_difference, shared
from snnlab.cpu.engine import CpuEngine
from snnlab.errors import SpecError
from snnlab.model.edits import RemovePopulation
from snnlab.session import Session
from tests.features.session_bench import LIMIT_S
from tests.networks import balanced


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[Session, Session]]:
    """A run of 100 ms, and a branch of it in which g is another from 40 ms on."""
    with Session(CpuEngine(balanced(300), threads=1), name="trunk") as trunk:
        trunk.run(100).wait(LIMIT_S)
        with trunk.branch(name="g = 3", at=40) as branch:
            branch.set("g", 3.0).result(LIMIT_S)
            branch.run_until(100).wait(LIMIT_S)
            yield trunk, branch


def both_until(pair: tuple[Session, Session], step: int) -> list[np.ndarray]:
    """Spikes of both between the fork and `step`."""
    found = []
    for session in pair:
        at, neuron = session.spikes()
        mine = (at >= 400) & (at < step)
        found.append(np.column_stack([at[mine], neuron[mine]]))
    return found


def test_a_branch_knows_where_it_comes_from(pair) -> None:
    trunk, branch = pair
    assert (branch.parent, branch.forked_at) == (trunk, 40.0)
    assert trunk.branches == (branch,)
    assert (trunk.parent, trunk.forked_at, branch.branches) == (None, None, ())
    with trunk.branch() as second:
        assert trunk.branches == (branch, second)
    assert trunk.branches == (branch,)


def test_branches_are_equal_until_they_part(pair) -> None:
    trunk, branch = pair
    at, neuron = trunk.spikes()
    step = first_difference((at[at >= 400], neuron[at >= 400]), branch.spikes())
    assert step is not None
    assert step >= 400
    np.testing.assert_array_equal(*both_until(pair, step))
    a, b = both_until(pair, step + 1)
    assert len(a) != len(b) or not np.array_equal(a, b)
    assert f"first difference at {(step + 1) * 0.1:g} ms" in title(plots.branch_raster(*pair))


def test_every_spike_is_drawn_once(pair) -> None:
    trunk, branch = pair
    layers = {layer.label: layer for layer in plots.branch_raster(*pair).values()}
    at, neuron = trunk.spikes()
    mine = shared((at[at >= 400], neuron[at >= 400]), branch.spikes())
    assert len(layers["both"]) == mine.first.sum() > 0
    assert len(layers["trunk only"]) == (~mine.first).sum() > 0
    assert len(layers["g = 3 only"]) == (~mine.second).sum() > 0


def test_of_too_many_spikes_some_neurons_are_drawn(pair) -> None:
    plot = plots.branch_raster(*pair, most_points=100)
    assert sum(len(layer) for layer in plot.values() if isinstance(layer, hv.Points)) < 300
    assert "1 in" in title(plot)


def test_rates_begin_where_the_branch_does(pair) -> None:
    curves = {c.label: c for c in plots.branch_rates(*pair).values() if isinstance(c, hv.Curve)}
    assert list(curves) == ["trunk", "g = 3"]
    assert curves["trunk"].data["time"].min() < 10
    assert curves["g = 3"].data["time"].min() > 40
    of_one = plots.branch_rates(*pair, population="inh")
    assert "rate of inh" in title(of_one)


def test_runs_that_are_the_same_do_not_part(pair) -> None:
    trunk, _ = pair
    assert "no difference" in title(plots.branch_raster(trunk, trunk, 0, 50))


def test_other_populations_are_refused(pair) -> None:
    trunk, _ = pair
    with trunk.branch() as other:
        other.apply(RemovePopulation("inh")).result(LIMIT_S)
        other.run(10).wait(LIMIT_S)
        with pytest.raises(SpecError, match="same populations"):
            plots.branch_raster(trunk, other)
        assert "rate of all" in title(plots.branch_rates(trunk, other))
    with pytest.raises(SpecError, match="two or more"):
        plots.branch_rates(trunk)
    with pytest.raises(SpecError, match="'exc'"):
        plots.branch_rates(trunk, trunk, population="ecx")


def title(plot: hv.Overlay) -> str:
    """What stands above a plot."""
    text: str = hv.renderer("bokeh").get_plot(plot).state.title.text
    return text
