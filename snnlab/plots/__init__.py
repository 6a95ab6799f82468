"""Plots of spikes, rates and state; the only folder that imports HoloViews.

`raster`, `rates` and `trace` turn stored data into ordinary HoloViews objects: ``+``, ``*``,
``.opts`` and ``hv.save`` work. So do `receptive_fields`, `preferred_locations`, `map_mesh`,
`rate_map`, `connection_matrix`, `map_quality` and `turnover`, for maps between sheets of neurons;
`holomap` has one of them at many times. `branch_rates` and `branch_raster` lay branches of a run
over one another, `branch_maps` and `branch_quality` their maps. `element_growth` shows how synaptic
elements grow; `learning_curves`, `weight_matrix`, `confusion_matrix` and `hidden_rates` how
classifiers learn, `trial_spikes` and `trial_outputs` what one trial does to them. All are loaded at
their first use.

`figure` gives no HoloViews object but a figure for a paper, which ``save`` writes as SVG or PNG,
with its numbers beside it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from snnlab.plots.branches import branch_raster as branch_raster
    from snnlab.plots.branches import branch_rates as branch_rates
    from snnlab.plots.growing_elements import element_growth as element_growth
    from snnlab.plots.learning.confusion import confusion_matrix as confusion_matrix
    from snnlab.plots.learning.curves import learning_curves as learning_curves
    from snnlab.plots.learning.hidden_rates import hidden_rates as hidden_rates
    from snnlab.plots.learning.trial import trial_outputs as trial_outputs
    from snnlab.plots.learning.trial import trial_spikes as trial_spikes
    from snnlab.plots.learning.weights import weight_matrix as weight_matrix
    from snnlab.plots.maps.branches import branch_maps as branch_maps
    from snnlab.plots.maps.branches import branch_quality as branch_quality
    from snnlab.plots.maps.connection_matrix import connection_matrix as connection_matrix
    from snnlab.plots.maps.holomap import holomap as holomap
    from snnlab.plots.maps.movie import save_movie as save_movie
    from snnlab.plots.maps.preferred_locations import map_mesh as map_mesh
    from snnlab.plots.maps.preferred_locations import preferred_locations as preferred_locations
    from snnlab.plots.maps.quality import map_quality as map_quality
    from snnlab.plots.maps.rate_map import rate_map as rate_map
    from snnlab.plots.maps.receptive_fields import receptive_fields as receptive_fields
    from snnlab.plots.maps.sampler import MapSampler as MapSampler
    from snnlab.plots.maps.sampler import sampler_of as sampler_of
    from snnlab.plots.maps.state import MapState as MapState
    from snnlab.plots.maps.state import map_of as map_of
    from snnlab.plots.maps.synapse_turnover import turnover as turnover
    from snnlab.plots.maps.viewpoint import Viewpoint as Viewpoint
    from snnlab.plots.paper import figure as figure
    from snnlab.plots.population_rates import rates as rates
    from snnlab.plots.spike_raster import raster as raster
    from snnlab.plots.state_trace import trace as trace

_HOMES = {
    "MapSampler": "snnlab.plots.maps.sampler",
    "MapState": "snnlab.plots.maps.state",
    "Viewpoint": "snnlab.plots.maps.viewpoint",
    "branch_maps": "snnlab.plots.maps.branches",
    "branch_quality": "snnlab.plots.maps.branches",
    "branch_raster": "snnlab.plots.branches",
    "branch_rates": "snnlab.plots.branches",
    "confusion_matrix": "snnlab.plots.learning.confusion",
    "connection_matrix": "snnlab.plots.maps.connection_matrix",
    "element_growth": "snnlab.plots.growing_elements",
    "figure": "snnlab.plots.paper",
    "hidden_rates": "snnlab.plots.learning.hidden_rates",
    "holomap": "snnlab.plots.maps.holomap",
    "learning_curves": "snnlab.plots.learning.curves",
    "map_mesh": "snnlab.plots.maps.preferred_locations",
    "map_of": "snnlab.plots.maps.state",
    "map_quality": "snnlab.plots.maps.quality",
    "preferred_locations": "snnlab.plots.maps.preferred_locations",
    "rate_map": "snnlab.plots.maps.rate_map",
    "raster": "snnlab.plots.spike_raster",
    "rates": "snnlab.plots.population_rates",
    "receptive_fields": "snnlab.plots.maps.receptive_fields",
    "sampler_of": "snnlab.plots.maps.sampler",
    "save_movie": "snnlab.plots.maps.movie",
    "trace": "snnlab.plots.state_trace",
    "trial_outputs": "snnlab.plots.learning.trial",
    "trial_spikes": "snnlab.plots.learning.trial",
    "turnover": "snnlab.plots.maps.synapse_turnover",
    "weight_matrix": "snnlab.plots.learning.weights",
}

__all__ = [
    "MapSampler", "MapState", "Viewpoint", "branch_maps", "branch_quality", "branch_raster",
    "branch_rates", "confusion_matrix", "connection_matrix", "element_growth", "figure",
    "hidden_rates", "holomap", "learning_curves", "map_mesh", "map_of", "map_quality",
    "preferred_locations", "raster", "rate_map", "rates", "receptive_fields", "sampler_of",
    "save_movie", "trace", "trial_outputs", "trial_spikes", "turnover", "weight_matrix",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'snnlab.plots' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
