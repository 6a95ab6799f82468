"""Each plastic synapse of NEST's between neurons that fire when they are told to."""

from __future__ import annotations

import numpy as np

from snnlab.model.connectivity import AllToAll, OneToOne
from snnlab.model.network import Network, Population, Projection
from snnlab.model.recorders import StateRecorder
from snnlab.model.stimuli import SpikeTrains

DT = 0.1
DURATION = 1300.0
START = 3000  # steps: NEST pairs early spikes with nearest neighbours at time 0
N_PRE, N_POST = 6, 3
KICK = 1000.0  # mV

CASES: dict[str, tuple[float, dict[str, float]]] = {
    "STDP": (0.5, {"W_max": 1.0, "learning_rate": 0.02, "alpha": 1.1, "tau_minus": 30.0}),
    "STDPMultiplicative": (0.5, {"W_max": 1.0, "learning_rate": 0.02, "alpha": 0.9}),
    "STDPGuetig": (
        0.5, {"W_max": 1.0, "learning_rate": 0.02, "mu_plus": 0.3, "mu_minus": 0.6}
    ),
    "STDPNearest": (0.5, {"W_max": 1.0, "learning_rate": 0.03, "tau_plus": 15.0}),
    "STDPPowerLaw": (
        0.5, {"learning_rate": 0.02, "mu": 0.4, "alpha": 0.8, "tau_plus": 15.0, "tau_minus": 30.0}
    ),
    "STDPTriplet": (0.5, {"W_max": 1.0, "A_plus": 1e-3}),
    "VogelsSprekeler": (-0.5, {"W_max": -1.0, "eta": 0.01}),
    "STDPDopamine": (0.5, {"W_max": 1.0, "tau_c": 200.0, "tau_n": 50.0, "A_plus": 0.01,
                           "A_minus": 0.012}),
}  # fmt: skip
"""Start weight [mV] and parameters."""


def plastic(synapse: str, *, delay: float = 1.3, seed: int = 11, **changes: float) -> Network:
    """Six sources, three targets that fire when they are kicked; all at irregular times."""
    weight, parameters = CASES[synapse]
    modulator = "dopamine" if synapse == "STDPDopamine" else ""
    populations = [
        Population("pre", N_PRE, "SpikeSource"),
        Population("kick", N_POST, "SpikeSource"),
        Population("post", N_POST, "LIFDelta", {"t_ref": 1.0}),
    ]
    if modulator:
        populations.append(Population(modulator, 1, "SpikeSource"))
    projections = [
        Projection("kick", "post", OneToOne(), KICK, 0.1),
        Projection(
            "pre", "post", AllToAll(), weight, delay, synapse=synapse, name="plastic",
            parameters=parameters | changes, modulator=modulator,
        ),
    ]  # fmt: skip
    sources = [p for p in populations if p.neuron == "SpikeSource"]
    return Network(
        populations, projections, dt=DT,
        stimuli=[_train(p, seed + k) for k, p in enumerate(sources)],
    )  # fmt: skip


def short_term(parameters: dict[str, float]) -> Network:
    """Sources with short-term plasticity onto neurons that only listen."""
    network = plastic("STDP")
    projection = Projection(
        "pre", "post", AllToAll(), 2.0, 1.3, synapse="TsodyksMarkram", name="plastic",
        parameters=parameters,
    )  # fmt: skip
    return network.replace(
        projections=(projection,),
        recorders=(StateRecorder("voltage", "post", ("V_m",), (0,)),),
    )


def _train(sources: Population, seed: int) -> SpikeTrains:
    """About 30 spikes a second each, at irregular times and sometimes close together."""
    rng = np.random.default_rng(seed)
    n_steps = round(DURATION / DT)
    found = []
    for neuron in range(sources.size):
        gaps = np.maximum(rng.gamma(0.7, 330.0 / 0.7, size=80).astype(int), 15)
        found += [(int(s), neuron) for s in START + np.cumsum(gaps) if s < n_steps - 200]
    steps, neurons = zip(*sorted(found), strict=True)
    times = tuple(round(s * DT, 10) for s in steps)
    return SpikeTrains(f"to {sources.name}", sources.name, times, tuple(neurons))
