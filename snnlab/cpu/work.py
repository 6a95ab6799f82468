"""How long building a network and a step of it take, from what there is to do.

Each term is a kind of work times what it took on one thread of the machine that was measured (an
AMD EPYC of 2 cores with 1 MiB of second-level cache each); `snnlab.cpu.machine_speed` tells by how
much another one differs. ``python -m benchmarks.preview`` compares it with what is measured.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from snnlab.build.expected import expected_synapses
from snnlab.build.held import n_delays, table_bytes, table_places
from snnlab.build.layout import Layout, Partitions
from snnlab.build.storage import PLASTIC
from snnlab.build.tables import TablePlan
from snnlab.cpu.held import sizes_of
from snnlab.model.connectivity import DistanceDependent
from snnlab.model.distribution import Constant
from snnlab.model.network import Network, Projection
from snnlab.model.stimuli import MovingBlob, PoissonInput
from snnlab.rules.neuron import read_neuron
from snnlab.rules.tree import Call, Draw, walk

__all__ = ["build_s", "step_s"]

_STEP_S = 0.5e-6
"""Of a step with nothing in it."""

_NODE_S, _CALL_S, _DRAW_S = 7.3e-12, 0.6e-9, 0.5e-9
"""Of a neuron in a step: for each node of its model's program, each function in it that is no
single instruction, each draw."""

_INSTRUCTIONS = ("abs", "max", "min", "sqrt")

_POISSON_S = 1.15e-9
"""Of an input that is drawn, for a neuron and step."""

_SPIKE_S = 25e-9
"""Of a spike that is recorded."""

_EVENT_S, _FAR_EVENT_S = 0.6e-9, 0.55e-9
"""Of a spike at a synapse; what comes on top for each doubling of the ring beyond the cache."""

_ROW_S, _FAR_ROW_S = 15e-9, 90e-9
"""Of a row that a spike goes to; what comes on top where synapses are far from the processor."""

_SEGMENT_S = 25e-9
"""Of a part of a row with a delay of its own."""

_PLASTIC_EVENT_S, _PLASTIC_ROW_S = 8.5e-9, 250e-9
_CACHE_BYTES, _FAR_BYTES = 2.0**20, 6.0 * 2**20
_EFFICIENCY = 0.85
"""Part of what a second thread could do that it does."""

_REWIRED_S, _ATTEMPT_S = 1.8e-6, 0.13e-6
"""Of a call of a rewiring, and of each of its attempts."""

_CHANGE_S, _CHANGED_S = 0.12e-3, 0.2e-6
"""Of a moment at which a stimulus changes numbers, and of each neuron whose numbers these are."""

_MATCHED_S, _GROWN_S, _SEEN_S = 0.4e-3, 0.65e-6, 0.7e-6
"""Of an update of synaptic elements: for each rewiring that joins some, each element of a neuron;
and of a spike that they see."""

_BUILD_S, _PROJECTION_S, _DRAWN_S, _GROWING_S = 2.5e-3, 0.1e-3, 0.15e-3, 1e-3
"""Of building: for anything, for a projection, for one whose weights or delays are drawn, for one
whose synapses come and go."""

_TARGET_S, _SYNAPSE_S, _DRAWN_SYNAPSE_S, _PLASTIC_SYNAPSE_S = 0.5e-6, 5e-9, 12e-9, 10e-9
_NEAR_S, _PAIR_S = 50e-6, 5e-9
"""Of a target whose sources are drawn by their distance, and of each pair of neurons."""


def step_s(
    network: Network, plans: tuple[TablePlan, ...], layout: Layout, partitions: Partitions,
    rates: Mapping[str, float], n_threads: int,
) -> float:  # fmt: skip
    """Return the wall-clock time [s] of a step.

    Parameters
    ----------
    network : Network
    plans : tuple of TablePlan
    layout : Layout
    partitions : Partitions
        Of the whole network.
    rates : mapping
        Population -> its rate [Hz].
    n_threads : int
    """
    seconds = 1e-3 * network.dt
    models: list[Any] = [p.model for p in network.populations]  # Any: classes can be keys
    shared = sum(
        (p.size * _update_s(m) for p, m in zip(network.populations, models, strict=True)), 0.0
    )
    shared += sum(
        network.population(s.target).size * _POISSON_S
        for s in network.stimuli if isinstance(s, PoissonInput)
    )  # fmt: skip
    sizes = sizes_of(network, plans, layout, partitions)
    largest = int(partitions.n_slots.max(initial=0))
    ring = 4 * largest * sizes.max_ports * sizes.input_slots
    far = math.log2(1.0 + ring / _CACHE_BYTES)
    pool = sum(table_bytes(network, plan, layout, partitions) for plan in plans)
    row_s = _ROW_S + _FAR_ROW_S * min(1.0, pool / _FAR_BYTES)
    for plan in plans:
        source = network.populations[plan.source]
        spikes = rates[source.name] * source.size * seconds
        n = table_places(network, plan, layout, partitions)
        if network.is_rewired(plan.projections[0].name):
            n = sum(expected_synapses(network, p) for p in plan.projections)
        events = spikes * n / source.size
        rows = spikes * min(partitions.n, n / source.size)
        if plan.kind == PLASTIC:
            shared += events * _PLASTIC_EVENT_S + rows * _PLASTIC_ROW_S
        else:
            segments = min(n_delays(network, plan, layout, partitions) * rows, events)
            shared += events * (_EVENT_S + _FAR_EVENT_S * far) + rows * row_s
            shared += segments * _SEGMENT_S
    recorded = sum(rates[p.name] * p.size for p in network.populations) * seconds * _SPIKE_S
    alone = _STEP_S + recorded + _rewiring_s(network) + _growth_s(network, rates)
    return alone + _changes_s(network) + _divided(shared, n_threads)


def _rewiring_s(network: Network) -> float:
    """Of a step, for rules that look at pairs."""
    return sum(
        (_REWIRED_S + _ATTEMPT_S * network.rewiring_attempts_of(r)) / network.rewiring_steps_of(r)
        for r in network.rewirings if not r.pre_synaptic_element
    )  # fmt: skip


def _changes_s(network: Network) -> float:
    """Of a step, for stimuli that change numbers now and then: Python does that between calls."""
    return sum(
        (_CHANGE_S + _CHANGED_S * network.population(s.target).size)
        * network.dt / network.number(s.interval, "ms", where=f"Stimulus {s.name!r}.interval")
        for s in network.stimuli if isinstance(s, MovingBlob) and s.is_correlated
    )  # fmt: skip


def _growth_s(network: Network, rates: Mapping[str, float]) -> float:
    """Of a step, for synaptic elements that grow and find partners, which one thread does."""
    matched = [network.rewiring_steps_of(r) for r in network.rewirings if r.pre_synaptic_element]
    if not matched:
        return 0.0
    grown = sum(network.population(e.population).size * len(e.elements)
                for e in network.synaptic_elements)  # fmt: skip
    seen = sum(rates[e.population] * network.population(e.population).size
               for e in network.synaptic_elements)  # fmt: skip
    per_step = sum(_MATCHED_S / n for n in matched) + grown * _GROWN_S / min(matched)
    return per_step + seen * 1e-3 * network.dt * _SEEN_S


def build_s(network: Network, n_threads: int) -> float:
    """Return the wall-clock time [s] of building, without compiling."""
    alone = _BUILD_S + sum(_plan_s(network, p) for p in network.projections)
    drawn = sum(_draw_s(network, p) for p in network.projections)
    return alone + _divided(drawn, n_threads)


def _divided(seconds: float, n_threads: int) -> float:
    return seconds / (1.0 + _EFFICIENCY * (n_threads - 1))


def _is_drawn(network: Network, projection: Projection) -> bool:
    numbers = network.weight_of(projection), network.delay_of(projection)
    return not all(isinstance(number, Constant) for number in numbers)


def _plan_s(network: Network, projection: Projection) -> float:
    is_growing = network.is_rewired(projection.name)
    return _PROJECTION_S + _DRAWN_S * _is_drawn(network, projection) + _GROWING_S * is_growing


def _draw_s(network: Network, projection: Projection) -> float:
    pre, post = network.population(projection.pre), network.population(projection.post)
    if isinstance(projection.rule, DistanceDependent):
        return post.size * (_NEAR_S + _PAIR_S * pre.size)
    synapse_s = _SYNAPSE_S + _DRAWN_SYNAPSE_S * _is_drawn(network, projection)
    if not projection.model.is_static():
        synapse_s += _PLASTIC_SYNAPSE_S
    return post.size * _TARGET_S + expected_synapses(network, projection) * synapse_s


@lru_cache(maxsize=64)
def _update_s(model: Any) -> float:
    """Wall-clock time [s] of a neuron in a step, from the program of its model."""
    nodes = list(walk(*read_neuron(model).program))
    calls = sum(isinstance(node, Call) and node.name not in _INSTRUCTIONS for node in nodes)
    draws = sum(isinstance(node, Draw) for node in nodes)
    return len(nodes) * _NODE_S + calls * _CALL_S + draws * _DRAW_S
