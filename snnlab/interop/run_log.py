"""Opening the log of a run: its data, the network that ran, and the edits that were made."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from snnlab.interop import native_json
from snnlab.record.log.reader import FrameLog

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

    from snnlab.frames.frame import Samples
    from snnlab.frames.structure import StructuralEvents
    from snnlab.model.edits import Edit
    from snnlab.model.network import Network

__all__ = ["EditAt", "RunLog", "open_log"]


class EditAt(NamedTuple):
    """An edit of a run.

    Parameters
    ----------
    step : int
        Step at which it took effect.
    edit : Edit
    """

    step: int
    edit: Edit


def open_log(path: str | os.PathLike[str], *, verify: bool = False) -> RunLog:
    """Open the log of a run, also while it is being written.

    Parameters
    ----------
    path : path
        What was given to ``snnlab.open(..., record=path)``.
    verify : bool
        Whether to read all data at once, so that `RunLog.damage` tells of any damage. By default
        data are checked when they are read.

    Raises
    ------
    FormatError
        There is no such file, or it is no log.
    """
    return RunLog(path, verify=verify)


class RunLog(FrameLog):
    """A log on disk; what is asked for is read, nothing else.

    `spikes`, `samples`, `structural_events` and `dataset` tell of the last section: since the last
    structural edit or the last reset. `sections` holds all of them.
    """

    @property
    def network(self) -> Network:
        """The network at the start of the last run.

        Raises
        ------
        FormatError
            The log holds no run, or the network uses a neuron model that is not defined here; the
            data can be read all the same.
        """
        text = self.section().contents.provenance.get("network", "")
        return native_json.loads(text)

    @property
    def edits(self) -> tuple[EditAt, ...]:
        """The edits of the last run that took effect, in order.

        Made again at these steps, on `network`, they repeat the run.
        """
        logged = self.edits_of(self.section().contents.run)
        return tuple(EditAt(e.step, native_json.edit_from_dict(e.edit)) for e in logged)

    def spikes(
        self, t_start: float | None = None, t_stop: float | None = None, population: str = ""
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return step and global id of the spikes with ``t_start < time <= t_stop``.

        Parameters
        ----------
        t_start, t_stop : float [ms], optional
            Default: the whole section. A spike of step k has the time ``(k + 1) * dt``.
        population : str
            Default: all.

        Returns
        -------
        step, neuron : (n_spikes,) int64

        Raises
        ------
        SpecError
            There is no such population, or not a time.
        FormatError
            Damaged data.
        """
        return self.section().spikes(t_start, t_stop, population)

    def samples(
        self, recorder: str, t_start: float | None = None, t_stop: float | None = None
    ) -> Samples:
        """Return the samples of a recorder with ``t_start < time <= t_stop``.

        Parameters
        ----------
        recorder : str
        t_start, t_stop : float [ms], optional
            Default: the whole section.

        Raises
        ------
        SpecError
            There is no such recorder, or not a time.
        FormatError
            Damaged data.
        """
        return self.section().samples(recorder, t_start, t_stop)

    def structural_events(
        self,
        rewiring: str | None = None,
        t_start: float | None = None,
        t_stop: float | None = None,
    ) -> StructuralEvents:
        """Return the synapses formed and removed at ``t_start <= time < t_stop``.

        Parameters
        ----------
        rewiring : str, optional
            Name of the rewiring; default: all.
        t_start, t_stop : float [ms], optional
            Default: the whole section. An event of step k has the time ``k * dt``.

        Raises
        ------
        SpecError
            There is no such rewiring, or not a time.
        FormatError
            Damaged data.
        """
        return self.section().structural_events(rewiring, t_start, t_stop)

    def dataset(self) -> xr.Dataset:
        """Return the last section as a labelled data set; values are read when they are used."""
        return self.section().dataset()
