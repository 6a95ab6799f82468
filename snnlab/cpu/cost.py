"""What a network would cost on the CPU, told before anything is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from snnlab.build.expected import expected_synapses
from snnlab.build.layout import Layout
from snnlab.build.memory import available_bytes
from snnlab.build.tables import plan_tables, port_exponents
from snnlab.cpu.held import held_bytes
from snnlab.cpu.machine_speed import slowness
from snnlab.cpu.peak import peak_bytes
from snnlab.cpu.shares import partitions_of
from snnlab.cpu.threads import choose_threads
from snnlab.cpu.work import build_s, step_s
from snnlab.model.network import Network

__all__ = ["ASSUMED_RATE", "Cost", "cost_of"]

ASSUMED_RATE = 8.0
"""Rate [Hz] of a population that nothing is known of."""


@dataclass(frozen=True)
class Cost:
    """What a network needs.

    Parameters
    ----------
    n_neurons : int
    n_synapses : float
        Mean number.
    n_bytes : int
        Once it is built; of the largest share, where ranks hold it together.
    peak_bytes : int
        While it is built.
    free_bytes : int
        What is free now.
    build_s : float [s]
        Wall-clock time to build it, without compiling.
    real_time_factor : float
        Wall-clock time / model time; lower is faster.
    rate : float [Hz]
        Mean rate of all neurons that it rests on.
    """

    n_neurons: int
    n_synapses: float
    n_bytes: int
    peak_bytes: int
    free_bytes: int
    build_s: float
    real_time_factor: float
    rate: float

    @property
    def fits(self) -> bool:
        """Whether there is room for it."""
        return self.peak_bytes <= self.free_bytes


def cost_of(
    network: Network,
    rates: Mapping[str, float] | None = None,
    *,
    threads: int | None = None,
    ranks: int = 1,
    factor: float | None = None,
) -> Cost:
    """Return what a network would cost.

    Parameters
    ----------
    network : Network
    rates : mapping, optional
        Population -> its rate [Hz], where it is known; default: `ASSUMED_RATE`.
    threads : int, optional
        Default: as many as the engine would choose.
    ranks : int
        Processes that hold it together; times are those of one.
    factor : float, optional
        By how much slower this machine is than the one that the times are from; default: as
        measured here once, see `slowness`.
    """
    n_threads = choose_threads(threads, network.n_neurons)
    known = {p.name: (rates or {}).get(p.name, ASSUMED_RATE) for p in network.populations}
    layout = Layout.of(network)
    plans = plan_tables(network, port_exponents(network))
    held = peak = 0
    for rank in dict.fromkeys((0, ranks // 2, ranks - 1)):
        part = partitions_of(network, layout, n_threads, rank, ranks)
        held_here = held_bytes(network, plans, layout, part, np.dtype(np.float32), ranks).n_bytes
        held = max(held, held_here)
        peak = max(peak, held_here, peak_bytes(network, plans, layout, part, ranks))
    whole = partitions_of(network, layout, n_threads, 0, 1)
    slower = slowness() if factor is None else factor
    steps = 1000.0 / network.dt
    spikes = sum(known[p.name] * p.size for p in network.populations)
    return Cost(
        n_neurons=network.n_neurons,
        n_synapses=sum(expected_synapses(network, p) for p in network.projections),
        n_bytes=held, peak_bytes=peak, free_bytes=available_bytes(),
        build_s=slower * build_s(network, n_threads),
        real_time_factor=slower * steps * step_s(network, plans, layout, whole, known, n_threads),
        rate=spikes / max(network.n_neurons, 1),
    )  # fmt: skip
