"""Opening a network: the one place that chooses what computes it."""

from __future__ import annotations

import gc
import re
import warnings
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnlab.cuda.available import device_index, obstacle, require, usable
from snnlab.cuda.gain import gains
from snnlab.cuda.probe import look
from snnlab.engine import Checkpoint, Engine
from snnlab.errors import ClusterError, DeviceUnavailable, OutOfMemory, SnnlabError, SpecError
from snnlab.interop import session_file
from snnlab.interop.checkpoint_file import SUFFIX, load_checkpoint
from snnlab.interop.session_file import SavedSession
from snnlab.model.network import Network
from snnlab.model.recipe import Recipe
from snnlab.model.run import Run
from snnlab.record.log.writer import LogWriter
from snnlab.session.condition_data import condition_of_data
from snnlab.session.forks import Forks
from snnlab.session.place import Engines
from snnlab.session.session import Session

if TYPE_CHECKING:
    from snnlab.cluster.ranks import Ranks

__all__ = ["devices", "make_engine", "open", "resolve"]

_ON_RANKS = re.compile("([0-9]+) ranks?(?: on (cuda))?")
"""The name of ranks as a device that a session moves to: `ClusterEngine.device`."""

_ON_THREADS = re.compile("([0-9]+) threads?")
"""The name of the CPU with so many threads, whatever the session has else."""

_OPEN: weakref.WeakValueDictionary[str, Session] = weakref.WeakValueDictionary()
"""Sessions by name, held weakly: one that nobody holds any more is gone."""


