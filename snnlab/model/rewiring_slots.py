"""Slots of target neurons: what must hold of rewirings that have them, and who shares them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snnlab.errors import SpecError

if TYPE_CHECKING:
    from snnlab.model.network import Network
    from snnlab.model.rewiring import Rewiring

__all__ = ["check_slots", "pool_of"]

_MOST_SLOTS = 65_536


def pool_of(network: Network, rewiring: Rewiring) -> tuple[Rewiring, ...]:
    """Return the rewirings that share their slots with one that has some, in network order."""
    if not rewiring.pool:
        return (rewiring,)
    return tuple(r for r in network.rewirings if r.slots and r.pool == rewiring.pool)


def check_slots(network: Network, rewiring: Rewiring) -> None:
    """Refuse slots that cannot be meant.

    Raises
    ------
    SpecError
        The first thing that cannot.
    """
    where, slots = f"Rewiring {rewiring.name!r}", rewiring.slots
    if isinstance(slots, bool) or not isinstance(slots, int) or not 0 <= slots <= _MOST_SLOTS:
        raise SpecError(
            f"{where}.slots", f"must be a whole number in 0 ... {_MOST_SLOTS}", got=repr(slots),
            remedy="16 is published; 0 lets targets take any number of synapses.",
        )  # fmt: skip
    if not slots:
        if rewiring.pool:
            raise SpecError(
                f"{where}.slots", "must be given: the pool is made of slots", got="0",
                context=f"Pool {rewiring.pool!r}.", remedy="Write for example slots=16.",
            )  # fmt: skip
        return
    rule = rewiring.model
    if rule.replaces or rule.compares() or rule.matches_elements:
        raise SpecError(
            f"{where}.slots", f"must be 0 for the rule {rewiring.rule}, which draws no attempts",
            got=str(slots), remedy="Use a rule that decides pair by pair, such as Topographic.",
        )  # fmt: skip
    _check_shared(network, rewiring, where)


def _check_shared(network: Network, rewiring: Rewiring, where: str) -> None:
    """Others rewire other projections, onto the same population where they share the pool."""
    for other in network.rewirings:
        if other is not rewiring and other.projection == rewiring.projection:
            raise SpecError(
                f"{where}.projection", "must be rewired by one rule: its targets have slots",
                got=f"{other.name!r} too", remedy="Let one rule do what both should.",
            )  # fmt: skip
    post = network.projection(rewiring.projection).post
    for other in pool_of(network, rewiring):
        if network.projection(other.projection).post != post:
            raise SpecError(
                f"{where}.pool", "must be shared by projections onto one population",
                got=f"{post!r} and {network.projection(other.projection).post!r}",
                context=f"Pool {rewiring.pool!r}.", remedy="Give each population its own pool.",
            )  # fmt: skip
