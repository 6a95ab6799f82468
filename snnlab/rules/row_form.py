"""The row form of a rewiring rule: loops over the synapses of one neuron, in the typed tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from snnlab.errors import RuleError
from snnlab.rules.parse import Sites, parse_function
from snnlab.rules.rewiring import PAIR, refuse_counts, spaces_of_rule
from snnlab.rules.scope import Space
from snnlab.rules.tree import Field, Remove, Statement, walk

__all__ = ["NEURON", "each_name", "pair_fields_read", "read_row"]

NEURON = ("number", "n_synapses")
"""What a row form sees of its neuron, in the order in which it is handed over."""

_EACH = "each_"
"""What the spaces of the variables of loops over synapses begin with."""


class _Rows(Protocol):
    __name__: str
    row: Callable[..., Any] | None


def read_row(
    rule: _Rows, states: tuple[str, ...], known: tuple[str, ...], sites: Sites
) -> tuple[Statement, ...]:
    """Read the row form of a rule.

    Parameters
    ----------
    rule : type of RewiringRule
    states : tuple of str
        ``"weight"``, then the state variables of the projection's synapse model.
    known : tuple of str
        What ``p`` has.
    sites : dict
        Numbers of the random draws so far; extended.

    Returns
    -------
    tuple of Statement
        With branches as they were written: what it removes is an effect.

    Raises
    ------
    RuleError
        It uses something that the rule language does not have, or removes nothing.
    """
    where = f"{rule.__name__}.row"
    chosen = [_neuron(), _synapses(states), spaces_of_rule(rule, states, known)["p"]]
    assert rule.row is not None
    program = parse_function(rule.row, where, chosen, sites)
    refuse_counts(program, where)
    if not any(isinstance(node, Remove) for node in walk(*program)):
        raise RuleError(
            where, "must remove some synapse", got="no call of remove()",
            remedy="Write in a loop over synapses: if s.weight < p.least: s.remove().",
        )  # fmt: skip
    return program


def _neuron() -> Space:
    what = f"a number of the neuron ({', '.join(NEURON)})"
    return Space("neuron", what, frozenset(NEURON), remedy="It is what the neuron has now.")


def _synapses(states: tuple[str, ...]) -> Space:
    names = (*states, *(name for name in PAIR if name not in states))
    decides = "A rule decides which synapses there are; the synapse model changes them."
    what = f"a number of the synapse ({', '.join(names)})"
    each = Space(_EACH, what, frozenset(names), remedy=decides, removable=True)
    return Space("synapses", "a number of one synapse", frozenset(), remedy=decides, each=each)


def each_name(field: Field) -> str | None:
    """Return the name of a field of one synapse in a loop, None for any other field."""
    return field.name if field.space.startswith(_EACH) else None


def pair_fields_read(program: tuple[Statement, ...], states: tuple[str, ...]) -> frozenset[str]:
    """Return which of the numbers of pairs are read of synapses in loops."""
    fields = (node for node in walk(*program) if isinstance(node, Field))
    names = {each_name(field) for field in fields}
    return frozenset(name for name in PAIR if name in names and name not in states)
