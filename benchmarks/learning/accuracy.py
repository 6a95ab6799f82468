"""How well networks learn digits: dense, fixed sparse rows, and rows that are rewired."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import mean, median, stdev
from typing import Any

from benchmarks.learning.tasks import digits
from snnlab.learning import Adam, Learner, RecurrentNetwork, StructuralPlasticity, batches
from snnlab.learning.trials import Trials

__all__ = ["CASES", "runs", "summary"]

N_HIDDEN, BATCH = 256, 32


@dataclass(frozen=True)
class Case:
    """A density, who rewires, and for how many epochs."""

    density: float
    rule: str
    l1: float | None
    epochs: int
    beta: float = 0.0174

    def learner(self, training: Trials, seed: int) -> Learner:
        """Return a learner that has learnt nothing."""
        network = RecurrentNetwork(
            training.n_channels, N_HIDDEN, len(training.classes), input_density=self.density,
            recurrent_density=self.density, beta=self.beta, seed=seed,
        )  # fmt: skip
        every = 1 if self.rule == "DeepR" else 20
        rewiring = StructuralPlasticity(self.rule, every=every, l1=self.l1) if self.rule else None
        return Learner(
            network, optimiser=Adam(4e-3), input_rewiring=rewiring, recurrent_rewiring=rewiring
        )


CASES = {
    "dense, 10 epochs": Case(1.0, "", None, 10),
    "dense LIF, 10 epochs": Case(1.0, "", None, 10, beta=0.0),
    "dense": Case(1.0, "", None, 20),
    "10 % fixed": Case(0.1, "", None, 20),
    "10 % DEEP R": Case(0.1, "DeepR", None, 20),
    "10 % SET": Case(0.1, "SET", None, 20),
    "10 % RigL": Case(0.1, "RigL", None, 20),
    "5 % fixed": Case(0.05, "", None, 20),
    "5 % DEEP R": Case(0.05, "DeepR", None, 20),
    "1 % fixed": Case(0.01, "", None, 20),
    "1 % DEEP R": Case(0.01, "DeepR", 2.5e-4, 20),
}
"""Learning rate 4e-3 to 4e-4, batches of 32. l1 for each trial and step; None: the default."""


def runs(names: list[str], seeds: int) -> Iterator[dict[str, Any]]:
    """Learn each case with each seed.

    Yields
    ------
    dict
        case, seed, test accuracy after each epoch, seconds of each epoch, synapses, spikes of a
        trial and replaced synapses in the last epoch.
    """
    training, test = digits()
    for seed in range(seeds):
        for name in names:
            yield {"case": name, "seed": seed} | _learn(CASES[name], training, test, seed)


def _learn(case: Case, training: Trials, test: Trials, seed: int) -> dict[str, Any]:
    learner = case.learner(training, seed)
    accuracy, seconds, spikes, rewired = [], [], 0.0, 0
    for epoch in range(case.epochs):
        rate = 4e-3 * 0.1 ** (epoch / (case.epochs - 1))
        spikes, rewired, started = 0.0, 0, time.perf_counter()
        for indices in batches(len(training), BATCH, seed, epoch):
            update = learner.learn(training, indices, learning_rate=rate)
            spikes += float(update.outcome.n_spikes.sum())
            rewired += sum(update.n_rewired.values())
        seconds.append(time.perf_counter() - started)
        accuracy.append(100.0 * learner.evaluate(test).n_correct / len(test))
    weights = learner.weights
    n_recurrent = 0 if weights.recurrent is None else weights.recurrent.n
    return {
        "accuracy": accuracy, "seconds": seconds, "n_synapses": weights.input.n + n_recurrent,
        "spikes_per_trial": spikes / len(training), "n_rewired": rewired,
    }  # fmt: skip


def summary(records: list[dict[str, Any]]) -> list[str]:
    """Return a Markdown table: mean and spread over seeds of the mean of the last three epochs."""
    lines = [
        f"## Digits, {N_HIDDEN} hidden neurons",
        "",
        "| network | synapses | test % | seeds | after 1 / 3 / 5 / 10 epochs | spikes/trial "
        "| replaced in the last epoch | s/epoch |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(r["case"] for r in records):
        mine = [r for r in records if r["case"] == name]
        last = [mean(r["accuracy"][-3:]) for r in mine]
        spread = f" ± {stdev(last):.2f}" if len(last) > 1 else ""
        course = " / ".join(
            f"{mean(r['accuracy'][k - 1] for r in mine):.1f}" for k in (1, 3, 5, 10)
        )
        lines.append(
            f"| {name} | {mine[0]['n_synapses']} | {mean(last):.2f}{spread} | {len(mine)} "
            f"| {course} | {mean(r['spikes_per_trial'] for r in mine):.0f} "
            f"| {mean(r['n_rewired'] for r in mine):.0f} "
            f"| {median(s for r in mine for s in r['seconds'][1:]):.2f} |"
        )
    return [*lines, ""]
