"""A network in numbers alone, which other simulators can read without knowing what a knob is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from snnlab.model.network import Network
from snnlab.model.stimuli import PoissonInput, Stimulus

__all__ = ["plain"]


def plain(network: Network) -> Network:
    """Return the same network with a number in place of every expression.

    Parameters
    ----------
    network : Network

    Returns
    -------
    Network
        Without knobs; its file can be read without knowing what an expression is.
    """
    return network.replace(
        populations=tuple(
            replace(p, parameters=network.parameters_of(p), initial=network.initial_of(p))
            for p in network.populations
        ),
        projections=tuple(
            replace(
                p, weight=network.weight_of(p), delay=network.delay_of(p),
                receptor=network.receptor_of(p), parameters=network.synapse_parameters_of(p),
            )
            for p in network.projections
        ),
        stimuli=tuple(_plain_stimulus(network, s) for s in network.stimuli),
        rewirings=tuple(
            replace(
                r, every=network.rewiring_steps_of(r) * network.dt,
                attempts=network.rewiring_attempts_of(r), weight=network.rewiring_weight_of(r),
                parameters=network.rewiring_parameters_of(r),
            )
            for r in network.rewirings
        ),
        knobs=(),
    )  # fmt: skip


def _plain_stimulus(network: Network, stimulus: Stimulus) -> Stimulus:
    if not isinstance(stimulus, PoissonInput):
        return stimulus
    weight = float(network.weight_of(stimulus).quantile(np.array([0.5]))[0])
    rate = network.number(stimulus.rate, "Hz", where=stimulus.name)
    receptor = network.receptor_of(stimulus)
    return replace(stimulus, rate=rate, weight=weight, receptor=receptor)
