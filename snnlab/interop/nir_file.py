"""Networks in files of NIR."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from snnlab.errors import FormatError
from snnlab.interop.nir_export import to_nir
from snnlab.interop.nir_form import nir_package
from snnlab.interop.nir_import import from_nir
from snnlab.learning.recurrent_network import RecurrentNetwork
from snnlab.learning.weights import Weights
from snnlab.record.atomic import replacing

__all__ = ["load_nir", "save_nir"]


def save_nir(
    network: RecurrentNetwork, weights: Weights, path: str | os.PathLike[str], **options: Any
) -> None:
    """Write a network; what was at `path` is replaced only when all is on the disk.

    Parameters
    ----------
    network : RecurrentNetwork
    weights : Weights
    path : path
        ``network.nir`` is usual.
    **options
        `form`, `integration` and `approximate` of `snnlab.interop.nir_export.to_nir`.

    Raises
    ------
    SpecError
        The form cannot hold the network.
    StateError
        The package nir is not installed.
    OSError
        The disk is full or the folder cannot be written to.
    """
    graph = to_nir(network, weights, **options)
    with replacing(path) as partial:
        nir_package().write(partial, graph)


def load_nir(path: str | os.PathLike[str], **options: Any) -> tuple[RecurrentNetwork, Weights]:
    """Return the network in a file.

    Parameters
    ----------
    path : path
    **options
        `dt`, `integration` and `approximate` of `snnlab.interop.nir_import.from_nir`, for files of
        other programs.

    Returns
    -------
    network : RecurrentNetwork
    weights : Weights

    Raises
    ------
    FormatError
        No such file, damaged, or its graph is no such network.
    SpecError
        An option is missing.
    StateError
        The package nir is not installed.
    """
    package = nir_package()
    if not Path(path).is_file():
        raise FormatError(
            f"File '{path}'", "must be a file that is there", remedy="Check the path."
        )
    try:
        graph = package.read(Path(path))
    except (OSError, KeyError, ValueError, TypeError, AssertionError, AttributeError) as error:
        raise FormatError(
            f"File '{path}'", "must be a whole file of NIR",
            got=f"{type(error).__name__}: {error}"[:200], remedy="Check the path.",
        ) from error  # fmt: skip
    return from_nir(graph, **options)
