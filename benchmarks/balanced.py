"""A balanced random network of any size, with a knob: what budgets and previews are measured on."""

from __future__ import annotations

import snnlab
from snnlab.model.network import Network

__all__ = ["balanced"]


def balanced(n: int, indegree: int) -> Network:
    """Return a balanced network of `n` neurons with `indegree` synapses each."""
    n_exc, k_exc = n * 4 // 5, indegree * 4 // 5
    neuron = {"tau_m": 20.0, "V_th": 20.0, "V_reset": 10.0, "E_L": 0.0, "t_ref": 2.0}
    start = {"V_m": snnlab.Uniform(0.0, 20.0)}
    weight = 0.2 * (800 / max(k_exc, 1)) ** 0.5
    sizes = {"exc": n_exc, "inh": n - n_exc}
    rate = 2.0 * 20.0 / (weight * 20.0) * 1000.0
    return Network(
        [snnlab.Population(name, size, "LIFDelta", neuron, start) for name, size in sizes.items()],
        [
            snnlab.Projection(pre, post, snnlab.FixedIndegree(k), w, 1.5)
            for pre, k, w in (("exc", k_exc, weight), ("inh", indegree - k_exc, "-g"))
            for post in sizes
        ],
        stimuli=[snnlab.PoissonInput(f"to {p}", p, rate=rate, weight=weight) for p in sizes],
        knobs=[snnlab.Knob("g", 6.0 * weight)],
        name="balanced",
    )
