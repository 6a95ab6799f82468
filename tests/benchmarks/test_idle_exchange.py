"""The benchmark of empty exchanges measures exchanges, and only those that are empty."""

from __future__ import annotations

import json

import pytest

from benchmarks.idle_exchange import main

pytestmark = [pytest.mark.mpi, pytest.mark.timeout(120)]


def test_each_way_has_an_exchange_within_a_step(
    mpi_library: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--steps", "500", "--repeats", "3"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["way"], line["what"]) for line in lines] == [
        ("point_to_point", "exchange"), ("point_to_point", "step"),
        ("collective", "exchange"), ("collective", "step"),
    ]  # fmt: skip
    for exchange, step in (lines[:2], lines[2:]):
        assert 0 < exchange["least"] <= exchange["median"] <= exchange["most"]
        assert exchange["median"] < step["median"]
