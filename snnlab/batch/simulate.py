"""One run from start to end, with progress, that Ctrl-C ends between two chunks."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import FrameType
from typing import TYPE_CHECKING, Protocol, cast

from snnlab.engine import BuildReport, Engine
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


WATCH = Watch()
"""What counts as trouble, and which trouble ends a run."""


class _CountingEngine(Engine, Protocol):
    def out_degrees(self) -> NDArray[np.int64]: ...


@dataclass(frozen=True)
class Run:
    """What a run gave.

    Parameters
    ----------
    frames : tuple of Frame
        From step 0 on, warm-up included.
    warmup : int [steps]
        Steps at the beginning that are not measured.
    simulate_s : float [s]
        Wall-clock time of the measured steps.
    is_complete : bool
        False if Ctrl-C or trouble ended it.
    report : BuildReport
        What building took.
    out_degrees : (n_neurons,) int64
        Outgoing synapses of every neuron.
    device : str
        What computed it.
    peak_rss_bytes : int
        Most memory that the process had held when the simulation ended.
    """

    frames: tuple[Frame, ...]
    warmup: int
    simulate_s: float
    is_complete: bool
    report: BuildReport
    out_degrees: NDArray[np.int64]
    device: str
    peak_rss_bytes: int

    @property
    def n_steps(self) -> int:
        """Number of steps done, warm-up included."""
        return self.frames[-1].t_stop if self.frames else 0

    @property
    def t(self) -> float:
        """Model time at the end [ms]."""
        return self.n_steps * self.frames[-1].dt if self.frames else 0.0

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """What went wrong, in order of time."""
        return tuple(trouble for frame in self.frames for trouble in frame.health)

    @property
    def fatal(self) -> Trouble | None:
        """What ended the run; None if nothing did."""
        return next((t for t in self.troubles if t.kind in WATCH.pauses), None)

    @property
    def measured(self) -> tuple[Frame, ...]:
        """The frames after the warm-up."""
        return tuple(frame for frame in self.frames if frame.t_start >= self.warmup)


def run(
    network: Network,
    *,
    n_steps: int,
    warmup: int = 0,
    device: str = "auto",
    threads: int | None = None,
    show_progress: bool = False,
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
        ``"auto"``, ``"cpu"``, ...
    threads : int, optional
        Threads of the CPU engine; default: by the size of the network.
    show_progress : bool
        Whether a bar on stderr shows model time and the time that is left.

    Raises
    ------
    DeviceUnavailable
        The device is not there.
    OutOfMemory
        The network does not fit.
    """
    if show_progress:
        sys.stderr.write(f"Building {network.name}: {network.n_neurons} neurons, "
                         f"{network.expected_synapses():.3g} synapses\n")  # fmt: skip
    engine = cast("_CountingEngine", make_engine(network, device=device, threads=threads))
    frames: list[Frame] = []
    rates = RateWatch(network, WATCH)
    with _stop_at_ctrl_c() as stop, _progress(network, warmup + n_steps, show_progress) as advanced:
        for end in (warmup, warmup + n_steps):
            started = time.perf_counter()
            for frame in _chunks(engine, end, stop):
                found = frame.health + rates.passed(frame, network)
                frames.append(replace(frame, health=found))
                advanced(frame)
                if any(trouble.kind in WATCH.pauses for trouble in found):
                    stop.set()
            simulate_s = time.perf_counter() - started
    is_measured = engine.step > warmup
    result = Run(
        tuple(frames), warmup, simulate_s if is_measured else 0.0,
        engine.step == warmup + n_steps, engine.report, engine.out_degrees(), engine.device,
        _peak_rss_bytes(),
    )  # fmt: skip
    engine.close()
    return result


def _chunks(engine: Engine, end: int, stop: threading.Event) -> Iterator[Frame]:
    """Frames up to step `end`, each of about `CHUNK_S`."""
    n = 10
    while engine.step < end and not stop.is_set():
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


def _peak_rss_bytes() -> int:
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