def open(  # noqa: PLR0913
    network: Network | str | Path,
    *,
    device: str = "auto",
    threads: int | None = None,
    ranks: int | Ranks | None = None,
    exchange: str | Mapping[str, str] = "auto",
    transport: str = "auto",
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
        A network, the name of a preset, or the path of a network file (``.json``), of a session
        file (``.json``, `Session.share`), whose run is repeated, or of a checkpoint file
        (``.checkpoint``), from which the run goes on.
    device : str
        ``"cpu"``; ``"cuda"``, ``"cuda:0"``, ...: this GPU and nothing else; ``"auto"``: the first
        GPU if the network is large enough to gain (`snnlab.cuda.gain`), `threads` are left to
        choose, and it can be used; else the CPU. A message says why a GPU was not used.
        `Session.move` changes it at any time. With `ranks`, ``"cuda"``: each rank computes on the
        GPU of its number on its host; ``"auto"``: on CPUs, unless `ranks` were started for GPUs.
    threads : int, optional
        Threads of the CPU engine, of each rank if there are several; default: by the size of the
        network, and the cores that a rank has. The spikes do not depend on it.
    ranks : int or Ranks, optional
        So many MPI processes hold the network together: they are started here, and end with the
        session; or ranks that are there (`snnlab.cluster.Ranks`), which go on. The spikes do not
        depend on their number.
    exchange : str, or mapping of str
        How ranks exchange spikes: ``"collective"``, ``"point_to_point"``, or ``"auto"``, the better
        of the two; or projection -> one of these, for the spikes of its sources.
    transport : str
        What ranks on GPUs hand to MPI for that: ``"device"``, memory of the GPU; ``"host"``, a
        copy; ``"auto"``, the former where MPI says that it takes it.
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
        Paused at t = 0, or where the checkpoint was taken; running to where a session file was
        written, which ``wait()`` waits for.

    Raises
    ------
    SpecError
        An unknown preset, or values that cannot be meant.
    DeviceUnavailable
        The device is not there.
    OutOfMemory
        The network does not fit.
    StorageError
        The log cannot be written.
    """
    changes = {k: v for k, v in {"seed": seed, "dt": dt}.items() if v is not None}
    origin = _checkpoint(network, {**changes, **settings})
    saved = _saved(network if origin is None else origin.network, changes, settings)
    breakpoints = [condition_of_data(data) for data in saved.breakpoints]
    described = saved.run.network
    session_name = saved.name if name is None else name
    _check_device(device, ranks)
    # Closed before the new one is built: there may not be memory for both.
    previous = _OPEN.pop(session_name, None)
    if previous is not None:
        previous.close()
        del previous
        gc.collect()  # a session and its page know each other
    # Opened before minutes are spent on building.
    kept = LogWriter(record) if isinstance(record, str | Path) else record
    said: list[tuple[str, SnnlabError]] = []
    precision = _precision(origin)
    try:
        engine = make_engine(
            described, device=device, threads=threads, precision=precision, ranks=ranks,
            exchange=exchange, transport=transport,
            tell=lambda text, error: said.append((text, error)),
        )  # fmt: skip
        if origin is not None:
            engine.restore(origin)
        session = Session(
            engine, name=session_name, record=kept, origin=origin, autosave=autosave,
            engines=_Elsewhere(threads, precision, exchange, transport),
        )  # fmt: skip
    except BaseException:
        if isinstance(kept, LogWriter):
            kept.close()
        raise
    for text, error in said:
        session.messages.warning(text, error)
    session.recipe, session.view = saved.recipe, dict(saved.view)
    session.forks = Forks(saved.branches)
    _OPEN[session_name] = session
    has_begun = saved.run.step or saved.run.edits or breakpoints
    return session.repeat(saved.run, breakpoints) if has_begun else session


@dataclass(frozen=True)
class _Elsewhere:
    """Makes the engines that a session moves to, or is proved on; see `session.place.Engines`."""

    threads: int | None
    precision: str
    exchange: str | Mapping[str, str]
    transport: str

    def __call__(self, network: Network, device: str) -> Engine:
        if device == "auto":
            raise DeviceUnavailable(
                "device", "must be named to move there", got=repr(device),
                remedy=f"Choose one of {', '.join(devices())}, 2 ranks, or 2 ranks on cuda.",
            )  # fmt: skip
        precision = self.precision
        if found := _ON_RANKS.fullmatch(device):
            return make_engine(
                network, device=found[2] or "cpu", ranks=int(found[1]), exchange=self.exchange,
                transport=self.transport if found[2] else "auto", threads=self.threads,
                precision=precision,
            )  # fmt: skip
        if found := _ON_THREADS.fullmatch(device):
            return make_engine(network, device="cpu", threads=int(found[1]), precision=precision)
        return make_engine(network, device=device, threads=self.threads, precision=precision)

    @contextmanager
    def together(self, places: Sequence[str]) -> Iterator[Engines]:
        """Make engines for several places, of which those on ranks use the same ones.

        Ranks are started when the first place needs some, as many as any of them needs, and end
        with the block.
        """
        numbers = [int(found[1]) for place in places
                   if (found := _ON_RANKS.fullmatch(place)) and not found[2]]  # fmt: skip
        if len(numbers) < 2:
            yield self
            return
        from snnlab.cluster.first_ranks import FirstRanks
        from snnlab.cluster.ranks import Ranks
        from snnlab.cluster.share import prepare

        started: list[Ranks] = []

        def make(network: Network, device: str) -> Engine:
            found = _ON_RANKS.fullmatch(device)
            if not found or found[2]:
                return self(network, device)
            if not started:
                started.append(Ranks.start(max(numbers), device="cpu"))
                started[0].submit(prepare)  # all of them, while the first ones compute
            with suppress(SnnlabError):  # that one has died
                started[0].check()
            if not started[0].are_running:
                started[0].restart()
            return make_engine(
                network, device="cpu", ranks=FirstRanks(started[0], int(found[1])),
                exchange=self.exchange, threads=self.threads, precision=self.precision,
            )  # fmt: skip

        try:
            yield make
        finally:
            for ranks in started:
                ranks.close()

    def places(self) -> tuple[str, ...]:
        """Return what this machine has: threads, GPUs, and ranks if MPI can start some."""
        gpus = [name for name in devices() if name != "cpu"]
        ranks = ["1 rank", "2 ranks", "4 ranks"] if _has_mpi() else []
        return ("1 thread", "2 threads", *gpus, *ranks)


def _has_mpi() -> bool:
    from snnlab.cluster.mpi import mpiexec

    try:
        mpiexec()
    except ClusterError:
        return False
    return True


def devices() -> dict[str, str]:
    """Return the devices of this machine that can be used, the CPU first.

    Returns
    -------
    dict of str
        Name -> the device in words: ``{"cpu": "CPU", "cuda:0": "NVIDIA H100 (cuda:0)"}``.
    """
    return {"cpu": "CPU"} | usable(look())


def no_gpu() -> DeviceUnavailable | None:
    """Return why no GPU of this machine can be used; None where one can."""
    facts = look()
    return None if usable(facts) else obstacle(facts, 0)


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


def _saved(
    network: Network | str | Path, changes: dict[str, Any], settings: dict[str, Any]
) -> SavedSession:
    """What is to be opened, as a file would say it; most of it has not begun."""
    is_preset = _is_preset(network)
    found: SavedSession | Network | str | Path = network
    if isinstance(network, str | Path) and not is_preset:
        found = session_file.load(network)
    if isinstance(found, SavedSession):
        if changes or settings:
            raise SpecError(
                "snnlab.open", "must be left as the session file has them",
                got=", ".join({**changes, **settings}),
                remedy="Open the file alone, then use Session.set.",
            )  # fmt: skip
        return found
    described = resolve(found, **settings).replace(**changes)
    recipe = Recipe(str(network), settings) if is_preset else None
    return SavedSession(Run(described, (), 0), described.name, recipe)


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


def _warn(text: str, _error: SnnlabError) -> None:
    warnings.warn(text, stacklevel=4)


def make_engine(
    network: Network,
    *,
    device: str = "auto",
    threads: int | None = None,
    precision: str = "float32",
    ranks: int | Ranks | None = None,
    exchange: str | Mapping[str, str] = "auto",
    transport: str = "auto",
    tell: Callable[[str, SnnlabError], object] = _warn,
) -> Engine:
    """Return the engine for a device.

    Parameters
    ----------
    network : Network
    device : str
        See `open`.
    threads : int, optional
        Threads of the CPU engine; given, ``"auto"`` means the CPU.
    precision : str
        Of the state: ``"float32"`` or ``"float64"``.
    ranks : int or Ranks, optional
        See `open`.
    exchange : str, or mapping of str
        See `open`.
    transport : str
        See `open`.
    tell : callable
        Takes in words, and as an error, why ``"auto"`` did not use the GPU; default: a warning.

    Raises
    ------
    DeviceUnavailable
        The device is not there, or has no name that is known.
    OutOfMemory
        The network does not fit.
    """
    index = _check_device(device, ranks)
    if ranks is not None:
        settings: dict[str, Any] = {"threads": threads, "precision": precision}
        settings |= {"exchange": exchange, "transport": transport}
        return _rank_engine(network, ranks, device, **settings)
    if index is not None:
        return _gpu_engine(network, index, precision)
    if device == "auto" and threads is None and gains(network):
        found = _first_gpu_engine(network, precision, tell)
        if found is not None:
            return found
    from snnlab.cpu.engine import CpuEngine

    return CpuEngine(network, threads=threads, precision=precision)


def _rank_engine(network: Network, ranks: int | Ranks, device: str, **settings: Any) -> Engine:
    from snnlab.cluster.engine import ClusterEngine
    from snnlab.cluster.ranks import Ranks

    if device == "auto":
        device = "cuda" if isinstance(ranks, Ranks) and ranks.wanted_device == "cuda" else "cpu"
    started = Ranks.start(ranks, device=device) if isinstance(ranks, int) else ranks
    owns = isinstance(ranks, int)
    try:
        return ClusterEngine(network, started, device=device, owns_ranks=owns, **settings)
    except BaseException:
        if owns:
            started.close()
        raise


def _first_gpu_engine(
    network: Network, precision: str, tell: Callable[[str, SnnlabError], object]
) -> Engine | None:
    """The engine on the first GPU; None, and why, if there is one that cannot be used."""
    facts = look()
    if not facts.has_driver:
        return None  # no GPU: nothing to tell
    error: SnnlabError | None = obstacle(facts, 0)
    if error is None:
        try:
            return _gpu_engine(network, 0, precision)
        except (DeviceUnavailable, OutOfMemory) as refused:
            error = refused
    tell(f"Computing on the CPU. {error}", error)
    return None


def _gpu_engine(network: Network, index: int, precision: str) -> Engine:
    from snnlab.cuda.cupy_device import CupyDevice
    from snnlab.cuda.engine import CudaEngine

    return CudaEngine(network, CupyDevice(index), precision=precision)


def _check_device(device: str, ranks: int | Ranks | None) -> int | None:
    """Which GPU was asked for, which can be used; None for the CPU, ``"auto"`` and ranks."""
    if ranks is not None:  # their GPUs are those of their hosts
        if device not in ("auto", "cpu", "cuda"):
            raise DeviceUnavailable(
                "device", "must be auto, cpu or cuda where there are ranks", got=repr(device),
                remedy='With "cuda" each rank takes the GPU of its number on its host.',
            )  # fmt: skip
        return None
    index = device_index(device)
    if index is not None:
        require(index)
    elif device not in ("auto", "cpu"):
        raise DeviceUnavailable(
            "device", "must be auto, cpu, cuda or cuda:0, cuda:1, ...", got=repr(device),
            remedy="Leave device out: it is a GPU where that gains, else the CPU.",
        )  # fmt: skip
    return index
