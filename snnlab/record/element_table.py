"""Synaptic elements of a population as a labelled table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from snnlab.frames.elements import ElementStates
from snnlab.model.network import Network

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["element_table"]


def element_table(states: ElementStates, network: Network) -> xr.Dataset:
    """Return an xarray data set over neurons and kinds of elements.

    Parameters
    ----------
    states : ElementStates
        What an engine has read.
    network : Network
        The network that it belongs to.
    """
    import xarray as xr

    kinds = list(states.z)
    shape = (states.Ca.size, len(kinds))
    z, connected = (
        np.column_stack([values[kind] for kind in kinds]) if kinds else np.zeros(shape)
        for values in (states.z, states.connected)
    )
    columns = {
        "z": (z, "synaptic elements"),
        "connected": (connected, "elements that have a synapse"),
        "vacant": (np.floor(z).astype(np.int64) - connected, "elements that could have one"),
    }
    return xr.Dataset(
        {
            "Ca": ("neuron", states.Ca, {"long_name": "calcium", "units": "1"}),
            **{
                name: (("neuron", "element"), values, {"long_name": text, "units": "1"})
                for name, (values, text) in columns.items()
            },
        },
        coords={"neuron": np.arange(states.Ca.size), "element": kinds},
        attrs={
            "population": states.population,
            "time": states.step * network.dt,
            "time_units": "ms",
        },
    )
