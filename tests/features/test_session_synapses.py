"""A session gives its synapses as a labelled table, at any moment."""

import numpy as np
import pytest

import snnlab
from snnlab.errors import SpecError


@pytest.fixture
def session():
    with snnlab.open("stdp", N=1000, name="synapses") as opened:
        yield opened


def test_the_table_has_units_and_says_when_it_was_read(session):
    session.run("50 ms").wait()
    table = session.synapses("exc->exc")
    assert table.sizes["synapse"] == 800 * 80
    assert table.attrs | {"time": 50.0} == {
        "projection": "exc->exc", "synapse": "STDP", "time": pytest.approx(50.0),
        "time_units": "ms",
    }  # fmt: skip
    assert {name: v.attrs["units"] for name, v in table.items()} == {
        "pre": "1", "post": "1", "delay": "ms", "weight": "mV",
    }  # fmt: skip
    assert table.post.max() < 800
    np.testing.assert_allclose(table.delay, 1.5)


def test_weights_move_and_reading_them_while_it_runs_does_not_stop_it(session):
    before = session.synapses("exc->exc").weight.values
    session.run()
    tables = [session.synapses("exc->exc") for _ in range(5)]
    session.pause()
    times = [t.attrs["time"] for t in tables]
    assert times == sorted(times)
    assert not np.array_equal(session.synapses("exc->exc").weight.values, before)


def test_rewinding_brings_weights_back(session):
    session.run("100 ms").wait()
    kept = session.checkpoint()
    weight = session.synapses("exc->exc").weight.values
    session.run("200 ms").wait()
    after = session.synapses("exc->exc").weight.values
    assert not np.array_equal(after, weight)
    session.rewind(kept)
    np.testing.assert_array_equal(session.synapses("exc->exc").weight.values, weight)
    session.run("200 ms").wait()
    np.testing.assert_array_equal(session.synapses("exc->exc").weight.values, after)


def test_a_slider_of_the_rule_takes_effect_while_it_runs(session):
    session.run("50 ms").wait()
    session.set("learning_rate", 0.0).result(10)
    weight = session.synapses("exc->exc").weight.values
    session.run("100 ms").wait()
    np.testing.assert_array_equal(session.synapses("exc->exc").weight.values, weight)


def test_an_unknown_projection_offers_the_nearest(session):
    with pytest.raises(SpecError, match=r"'exc->ecx'[\s\S]*Did you mean 'exc->exc'"):
        session.synapses("exc->ecx")
