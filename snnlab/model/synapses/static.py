"""Synapse whose weight stays as it was drawn."""

from __future__ import annotations

from snnlab.model.synapse import Synapse

__all__ = ["Static"]


class Static(Synapse):
    """Synapse that delivers its weight with every spike (NEST's ``static_synapse``)."""

    nest_name = "static_synapse"
