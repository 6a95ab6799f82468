"""How large a time step and how strong weights a network bears, tried out beside its run."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import snnlab
from snnlab.errors import NumericalInstability, SpecError
from snnlab.model.connectivity import FixedIndegree
from snnlab.model.distribution import ClippedNormal, LogNormal
from snnlab.model.network import Network, Population, Projection
from snnlab.session import Session
from snnlab.session.limit import with_factor
from tests import networks
from tests.features.session_bench import LIMIT_S, eventually
from tests.unwell import FitzHughNagumo


@pytest.fixture
def session() -> Session:
    with snnlab.open("brunel", N=500, name="bears", threads=1) as session:
        yield session


def stiff(dt: float) -> Network:
    """Neurons whose explicit scheme is not stable where the step is large."""
    return Network([Population("stiff", 20, FitzHughNagumo)], dt=dt)


def test_a_time_step_that_is_too_large_is_found_and_the_largest_that_goes_well(
    session: Session,
) -> None:
    found = session.limit("dt", duration=50)
    assert found.wait(LIMIT_S)
    assert [t.dt for t in found.trials] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2])
    assert [t.is_healthy for t in found.trials] == [True] * 5 + [False]
    assert isinstance(found.broken.error, SpecError)
    assert f"dt={found.advised.dt:g}" in found.suggestion
    assert (session.t, session.network.dt) == (0.0, 0.1)
    with snnlab.open("brunel", N=500, name="with it", threads=1, dt=found.largest.dt) as again:
        again.run(50).wait(LIMIT_S)
        step, _ = again.spikes()
        n_steps = round(50 / found.largest.dt)
        rate = np.count_nonzero(step < n_steps) / 500 / (n_steps * found.largest.dt * 1e-3)
        assert found.largest.rate == pytest.approx(rate)


def test_weights_that_are_too_strong_are_found(session: Session) -> None:
    found = session.limit("weights", duration=50)
    assert found.wait(LIMIT_S)
    assert isinstance(found.broken.error, NumericalInstability)
    assert found.broken.factor == 2 * found.largest.factor
    assert found.broken.t < 50.0
    assert "V_m: must be" in str(found)
    assert f"at {found.largest.factor:g} times what they are, or less" in found.suggestion


def test_a_run_that_was_stopped_gets_a_smaller_time_step() -> None:
    with snnlab.open(stiff(dt=4.0), name="stopped", threads=1) as session:
        with pytest.raises(NumericalInstability):
            session.run(400).wait(LIMIT_S)
        assert session.trouble is not None
        found = session.limit("dt")
        assert found.wait(LIMIT_S)
    assert [t.dt for t in found.trials] == [4.0, 2.0, 1.0, 0.5, 0.25]
    assert [t.is_healthy for t in found.trials] == [False, False, True, True, True]
    # 1 ms is stable, but its spikes are wrong: the rate is another one than with smaller steps.
    assert found.largest.rate > 1.3 * found.trials[-1].rate
    assert found.advised.dt == 0.5
    assert "snnlab.open(..., dt=0.5)" in found.suggestion
    with snnlab.open(stiff(dt=0.5), name="mended", threads=1) as mended:
        mended.run(400).wait(LIMIT_S)
        assert mended.trouble is None


def test_a_larger_time_step_is_advised_only_while_the_rate_stays() -> None:
    with snnlab.open(stiff(dt=0.25), name="fine", threads=1) as session:
        found = session.limit("dt", duration=400)
        assert found.wait(LIMIT_S)
    assert [t.is_healthy for t in found.trials] == [True, True, True, False]
    assert (found.advised.dt, found.largest.dt) == (0.5, 1.0)


def test_it_ends_when_it_is_told_to_or_time_is_over(session: Session) -> None:
    for late in (session.limit("weights", duration=1e6), session.limit("dt", duration=1e6)):
        late.cancel()
        assert late.wait(LIMIT_S)
    short = session.limit("dt", duration=1e6, timeout=0.2)
    assert short.wait(LIMIT_S)
    assert short.trials == ()
    assert eventually(lambda: "snnlab limit" not in {t.name for t in threading.enumerate()})


def test_another_subject_is_refused(session: Session) -> None:
    with pytest.raises(SpecError, match="dt, weights"):
        session.limit("colour")


def test_weights_of_every_form_are_scaled() -> None:
    pair = Population("a", 10), Population("b", 10)
    weights = [
        2.0,
        ClippedNormal(3.0, 1.0, low=0.0),
        LogNormal(0.5, 0.1, scale="2 * w"),
        "10 pA",
        "-w",
    ]
    projections = [
        Projection("a", "b", FixedIndegree(2), weight=weight, name=f"p{k}")
        for k, weight in enumerate(weights)
    ]
    network = Network(pair, projections, knobs=[snnlab.Knob("w", 4.0)])
    scaled = with_factor(network, "weights", 8.0)
    u = np.linspace(0.1, 0.9, 5)
    for before, after in zip(network.projections, scaled.projections, strict=True):
        np.testing.assert_allclose(
            scaled.weight_of(after).quantile(u), 8.0 * network.weight_of(before).quantile(u)
        )
    assert networks.balanced(100) == with_factor(networks.balanced(100), "weights", 1.0)
