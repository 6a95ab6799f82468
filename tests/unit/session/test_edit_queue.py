"""Order, newest values, and values that can only be meant together."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnlab.errors import SpecError, StateError
from snnlab.model.edits import AddPopulation, RemovePopulation, SetParameter
from snnlab.model.network import Network, Population
from snnlab.session.edit_queue import (
    SHORTEST_INTERVAL,
    EditQueue,
    HistoryStep,
    Request,
    newest_only,
)


def network() -> Network:
    """One population with V_reset = -70 mV and V_th = -55 mV."""
    return Network([Population("exc", 1, "LIFDelta")])


def queue() -> EditQueue:
    """A queue for this network."""
    return EditQueue(network(), wake=lambda: None)


def put(name: str, value: float) -> SetParameter:
    """Set a parameter of the population."""
    return SetParameter("exc", name, value)


def test_newest_value_wins_and_answers_all() -> None:
    q = queue()
    futures = [q.submit(put("tau_m", 10.0 + k)) for k in range(5)]
    (request,) = q.take()
    assert request.change == put("tau_m", 14.0)
    assert request.futures == tuple(futures)
    assert q.is_empty


def test_other_kinds_of_change_are_barriers() -> None:
    requests = [
        Request(change)
        for change in (
            put("tau_m", 1.0),
            HistoryStep.UNDO,
            put("tau_m", 2.0),
            put("tau_m", 3.0),
            RemovePopulation("exc"),
            put("tau_m", 4.0),
        )
    ]
    kept = [r.change for r in newest_only(requests)]
    assert kept == [
        put("tau_m", 1.0),
        HistoryStep.UNDO,
        put("tau_m", 3.0),
        RemovePopulation("exc"),
        put("tau_m", 4.0),
    ]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers())))
def test_newest_only_ends_in_the_same_values_and_keeps_order(changes) -> None:
    kept = newest_only([Request(SetParameter("x", name, value)) for name, value in changes])
    assert {r.change.name: r.change.value for r in kept} == dict(changes)
    last = {name: i for i, (name, _) in enumerate(changes)}
    positions = [last[r.change.name] for r in kept]
    assert all(a < b for a, b in pairwise(positions))
    assert sum(len(r.futures) for r in kept) == len(changes)


def test_values_that_can_only_be_meant_in_order_stay_in_order() -> None:
    q = queue()
    # Without the first threshold the reset would come to lie above it: all three are made.
    changes = [put("V_th", -40.0), put("V_reset", -50.0), put("V_th", -41.0)]
    for change in changes:
        q.submit(change)
    assert [r.change for r in q.take()] == changes


def test_values_that_can_be_meant_without_older_ones_leave_them_out() -> None:
    q = queue()
    for change in (put("V_th", -40.0), put("V_reset", -60.0), put("V_th", -41.0)):
        q.submit(change)
    assert [r.change for r in q.take()] == [put("V_reset", -60.0), put("V_th", -41.0)]


def test_a_number_is_not_changed_twice_at_once() -> None:
    q = queue()
    assert q.wait_s(0.0) == math.inf
    q.submit(put("tau_m", 11.0))
    assert q.wait_s(0.0) == 0.0
    q.take()
    q.settle(network(), 0.0, 0.001)
    q.submit(put("C_m", 200.0))
    assert q.wait_s(0.01) == 0.0
    q.submit(put("tau_m", 12.0))
    assert q.wait_s(0.01) == pytest.approx(SHORTEST_INTERVAL - 0.01)
    assert q.wait_s(1.0) == 0.0


def test_a_number_that_is_slow_to_change_leaves_time_to_simulate() -> None:
    q = queue()
    q.submit(put("tau_m", 11.0))
    q.take()
    q.settle(network(), 0.0, 0.5)
    q.submit(put("tau_m", 12.0))
    assert q.wait_s(0.5) == pytest.approx(0.5)


def test_edits_are_checked_against_what_waits() -> None:
    q = queue()
    q.submit(AddPopulation(Population("new", 1, "LIFDelta")))
    q.submit(SetParameter("new", "tau_m", 5.0))
    with pytest.raises(SpecError, match="different names"):
        q.submit(AddPopulation(Population("new", 1, "LIFDelta")))
    assert len(q.take()) == 2


def test_after_a_refusal_edits_are_checked_against_the_truth() -> None:
    q = queue()
    q.submit(AddPopulation(Population("new", 1, "LIFDelta")))
    q.take()
    q.settle(network(), 0.0, 0.0)  # the engine refused
    with pytest.raises(SpecError, match="existing name"):
        q.submit(SetParameter("new", "tau_m", 5.0))


def test_closing_answers_everyone() -> None:
    q = queue()
    future = q.submit(put("tau_m", 11.0))
    error = StateError("Session", "must be open", got="a closed session")
    q.close(error)
    assert future.exception(0) is error
    with pytest.raises(StateError):
        q.submit(put("tau_m", 12.0))
