"""A recorded run as a data set that says where it comes from."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from snnlab.model.history import Applied
from snnlab.model.network import Network
from snnlab.record.log.reader import LoggedSection
from snnlab.session.recording import Section

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["edits_as_json", "to_dataset"]


def to_dataset(
    section: Section, start_network: Network, log: Iterable[Applied], device: str
) -> xr.Dataset:
    """Return a section of a recording with its provenance.

    Parameters
    ----------
    section : Section
    start_network : Network
        The network at the start of the run.
    log : iterable of Applied
        The edits since then.
    device : str
        What computed it.
    """
    from snnlab.interop import native_json
    from snnlab.record import dataset, provenance

    origin = provenance.describe(
        native_json.dumps(start_network), device=device, edits=edits_as_json(log)
    )
    if isinstance(section.frames, LoggedSection):
        return section.frames.dataset().assign_attrs(origin)
    return dataset.to_dataset(section.network, section.frames, provenance=origin)


def edits_as_json(log: Iterable[Applied]) -> str:
    """Return edits as a JSON list of ``{"step": ..., "edit": {...}}``, in order."""
    from snnlab.interop.checkpoint_file import edits_to_data

    return json.dumps(edits_to_data(log), ensure_ascii=False)
