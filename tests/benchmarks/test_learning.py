"""``python -m benchmarks.learning`` in parts: what is asked for, long trials, their table."""

from __future__ import annotations

import pytest

from benchmarks.learning import demo, gesture
from benchmarks.learning.__main__ import parse


def test_gestures_are_learnt_by_every_network() -> None:
    records = list(gesture.runs("cpu", n_trials=1, batch=1, epochs=1))
    assert [r["case"] for r in records] == list(gesture.CASES)
    assert all(r["seconds"] > 0.0 and r["spikes_per_trial"] > 1000 for r in records)
    table = gesture.summary(records)
    assert len(table) == len(gesture.CASES) + 5
    assert not any("met" in line for line in table)


@pytest.mark.parametrize(("seconds", "word"), [(9.0, "10: met"), (11.0, "10: NOT met")])
def test_bars_are_for_all_trials_on_a_gpu(seconds: float, word: str) -> None:
    common = {"device": "cuda:0", "threads": 1, "batch": 512, "spikes_per_trial": 1e4}
    records = [
        {"case": case, "trials": gesture.N_TRIALS, "epoch": e, "n_rewired": 1, **common}
        | {"seconds": 99.0 if e == 0 else seconds}
        for case in gesture.CASES
        for e in range(2)
    ]  # fmt: skip
    table = gesture.summary(records)
    assert sum(word in line for line in table) == 3
    assert sum("30: met" in line for line in table) == 1


def test_what_is_measured_where() -> None:
    args = parse(["gesture"])
    assert (args.device, args.trials, args.batch) == ("cpu", 8, 4)
    args = parse(["gesture", "--device", "cuda:0", "--batch", "64"])
    assert (args.trials, args.batch) == (1077, 64)
    with pytest.raises(SystemExit):
        parse(["gestures"])


def test_a_demonstration_ends_with_its_accuracy(capsys: pytest.CaptureFixture[str]) -> None:
    demo.main()
    accuracy = float(capsys.readouterr().out.splitlines()[-1])
    assert 0.9 < accuracy < 1.0
    records = [
        {"run": r, "seconds": s, "accuracy": accuracy}
        for r, s in zip(demo.BARS, (59, 11), strict=True)
    ]
    table = demo.summary(records)
    assert "60: met" in table[-3]
    assert "10: NOT met" in table[-2]
