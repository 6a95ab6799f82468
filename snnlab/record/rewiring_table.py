"""What the rules of rewirings have done, as a labelled table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from snnlab.frames.rewiring_work import RewiringWork

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["rewiring_table"]

_COLUMNS = {
    "attempts": ("pairs that the rule was asked about", "1"),
    "formed": ("synapses that were formed", "1"),
    "removed": ("synapses that were removed", "1"),
    "short": ("synapses for which no place was found", "1"),
    "seconds": ("wall-clock time of the rule", "s"),
}


def rewiring_table(work: Sequence[RewiringWork]) -> xr.Dataset:
    """Return an xarray data set with one entry a rewiring along the dimension ``rewiring``.

    Parameters
    ----------
    work : sequence of RewiringWork
        What an engine has counted.
    """
    import xarray as xr

    return xr.Dataset(
        {
            name: ("rewiring", [getattr(each, name) for each in work],
                   {"long_name": text, "units": units})
            for name, (text, units) in _COLUMNS.items()
        },
        {"rewiring": [each.rewiring for each in work]},
    )  # fmt: skip
