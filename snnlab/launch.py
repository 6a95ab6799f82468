"""Opening a network: the one place that chooses what computes it."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

from snnlab.engine import Engine
from snnlab.errors import DeviceUnavailable, SpecError
from snnlab.model.network import Network
from snnlab.session.session import Session

__all__ = ["make_engine", "open", "resolve"]

_OPEN: weakref.WeakValueDictionary[str, Session] = weakref.WeakValueDictionary()
"""Sessions by name, held weakly: one that nobody holds any more is gone."""


def open(
    network: Network | str | Path,
    *,
    device: str = "auto",
    threads: int | None = None,
    name: str | None = None,
    record: bool = True,
    seed: int | None = None,
    dt: float | None = None,
    **settings: Any,
) -> Session:
    """Build a network and return the session that runs it.

    Opening the same name again closes the session that had it, so a cell may be run any number of
    times.

    Parameters
    ----------
    network : Network, str or Path
        A network, the name of a preset, or the path of a network file (``.json``).
    device : str
        ``"auto"`` or ``"cpu"``.
    threads : int, optional
        Threads of the CPU engine; default: by the size of the network. The spikes do not depend
        on it.
    name : str, optional
        The session's name; default: the network's.
    record : bool
        Whether to keep all frames in memory.
    seed : int, optional
        In place of the network's own.
    dt : float [ms], optional
        In place of the network's own.
    **settings : number or str
        Options and knobs of a preset: ``open("microcircuit", scale=0.1)``.

    Returns
    -------
    Session
        Paused at t = 0.

    Raises
    ------
    SpecError
        An unknown preset, or values that cannot be meant.
    DeviceUnavailable
        The device is not there.
    OutOfMemory
        The network does not fit; nothing was allocated.
    """
    described = resolve(network, **settings)
    changes = {"seed": seed, "dt": dt}
    described = described.replace(**{k: v for k, v in changes.items() if v is not None})
    session_name = described.name if name is None else name
    _check_device(device)
    # Closed before the new one is built: there may not be memory for both.
    previous = _OPEN.pop(session_name, None)
    if previous is not None:
        previous.close()
    engine = make_engine(described, device=device, threads=threads)
    session = Session(engine, name=session_name, record=record)
    _OPEN[session_name] = session
    return session


def resolve(network: Network | str | Path, **settings: Any) -> Network:
    """Return the network that a value, the name of a preset or a path stands for.

    Parameters
    ----------
    network : Network, str or Path
    **settings : number or str
        Options and knobs, for presets only.

    Raises
    ------
    SpecError
        No such preset; the nearest names are offered.
    FormatError
        The file does not hold a network.
    """
    if settings and not _is_preset(network):
        raise SpecError(
            "snnlab.open",
            "must be given the name of a preset for these settings",
            got=", ".join(settings),
            remedy="Change the network itself, or use Session.set.",
        )
    if isinstance(network, Network):
        return network
    if not isinstance(network, str | Path):
        raise SpecError(
            "snnlab.open",
            "must be given a Network, the name of a preset or a path",
            got=type(network).__name__,
            remedy='Write for example snnlab.open("brunel").',
        )
    if _is_preset(network):
        from snnlab import presets

        return presets.load(str(network), **settings)
    from snnlab.interop import native_json

    return native_json.load(network)


def _is_preset(network: object) -> bool:
    return isinstance(network, str) and not network.endswith(".json")


def make_engine(network: Network, *, device: str = "auto", threads: int | None = None) -> Engine:
    """Return the engine for a device.

    Raises
    ------
    DeviceUnavailable
        Anything but ``"auto"`` and ``"cpu"``.
    """
    _check_device(device)
    from snnlab.cpu.engine import CpuEngine

    return CpuEngine(network, threads=threads)


def _check_device(device: str) -> None:
    if device not in ("auto", "cpu"):
        raise DeviceUnavailable(
            "device",
            "must be auto or cpu",
            got=repr(device),
            remedy="This version computes on the CPU; leave device out, or write device='cpu'.",
        )
