"""What the tests of the session share: engines, runs in chops, and waiting with a limit."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from snnlab.cpu.engine import CpuEngine
from snnlab.engine import Engine
from snnlab.frames.frame import Frame
from snnlab.model.network import Network
from snnlab.session import Session
from tests.features.on_device import on_device
from tests.features.reference_engine import ReferenceEngine

LIMIT_S = 60.0

ENGINES: dict[str, Callable[[Network], Engine]] = {
    "reference": ReferenceEngine,
    "cpu": lambda network: CpuEngine(network, threads=1),
    "device": on_device,
}


def engines(network: Network, device: str) -> Engine:
    """Make the engine that a session moves to: ``"cpu"`` or ``"host"``."""
    return {"cpu": ENGINES["cpu"], "host": ENGINES["device"]}[device](network)


def eventually(condition: Callable[[], bool], limit_s: float = LIMIT_S) -> bool:
    """Wait until `condition` holds; False when the time is over."""
    stop = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > stop:
            return False
        time.sleep(0.005)
    return True


def spikes_after(session: Session, chops: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Run in pieces of `chops` [ms] and return all spikes."""
    for duration in chops:
        session.run(duration)
        assert session.wait(LIMIT_S)
    return session.spikes()


def same(a: tuple[np.ndarray, ...], b: tuple[np.ndarray, ...]) -> bool:
    """Whether two runs have exactly the same spikes, and any at all."""
    return a[0].size > 0 and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def has_gap(frames: list[Frame]) -> bool:
    """Whether something is missing or doubled between frames that follow each other."""
    return any(a.t_stop != b.t_start for a, b in pairwise(frames))
