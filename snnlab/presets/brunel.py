"""The balanced random network: sparse, inhibition-dominated, with its four regimes."""

from __future__ import annotations

import math

from snnlab.errors import unknown_name
from snnlab.model.connectivity import FixedIndegree
from snnlab.model.distribution import Uniform
from snnlab.model.network import Knob, Network, Population, Projection
from snnlab.model.parameter import Parameter
from snnlab.model.stimuli import PoissonInput

__all__ = ["REGIMES", "brunel"]

V_TH, V_RESET, E_L = 20.0, 10.0, 0.0
TAU_M, T_REF, DELAY = 20.0, 2.0, 1.5
PROBABILITY = 0.1

REGIMES = {
    "SR": (3.0, 2.0),
    "SI fast": (6.0, 4.0),
    "AI": (5.0, 2.0),
    "SI slow": (4.5, 0.9),
}
"""Panels A to D of figure 8: g and eta.

SR: almost fully synchronous, regular; SI: synchronous, irregular single neurons, with a fast or a
slow oscillation of the population; AI: asynchronous, irregular.
"""

N_OF_FIGURE, J_OF_FIGURE, C_E_OF_FIGURE = 12_500, 0.1, 1000
N_DEFAULT, J_DEFAULT, C_E_DEFAULT = 10_000, 0.2, 800
G_DEFAULT, ETA_DEFAULT = 6.0, 2.0

KNOBS = {
    "g": Parameter(
        6.0, "1", "strength of inhibition relative to excitation", low=0.0, slider=(2.0, 8.0)
    ),
    "eta": Parameter(
        2.0,
        "1",
        "external drive relative to the one that reaches threshold",
        low=0.0,
        slider=(0.5, 4.0),
    ),
    "J": Parameter(
        0.2, "mV", "jump of the potential at an excitatory spike", above=0.0, slider=(0.02, 0.5)
    ),
}


def brunel(
    *, scale: float = 1.0, N: int = 0, regime: str = "", dt: float = 0.1, seed: int = 1
) -> Network:
    """Return the balanced random network of Brunel.

    Four fifths of the neurons excite, one fifth inhibits; each receives N / 10 synapses, and its
    own Poisson train. Its knobs are g, eta and J.

    Parameters
    ----------
    scale : float
        Multiplies the number of neurons; the connection probability stays 0.1.
    N : int
        Number of neurons; 0: 10 000, or the 12 500 of the figure when a regime is named.
    regime : str
        ``"SR"``, ``"SI fast"``, ``"AI"`` or ``"SI slow"``: g, eta and J of that panel of figure 8.
        Empty: g = 6, eta = 2 and stronger synapses, asynchronous and irregular as well.
    dt : float [ms]
        Time step.
    seed : int
        Seed of the network.

    Raises
    ------
    SpecError
        Fewer than ten neurons, or an unknown regime.

    Notes
    -----
    J is 0.1 mV for 1000 excitatory synapses in the figure, and 0.2 mV for 800 by default. It goes
    with the inverse square root of their number, so that the fluctuations of the input keep their
    size in a network of another size.

    The external rate is eta times the one at which the mean input reaches threshold,
    ``V_th / (J tau_m)`` for all external synapses of a neuron together.

    No rates stand beside the measured ones: those that are quoted for the figure could not be
    confirmed. The tests hold the four regimes against NEST, which runs the same network.

    References
    ----------
    Brunel (2000), Dynamics of sparsely connected networks of excitatory and inhibitory spiking
    neurons, J. Comput. Neurosci. 8, 183-208, figure 8.
    """
    name = _regime_name(regime)
    g, eta = REGIMES.get(name, (G_DEFAULT, ETA_DEFAULT))
    n = round(scale * (N or (N_OF_FIGURE if name else N_DEFAULT)))
    indegree = round(PROBABILITY * n)
    c_e = indegree * 4 // 5
    j, c_e_of_j = (J_OF_FIGURE, C_E_OF_FIGURE) if name else (J_DEFAULT, C_E_DEFAULT)
    knobs = {"g": g, "eta": eta, "J": j * math.sqrt(c_e_of_j / max(c_e, 1))}
    sizes = {"exc": n * 4 // 5, "inh": n - n * 4 // 5}
    return Network(
        [_population(p, size) for p, size in sizes.items()],
        [
            Projection(pre, post, FixedIndegree(count), weight=weight, delay=DELAY)
            for pre, count, weight in (("exc", c_e, "J"), ("inh", indegree - c_e, "-g * J"))
            for post in sizes
        ],
        stimuli=[_drive(p) for p in sizes],
        knobs=[Knob(knob, value, KNOBS[knob]) for knob, value in knobs.items()],
        dt=dt,
        seed=seed,
        name="brunel",
        description=f"Balanced random network{f', regime {name}' if name else ''}",
        source="Brunel (2000), J. Comput. Neurosci. 8, 183-208",
    )


def _regime_name(text: str) -> str:
    """The regime that is meant: case, hyphens and underscores do not matter."""
    plain = text.replace("_", " ").replace("-", " ").lower()
    for name in ("", *REGIMES):
        if name.lower() == plain:
            return name
    raise unknown_name("regime of brunel", text, REGIMES)


def _population(name: str, size: int) -> Population:
    return Population(
        name,
        size,
        "LIFDelta",
        parameters={
            "tau_m": TAU_M,
            "t_ref": T_REF,
            "E_L": E_L,
            "V_th": V_TH,
            "V_reset": V_RESET,
        },
        initial={"V_m": Uniform(E_L, V_TH)},
    )


def _drive(population: str) -> PoissonInput:
    hertz_millivolt = 1000.0 * V_TH / TAU_M
    rate = f"eta * {hertz_millivolt:g} / J"
    return PoissonInput(f"drive of {population}", population, rate=rate, weight="J")
