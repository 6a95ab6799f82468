"""What ``python -m benchmarks.planted_sleep`` plants does slow the engine down, as it is today."""

from __future__ import annotations

import time
from contextlib import closing
from types import ModuleType

import pytest

from benchmarks.planted_sleep import BUSY, ENGINE, SLEEP, with_delay
from snnlab import presets
from snnlab.arrays.engine import ArrayEngine
from snnlab.cpu.engine import CpuEngine
from snnlab.errors import StateError
from tests.architecture.source import ROOT

SECONDS = 0.02


@pytest.mark.parametrize("delay", [SLEEP, BUSY])
def test_each_piece_of_a_run_takes_so_much_longer(
    delay: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = (ROOT / ENGINE).read_text(encoding="utf-8")
    planted = ModuleType("planted")
    code = compile(with_delay(source, delay.format(seconds=SECONDS)), str(ENGINE), "exec")
    exec(code, planted.__dict__)  # noqa: S102
    with closing(CpuEngine(presets.load("brunel", N=200), threads=1)) as engine:
        engine.advance(100)
        monkeypatch.setattr(ArrayEngine, "advance", planted.ArrayEngine.advance)
        began = time.perf_counter()
        frame = engine.advance(100)
        seconds = time.perf_counter() - began
    assert seconds >= SECONDS
    assert frame.t_stop - frame.t_start == 100  # and it still does what it did


def test_an_engine_of_another_form_is_no_place_to_plant() -> None:
    with pytest.raises(StateError, match="advance"):
        with_delay("class ArrayEngine: ...", SLEEP)
