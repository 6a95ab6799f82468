"""What replacing synapses costs: its part of the time of an epoch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median
from typing import Any

from benchmarks.learning.accuracy import SETS
from snnlab.errors import DataUnavailable
from snnlab.learning import Adam, Learner, RecurrentNetwork, StructuralPlasticity, batches
from snnlab.learning.rewirer import Rewirer
from snnlab.learning.trials import Trials

__all__ = ["BAR", "runs", "summary"]

BATCH = 32
BAR = 0.02
"""Largest part of an epoch that DEEP R may take, with 1024 hidden neurons."""

_HIDDEN = {"digits": (256, 1024), "MNIST-5k": (1024,)}


class _Clock:
    """Adds up the time in which `Rewirer` replaces, while it is entered; l1 is a part of Adam."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._its = Rewirer.rewire

    def __enter__(self) -> _Clock:
        Rewirer.rewire = self._timed  # type: ignore[method-assign]
        return self

    @property
    def _timed(self) -> Any:
        def timed(*arguments: Any) -> Any:
            started = time.perf_counter()
            found = self._its(*arguments)
            self.seconds += time.perf_counter() - started
            return found

        return timed

    def __exit__(self, *_: object) -> None:
        Rewirer.rewire = self._its  # type: ignore[method-assign]


def runs(epochs: int) -> Iterator[dict[str, Any]]:
    """Learn digits, and MNIST-5k where it is found, with DEEP R, by learning rates that fall.

    Yields
    ------
    dict
        task, hidden, density, updates between two calls, epoch, seconds of it, seconds in the
        rule, synapses that were replaced.
    """
    for data, widths in _HIDDEN.items():
        try:
            training, _ = SETS[data].load()
        except DataUnavailable:
            continue
        for hidden in widths:
            for density in (0.1, 0.05, 0.01):
                for every in (1, 2):
                    yield from _epochs(data, hidden, density, every, training, epochs)


def _epochs(
    data: str, hidden: int, density: float, every: int, training: Trials, epochs: int
) -> Iterator[dict[str, Any]]:
    learner = _learner(data, hidden, density, every, training)
    for _ in range(2):  # compiles
        _learner(data, hidden, density, 1, training).learn(training, range(BATCH))
    first, last = SETS[data].rates
    for epoch in range(epochs):
        rate = first * (last / first) ** (epoch / max(epochs - 1, 1))
        n, started = 0, time.perf_counter()
        with _Clock() as clock:
            for indices in batches(len(training), BATCH, 0, epoch):
                update = learner.learn(training, indices, learning_rate=rate)
                n += sum(update.n_rewired.values())
        yield {
            "task": data, "hidden": hidden, "density": density, "every": every, "epoch": epoch,
            "n_rewired": n, "seconds": time.perf_counter() - started, "rule_seconds": clock.seconds,
        }  # fmt: skip


def _learner(data: str, hidden: int, density: float, every: int, training: Trials) -> Learner:
    network = RecurrentNetwork(
        training.n_channels, hidden, len(training.classes), input_density=density,
        recurrent_density=density, input_gain=SETS[data].input_gain,
    )  # fmt: skip
    rewiring = StructuralPlasticity("DeepR", every=every)
    return Learner(
        network, optimiser=Adam(SETS[data].rates[0]), input_rewiring=rewiring,
        recurrent_rewiring=rewiring,
    )  # fmt: skip


def summary(records: list[dict[str, Any]]) -> list[str]:
    """Return a Markdown table: the part of all epochs together, and of single ones."""
    lines = [
        "## DEEP R, batches of 32, learning rates that fall to a tenth",
        "",
        "| task | hidden | density | every | replaced in the first / last epoch "
        f"| part of the training | of the first / median / last epoch | at most {BAR:.0%} |",
        "|---|---|---|---|---|---|---|---|",
    ]
    names = ("task", "hidden", "density", "every")
    for key in dict.fromkeys(tuple(r[name] for name in names) for r in records):
        mine = [r for r in records if tuple(r[n] for n in names) == key]
        parts = [r["rule_seconds"] / r["seconds"] for r in mine]
        whole = sum(r["rule_seconds"] for r in mine) / sum(r["seconds"] for r in mine)
        task, hidden, density, every = key
        lines.append(
            f"| {task} | {hidden} | {density:.0%} | {every} "
            f"| {mine[0]['n_rewired']} / {mine[-1]['n_rewired']} | {whole:.2%} "
            f"| {parts[0]:.1%} / {median(parts):.1%} / {parts[-1]:.1%} "
            f"| {'met' if whole <= BAR else 'NOT met'} |"
        )
    return [*lines, ""]
