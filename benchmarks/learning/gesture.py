"""An epoch of random spikes of the shape of DVS Gesture: long trials, large batches."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from snnlab.learning import Adam, Learner, RecurrentNetwork, StructuralPlasticity, batches
from snnlab.learning.trials import Trials

__all__ = ["CASES", "N_TRIALS", "Case", "random_gestures", "runs", "summary"]

N_TRIALS = 1077
"""Trials for training."""

_SIDE, _N_STEPS, _N_CLASSES = 32, 18_500, 11
_N_CHANNELS = 2 * _SIDE**2
_N_EVENTS = 150_000
"""Spikes of a trial, about: an assumption, 4 a second for each of 2048 channels."""


@dataclass(frozen=True)
class Case:
    """A network, and what it should take on one GPU.

    Parameters
    ----------
    input_density, recurrent_density : float
    rewires : bool
        Whether by DEEP R.
    bar : float [s]
        For an epoch, at most.
    published : str
        GeNN on an A100 (Knight, Senk, Nowotny, arXiv 2510.19764).
    """

    input_density: float
    recurrent_density: float
    rewires: bool
    bar: float
    published: str

    def learner(self, device: str, threads: int) -> Learner:
        """Return a learner that has learnt nothing: 512 ALIF neurons."""
        network = RecurrentNetwork(
            _N_CHANNELS, 512, _N_CLASSES, input_density=self.input_density,
            recurrent_density=self.recurrent_density, input_gain=1.5,
        )  # fmt: skip
        rewiring = StructuralPlasticity("DeepR") if self.rewires else None
        return Learner(
            network, optimiser=Adam(1e-3), input_rewiring=rewiring, recurrent_rewiring=rewiring,
            device=device, threads=threads,
        )  # fmt: skip


CASES = {
    "dense": Case(1.0, 1.0, False, 30.0, "688"),
    "5 % fixed": Case(0.05, 0.05, False, 10.0, "86"),
    "5 % DEEP R": Case(0.05, 0.05, True, 10.0, "115"),
    "1 % DEEP R": Case(0.01, 0.01, True, 10.0, "63"),
}


def random_gestures(n_trials: int) -> Trials:
    """Return trials in which channels and steps of spikes are random, none twice.

    Parameters
    ----------
    n_trials : int
    """
    draw = np.random.default_rng(1)
    places = [
        np.unique(draw.integers(0, _N_CHANNELS * _N_STEPS, _N_EVENTS)) for _ in range(n_trials)
    ]
    step, channel = np.divmod(np.concatenate(places).astype(np.int32), np.int32(_N_CHANNELS))
    offsets = np.cumsum([0, *(len(p) for p in places)], dtype=np.int64)
    return Trials(
        channel, step, offsets, draw.integers(0, _N_CLASSES, n_trials), _N_CHANNELS, _N_STEPS,
        tuple(str(k) for k in range(_N_CLASSES)), name="random gestures",
    )  # fmt: skip


def runs(device: str, n_trials: int, batch: int, epochs: int, threads: int = 1) -> Iterator[Any]:
    """Learn each case; the first epoch compiles and sends the trials to the device.

    Yields
    ------
    dict
        case, device, threads, trials, batch, epoch, seconds, hidden spikes of a trial, replaced.
    """
    trials = random_gestures(n_trials)
    for name, case in CASES.items():
        learner = case.learner(device, threads)
        for epoch in range(epochs):
            n_spikes, n_rewired, started = 0.0, 0, time.perf_counter()
            for indices in batches(n_trials, batch, 0, epoch):
                update = learner.learn(trials, indices)
                n_spikes += float(update.outcome.n_spikes.sum())
                n_rewired += sum(update.n_rewired.values())
            yield {
                "case": name, "device": device, "threads": threads, "trials": n_trials,
                "batch": batch, "epoch": epoch, "seconds": time.perf_counter() - started,
                "spikes_per_trial": n_spikes / n_trials, "n_rewired": n_rewired,
            }  # fmt: skip
        learner.close()


def summary(records: list[dict[str, Any]]) -> list[str]:
    """Return a Markdown table; the first epoch is shown apart, bars hold for whole epochs."""
    first = records[0]
    whole = first["trials"] == N_TRIALS and first["device"] != "cpu"
    lines = [
        f"## Random gestures on {first['device']}: {first['trials']} trials of {_N_STEPS} steps, "
        f"batch {first['batch']}, {first['threads']} threads",
        "",
        "| network | first epoch, s | later, s | spikes/trial | replaced | GeNN A100, s | bar, s |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, case in CASES.items():
        mine = [r for r in records if r["case"] == name]
        later = median(r["seconds"] for r in mine[1:] or mine)
        met = f"{case.bar:g}: {'met' if later <= case.bar else 'NOT met'}" if whole else ""
        lines.append(
            f"| {name} | {mine[0]['seconds']:.2f} | {later:.2f} "
            f"| {mine[-1]['spikes_per_trial']:.0f} | {mine[-1]['n_rewired']} "
            f"| {case.published} | {met} |"
        )
    return [*lines, ""]
