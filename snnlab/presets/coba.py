"""Irregular activity that sustains itself, in a network of conductance-based synapses."""

from __future__ import annotations

from snnlab.model.connectivity import PairwiseBernoulli
from snnlab.model.distribution import Distribution, Normal
from snnlab.model.network import Knob, Network, Population, Projection
from snnlab.model.parameter import Parameter

__all__ = ["coba"]

N_PUBLISHED = 4000
INDEGREE = 80.0

NEURON: dict[str, float | str | Distribution] = {
    "C_m": 200.0,
    "g_L": 10.0,
    "E_L": -60.0,
    "V_th": -50.0,
    "V_reset": -60.0,
    "t_ref": 5.0,
    "E_ex": 0.0,
    "E_in": -80.0,
    "tau_syn_exc": 5.0,
    "tau_syn_inh": "tau_inh",
}

INITIAL = {
    "V_m": Normal(-65.0, 5.0),
    "g_exc": Normal(40.0, 15.0),
    "g_inh": Normal(200.0, 120.0),
}
"""The network has no input from outside, so it must be started.

Conductances are drawn without a bound, as in the benchmark: it is the few neurons without
inhibition that start it, and what is negative decays within milliseconds.
"""

KNOBS = (
    Knob("w_exc", 6.0, Parameter(6.0, "nS", "excitatory synaptic conductance", low=0.0)),
    Knob("w_inh", 67.0, Parameter(67.0, "nS", "inhibitory synaptic conductance", low=0.0)),
    Knob(
        "tau_inh",
        10.0,
        Parameter(10.0, "ms", "decay of inhibitory conductances", above=0.0, slider=(2.0, 30.0)),
    ),
)


def coba(*, scale: float = 1.0, dt: float = 0.1, seed: int = 1) -> Network:
    """Return the network of Vogels and Abbott with conductance-based synapses.

    Four fifths of the 4000 neurons excite; every pair is connected with probability 0.02; spikes
    arrive one time step later. Its knobs are the two conductances and how
    long inhibition lasts.

    Parameters
    ----------
    scale : float
        Multiplies the number of neurons; each keeps 80 synapses on average.
    dt : float [ms]
        Time step.
    seed : int
        Seed of the network; the rate depends on it, and activity may die out.

    Raises
    ------
    SpecError
        Fewer neurons than synapses of one neuron.

    References
    ----------
    Vogels, Abbott (2005), Signal propagation and logic gating in networks of integrate-and-fire
    neurons, J. Neurosci. 25, 10786-10795.

    Brette et al. (2007), Simulation of networks of spiking neurons, J. Comput. Neurosci. 23,
    349-398, benchmark 1.
    """
    n = round(scale * N_PUBLISHED)
    sizes = {"exc": n * 4 // 5, "inh": n - n * 4 // 5}
    rule = PairwiseBernoulli(INDEGREE / max(n, 1))
    return Network(
        [Population(p, size, "LIFCondExp", NEURON, INITIAL) for p, size in sizes.items()],
        [
            Projection(pre, post, rule, weight=f"w_{pre}", delay=dt, receptor=pre)
            for pre in sizes
            for post in sizes
        ],
        knobs=KNOBS,
        dt=dt,
        seed=seed,
        name="coba",
        description="Self-sustained irregular activity, conductance-based synapses",
        source="Vogels & Abbott (2005), J. Neurosci. 25, 10786; Brette et al. (2007), benchmark 1",
    )
