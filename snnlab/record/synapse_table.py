"""The synapses of a projection as a labelled table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snnlab.frames.synapses import Synapses
from snnlab.model.network import Network

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["synapse_table"]


def synapse_table(synapses: Synapses, network: Network) -> xr.Dataset:
    """Return an xarray data set with one entry a synapse along the dimension ``synapse``.

    Parameters
    ----------
    synapses : Synapses
        What an engine has read.
    network : Network
        The network that it belongs to.
    """
    import xarray as xr

    projection = network.projection(synapses.projection)
    first = {name: network.first_id(name) for name in (projection.pre, projection.post)}
    columns = {
        "pre": (synapses.pre - first[projection.pre], f"neuron of {projection.pre!r}", "1"),
        "post": (synapses.post - first[projection.post], f"neuron of {projection.post!r}", "1"),
        "delay": (synapses.delay, "time from spike to effect", "ms"),
    }
    values = {"weight": synapses.weight, **synapses.variables}
    for name, state in network.synapse_states_of(projection).items():
        if name in values:
            columns[name] = (values[name], state.doc, state.unit)
    return xr.Dataset(
        {
            name: ("synapse", values, {"long_name": text, "units": units})
            for name, (values, text, units) in columns.items()
        },
        attrs={
            "projection": projection.name,
            "synapse": str(projection.synapse),
            "time": synapses.step * network.dt,
            "time_units": "ms",
        },
    )
