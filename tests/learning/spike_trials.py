"""Trials of random spikes, and networks that differ in everything that a gradient may depend on."""

from __future__ import annotations

from typing import Any

import numpy as np

from snnlab.learning import Gradient, RecurrentNetwork, Trials

CASES: dict[str, dict[str, Any]] = {
    "alif": {"beta": 0.3, "tau_a": 100.0},
    "lif": {"beta": 0.0},
    "published": {},
    "sparse": {"input_density": 0.3, "recurrent_density": 0.2, "beta": 0.3, "tau_a": 100.0},
    "sparse lif": {"input_density": 0.4, "recurrent_density": 0.1, "beta": 0.0},
    "sparse input alone": {"input_density": 0.3},
    "feed-forward": {"recurrent": False},
    "not refractory": {"t_ref": 0.0, "beta": 0.1},
    "short refractory": {"t_ref": 2.0, "beta": 0.3, "tau_a": 50.0},
    "random feedback": {"feedback": "random"},
    "late vote": {"t_vote": 20.0},
    "taus apart": {"tau_m": 12.0, "tau_out": 30.0, "beta": 0.2},
    "fine step": {"dt": 0.5, "input_gain": 4.0},
}


def network(case: str, precision: str = "float64", **more: Any) -> RecurrentNetwork:
    """One of the cases, with 12 inputs, 30 hidden neurons and 5 outputs."""
    return RecurrentNetwork(12, 30, 5, precision=precision, **(CASES[case] | more))


def random_trials(
    n: int = 5, n_channels: int = 12, n_steps: int = 50, rate: float = 0.1, dt: float = 1.0,
    seed: int = 1, n_classes: int = 5,
) -> Trials:  # fmt: skip
    """Each channel spikes in each step with the same probability; labels mean nothing."""
    draw = np.random.default_rng(seed)
    spikes = [np.argwhere(draw.random((n_steps, n_channels)) < rate) for _ in range(n)]
    step, channel = np.concatenate(spikes).astype(np.int32).T
    offsets = np.concatenate([[0], np.cumsum([len(s) for s in spikes])])
    return Trials(
        channel=np.ascontiguousarray(channel), step=np.ascontiguousarray(step),
        offsets=offsets.astype(np.int64), labels=draw.integers(0, n_classes, n),
        n_channels=n_channels, n_steps=n_steps,
        classes=tuple(str(k) for k in range(n_classes)), dt=dt, group=None,
        name="random", attribution="",
    )  # fmt: skip


def random_regulariser(n_hidden: int = 30) -> np.ndarray:
    """Anything: the gradient is linear in it."""
    return np.random.default_rng(2).normal(size=n_hidden)


def difference(found: Gradient, expected: Gradient) -> float:
    """Largest difference of two gradients, relative to the largest number of each part."""
    parts = ("input", "recurrent", "output", "bias")
    pairs = [(getattr(found, p), getattr(expected, p)) for p in parts]
    assert all((a is None) == (b is None) for a, b in pairs)
    return max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in pairs if a is not None)


def equal(found: Gradient, expected: Gradient) -> bool:
    """Whether two gradients and what the trials have done are the same to the bit."""
    parts = ("input", "recurrent", "output", "bias")
    pairs = [(getattr(found, p), getattr(expected, p)) for p in parts]
    outcomes = ("votes", "loss", "n_spikes", "spike_counts")
    pairs += [(getattr(found.outcome, p), getattr(expected.outcome, p)) for p in outcomes]
    return all(np.array_equal(a, b) for a, b in pairs if b is not None)
