"""What must hold of synaptic elements, and of the rewirings that connect them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from snnlab.errors import SpecError, unknown_name
from snnlab.model.expression import evaluate
from snnlab.model.growth_curves import GROWTH_CURVES, GrowthCurve
from snnlab.model.synaptic_elements import SynapticElements

if TYPE_CHECKING:
    from snnlab.model.network import Network
    from snnlab.model.rewiring import Rewiring

__all__ = ["homeostatic_rewirings", "resolve_calcium", "resolve_growth", "validate"]


def homeostatic_rewirings(network: Network) -> Iterator[tuple[int, Rewiring]]:
    """Return the rewirings that connect synaptic elements, each with its place."""
    return (
        (k, rewiring) for k, rewiring in enumerate(network.rewirings)
        if rewiring.model.matches_elements
    )  # fmt: skip


def validate(network: Network) -> None:
    """Check the synaptic elements of a network, and who connects them.

    Raises
    ------
    SpecError
        The first thing that cannot be meant.
    """
    for elements in network.synaptic_elements:
        _check(network, elements)
    for _, rewiring in homeostatic_rewirings(network):
        _check_rewiring(network, rewiring)
    _check_common_interval(network)
    for rewiring in network.rewirings:
        if not rewiring.model.matches_elements:
            _refuse_names(rewiring)


def _check(network: Network, elements: SynapticElements) -> None:
    where = f"SynapticElements {elements.name!r}"
    network.population(elements.population)
    owners = [e for e in network.synaptic_elements if e.population == elements.population]
    if len(owners) > 1:
        raise SpecError(
            f"{where}.population", "must have its elements in one place",
            got=f"{elements.population!r} twice",
            remedy="Name all kinds in the elements of one SynapticElements.",
        )  # fmt: skip
    for kind, curve in elements.elements.items():
        if not kind or not isinstance(curve, GrowthCurve):
            raise SpecError(
                f"{where}.elements", "must be growth curves by name", got=f"{kind!r}: {curve!r}",
                remedy="Write for example {'Den_ex': "
                "GaussianGrowth(growth_rate=1e-4, eta=0.0, eps=0.05)}; there are "
                + ", ".join(cls.__name__ for cls in GROWTH_CURVES.values()) + ".",
            )  # fmt: skip
    resolve_calcium(network, elements)
    resolve_growth(network, elements)


def resolve_calcium(network: Network, elements: SynapticElements) -> dict[str, float]:
    """Return `tau_Ca` [ms], `beta_Ca` and `Ca` as numbers, checked."""
    values = {}
    for name, parameter in elements.declared.items():
        where = f"SynapticElements {elements.name!r}.{name}"
        given = evaluate(getattr(elements, name), network.knob_values, parameter.unit, where=where)
        values[name] = parameter.check(given, where=where)
    return values


def resolve_growth(network: Network, elements: SynapticElements) -> dict[str, dict[str, float]]:
    """Return kind -> number of its growth curve -> value [canonical unit], checked."""
    return {
        kind: curve.resolve(
            network.knob_values, where=f"SynapticElements {elements.name!r}.elements[{kind!r}]"
        )
        for kind, curve in elements.elements.items()
    }


def _check_rewiring(network: Network, rewiring: Rewiring) -> None:
    where = f"Rewiring {rewiring.name!r}"
    projection = network.projection(rewiring.projection)
    for end, population in (("pre", projection.pre), ("post", projection.post)):
        kind = getattr(rewiring, f"{end}_synaptic_element")
        kinds = [
            k for e in network.synaptic_elements if e.population == population for k in e.elements
        ]
        if kind not in kinds:
            context = f"{where}.{end}_synaptic_element."
            raise unknown_name(f"synaptic element of {population!r}", kind, kinds, context=context)
    others = [r for r in network.rewirings if r.projection == projection.name and r != rewiring]
    if others:
        raise SpecError(
            f"{where}.projection", "must have no other rewiring: its synapses are its elements",
            got=f"{others[0].name!r} as well",
            remedy="Give the other rule a projection of its own.",
        )  # fmt: skip


def _check_common_interval(network: Network) -> None:
    """Vacant elements decay at each update: there is one interval for all."""
    steps = {r.name: network.rewiring_steps_of(r) for _, r in homeostatic_rewirings(network)}
    if len(set(steps.values())) > 1:
        first, *rest = steps
        other = next(name for name in rest if steps[name] != steps[first])
        raise SpecError(
            f"Rewiring {other!r}.every", f"must be that of {first!r}: elements have one update",
            got=f"{steps[other] * network.dt:g} and {steps[first] * network.dt:g} ms",
            remedy="Write the name of a knob as every of all of them, and turn the knob.",
        )  # fmt: skip


def _refuse_names(rewiring: Rewiring) -> None:
    for end in ("pre", "post"):
        if kind := getattr(rewiring, f"{end}_synaptic_element"):
            raise SpecError(
                f"Rewiring {rewiring.name!r}.{end}_synaptic_element",
                "must be left out: the rule connects no elements", got=repr(kind),
                remedy="Use the rule Homeostatic.",
            )  # fmt: skip
