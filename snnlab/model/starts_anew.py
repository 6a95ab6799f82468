"""What an edit cannot carry over: state that begins as if the network had just been built."""

from __future__ import annotations

from snnlab.model.network import Network, Projection

__all__ = ["starts_anew"]


def starts_anew(before: Network, after: Network) -> tuple[str, ...]:
    """Return in words what is in both networks and starts anew all the same.

    Parameters
    ----------
    before, after : Network
        Around an edit. Neurons that remain keep their state and the input under way; plastic
        synapses keep theirs unless an edit draws them anew.
    """
    old = {p.name: len(p.model.states) for p in before.populations}
    neurons = [
        f"the state of {p.name!r}, now {p.neuron}"
        for p in after.populations
        if old.get(p.name, len(p.model.states)) != len(p.model.states)
    ]
    plastic = {p.name: p for p in before.projections if not p.model.is_static()}
    weights = [
        f"the weights of {p.name!r}"
        for p in after.projections
        if p.name in plastic and _drawn_from(before, plastic[p.name]) != _drawn_from(after, p)
    ]
    return (*neurons, *weights)


def _drawn_from(network: Network, p: Projection) -> tuple[object, ...]:
    """All that decides which synapses there are, and what they start from."""
    sizes = network.population(p.pre).size, network.population(p.post).size
    weight, delay = network.weight_of(p), network.delay_of(p)
    return (p.pre, p.post, *sizes, p.rule, weight, delay, p.synapse, p.dendritic_fraction)
