"""The numbers of every part of a network, as declarations: what forms and accounts are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snnlab.model.parameter import Parameter
from snnlab.model.rewiring import Rewiring
from snnlab.model.stimuli import MovingBlob, PoissonInput, StepCurrent, Volley

if TYPE_CHECKING:
    from snnlab.model.network import Network

__all__ = ["numbers_of"]


def numbers_of(network: Network, item: Any) -> dict[str, Parameter]:
    """Return what `SetParameter` can set of a part of a network.

    Parameters
    ----------
    network : Network
    item : Population, Projection, Stimulus or Rewiring
        One of its parts.

    Returns
    -------
    dict of str
        Name -> its unit, its bounds and what it means; empty for a part without numbers.
    """
    match item:
        case PoissonInput():
            rate = Parameter(0.0, "Hz", "rate of each neuron's spike train", low=0.0)
            return {"rate": rate, "weight": _weight(network, item)}
        case Volley():
            return {"weight": _weight(network, item)}
        case StepCurrent():
            time = Parameter(0.0, "ms", "model time", low=0.0)
            amplitude = Parameter(0.0, "pA", "current into every neuron")
            return {"amplitude": amplitude, "start": time, "stop": time}
        case Rewiring():
            every = Parameter(1.0, "ms", "time between two calls of the rule", low=network.dt)
            attempts = Parameter(10.0, "1", "pairs drawn at each call", low=0.0)
            return {"every": every, "attempts": attempts, **item.model.parameters}
        case MovingBlob():
            return {
                "base": Parameter(5.0, "Hz", "rate far from the centre", low=0.0),
                "peak": Parameter(152.8, "Hz", "what the centre has more", low=0.0),
                "sigma": Parameter(2.0, "um", "width of the bump", above=0.0),
                "interval": Parameter(20.0, "ms", "time in one place", low=network.dt),
            }
    if hasattr(item, "neuron"):
        return dict(item.model.parameters)
    if not hasattr(item, "delay"):
        return {}
    delay = Parameter(
        1.0, "ms", "time from spike to effect", low=network.dt, slider=(network.dt, 10.0)
    )
    return {"weight": _weight(network, item), "delay": delay, **item.model.parameters}


def _weight(network: Network, item: Any) -> Parameter:
    population = network.population(getattr(item, "post", None) or item.target)
    receptor = population.model.receptors[network.receptor_of(item)]
    return Parameter(0.0, receptor.unit, "effect of one spike")
