"""The balanced random network with plastic synapses between its excitatory neurons."""

from __future__ import annotations

import dataclasses

from snnlab.model.network import Knob, Network, Projection
from snnlab.model.parameter import Parameter
from snnlab.presets.brunel import brunel

__all__ = ["stdp"]

N_DEFAULT = 5000
KNOBS = {
    "learning_rate": Parameter(
        0.01, "1", "size of a potentiation, relative to the largest weight", low=0.0,
        slider=(0.0, 0.05),
    ),
    "alpha": Parameter(
        1.05, "1", "size of a depression, relative to a potentiation", low=0.0, slider=(0.8, 1.3)
    ),
}  # fmt: skip


def stdp(*, scale: float = 1.0, N: int = 0, dt: float = 0.1, seed: int = 1) -> Network:
    """Return the balanced random network with STDP on all synapses between excitatory neurons.

    The network is `snnlab.presets.brunel.brunel`; weights start at J and stay within 0 ... 2 J.
    Its knobs are those of brunel, learning_rate and alpha: where depression outweighs
    potentiation (alpha > 1), activity stays asynchronous and irregular while weights spread.

    Parameters
    ----------
    scale : float
        Multiplies the number of neurons; the connection probability stays 0.1.
    N : int
        Number of neurons; 0: 5000.
    dt : float [ms]
        Time step.
    seed : int
        Seed of the network.

    References
    ----------
    Morrison, Aertsen, Diesmann (2007), Spike-timing-dependent plasticity in balanced random
    networks, Neural Computation 19, 1437-1467: the setting; the rule here is additive with hard
    bounds, as in Song, Miller, Abbott (2000), Nature Neuroscience 3, 919-926.
    """
    network = brunel(scale=scale, N=N or N_DEFAULT, dt=dt, seed=seed)
    knobs = [Knob(name, parameter.default, parameter) for name, parameter in KNOBS.items()]
    return network.replace(
        projections=tuple(_plastic(p) for p in network.projections),
        knobs=(*network.knobs, *knobs),
        name="stdp",
        description="Balanced random network with plastic excitatory synapses",
        source="Morrison, Aertsen, Diesmann (2007), Neural Computation 19, 1437-1467",
    )


def _plastic(projection: Projection) -> Projection:
    if (projection.pre, projection.post) != ("exc", "exc"):
        return projection
    parameters = {"W_max": "2 * J", "learning_rate": "learning_rate", "alpha": "alpha"}
    return dataclasses.replace(projection, synapse="STDP", parameters=parameters)
