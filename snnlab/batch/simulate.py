"""One run from start to end, with progress, that Ctrl-C ends between two chunks."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Protocol, cast

from snnlab.batch.output import Output
from snnlab.batch.peak import peak_rss_bytes
from snnlab.batch.tally import Tally
from snnlab.build.expected import expected_total
from snnlab.cluster.mpi import launched_as
from snnlab.engine import BuildReport, Engine
from snnlab.errors import DeviceUnavailable, SnnlabError, SpecError, StorageError
from snnlab.frames.frame import Frame
from snnlab.frames.health import Trouble
from snnlab.launch import make_engine
from snnlab.model.network import Network
from snnlab.session.rate_watch import RateWatch
from snnlab.session.watch import Watch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Run", "run"]

CHUNK_S = 0.1
"""Wall-clock time of a chunk: the progress moves, and Ctrl-C is answered, after each."""


RETRY_S = 1.0
"""Wall-clock time between two looks whether a full disk has room again."""

WATCH = Watch()
"""What counts as trouble, and which trouble ends a run."""


class _CountingEngine(Engine, Protocol):
    def out_degrees(self) -> NDArray[np.int64]: ...


@dataclass(frozen=True)
class Run:
    """What a run gave.

    Parameters
    ----------
    n_steps : int
        Steps done, warm-up included.
    t : float [ms]
        Model time at the end.
    simulate_s : float [s]
        Wall-clock time that the engine took for the measured steps.
    is_complete : bool
        False if Ctrl-C or trouble ended it.
    troubles : tuple of Trouble
        What went wrong, in order of time.
    tally : Tally
        Counts and statistics of the spikes.
    report : BuildReport
        What building took.
    device : str
        What computed it.
    ways : dict of str
        How ranks exchanged spikes: ``exchange`` in words, and on GPUs ``transport``, the memory
        that MPI was handed: ``"device"`` or ``"host"``. Empty for one process.
    peak_rss_bytes : int
        Most memory that the process had held when the simulation ended.
    """

    n_steps: int
    t: float
    simulate_s: float
    is_complete: bool
    troubles: tuple[Trouble, ...]
    tally: Tally
    report: BuildReport
    device: str
    ways: dict[str, str]
    peak_rss_bytes: int

    @property
    def fatal(self) -> Trouble | None:
        """What ended the run; None if nothing did."""
        return next((t for t in self.troubles if t.kind in WATCH.pauses), None)


def run(
    network: Network,
    *,
    n_steps: int,
    warmup: int = 0,
    device: str = "auto",
    threads: int | None = None,
    transport: str = "auto",
    show_progress: bool = False,
    output: Output | None = None,
) -> Run:
    """Build a network and run it.

    Parameters
    ----------
    network : Network
    n_steps : int
        Steps that are measured.
    warmup : int
        Steps before them.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda:0"``, see `snnlab.launch.open`; where mpiexec has started
        ranks ``"cuda"``: each takes the GPU of its number on its host.
    threads : int, optional
        Threads of the CPU engine; default: by the size of the network.
    transport : str
        What ranks on GPUs hand to MPI: ``"host"``, ``"device"`` or ``"auto"``, see
        `snnlab.launch.open`.
    show_progress : bool
        Whether a bar on stderr shows model time and the time that is left.
    output : Output, optional
        Takes the frames; default: they are dropped. It is closed at the end.

    Raises
    ------
    SpecError
        A transport that cannot be meant, or without ranks on GPUs.
    DeviceUnavailable
        The device is not there, or MPI does not take its memory where it must.
    OutOfMemory
        The network does not fit.
    """
    _check_transport(transport, device)
    if show_progress:
        sys.stderr.write(f"Building {network.name}: {network.n_neurons} neurons, "
                         f"{expected_total(network):.3g} synapses\n")  # fmt: skip
    engine = _engine(network, device, threads, transport)
    course = _Course(network, engine, warmup, output or Output())
    with _stop_at_ctrl_c() as stop, _progress(network, warmup + n_steps, show_progress) as advanced:
        for end in (warmup, warmup + n_steps):
            for frame in _chunks(engine, end, partial(_is_stopped, engine, stop)):
                course.take(frame, stop)
                advanced(frame)
    result = Run(
        course.n_steps, course.n_steps * network.dt, course.simulate_s,
        course.n_steps == warmup + n_steps, tuple(course.troubles), course.tally, engine.report,
        engine.device, _ways(engine), peak_rss_bytes(),
    )  # fmt: skip
    course.output.close()
    engine.close()
    return result


def _check_transport(transport: str, device: str) -> None:
    """Refuse a transport before anything is built, where there is nothing to hand to MPI."""
    if transport == "auto":
        return
    from snnlab.cuda.transport import check

    n_ranks = launched_as()[1]
    check(transport, "cuda" if n_ranks == 1 else _device_of_ranks(device))
    if n_ranks == 1:
        raise SpecError(
            "--transport", "must be left out where one process holds the network",
            got=repr(transport), remedy="Start ranks: mpiexec -n 2 snnlab run ... --device cuda",
        )  # fmt: skip


def _device_of_ranks(device: str) -> str:
    return "cpu" if device == "auto" else device


def _engine(network: Network, device: str, threads: int | None, transport: str) -> _CountingEngine:
    """The engine for a device, or for all ranks that mpiexec has started."""
    if launched_as()[1] == 1:
        made = make_engine(network, device=device, threads=threads, tell=_tell)
        return cast("_CountingEngine", made)
    if device not in ("auto", "cpu", "cuda"):
        raise DeviceUnavailable(
            "--device", "must be cpu or cuda where mpiexec starts several ranks", got=device,
            remedy="With cuda each rank takes the GPU of its number on its host.",
        )  # fmt: skip
    from snnlab.cluster.together import together

    return together(network, device=_device_of_ranks(device), threads=threads, transport=transport)


def _ways(engine: Engine) -> dict[str, str]:
    """How an engine of ranks exchanges spikes; see `Run`."""
    if launched_as()[1] == 1:
        return {}
    told = {name: str(getattr(engine, name)) for name in ("exchange", "transport")}
    return {name: words for name, words in told.items() if words}


def _is_stopped(engine: Engine, stop: threading.Event) -> bool:
    """Whether the run is to end; ranks agree on it."""
    ask: Callable[[bool], bool] = getattr(engine, "any", bool)
    return ask(stop.is_set())


def _tell(text: str, _error: SnnlabError) -> None:
    """Say why a GPU is not used."""
    sys.stderr.write(f"{text}\n")


class _Course:
    """What has come of a run so far."""

    def __init__(
        self, network: Network, engine: _CountingEngine, warmup: int, output: Output
    ) -> None:
        self.output = output
        self.tally = Tally(network, engine.out_degrees(), warmup)
        self.troubles: list[Trouble] = []
        self.n_steps = 0
        self.simulate_s = 0.0
        self._network = network
        self._warmup = warmup
        self._rates = RateWatch(network, WATCH)
        output.begin(engine.device, _ways(engine))

    def take(self, frame: Frame, stop: threading.Event) -> None:
        """Put the next frame away and look at it; set `stop` where the run must end."""
        found = frame.health + self._rates.passed(frame, self._network)
        whole = replace(frame, health=found)
        if not _waited_for_room(lambda: self.output.add(whole), stop):
            return
        for trouble in found:
            _waited_for_room(partial(self.output.tell, trouble), stop)
        self.troubles += found
        self.tally.add(frame)
        self.n_steps = frame.t_stop
        if frame.t_start >= self._warmup:
            self.simulate_s += frame.wall_s
        if any(trouble.kind in WATCH.pauses for trouble in found):
            stop.set()


def _waited_for_room(write: Callable[[], None], stop: threading.Event) -> bool:
    """Write, again and again while the disk is full; False if `stop` came before there was room."""
    was_told = False
    while True:
        try:
            write()
        except StorageError as error:
            if not was_told:
                sys.stderr.write(f"{error}\nWaiting for room; Ctrl-C ends the run.\n")
            was_told = True
            if stop.wait(RETRY_S):
                return False
        else:
            return True


def _chunks(engine: Engine, end: int, is_stopped: Callable[[], bool]) -> Iterator[Frame]:
    """Frames up to step `end`, each of about `CHUNK_S`."""
    n = 10
    while engine.step < end and not is_stopped():
        frame = engine.advance(min(n, end - engine.step))
        yield frame
        # At most four times as long: one quick chunk must not make the next one endless.
        n = max(int(n * min(CHUNK_S / max(frame.wall_s, 1e-6), 4.0)), 1)


@contextmanager
def _stop_at_ctrl_c() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets; the second one interrupts as ever."""
    stop = threading.Event()

    def first(_: int, __: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, first)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _progress(network: Network, n_steps: int, show: bool) -> Iterator[Callable[[Frame], object]]:
    """A function that moves the bar on by a frame."""
    from tqdm import tqdm

    layout = "{l_bar}{bar}| {n:.0f}/{total:.0f} ms [{elapsed}<{remaining}]"
    total = n_steps * network.dt
    with tqdm(total=total, disable=not show, file=sys.stderr, bar_format=layout) as bar:
        yield lambda frame: bar.update(frame.duration)
