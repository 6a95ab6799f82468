"""What replacing synapses costs: its part of the time of an epoch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median
from typing import Any

import numpy as np

from benchmarks.learning.accuracy import CASES, SETS
from benchmarks.learning.tasks import TASKS
from snnlab.learning import Adam, Learner, batches
from snnlab.learning.rewirer import Rewirer
from snnlab.learning.trials import Trials

__all__ = ["BAR", "runs", "summary"]

BATCH = 32
BAR = 0.02
"""Largest part of an epoch that DEEP R may take."""


class _Clock:
    """Adds up the time in `Rewirer.rewire` while it is entered."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._rewire = Rewirer.rewire

    def __enter__(self) -> _Clock:
        def timed(*arguments: Any) -> int:
            started = time.perf_counter()
            n = self._rewire(*arguments)
            self.seconds += time.perf_counter() - started
            return n

        Rewirer.rewire = timed  # type: ignore[method-assign,assignment]
        return self

    def __exit__(self, *_: object) -> None:
        Rewirer.rewire = self._rewire  # type: ignore[method-assign]


def runs(epochs: int) -> Iterator[dict[str, Any]]:
    """Learn digits, and random trials of a larger size, with DEEP R.

    Yields
    ------
    dict
        task, density, epoch, seconds of it, seconds in the rule, synapses that were replaced.
    """
    training, _ = SETS["digits"].load()
    for name in ("digits, 10 % DEEP R", "digits, 5 % DEEP R", "digits, 1 % DEEP R"):
        learner = CASES[name].learner(training, 0)
        yield from _epochs("digits", CASES[name].density, learner, training, epochs)
    task = TASKS["mnist-size"]
    trials = task.trials().take(np.arange(256) % task.n_trials)
    for density in (0.1, 0.01):
        learner = Learner(
            task.network(density), optimiser=Adam(4e-3), input_rewiring="DeepR",
            recurrent_rewiring="DeepR",
        )  # fmt: skip
        yield from _epochs("mnist-size", density, learner, trials, epochs)


def _epochs(
    name: str, density: float, learner: Learner, trials: Trials, epochs: int
) -> Iterator[dict[str, Any]]:
    for epoch in range(epochs):
        n, started = 0, time.perf_counter()
        with _Clock() as clock:
            for indices in batches(len(trials), BATCH, 0, epoch):
                n += sum(learner.learn(trials, indices).n_rewired.values())
        yield {
            "task": name, "density": density, "epoch": epoch, "n_rewired": n,
            "seconds": time.perf_counter() - started, "rule_seconds": clock.seconds,
        }  # fmt: skip


def summary(records: list[dict[str, Any]]) -> list[str]:
    """Return a Markdown table; the first epoch, which compiles, is left out."""
    lines = [
        "## DEEP R after every batch of 32",
        "",
        f"| task | density | replaced in an epoch | part of the epoch | at most {BAR:.0%} |",
        "|---|---|---|---|---|",
    ]
    for name, density in dict.fromkeys((r["task"], r["density"]) for r in records):
        mine = [
            r for r in records if (r["task"], r["density"]) == (name, density) and r["epoch"] > 0
        ]
        part = median(r["rule_seconds"] / r["seconds"] for r in mine)
        n = median(r["n_rewired"] for r in mine)
        lines.append(
            f"| {name} | {density:.0%} | {n:.0f} | {part:.1%} | "
            f"{'met' if part <= BAR else 'NOT met'} |"
        )
    return [*lines, ""]
