"""Spike-timing dependent plasticity of nearest neighbours."""

from __future__ import annotations

from typing import Any

from snnlab.model.synapse import Synapse
from snnlab.model.synapses.stdp import STDP

__all__ = ["STDPNearest"]


class STDPNearest(STDP, Synapse):
    """Additive STDP of nearest neighbours (NEST's ``stdp_nn_symm_synapse``, mu = 0).

    A postsynaptic spike is paired with the last presynaptic spike alone, and the other way round:
    traces are set to 1 instead of adding up.

    References
    ----------
    Morrison, Aertsen, Diesmann, Neural Computation 19, 2007.
    Morrison, Diesmann, Gerstner, Biol. Cybern. 98, 2008 (symmetric nearest neighbours).
    """

    nest_name = "stdp_nn_symm_synapse"

    @staticmethod
    def pre_spike(pre: Any, p: Any) -> None:
        """Only the last spike counts."""
        pre.K_plus = 1.0

    @staticmethod
    def post_spike(post: Any, p: Any) -> None:
        """Only the last spike counts."""
        post.K_minus = 1.0
