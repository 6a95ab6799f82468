"""`HostConnections`: the synapses of a device, copied to the host only when somebody looks."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from snnlab.build.connect import Connections
from snnlab.build.tables import TablePlan
from snnlab.cuda.connections import DeviceConnections
from snnlab.cuda.device import Device

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["HostConnections"]


class HostConnections(Connections):
    """Synapses that are on a device.

    They may be many gigabytes, and most runs never need them on the host.

    Parameters
    ----------
    drawn : DeviceConnections
    plans : tuple of TablePlan
        What lies in each table now.
    device : Device
    """

    def __init__(
        self, drawn: DeviceConnections, plans: tuple[TablePlan, ...], device: Device
    ) -> None:
        # The base class is frozen.
        self.__dict__.update(plans=plans, row_stop={}, short_rows={}, _source=_Copy(drawn, device))

    def with_plans(self, plans: tuple[TablePlan, ...]) -> HostConnections:
        """Return the same synapses, of other projections."""
        other = object.__new__(HostConnections)
        other.__dict__.update(self.__dict__, plans=plans)
        return other

    @property
    def _copy(self) -> Connections:
        source: _Copy = self.__dict__["_source"]
        return source.connections

    def are_used(self, k: int) -> NDArray[np.bool_]:
        """Return which sources of table `k` have synapses: (n_pre,)."""
        source: _Copy = self.__dict__["_source"]
        return source.used[k]

    @property
    def targets(self) -> NDArray[np.uint16]:
        """Local target slots of all but packed synapses."""
        return self._copy.targets

    @property
    def packed(self) -> NDArray[np.uint32]:
        """Packed synapses."""
        return self._copy.packed

    @property
    def wide(self) -> NDArray[np.int32]:
        """Weights of wide tables, quantiles of plastic ones."""
        return self._copy.wide

    @property
    def row_start(self) -> tuple[NDArray[np.int64], ...]:
        """Where each row starts."""
        return self._copy.row_start

    @property
    def segment_ends(self) -> tuple[NDArray[np.uint32], ...]:
        """End of each delay's synapses within a row."""
        return self._copy.segment_ends


class _Copy:
    """Copies the synapses once, for all who look."""

    def __init__(self, drawn: DeviceConnections, device: Device) -> None:
        self._drawn: DeviceConnections | None = drawn
        self._device = device

    @cached_property
    def used(self) -> tuple[NDArray[np.bool_], ...]:
        """Which sources of each table have synapses; row starts alone are copied for that."""
        drawn = self._drawn
        starts = self.connections.row_start if drawn is None else drawn.row_starts(self._device)
        return tuple(np.any(start[:, 1:] > start[:, :-1], axis=0) for start in starts)

    @cached_property
    def connections(self) -> Connections:
        """What the host sees; what the device needs no longer is let go."""
        assert self._drawn is not None  # this runs once
        copy, self._drawn = self._drawn.host(self._device), None
        return copy
