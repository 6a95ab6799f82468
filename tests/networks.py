"""Small networks that many tests use."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from snnlab.cpu.engine import CpuEngine
from snnlab.model.connectivity import (
    FixedIndegree,
    FixedOutdegree,
    FixedTotalNumber,
    PairwiseBernoulli,
)
from snnlab.model.distribution import ClippedNormal, Normal, Uniform
from snnlab.model.network import Knob, Network, Population, Projection
from snnlab.model.recorders import StateRecorder
from snnlab.model.stimuli import PoissonInput, SpikeTrains, Volley


def balanced(n: int = 1000, *, seed: int = 1, g: float = 5.0) -> Network:
    """Delta neurons, one weight a source population, one delay."""
    neuron = {"tau_m": 20.0, "V_th": 20.0, "V_reset": 10.0, "E_L": 0.0, "t_ref": 2.0}
    n_exc = n * 4 // 5
    k_exc, k_inh = n // 10 * 4 // 5, n // 10 // 5
    start = {"V_m": Uniform(0.0, 20.0)}
    exc = Population("exc", n_exc, "LIFDelta", neuron, start)
    inh = Population("inh", n - n_exc, "LIFDelta", neuron, start)
    projections = [
        Projection(pre, post, FixedIndegree(k), weight, 1.5)
        for pre, k, weight in (("exc", k_exc, "J"), ("inh", k_inh, "-g * J"))
        for post in ("exc", "inh")
    ]
    rate = 2.0 * 20.0 / (0.5 * 20.0) * 1000.0
    drive = [PoissonInput(f"to_{p}", p, rate=rate, weight="J") for p in ("exc", "inh")]
    knobs = [Knob("g", g), Knob("J", 0.5)]
    return Network([exc, inh], projections, stimuli=drive, knobs=knobs, seed=seed, name="balanced")


def layered(*, seed: int = 1) -> Network:
    """Current-based and conductance-based neurons, drawn weights and delays, all table kinds."""
    a = Population("a", 300, "LIFExpShared", initial={"V_m": Normal(-58.0, 5.0)})
    b = Population("b", 150, "LIFCondExp", initial={"V_m": Uniform(-65.0, -56.0)})
    c = Population("c", 70, "AdEx", {"I_e": Uniform(500.0, 900.0)})
    delay = ClippedNormal(1.5, 0.75, low=0.1)
    projections = [
        Projection("a", "a", FixedTotalNumber(9000), ClippedNormal(80.0, 8.0, low=0.0), delay),
        Projection("a", "b", PairwiseBernoulli(0.1), 2.0, delay),
        Projection("b", "a", FixedIndegree(20), ClippedNormal(-300.0, 30.0, high=0.0), 0.8),
        Projection("c", "a", FixedIndegree(10), -100.0, 2.0),
    ]
    drive = [
        PoissonInput("to_a", "a", rate=9000.0, weight=80.0),
        PoissonInput("to_b", "b", rate=6000.0, weight=2.0),
        Volley("volley", "b", (3.0, 8.5, 17.0), 20.0, first=100),
    ]
    recorder = StateRecorder("voltage", "b", ("V_m",), (0, 149), 0.5)
    return Network(
        [a, b, c], projections, stimuli=drive, recorders=[recorder], seed=seed, name="layered"
    )


def relay(
    delay: float = 1.5, *, times: tuple[float, ...] = (1.0,), weight: float = 100.0
) -> Network:
    """A spike source that drives one neuron over threshold with every spike."""
    source = Population("source", 1, "SpikeSource")
    target = Population("target", 1, "LIFDelta", {"t_ref": 0.1})
    return Network(
        [source, target],
        [Projection("source", "target", FixedIndegree(1), weight, delay)],
        stimuli=[SpikeTrains("given", "source", times, (0,) * len(times))],
    )


def plastic(*, seed: int = 1) -> Network:
    """Plastic synapses of several kinds: drawn delays, axonal parts, short histories, dopamine."""
    source = Population("source", 200, "PoissonSource", {"rate": 30.0})
    a = Population("a", 250, "LIFDelta", {"V_th": -60.0, "t_ref": 1.0})
    b = Population("b", 130, "LIFExp")
    delay = ClippedNormal(2.0, 1.0, low=0.3)
    fast = {"W_max": 2.0, "learning_rate": 0.05}
    projections = [
        Projection("source", "a", FixedIndegree(60), Uniform(0.2, 1.0), delay, synapse="STDP",
                   parameters=fast),
        Projection("a", "a", FixedOutdegree(20), 0.3, delay, synapse="STDPTriplet",
                   parameters={"W_max": 1.0}, dendritic_fraction=0.6),
        Projection("a", "b", PairwiseBernoulli(0.2), 300.0, 1.5, synapse="TsodyksMarkram"),
        Projection("b", "a", FixedTotalNumber(3000), -0.2, 0.8, synapse="VogelsSprekeler",
                   parameters={"W_max": -1.0, "eta": 0.01}),
        Projection("b", "b", FixedIndegree(10), 20.0, 1.0, synapse="STDPDopamine",
                   parameters={"W_max": 100.0}, modulator="source"),
        Projection("source", "b", FixedIndegree(20), 200.0, 1.2, name="static"),
    ]  # fmt: skip
    drive = [PoissonInput("to_a", "a", rate=9000.0, weight=0.6)]
    return Network([source, a, b], projections, stimuli=drive, seed=seed, name="plastic")


def loud(delay: float = 0.1) -> Network:
    """Neurons that fire in every step."""
    neuron = {"t_ref": 0.0, "I_e": 1e5}
    population = Population("loud", 100, "LIFDelta", neuron)
    return Network([population], [Projection("loud", "loud", FixedIndegree(10), 0.1, delay)])


def thin(size: int, indegree: int = 4) -> Network:
    """Silent neurons with few synapses: what there is for each neuron takes most."""
    return Network(
        [Population("thin", size, "LIFDelta")],
        [Projection("thin", "thin", FixedIndegree(indegree), 0.1, 0.5)],
        name="thin",
    )


def distant() -> Network:
    """Two balanced networks of 640 neurons of which few have synapses onto the other."""
    near = balanced(640)
    pairs = (("left", "right"), ("right", "left"))
    few = FixedTotalNumber(12)
    return near.replace(
        populations=[
            replace(p, name=f"{p.name}_{side}") for side, _ in pairs for p in near.populations
        ],
        projections=[
            *(
                replace(p, pre=f"{p.pre}_{side}", post=f"{p.post}_{side}", name="")
                for side, _ in pairs
                for p in near.projections
            ),
            *(Projection(f"exc_{a}", f"inh_{b}", few, 5.0, 1.5) for a, b in pairs),
        ],
        stimuli=[
            replace(s, name=f"{s.name}_{side}", target=f"{s.target}_{side}")
            for side, _ in pairs
            for s in near.stimuli
        ],
    )


RUNNING = (balanced, layered, plastic)
"""Networks that are busy after 77 ms; each promise about the state of a run is checked on all."""


def spikes(engine: CpuEngine, chops: Iterable[int]) -> NDArray[np.int64]:
    """Advance in the given pieces; return all (step, neuron) pairs, shape (n_spikes, 2)."""
    frames = [engine.advance(n) for n in chops]
    step = np.concatenate([f.step for f in frames])
    return np.column_stack([step, np.concatenate([f.neuron for f in frames])])


def digest(pairs: NDArray[np.int64]) -> str:
    """Return the SHA-256 of (step, neuron) pairs."""
    return hashlib.sha256(np.ascontiguousarray(pairs, "<i8").tobytes()).hexdigest()
