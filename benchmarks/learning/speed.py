"""Time of a gradient in both forms, at four densities: every run beside the others of its round."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from benchmarks.learning.tasks import DENSITIES, TASKS
from snnlab.learning import EProp, initial_weights

__all__ = ["BARS", "FORMS", "rounds", "summary"]

FORMS = ("online", "adjoint")

BARS = {
    "online": {0.1: 2.0, 0.05: 4.0, 0.01: 10.0},
    "adjoint": {1.0: 4.0, 0.1: 4.0, 0.05: 4.0, 0.01: 4.0},
}
"""How much faster, at least: online than dense online, adjoint than online of the same density."""

DENSE_BAR = {"shd-size": 50.0}
"""Adjoint than online where both are dense, at least."""


def rounds(name: str, n: int) -> Iterator[dict[str, Any]]:
    """Time all forms and densities of a task, one after the other, `n` times.

    Parameters
    ----------
    name : str
        One of `TASKS`.
    n : int

    Yields
    ------
    dict
        task, round, form, density, seconds for each trial, spikes of a trial.
    """
    task = TASKS[name]
    trials, runs = task.trials(), []
    for density in DENSITIES:
        network = task.network(density)
        weights = initial_weights(network)
        for form in FORMS:
            eprop = EProp(network, form=form)
            runs.append((form, density, eprop, weights))
            eprop.gradient(weights, trials, [0])  # compiles
    for k in range(n):
        for form, density, eprop, weights in runs[:: 1 if k % 2 == 0 else -1]:
            seconds, found = _timed(lambda e=eprop, w=weights: e.gradient(w, trials))  # type: ignore[misc]
            yield {
                "task": name, "round": k, "form": form, "density": density,
                "seconds_per_trial": seconds / len(trials),
                "spikes_per_trial": float(found.outcome.n_spikes.mean()),
            }  # fmt: skip


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


def summary(records: list[dict[str, Any]]) -> list[str]:
    """Return a Markdown table for each task: medians, and medians of the ratios within a round."""
    lines: list[str] = []
    for name in dict.fromkeys(r["task"] for r in records):
        task = TASKS[name]
        lines += [
            f"## {name}: {task.n_channels} channels, {task.n_steps} steps, {task.n_hidden} hidden",
            "",
            "| density | spikes/trial | online, ms/trial | dense online / it | adjoint, ms/trial "
            "| online / adjoint | bars |",
            "|---|---|---|---|---|---|---|",
        ]
        of_task = [r for r in records if r["task"] == name]
        lines += [_row(name, of_task, density) for density in DENSITIES]
        lines.append("")
    return lines


def _row(name: str, records: list[dict[str, Any]], density: float) -> str:
    by_round: dict[int, dict[tuple[str, float], float]] = {}
    for r in records:
        by_round.setdefault(r["round"], {})[r["form"], r["density"]] = r["seconds_per_trial"]
    times = list(by_round.values())
    online = median(t["online", density] for t in times)
    adjoint = median(t["adjoint", density] for t in times)
    sparser = median(t["online", 1.0] / t["online", density] for t in times)
    faster = median(t["online", density] / t["adjoint", density] for t in times)
    bar = max(BARS["adjoint"][density], DENSE_BAR.get(name, 0.0) if density == 1.0 else 0.0)
    met = [faster >= bar, sparser >= BARS["online"].get(density, 0.0)]
    spikes = next(r["spikes_per_trial"] for r in records if r["density"] == density)
    return (
        f"| {density:.0%} | {spikes:.0f} | {1e3 * online:.2f} | {sparser:.1f} "
        f"| {1e3 * adjoint:.3f} | {faster:.1f} | {'met' if all(met) else 'NOT met'} |"
    )
