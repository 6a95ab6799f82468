"""How fast this machine is, measured once with a small network and kept beside compiled code."""

from __future__ import annotations

import json
import os
import platform
import time
from functools import cache
from typing import Any

from llvmlite.binding import get_host_cpu_name

from snnlab.build.layout import Layout
from snnlab.build.tables import plan_tables, port_exponents
from snnlab.cpu.engine import CpuEngine
from snnlab.cpu.shares import partitions_of
from snnlab.cpu.work import step_s
from snnlab.errors import SnnlabError
from snnlab.model.connectivity import FixedIndegree
from snnlab.model.network import Network, Population, Projection
from snnlab.model.stimuli import PoissonInput
from snnlab.rules.cache import cache_directory

__all__ = ["machine_class", "measured_slowness", "slowness"]

_FILE = "machine_speed.json"
_WINDOWS, _WINDOW_S = 6, 0.03
_LIMITS = 0.1, 20.0

_ON_REFERENCE = 0.93
"""What the network here takes on the machine of the constants, of what they say."""


@cache
def slowness() -> float:
    """Return by how much longer than in `snnlab.cpu.work` everything takes on this machine.

    It is measured on the first call on a machine, in about a third of a second, and kept in the
    cache directory; a machine of another class that shares the directory measures its own, and so
    does a version of snnlab that expects other times.
    """
    path, key = cache_directory() / _FILE, f"{machine_class()}, {_expected_s(8.0):.4g} s"
    known = _read(path)
    if key in known:
        return known[key]
    known[key] = measured_slowness()
    _write(path, known)
    return known[key]


def machine_class() -> str:
    """Return what tells machines apart that differ in speed."""
    return f"{platform.machine()} {get_host_cpu_name()} {os.cpu_count()} cores"


def measured_slowness() -> float:
    """Measure it: the best of some short runs of a balanced network on one thread.

    In processor time, so that other programs do not count: beside six of them on two cores it tells
    1.1 where the wall clock would tell 3 to 4.
    """
    network = _probe()
    engine = CpuEngine(network, threads=1)
    try:
        n_steps = engine.advance(1000).t_stop
        ratios = []
        for _ in range(_WINDOWS):
            began, steps, spikes = time.thread_time(), 0, 0
            while time.thread_time() - began < _WINDOW_S:
                frame = engine.advance(n_steps)
                steps, spikes = steps + n_steps, spikes + frame.n_spikes
            took = time.thread_time() - began
            rate = spikes / (network.n_neurons * steps * 1e-3 * network.dt)
            ratios.append(took / steps / _expected_s(rate))
    finally:
        engine.close()
    low, high = _LIMITS
    return round(min(max(min(ratios), low), high), 3)


def _expected_s(rate: float) -> float:
    """What a step of the network takes on the machine of the constants, at a rate [Hz]."""
    network = _probe()
    layout = Layout.of(network)
    plans = plan_tables(network, port_exponents(network))
    partitions = partitions_of(network, layout, 1, 0, 1)
    rates = {p.name: rate for p in network.populations}
    return _ON_REFERENCE * step_s(network, plans, layout, partitions, rates, 1)


def _probe() -> Network:
    """A network of the models that most presets have: update and delivery take about as long."""
    sizes = {"exc": 2400, "inh": 600}
    return Network(
        [Population(name, size, "LIFDelta") for name, size in sizes.items()],
        [
            Projection(pre, post, FixedIndegree(k), weight, 1.5)
            for pre, k, weight in (("exc", 400, 0.1), ("inh", 100, -0.6))
            for post in sizes
        ],
        stimuli=[PoissonInput(f"to {p}", p, rate=20_000.0, weight=0.1) for p in sizes],
        name="machine speed",
    )


def _read(path: Any) -> dict[str, float]:
    """What earlier calls have measured; nothing where there is no file that can be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {str(key): float(value) for key, value in found.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _write(path: Any, known: dict[str, float]) -> None:
    from snnlab.record.atomic import replacing

    try:
        with replacing(path) as partial:
            partial.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    except (OSError, SnnlabError):
        return  # it is measured anew next time
