"""A map between two sheets whose targets have a fixed number of slots for synapses."""

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
from snnlab.presets.topographic_map import KNOBS as KNOBS_WITHOUT_SLOTS
from snnlab.presets.topographic_map import SIDE, TARGET, W_MAX

__all__ = ["topographic_map_slots"]

_SMALLEST = 2

SLOTS = 16
"""Slots of a target that each projection brings."""

KNOBS: dict[str, Parameter] = {
    "sigma_form": KNOBS_WITHOUT_SLOTS["sigma_form"],
    "p_elim_dep": Parameter(
        0.0245, "1", "probability that a depressed synapse goes", low=0.0, high=1.0,
        slider=(0.0, 1.0),
    ),
    "p_elim_pot": Parameter(
        1.36e-4, "1", "probability that a potentiated synapse goes", low=0.0, high=1.0,
        slider=(0.0, 0.1),
    ),
    "learning_rate": KNOBS_WITHOUT_SLOTS["learning_rate"],
}  # fmt: skip

_KERNELS = {"feed-forward": (0.25, 0.16, 2.5), "lateral": (1.0, 1.0, 1.0)}
"""Projection -> peak probability of a synapse at the start, of formation; width [um]."""


def topographic_map_slots(
    *, scale: float = 1.0, plastic: bool = True, rewired: bool = True, correlated: bool = True,
    dt: float = 1.0, seed: int = 1,
) -> Network:  # fmt: skip
    """Return two sheets of 16 x 16 neurons whose targets have 32 slots for synapses each.

    Ten times a millisecond one slot of one target is looked at. If it holds a synapse, that goes
    by its weight, weak ones sooner; if it is empty, the neuron that spiked last in one of the two
    sheets gets it, near ones sooner. Receptive fields become narrower than chance would have them
    within five minutes of model time.

    Parameters
    ----------
    scale : float
        Multiplies the sides of both sheets; the slots that are looked at grow with the area.
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

    Notes
    -----
    A target starts with 10 feed-forward and 6 lateral synapses on average, drawn by distance, where
    the publications draw 16 of each with multapses. Here no pair has two synapses, because a
    synapse is known by its pair; `docs/rewiring_rules.md` says where that matters. 16 feed-forward
    synapses drawn by distance spread over 2.44 um and lie 0.78 um off without multapses, with them
    over 2.36 um and 0.80 um off: compare a map with a control that has none either.

    References
    ----------
    Bogdan, Rowley, Rhodes, Furber (2018), Structural plasticity on the SpiNNaker many-core
    neuromorphic system, Front. Neurosci. 12, 434; after Bamford, Murray, Willshaw (2010).
    """
    side = round(SIDE * scale)
    if side < _SMALLEST:
        raise SpecError(
            "topographic_map_slots scale", f"must leave sides of at least {_SMALLEST} neurons",
            got=f"{side}", remedy=f"Use a scale of at least {_SMALLEST / SIDE:g}.",
        )  # fmt: skip
    sheet = Grid((float(side), float(side)), True, (side, side))
    populations = [
        Population("source", side * side, "PoissonSource", {"rate": 0.0}, space=sheet),
        Population(
            "target", side * side, "LIFCondExp", TARGET, {"V_m": Normal(-60.0, 5.0)}, space=sheet
        ),
    ]
    attempts = round(10 * (side / SIDE) ** 2) or 1
    blob = MovingBlob(
        "bump", "source", tile=(16.0, 16.0) if side > SIDE else None, is_correlated=correlated
    )
    return Network(
        populations, [_projection(name, plastic=plastic) for name in _KERNELS], stimuli=[blob],
        rewirings=[_rewiring(name, attempts) for name in _KERNELS] if rewired else [],
        knobs=[Knob(name, parameter.default, parameter) for name, parameter in KNOBS.items()],
        dt=dt, seed=seed, name="topographic_map_slots",
        description="Two sheets whose map is refined by STDP and rewiring of 32 slots per neuron",
        source="Bogdan, Rowley, Rhodes, Furber (2018), Front. Neurosci. 12, 434",
    )  # fmt: skip


def _projection(name: str, *, plastic: bool) -> Projection:
    p, _, sigma = _KERNELS[name]
    learning: dict[str, Any] = {
        "W_max": W_MAX, "learning_rate": "learning_rate" if plastic else 0.0, "alpha": 0.375,
        "tau_plus": 20.0, "tau_minus": 64.0,
    }  # fmt: skip
    return Projection(
        "source" if name == "feed-forward" else "target", "target",
        DistanceDependent(p, sigma, "gaussian", autapses=True), W_MAX, 1.0, name=name,
        synapse="STDPDeliverFirst", parameters=learning,
    )  # fmt: skip


def _rewiring(name: str, attempts: int) -> Rewiring:
    _, p_form, sigma = _KERNELS[name]
    parameters: Mapping[str, Any] = {
        "p_form": p_form, "sigma_form": "sigma_form" if name == "feed-forward" else sigma,
        "w_threshold": 0.5 * W_MAX, "p_elim_dep": "p_elim_dep", "p_elim_pot": "p_elim_pot",
    }  # fmt: skip
    return Rewiring(
        name, "Topographic", every=1.0, attempts=attempts, parameters=parameters,
        partner="last_spike", slots=SLOTS, pool="afferents",
    )  # fmt: skip
