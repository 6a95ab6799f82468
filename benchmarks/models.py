"""The networks that are timed. Each is one `Network`; the peers' scripts translate its file.

What a simulator runs is therefore the same to the last number; nothing is written down twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from snnlab import presets
from snnlab.model.connectivity import (
    Connectivity,
    FixedIndegree,
    FixedTotalNumber,
    PairwiseBernoulli,
)
from snnlab.model.network import Network, Population, Projection

__all__ = ["MODELS", "Model"]

Range = tuple[float, float]

_NEST_ONLY = {"brian2": "the models of scale-out are compared with NEST alone"}

N_BUILD, INDEGREE_BUILD = 20_000, 2_000


@dataclass(frozen=True)
class Model:
    """A network to time, and what it must do for a time to count.

    Parameters
    ----------
    make : callable
        Seed -> Network.
    rate : (low, high), optional [Hz]
        Mean rate over all neurons; a run outside of it is reported and not counted.
    cv : (low, high), optional
        Mean CV of the interspike intervals, of neurons with at least four spikes.
    weight : (low, high)
        Mean plastic weight at the end, relative to the start.
    time : float [ms]
        Model time that is measured; 0: only construction is.
    warmup : float [ms]
        Model time before it.
    touch : float [GB]
        Memory that a run touches and gives back before it builds. The host of a virtual machine
        takes up to 2 s for each GB that it has to find, which is no work of a simulator.
    skip : mapping
        Simulator -> why it does not run this model.
    """

    make: Callable[[int], Network]
    rate: Range | None = None
    cv: Range | None = None
    weight: Range = (0.96, 1.02)
    time: float = 1000.0
    warmup: float = 100.0
    touch: float = 0.0
    skip: Mapping[str, str] = field(default_factory=dict)


def _preset(name: str, **settings: Any) -> Callable[[int], Network]:
    return lambda seed: presets.load(name, seed=seed, **settings)


def _plastic(n: int, seed: int) -> Network:
    """The balanced network, with additive STDP of all pairs between excitatory neurons."""
    network = presets.load("brunel", N=n, seed=seed)
    weight = network.knob_values["J"]
    parameters = {
        "tau_plus": 20.0, "tau_minus": 20.0, "learning_rate": 0.01, "alpha": 1.05,
        "W_max": 2.0 * weight,
    }  # fmt: skip
    return network.replace(
        name="brunel with STDP",
        projections=tuple(
            replace(p, synapse="STDP", parameters=parameters) if p.name == "exc->exc" else p
            for p in network.projections
        ),
    )


def _synapses(rule: Connectivity, seed: int) -> Network:
    """Neurons that never fire, and 40 million synapses of one weight and one delay."""
    neurons = Population("neurons", N_BUILD, "LIFDelta")
    return Network(
        [neurons], [Projection("neurons", "neurons", rule, 0.1, 1.5)], seed=seed, name="synapses"
    )


def _construction(rule: Connectivity) -> Model:
    return Model(partial(_synapses, rule), time=0.0, warmup=0.0, touch=2.0)


MODELS: dict[str, Model] = {
    "brunel4k": Model(_preset("brunel", N=4_000), rate=(24.0, 29.0), cv=(0.95, 1.15)),
    "brunel10k": Model(_preset("brunel", N=10_000), rate=(15.5, 20.0), cv=(0.86, 1.03)),
    "brunel20k": Model(_preset("brunel", N=20_000), rate=(11.3, 14.0), cv=(0.78, 0.95)),
    "microcircuit0.1": Model(
        _preset("microcircuit", N_scaling=0.1, K_scaling=0.1), rate=(2.4, 3.2), cv=(0.52, 0.72)
    ),
    "microcircuit0.1k1": Model(
        _preset("microcircuit", N_scaling=0.1, K_scaling=1.0), rate=(3.2, 4.4), cv=(0.58, 0.78)
    ),
    "microcircuit1": Model(
        _preset("microcircuit"),
        rate=(2.9, 3.6),
        cv=(0.55, 0.7),
        skip={"brian2": "at 84 bytes a synapse it would need 25 GB"},
    ),
    "coba4k": Model(_preset("coba"), rate=(14.0, 26.0), cv=(1.2, 1.9)),
    "stdp5k": Model(partial(_plastic, 5_000), rate=(19.0, 25.0), cv=(0.9, 1.15)),
    "stdp10k": Model(partial(_plastic, 10_000), rate=(14.0, 25.0), cv=(0.8, 1.15)),
    "hpc0.2k0.1": Model(
        _preset("hpc", scale=0.2, K_scaling=0.1), rate=(7.0, 10.5), cv=(0.65, 0.8), skip=_NEST_ONLY
    ),
    "hpc1": Model(_preset("hpc"), rate=(8.5, 12.5), cv=(0.65, 0.8), skip=_NEST_ONLY),
    "hpc0.5": Model(
        _preset("hpc", scale=0.5, K_scaling=1.0), rate=(10.0, 15.0), cv=(0.65, 0.8), skip=_NEST_ONLY
    ),
    "hpc0.2k0.1-stdp": Model(
        _preset("hpc", scale=0.2, K_scaling=0.1, variant="stdp"),
        rate=(7.0, 10.5),
        cv=(0.62, 0.8),
        skip=_NEST_ONLY,
    ),
    "multi_area4": Model(
        _preset("multi_area", areas=4), rate=(2.0, 2.8), cv=(0.45, 0.8), skip=_NEST_ONLY
    ),
    "brunel_ring4": Model(
        _preset("brunel_ring"), rate=(40.0, 50.0), cv=(0.9, 1.3), skip=_NEST_ONLY
    ),
    **{
        f"brunel_ring{n}x5k": Model(
            _preset("brunel_ring", rings=n, N=5_000),
            rate=(20.0, 30.0),
            cv=(0.9, 1.15),
            skip=_NEST_ONLY,
        )
        for n in (1, 2)
    },
    "build-indegree": _construction(FixedIndegree(INDEGREE_BUILD)),
    "build-total": _construction(FixedTotalNumber(N_BUILD * INDEGREE_BUILD)),
    "build-bernoulli": _construction(PairwiseBernoulli(INDEGREE_BUILD / N_BUILD)),
}
