"""Each neuron model of NEST's, alone, under the same irregular spike input."""

from __future__ import annotations

import numpy as np

from snnlab.model.connectivity import AllToAll
from snnlab.model.network import Network, Population, Projection
from snnlab.model.recorders import StateRecorder
from snnlab.model.stimuli import SpikeTrains

DT = 0.1
DURATION = 500.0
N_SOURCES = 6
DELAYS = (0.1, 1.5, 3.7, 0.1, 0.8, 12.3)  # ms

WEIGHTS = {
    "LIFDelta": (4.0, -2.0), "LIFExp": (512.0, -128.0), "LIFExpShared": (512.0, -256.0),
    "LIFAlpha": (256.0, -64.0), "LIFCondExp": (8.0, 4.0), "AdEx": (768.0, -128.0),
    "Izhikevich": (5.0, -4.0),
}  # fmt: skip
"""Of an excitatory and of an inhibitory spike [unit of the receptor]; exact as binary fractions."""

PARAMETERS: dict[str, dict[str, float]] = {
    "LIFExp": {"tau_syn_exc": 1.3, "tau_syn_inh": 6.0, "I_e": 250.0, "V_reset": -65.0},
    "LIFExpShared": {"tau_syn": 1.7, "tau_m": 14.0, "t_ref": 0.5},
    "LIFAlpha": {"tau_syn_exc": 1.1, "tau_syn_inh": 3.0, "I_e": 200.0, "V_reset": -66.0},
    "LIFCondExp": {"tau_syn_exc": 2.0, "tau_syn_inh": 6.0, "t_ref": 1.0},
    "AdEx": {"tau_syn_exc": 2.0, "tau_syn_inh": 5.0, "I_e": 500.0, "t_ref": 2.0},
    "Izhikevich": {"I_e": 3.0},
}


def driven(
    model: str, *, spiking: bool = True, seed: int = 7, weight: float = 1.0, delay: float = 0.0,
    tau_m: float = 1.0, t_ref: float | None = None,
) -> Network:  # fmt: skip
    """One neuron, six populations of sources with delays of their own; several spikes in one step.

    `weight` and `tau_m` multiply, `delay` [ms] is added: what a comparison has to notice.
    """
    scale = 1.0 if spiking else 0.25
    parameters = dict(PARAMETERS.get(model, {}))
    if "I_e" in parameters:
        parameters["I_e"] *= scale
    if tau_m != 1.0:
        parameters["tau_m"] = 10.0 * tau_m
    if t_ref is not None:
        parameters["t_ref"] = t_ref
    neuron = Population("neuron", 1, model, parameters)
    sources = [Population(f"{kind}{k}", N_SOURCES, "SpikeSource")
               for kind in ("exc", "inh") for k in range(3)]  # fmt: skip
    projections = [
        Projection(
            s.name, "neuron", AllToAll(), weight * scale * WEIGHTS[model][s.name[:3] == "inh"],
            delay=d + delay, receptor=s.name[:3],
        )
        for s, d in zip(sources, DELAYS, strict=True)
    ]  # fmt: skip
    recorder = StateRecorder("all", "neuron", recorded(neuron))
    return Network(
        [neuron, *sources], projections, dt=DT, recorders=[recorder],
        stimuli=[_train(s.name, k, seed) for k, s in enumerate(sources)],
    )  # fmt: skip


def recorded(population: Population) -> tuple[str, ...]:
    """The variables that both sides have."""
    hidden = {"refractory", "dI_exc", "dI_inh", "landing"}
    return tuple(name for name in population.model.states if name not in hidden)


def _train(source: str, stream: int, seed: int) -> SpikeTrains:
    """Irregular spikes, and some that all neurons of all sources send at the same time."""
    rng = np.random.default_rng((seed, stream))
    own = rng.integers(1, round(DURATION / DT) - 200, size=(N_SOURCES, 12))
    shared = np.random.default_rng(seed).integers(1, round(DURATION / DT) - 200, size=5)
    pairs = {(int(s), n) for n in range(N_SOURCES) for s in (*own[n], *shared)}
    steps, neurons = zip(*sorted(pairs), strict=True)
    return SpikeTrains(
        f"to {source}", source, tuple(round(s * DT, 10) for s in steps), tuple(neurons)
    )
