"""Opening a network: the one place that chooses what computes it."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

from snnlab.engine import Checkpoint, Engine
from snnlab.errors import DeviceUnavailable, SpecError
from snnlab.interop.checkpoint_file import SUFFIX, load_checkpoint
from snnlab.model.network import Network
from snnlab.record.log.writer import LogWriter
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
    record: bool | str | Path = True,
    autosave: str | Path | None = None,
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
        A network, the name of a preset, or the path of a network file (``.json``) or of a
        checkpoint file (``.checkpoint``), from which the run goes on.
    device : str
        ``"auto"`` or ``"cpu"``.
    threads : int, optional
        Threads of the CPU engine; default: by the size of the network. The spikes do not depend
        on it.
    name : str, optional
        The session's name; default: the network's.
    record : bool or path
        Whether to keep all frames: in memory, and in a temporary file when there is no more room;
        or, with a path (``"run.snnlog"``), in a log on disk from the beginning, which survives a
        crash and which `snnlab.open_log` reads. A log that is there already is continued.
    autosave : str or Path, optional
        A folder in which a checkpoint file is renewed while it runs, see `Session`.
    seed : int, optional
        In place of the network's own.
    dt : float [ms], optional
        In place of the network's own.
    **settings : number or str
        Options and knobs of a preset: ``open("microcircuit", scale=0.1)``.

    Returns
    -------
    Session
        Paused at t = 0, or where the checkpoint was taken.

    Raises
    ------
    SpecError
        An unknown preset, or values that cannot be meant.
    DeviceUnavailable
        The device is not there.
    OutOfMemory
        The network does not fit; nothing was allocated.
    StorageError
        The log cannot be written.
    """
    changes = {k: v for k, v in {"seed": seed, "dt": dt}.items() if v is not None}
    origin = _checkpoint(network, {**changes, **settings})
    described = origin.network if origin else resolve(network, **settings).replace(**changes)
    session_name = described.name if name is None else name
    _check_device(device)
    # Closed before the new one is built: there may not be memory for both.
    previous = _OPEN.pop(session_name, None)
    if previous is not None:
        previous.close()
    # Opened before minutes are spent on building.
    kept = LogWriter(record) if isinstance(record, str | Path) else record
    try:
        engine = make_engine(
            described, device=device, threads=threads, precision=_precision(origin)
        )
        if origin is not None:
            engine.restore(origin)
        session = Session(engine, name=session_name, record=kept, origin=origin, autosave=autosave)
    except BaseException:
        if isinstance(kept, LogWriter):
            kept.close()
        raise
    _OPEN[session_name] = session
    return session


def _checkpoint(network: object, changes: dict[str, Any]) -> Checkpoint | None:
    """The checkpoint in a file; None for anything but the path of one."""
    if not isinstance(network, str | Path) or not str(network).endswith(SUFFIX):
        return None
    if changes:
        raise SpecError(
            "snnlab.open", "must be left as the checkpoint has them", got=", ".join(changes),
            remedy="Open the file alone, then use Session.set.",
        )  # fmt: skip
    return load_checkpoint(network)


def _precision(origin: Checkpoint | None) -> str:
    """The precision in which a run goes on bit for bit."""
    arrays = origin.arrays if origin is not None else {}
    states = [array.dtype.name for name, array in arrays.items() if name.startswith("state/")]
    return "float64" if "float64" in states else "float32"


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


def make_engine(
    network: Network,
    *,
    device: str = "auto",
    threads: int | None = None,
    precision: str = "float32",
) -> Engine:
    """Return the engine for a device.

    Raises
    ------
    DeviceUnavailable
        Anything but ``"auto"`` and ``"cpu"``.
    """
    _check_device(device)
    from snnlab.cpu.engine import CpuEngine

    return CpuEngine(network, threads=threads, precision=precision)


def _check_device(device: str) -> None:
    if device not in ("auto", "cpu"):
        raise DeviceUnavailable(
            "device",
            "must be auto or cpu",
            got=repr(device),
            remedy="This version computes on the CPU; leave device out, or write device='cpu'.",
        )
