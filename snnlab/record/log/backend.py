"""``xarray.open_dataset("run.snnlog")``: logs are known to xarray by their suffix."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import xarray as xr
from xarray.backends import BackendEntrypoint

from snnlab.record.log.file import SUFFIX
from snnlab.record.log.reader import FrameLog

__all__ = ["SnnlabBackend"]


class SnnlabBackend(BackendEntrypoint):
    """Opens logs of snnlab in xarray; the values stay on disk until they are used."""

    description = "Open logs of spiking network simulations (.snnlog) lazily"
    open_dataset_parameters = ("filename_or_obj", "drop_variables", "section", "verify")

    def open_dataset(
        self,
        filename_or_obj: Any,
        *,
        drop_variables: str | Iterable[str] | None = None,
        section: int = -1,
        verify: bool = False,
    ) -> xr.Dataset:
        """Return a section of a log.

        Parameters
        ----------
        filename_or_obj : path
        drop_variables : str or iterable of str, optional
            Variables to leave out.
        section : int
            Which section; default: the last one.
        verify : bool
            Whether to read all data at once and to end before the first damage.

        Raises
        ------
        FormatError
            There is no such file, it is no log, or it has no such section.
        """
        log = FrameLog(filename_or_obj, verify=verify)
        try:
            dataset = log.section(section).dataset()
        except BaseException:
            log.close()
            raise
        dataset.set_close(log.close)
        dropped = [drop_variables] if isinstance(drop_variables, str) else drop_variables or ()
        return dataset.drop_vars(dropped, errors="ignore")

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """Tell whether it is the path of a log."""
        is_path = isinstance(filename_or_obj, str | os.PathLike)
        return is_path and os.fspath(filename_or_obj).endswith(SUFFIX)
