"""The weights on the page are those of the session, and reading them does not hold it up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import snnlab
from snnlab import FixedIndegree, Network, Population, Projection
from snnlab.errors import SpecError
from snnlab.session import Session
from snnlab_widgets import weights as weights_module
from snnlab_widgets.weights import Weights
from tests.features.session_bench import eventually
from tests.networks import balanced

NETWORK = Network(
    [Population("source", 40, "PoissonSource", {"rate": 100.0}), Population("n", 30, "LIFDelta")],
    [
        Projection("source", "n", FixedIndegree(10), 3.0, name="static"),
        Projection("source", "n", FixedIndegree(5), 0.5, synapse="STDP",
                   parameters={"W_max": 5.0, "learning_rate": 0.1}, name="learning"),
    ],
)  # fmt: skip


@pytest.fixture
def session() -> Iterator[Session]:
    with snnlab.open(NETWORK, threads=1, name="weights") as session:
        yield session


@pytest.fixture
def sent() -> list[tuple[dict[str, Any], list[bytes]]]:
    return []


@pytest.fixture
def part(session: Session, sent: list[tuple[dict[str, Any], list[bytes]]]) -> Weights:
    return shown(Weights(session), sent)


def shown(part: Weights, sent: list[tuple[dict[str, Any], list[bytes]]]) -> Weights:
    """A part that somebody looks at; what it draws is in `sent`."""

    def send(message: dict[str, Any], buffers: list[bytes]) -> None:
        sent.append((message, buffers))
        part._painted = message["k"]

    part.send = send
    part._is_open = True
    return part


def test_it_begins_with_what_learns(part: Weights) -> None:
    assert part.projections == ["static", "learning"]
    assert part.projection == "learning"


def test_it_shows_the_weights_of_now(part: Weights, session: Session, sent: list[Any]) -> None:
    part.refresh()
    session.run(200.0).wait()
    part.refresh()
    before, after = sent[0][0], sent[1][0]
    assert sum(before["histogram"]["counts"]) == sum(after["histogram"]["counts"]) == 150
    weight = session.synapses("learning")["weight"].values
    assert after["histogram"]["low"] == pytest.approx(weight.min())
    assert before["histogram"]["low"] != after["histogram"]["low"]
    assert after["value"]["label"] == "sum of |weight| (mV)"
    assert (after["rows"], after["columns"]) == (60, 40)  # each target twice: about a square
    drawn = np.frombuffer(sent[1][1][0], np.uint8).reshape(60, 40)
    np.testing.assert_array_equal(drawn[::2], drawn[1::2])
    pairs = {(int(i), int(j)) for i, j in zip(*np.nonzero(drawn[::2]), strict=True)}
    table = session.synapses("learning")
    ends = zip(table["post"].values.tolist(), table["pre"].values.tolist(), strict=True)
    assert pairs == {pair for pair, w in zip(ends, weight, strict=True) if w > 0}


def test_static_weights_are_read_once(part: Weights, session: Session, sent: list[Any]) -> None:
    part.do_choose("static")
    session.run(10.0).wait()
    part.refresh()
    assert len(sent) == 1
    session.set("static", "weight", 0.25).result(10)
    part.refresh()
    assert len(sent) == 2


def test_too_many_are_not_read(
    part: Weights, sent: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights_module, "MOST_SYNAPSES", 100)
    monkeypatch.setattr(Session, "read_weights", lambda *_, **__: pytest.fail("read all the same"))
    part.refresh()
    assert sent[0][0]["empty"] == "150 synapses are too many to be read"


def test_millions_of_synapses_are_seen(sent: list[Any]) -> None:
    network = balanced(12000)
    with snnlab.open(network, threads=1, name="many weights") as session:
        seen = shown(Weights(session), sent)
        seen.do_choose("exc->exc")
    (message, (matrix,)) = sent[-1]
    assert sum(message["histogram"]["counts"]) == 9600 * 960
    assert (message["rows"], message["columns"]) == (64, 64)
    drawn = np.frombuffer(matrix, np.uint8)
    assert drawn.size == 64 * 64
    assert drawn.min() > 0  # every cell stands for 150 x 150 pairs


def test_a_run_is_held_up_for_a_small_part_of_its_time(
    part: Weights, session: Session, sent: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(weights_module.time, "monotonic", lambda: now)
    read_weights = Session.read_weights

    def slow(self: Session, projection: str, **settings: Any) -> Any:
        nonlocal now
        now += 0.7  # of which the run has waited for a part
        return replace(read_weights(self, projection, **settings), held_up_s=0.5)

    monkeypatch.setattr(Session, "read_weights", slow)
    session.speed = 1.0
    session.run()
    for _ in range(60):
        step = session.step
        assert eventually(lambda: session.step > step)  # noqa: B023
        part.refresh()
        now += 1.0
    session.pause()
    assert 2 <= len(sent) <= 4  # half a second each, a fiftieth of the time


def test_an_unknown_projection_is_refused(part: Weights) -> None:
    with pytest.raises(SpecError, match="static"):
        part.do_choose("statik")
