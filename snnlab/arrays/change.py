"""What an edit asks of an engine: new numbers in the old arrays, or new arrays."""

from __future__ import annotations

from snnlab.arrays.built import Built
from snnlab.arrays.scheduled import numbers_at_start
from snnlab.build.storage import PLASTIC, SHARED
from snnlab.build.tables import TablePlan
from snnlab.model.network import Network, Population, Projection
from snnlab.model.rewiring import Rewiring

__all__ = ["keeps_structure"]


def keeps_structure(built: Built, network: Network, plans: tuple[TablePlan, ...]) -> bool:
    """Whether `network` differs from what is built in numbers alone.

    Parameters
    ----------
    built : Built
    network : Network
        The edited network.
    plans : tuple of TablePlan
        Its tables.
    """
    old = built.network
    return (
        [_shape_of(p) for p in old.populations] == [_shape_of(p) for p in network.populations]
        and old.recorders == network.recorders
        and [_rule_of(r) for r in old.rewirings] == [_rule_of(r) for r in network.rewirings]
        and _elements_of(old) == _elements_of(network)
        and _same_kernels(built, network)
        and len(plans) == len(built.connections.plans)
        and all(
            _same_synapses(old, a, network, b)
            for a, b in zip(built.connections.plans, plans, strict=True)
        )
    )


def _shape_of(population: Population) -> tuple[object, ...]:
    return population.name, population.size, population.neuron, population.space


def _rule_of(rewiring: Rewiring) -> tuple[object, ...]:
    ends = rewiring.pre_synaptic_element, rewiring.post_synaptic_element
    where = rewiring.name, rewiring.projection, rewiring.slots, rewiring.pool
    return *where, rewiring.rule, rewiring.partner, *ends


def _elements_of(network: Network) -> list[tuple[object, ...]]:
    return [(e.population, *e.elements) for e in network.synaptic_elements]


def _same_kernels(built: Built, network: Network) -> bool:
    """Whether the same parameters vary between neurons."""
    for kernel, numbers in zip(built.kernels, numbers_at_start(network), strict=True):
        if not (
            set(kernel.varying_names) <= set(numbers.varying)
            and set(kernel.parameter_names) <= set(numbers.scalars)
        ):
            return False
    return True


def _same_synapses(old: Network, a: TablePlan, new: Network, b: TablePlan) -> bool:
    """Whether the synapses drawn for table `a` are those of table `b`."""
    if _outline(a) != _outline(b):
        return False
    for p, q in zip(a.projections, b.projections, strict=True):
        same_ends = (p.name, p.pre, p.post, p.rule) == (q.name, q.pre, q.post, q.rule)
        if a.kind == PLASTIC and _plasticity(p) != _plasticity(q):
            return False
        same_delays = old.delay_of(p) == new.delay_of(q)
        same_exponent = a.kind == PLASTIC or a.exponent == b.exponent
        same_weights = old.weight_of(p) == new.weight_of(q) and same_exponent
        if not (same_ends and same_delays and (a.kind == SHARED or same_weights)):
            return False
    return True


def _plasticity(p: Projection) -> tuple[object, ...]:
    return p.synapse, p.modulator, p.dendritic_fraction


def _outline(plan: TablePlan) -> tuple[int, ...]:
    return (
        plan.source, plan.kind, plan.port, plan.first_delay, plan.n_delays, len(plan.projections),
    )  # fmt: skip
