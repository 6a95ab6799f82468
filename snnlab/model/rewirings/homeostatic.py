"""Rewiring that lets neurons keep their activity by growing and losing synapses."""

from __future__ import annotations

from snnlab.model.rewiring import RewiringRule

__all__ = ["Homeostatic"]


class Homeostatic(RewiringRule):
    """Connect vacant synaptic elements at random; remove synapses whose element is gone.

    Every `every` ms, of all neurons together: where a neuron has more synapses of a kind than it
    has elements, random ones of them go, first by presynaptic elements, then by postsynaptic ones.
    Then vacant elements of both sides are paired at random, as many as the side with fewer has.
    At the end `tau_vacant` of the elements that are still vacant decay.

    Notes
    -----
    Whose elements: `Rewiring.pre_synaptic_element` and `Rewiring.post_synaptic_element`, kinds of
    the `SynapticElements` of the projection's populations. Rewirings with the same two kinds are
    dealt with together, as one kind of synapse in NEST: an axonal element of a source finds a
    dendritic one in any of its target populations.

    `Rewiring.every` is NEST's ``structural_plasticity_update_interval``, the same for all. The rule
    draws no pairs: `attempts` says only, if it is 0, that the projection rests.

    A pair has one synapse at most. Where elements of two neurons meet that are connected already,
    both stay vacant until the next update; NEST connects them a second time.

    References
    ----------
    Butz, van Ooyen, "A simple rule for dendritic spine and axonal bouton formation can account for
    cortical reorganization after focal retinal lesions", PLOS Computational Biology 9, 2013.
    """

    matches_elements = True
