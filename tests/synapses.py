"""One plastic synapse between given spike trains: in the engine, and in plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

from snnlab.model.connectivity import AllToAll, OneToOne
from snnlab.model.distribution import Distribution
from snnlab.model.network import Network, Population, Projection
from snnlab.model.stimuli import SpikeTrains
from snnlab.model.synapse import lookup

STRONG = 1000.0
"""Weight that fires a relay neuron with every spike."""


def paired(
    synapse: str, parameters: dict[str, float], pre: Sequence[int], post: Sequence[int],
    *, weight: float = 1.0, delay: float | Distribution = 1.0, dendritic_fraction: float = 1.0,
    mod: Sequence[int] | None = None, n: int = 1,
) -> Network:  # fmt: skip
    """Return a network in which neurons `pre` and `post` fire in exactly these steps.

    `post` neurons are relays without refractoriness that a source drives; what the plastic
    synapses deliver is far below their threshold.
    """
    trains = {"pre": pre, "driver": [s - 1 for s in post]} | ({} if mod is None else {"mod": mod})
    sources = [Population(name, n if name == "pre" else 1, "SpikeSource") for name in trains]
    relay = Population("post", n, "LIFDelta", {"t_ref": 0.0, "V_th": 900.0, "V_reset": 0.0,
                                               "E_L": 0.0, "tau_m": 1.0}, {"V_m": 0.0})  # fmt: skip
    stimuli = [
        SpikeTrains(f"to_{name}", name, tuple((s + 1) * 0.1 for _ in range(m) for s in train),
                    tuple(i for i in range(m) for _ in train))
        for name, train in trains.items() for m in [n if name == "pre" else 1]
    ]  # fmt: skip
    return Network(
        [*sources, relay],
        [
            Projection("driver", "post", AllToAll(), STRONG, 0.1),
            Projection(
                "pre",
                "post",
                OneToOne() if n == 1 else AllToAll(),
                weight,
                delay,
                name="plastic",
                synapse=synapse,
                parameters=parameters,
                dendritic_fraction=dendritic_fraction,
                modulator="" if mod is None else "mod",
            ),
        ],
        stimuli=stimuli,
    )


def by_hand(
    synapse: str, parameters: dict[str, float], pre: Sequence[int], post: Sequence[int],
    n_steps: int, *, weight: float = 1.0, delay: int = 10, dendritic: int | None = None,
    mod: Sequence[int] = (),
) -> tuple[list[float], SimpleNamespace]:  # fmt: skip
    """Run a model's own functions in plain Python, event by event, in double precision.

    Returns
    -------
    effects : list of float
        What each presynaptic spike delivered.
    syn : namespace
        The synapse after `n_steps`.
    """
    model = lookup(synapse)
    values = {k: p.default for k, p in model.parameters.items()} | parameters
    p = SimpleNamespace(**values, **model.derive(SimpleNamespace(**values), 0.1))
    syn = SimpleNamespace(weight=weight, **{k: s.initial for k, s in model.states.items()})
    sides = {"pre": model.pre_traces, "post": model.post_traces, "mod": model.mod_traces}
    now = {side: {k: t.rest for k, t in traces.items()} for side, traces in sides.items()}
    dendritic = delay if dendritic is None else dendritic
    lag = 2 * dendritic - delay
    post_arrivals = {s + lag for s in post}
    effects = []
    for step in range(n_steps):
        for side, traces in sides.items():
            for k, t in traces.items():
                left = math.exp(-0.1 / values[t.tau]) if values[t.tau] else 0.0
                now[side][k] = t.rest + (now[side][k] - t.rest) * left
        a, b, m = (SimpleNamespace(**now[side]) for side in ("pre", "post", "mod"))
        if step in post_arrivals:
            model.on_post(syn, a, b, p)
        if step in set(pre):
            effects.append(float(model.on_pre(syn, a, b, p)))
            model.pre_spike(a, p)
        if step in post_arrivals:
            model.post_spike(b, p)
        for _ in range(list(mod).count(step)):
            model.mod_spike(m, p)
        model.every_step(syn, a, b, m, p)
        now = {"pre": vars(a), "post": vars(b), "mod": vars(m)}
    return effects, syn


def poisson_steps(rate: float, n_steps: int, seed: int) -> list[int]:
    """Return steps of an irregular train of this rate [Hz], the first ones left free."""
    rng = np.random.default_rng(seed)
    fired: NDArray[np.int64] = np.flatnonzero(rng.random(n_steps - 20) < rate * 1e-4) + 20
    return [int(s) for s in fired]
