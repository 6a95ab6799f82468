"""What a network would cost on the CPU, told before anything is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from snnlab.arrays.assemble import shape
from snnlab.build.expected import expected_synapses
from snnlab.build.layout import Layout
from snnlab.build.memory import available_bytes, estimate_bytes
from snnlab.build.tables import plan_tables, port_exponents
from snnlab.cpu.built import partitions_of
from snnlab.cpu.threads import choose_threads
from snnlab.model.network import Network

__all__ = ["ASSUMED_RATE", "Cost", "cost_of"]

ASSUMED_RATE = 8.0
"""Rate [Hz] of a population that nothing is known of."""

_SPIKE_BYTES = 20
"""Of each neuron and step between two deliveries, for the spikes that wait."""

_STEP_S, _UPDATE_S = 1.5e-6, 2.0e-9
_STATIC_EVENT_S, _PLASTIC_EVENT_S = 1.2e-9, 9.0e-9
_BUILD_S, _BUILT_SYNAPSE_S = 5e-3, 15e-9
"""Wall-clock time for a step, a neuron in it, a spike at a synapse, and for building: the middle
of what seven presets take on one thread, which differ from it by up to a factor of three."""


@dataclass(frozen=True)
class Cost:
    """What a network needs.

    Parameters
    ----------
    n_neurons : int
    n_synapses : float
        Mean number.
    n_bytes : int
        While it is built, which is when it takes most.
    free_bytes : int
        What is free now.
    build_s : float [s]
        Wall-clock time to build it, without compiling.
    real_time_factor : float
        Wall-clock time / model time; lower is faster.
    """

    n_neurons: int
    n_synapses: float
    n_bytes: int
    free_bytes: int
    build_s: float
    real_time_factor: float

    @property
    def fits(self) -> bool:
        """Whether there is room for it."""
        return self.n_bytes <= self.free_bytes


def cost_of(
    network: Network, rates: Mapping[str, float] | None = None, *, threads: int | None = None
) -> Cost:
    """Return what a network would cost.

    Parameters
    ----------
    network : Network
    rates : mapping, optional
        Population -> its rate [Hz], where it is known; default: `ASSUMED_RATE`.
    threads : int, optional
        Default: as many as the engine would choose.
    """
    n_threads = choose_threads(threads, network.n_neurons)
    layout = Layout.of(network)
    plans = plan_tables(network, port_exponents(network))
    partitions = partitions_of(network, layout, n_threads, 0, 1)
    spikes = int(partitions.n_slots.sum()) * shape(plans, network).chunk_steps * _SPIKE_BYTES
    n_synapses, events_s = 0.0, 0.0
    for projection in network.projections:
        n = expected_synapses(network, projection)
        rate = (rates or {}).get(projection.pre, ASSUMED_RATE)
        event_s = _STATIC_EVENT_S if projection.model.is_static() else _PLASTIC_EVENT_S
        n_synapses += n
        events_s += n * rate * event_s
    steps = 1000.0 / network.dt
    updates_s = network.n_neurons * steps * _UPDATE_S
    return Cost(
        n_neurons=network.n_neurons,
        n_synapses=n_synapses,
        n_bytes=estimate_bytes(network, plans, layout, partitions) + spikes,
        free_bytes=available_bytes(),
        build_s=_BUILD_S + n_synapses * _BUILT_SYNAPSE_S / n_threads,
        real_time_factor=steps * _STEP_S + (updates_s + events_s) / n_threads,
    )
