"""A map between two sheets of neurons that refines itself by STDP and rewiring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from snnlab.errors import SpecError
from snnlab.model.connectivity import DistanceDependent
from snnlab.model.distribution import Normal
from snnlab.model.network import Knob, Network, Population, Projection
from snnlab.model.parameter import Parameter
from snnlab.model.rewiring import Rewiring
from snnlab.model.space import Grid
from snnlab.model.stimuli import MovingBlob

__all__ = ["topographic_map"]

SIDE = 16
"""Neurons along a side of the published sheets; 1 um apart."""

_SMALLEST = 2
"""Neurons along a side that make a sheet."""

W_MAX = 200.0
"""Start and largest weight [nS]."""

KNOBS = {
    "sigma_form": Parameter(
        2.5, "um", "width of the kernel by which feed-forward synapses form", above=0.0,
        slider=(0.5, 8.0),
    ),
    "p_elim_pot": Parameter(
        0.0068, "1", "probability that a potentiated synapse goes", low=0.0, high=1.0,
        slider=(0.0, 0.1),
    ),
    "learning_rate": Parameter(
        0.1, "1", "size of a potentiation, relative to the largest weight", low=0.0,
        slider=(0.0, 0.3),
    ),
}  # fmt: skip

TARGET: Mapping[str, float] = {
    "C_m": 20_000.0, "g_L": 1000.0, "E_L": -70.0, "V_reset": -70.0, "V_th": -54.0, "E_ex": 0.0,
    "tau_syn_exc": 5.0, "t_ref": 5.0,
}  # fmt: skip

LATERAL = {"p_form": 1.0, "sigma_form": 1.0}


def topographic_map(
    *, scale: float = 1.0, plastic: bool = True, rewired: bool = True, correlated: bool = True,
    dt: float = 0.1, seed: int = 1,
) -> Network:  # fmt: skip
    """Return two sheets of 16 x 16 neurons whose map is refined while it runs.

    A bump of activity moves over the source sheet. Synapses from there and within the target sheet
    learn by STDP; every millisecond some pairs of neurons are looked at, and synapses form by
    distance and go by weight. Receptive fields become narrower than chance would have them within a
    minute of model time. Without STDP, without rewiring or without a moving bump they do not: these
    are the controls.

    Parameters
    ----------
    scale : float
        Multiplies the sides of both sheets; the pairs that are looked at grow with the area, so a
        larger map takes longer to mature. Bumps repeat every 16 neurons on larger sheets.
    plastic : bool
        Whether synapses learn.
    rewired : bool
        Whether synapses come and go.
    correlated : bool
        Whether the bump moves; else all sources fire at its mean rate.
    dt : float [ms]
        Time step.
    seed : int
        Seed of the network.

    References
    ----------
    Knight, Senk, Nowotny (2025), A flexible framework for structural plasticity in GPU-accelerated
    sparse spiking neural networks, arXiv 2510.19764: the parameters. Bamford, Murray, Willshaw
    (2010) and Bogdan, Rowley, Rhodes, Furber (2018), Front. Neurosci. 12, 434: the model.
    """
    side = round(SIDE * scale)
    if side < _SMALLEST:
        raise SpecError(
            "topographic_map scale", f"must leave sides of at least {_SMALLEST} neurons",
            got=f"{side}", remedy=f"Use a scale of at least {_SMALLEST / SIDE:g}.",
        )  # fmt: skip
    sheet = Grid((float(side), float(side)), True, (side, side))
    start = {"V_m": Normal(-60.0, 5.0)}
    populations = [
        Population("source", side * side, "PoissonSource", {"rate": 0.0}, space=sheet),
        Population("target", side * side, "LIFCondExp", TARGET, start, space=sheet),
    ]
    kernels = {"feed-forward": (0.16, 2.5), "lateral": (1.0, 1.0)}
    projections = [_projection(name, *kernel, plastic=plastic) for name, kernel in kernels.items()]
    attempts = round(10 * (side / SIDE) ** 2) or 1
    rules = [_rewiring("feed-forward", attempts, {"sigma_form": "sigma_form"}),
             _rewiring("lateral", attempts, LATERAL)]  # fmt: skip
    blob = MovingBlob(
        "bump", "source", tile=(16.0, 16.0) if side > SIDE else None, is_correlated=correlated
    )
    return Network(
        populations, projections, stimuli=[blob], rewirings=rules if rewired else [],
        knobs=[Knob(name, parameter.default, parameter) for name, parameter in KNOBS.items()],
        dt=dt, seed=seed, name="topographic_map",
        description="Two sheets of neurons whose map is refined by STDP and rewiring",
        source="Knight, Senk, Nowotny (2025), arXiv 2510.19764",
    )  # fmt: skip


def _projection(name: str, p: float, sigma: float, *, plastic: bool) -> Projection:
    learning: dict[str, Any] = {
        "W_max": W_MAX, "learning_rate": "learning_rate" if plastic else 0.0, "alpha": 0.375,
        "tau_plus": 20.0, "tau_minus": 64.0,
    }  # fmt: skip
    return Projection(
        "source" if name == "feed-forward" else "target", "target",
        DistanceDependent(p, sigma, "gaussian", autapses=True), W_MAX, 0.1, name=name,
        synapse="STDPDeliverFirst", parameters=learning,
    )  # fmt: skip


def _rewiring(name: str, attempts: int, parameters: Mapping[str, Any]) -> Rewiring:
    """Depressed synapses go at once, as in the publication."""
    common: dict[str, Any] = {
        "w_threshold": 0.5 * W_MAX,
        "p_elim_dep": 1.0,
        "p_elim_pot": "p_elim_pot",
    }
    return Rewiring(
        name, "Topographic", every=1.0, attempts=attempts, parameters={**common, **parameters}
    )
