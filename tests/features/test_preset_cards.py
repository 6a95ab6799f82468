"""Each of the ten presets has three knobs and a question, and soon spikes at healthy rates."""

from __future__ import annotations

import time

import pytest

from snnlab import presets
from snnlab.cpu.engine import CpuEngine
from snnlab.errors import SpecError
from snnlab.model.edits import SetParameter

LIMIT_S = 5.0
"""CPU time until the first spike on one thread, once the engine is compiled."""

CHUNK_MS, SETTLE_MS, MEASURED_MS = 5.0, 500.0, 300.0


def test_there_are_ten_and_all_have_a_card() -> None:
    assert list(presets.CARDS) == presets.names()
    assert len(presets.CARDS) == 10


@pytest.mark.parametrize("name", presets.names())
def test_card_asks_something_about_three_knobs_that_can_be_turned(name: str) -> None:
    card = presets.card(name)
    network = presets.load(name, **card.settings)
    assert card.question.endswith("?")
    assert len(set(card.knobs)) == 3
    for knob in card.knobs:
        low, high = network.knob(knob).parameter.slider_range()
        changed = [SetParameter("", knob, value).apply(network) for value in (low, high)]
        assert changed[0] != changed[1]


@pytest.mark.parametrize("name", presets.names())
def test_spikes_come_soon_and_at_a_healthy_rate(name: str) -> None:
    card = presets.card(name)
    warm = CpuEngine(presets.load(name, **card.settings), threads=1)
    warm.advance(1)  # compiles, or loads what was compiled
    warm.close()
    began = time.process_time()
    network = presets.load(name, **card.settings)
    engine = CpuEngine(network, threads=1)
    n_steps = round(CHUNK_MS / network.dt)
    while engine.advance(n_steps).n_spikes == 0:
        assert time.process_time() - began < LIMIT_S
    assert time.process_time() - began < LIMIT_S
    engine.advance(round(SETTLE_MS / network.dt))
    frame = engine.advance(round(MEASURED_MS / network.dt))
    engine.close()
    rate = frame.n_spikes / network.n_neurons / frame.duration * 1000.0
    low, high = card.rates
    assert low < rate < high
    assert not frame.health


def test_unknown_card_offers_the_nearest() -> None:
    with pytest.raises(SpecError, match="'brunel'"):
        presets.card("brunell")
