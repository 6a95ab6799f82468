"""Which device learns: the one that is asked for, or the one that gains."""

from __future__ import annotations

import warnings

from snnlab.cuda.available import device_index, obstacle
from snnlab.cuda.cupy_device import CupyDevice
from snnlab.cuda.device import Device
from snnlab.cuda.probe import look
from snnlab.errors import SpecError
from snnlab.learning.recurrent_network import RecurrentNetwork

__all__ = ["WORTH", "device_of", "gains"]

WORTH = 100_000
"""Pairs of neurons that may connect, from which on a GPU is chosen without being asked for."""


def device_of(device: str | Device, network: RecurrentNetwork, form: str) -> Device | None:
    """Return the GPU that learns; None: the CPU does.

    Parameters
    ----------
    device : str or Device
        ``"cpu"``; ``"cuda"``, ``"cuda:0"``, ...: this GPU and nothing else; ``"auto"``: the first
        GPU if the network is large enough to gain and it can be used, else the CPU; or a device
        itself.
    network : RecurrentNetwork
    form : str
        Of e-prop; see `snnlab.learning.eprop.EProp`.

    Raises
    ------
    SpecError
        No such device, or the form of e-prop is for the CPU alone.
    DeviceUnavailable
        The GPU cannot be used; says why, and how to mend it.

    Warns
    -----
    UserWarning
        ``"auto"``, and there is a GPU that cannot be used.
    """
    if not isinstance(device, str):
        _check_form(device.name, form)
        return device
    if device == "cpu":
        return None
    if device == "auto":
        return _gpu_that_gains(network) if form == "adjoint" else None
    index = device_index(device)
    if index is None:
        raise SpecError(
            "device", "must be 'cpu', 'auto', 'cuda' or the like of 'cuda:0'", got=repr(device)
        )
    _check_form(device, form)
    return CupyDevice(index)


def gains(network: RecurrentNetwork) -> bool:
    """Whether a network is large enough for a GPU.

    Parameters
    ----------
    network : RecurrentNetwork

    Notes
    -----
    A batch is some twenty launches, however little there is to do in each; a small network has been
    learnt by then.
    """
    return network.n_pairs_input + network.n_pairs_recurrent >= WORTH


def _gpu_that_gains(network: RecurrentNetwork) -> Device | None:
    if not gains(network):
        return None
    facts = look()
    error = obstacle(facts, 0)
    if error is None:
        return CupyDevice(0)
    if facts.has_driver:
        warnings.warn(f"The GPU is not used. {error}", stacklevel=5)
    return None


def _check_form(device: str, form: str) -> None:
    if form != "adjoint":
        raise SpecError(
            "EProp.form", f"must be 'adjoint' on {device}", got=repr(form),
            remedy="Write device='cpu' for eligibility traces and rules of your own; both forms "
            "return the same gradient.",
        )  # fmt: skip
