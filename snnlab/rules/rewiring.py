"""A rewiring rule as one program for each of its decisions, in the typed tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from snnlab.errors import RuleError
from snnlab.rules.neuron import parameter_names
from snnlab.rules.parse import Sites, parse_function
from snnlab.rules.scope import Space
from snnlab.rules.select import without_branches
from snnlab.rules.tree import Draw, Local, Statement, Type, fields_read, walk

__all__ = [
    "ACCEPTED", "ADJUSTED", "INITIAL", "PAIR", "PROPOSED", "PRUNED", "TARGET", "RewiringModel",
    "RewiringTree", "names_of_rule", "read_rewiring", "refuse_counts", "spaces_of_rule",
]  # fmt: skip

PRUNED = Local("pruned", Type.BOOL)
"""The variable of `RewiringTree.prune` that says whether the synapse goes."""

ACCEPTED = Local("accepted", Type.BOOL)
"""The variable of `RewiringTree.accept` that says whether a synapse is formed."""

ADJUSTED = Local("adjusted", Type.REAL)
"""The variable of `RewiringTree.adjust` that holds the new weight."""

INITIAL = Local("initial", Type.REAL)
"""The variable of `RewiringTree.initial` that holds the weight of a new synapse."""

PROPOSED = Local("proposed", Type.REAL)
"""The variable of `RewiringTree.propose` that holds the number of the source."""

PAIR = ("distance", "indegree", "mark")
"""What a rule sees of a pair of neurons, in the order in which it is handed over."""

TARGET = ("number", "n_targets", "n_sources", "indegree")
"""What a rule that proposes sees of a target, in the order in which it is handed over."""


class _Named(Protocol):
    __name__: str


class RewiringModel(Protocol):
    """What the rule language needs of a rule; see `snnlab.model.rewiring.RewiringRule`."""

    __name__: str
    parameters: Mapping[str, Any]
    derive: Callable[..., dict[str, Any]]
    prune: Callable[..., Any]
    accept: Callable[..., Any]
    adjust: Callable[..., Any] | None
    initial: Callable[..., Any] | None
    propose: Callable[..., Any] | None


@dataclass(frozen=True)
class RewiringTree:
    """The behaviour of a rewiring rule, ready to be written for a target.

    Parameters
    ----------
    name : str
        The rule's name.
    states : tuple of str
        ``"weight"``, then the state variables of the synapses.
    known : tuple of str
        Parameters, derived constants, ``"weight"``.
    parameters : tuple of str
        Those of them that the programs read.
    prune, accept, adjust, initial, propose : tuple of Statement
        What sets `PRUNED`, `ACCEPTED`, `ADJUSTED`, `INITIAL` and `PROPOSED`, without branches
        except around loops; the last three are empty where the rule leaves weights and sources
        alone.
    """

    name: str
    states: tuple[str, ...]
    known: tuple[str, ...]
    parameters: tuple[str, ...]
    prune: tuple[Statement, ...]
    accept: tuple[Statement, ...]
    adjust: tuple[Statement, ...]
    initial: tuple[Statement, ...]
    propose: tuple[Statement, ...]

    @property
    def reads_distance(self) -> bool:
        """Whether positions are needed."""
        return "distance" in self._of_pair()

    @property
    def reads_indegree(self) -> bool:
        """Whether the synapses onto a target must be counted."""
        return "indegree" in self._of_pair()

    @property
    def reads_mark(self) -> bool:
        """Whether the marks of pairs are needed."""
        return "mark" in self._of_pair()

    def _of_pair(self) -> frozenset[str]:
        return fields_read((*self.prune, *self.accept, *self.adjust, *self.initial), "pair")


def read_rewiring(rule: RewiringModel, synapse_states: Sequence[str]) -> RewiringTree:
    """Read the functions of a rewiring rule.

    Parameters
    ----------
    rule : type of RewiringRule
    synapse_states : sequence of str
        ``"weight"``, then the state variables of the projection's synapse model.

    Raises
    ------
    RuleError
        One of them uses something that the rule language does not have, a state that these
        synapses do not have, or ``poisson()``.
    SpecError
        `derive` returns a name that is a parameter already.
    """
    known = names_of_rule(rule)
    spaces = spaces_of_rule(rule, tuple(synapse_states), known)
    sites: Sites = {}

    def parsed(name: str, names: str, result: Local) -> tuple[Statement, ...]:
        where = f"{rule.__name__}.{name}"
        chosen = [spaces[n] for n in names.split()]
        function = getattr(rule, name)
        program = without_branches(parse_function(function, where, chosen, sites, result=result))
        refuse_counts(program, where)
        return program

    prune = parsed("prune", "syn pair p", PRUNED)
    accept = parsed("accept", "pair p", ACCEPTED)
    adjust = parsed("adjust", "syn pair p", ADJUSTED) if rule.adjust is not None else ()
    initial = parsed("initial", "pair p", INITIAL) if rule.initial is not None else ()
    propose = parsed("propose", "target p", PROPOSED) if rule.propose is not None else ()
    used = fields_read((*prune, *accept, *adjust, *initial, *propose), "p")
    return RewiringTree(
        name=rule.__name__,
        states=tuple(synapse_states),
        known=known,
        parameters=tuple(name for name in known if name in used),
        prune=prune,
        accept=accept,
        adjust=adjust,
        initial=initial,
        propose=propose,
    )


def refuse_counts(program: tuple[Statement, ...], where: str) -> None:
    """Refuse ``poisson()``: one word must do for each draw.

    Raises
    ------
    RuleError
        The program draws a count.
    """
    if any(draw.name == "poisson" for draw in _draws(program)):
        raise RuleError(
            where, "must not use poisson()", got="poisson",
            remedy="A rewiring rule draws with uniform() and normal().",
        )  # fmt: skip


def _draws(program: tuple[Statement, ...]) -> Iterator[Draw]:
    return (node for node in walk(*program) if isinstance(node, Draw))


def names_of_rule(rule: Any) -> tuple[str, ...]:
    """Return what ``p`` has: parameters, derived constants, the weight of the rewiring.

    Raises
    ------
    SpecError
        `derive` returns a name that is a parameter already.
    """
    return tuple(dict.fromkeys((*parameter_names(rule), "weight")))


def spaces_of_rule(
    rule: _Named, states: tuple[str, ...], known: tuple[str, ...]
) -> dict[str, Space]:
    """Return what ``syn``, ``pair``, ``target`` and ``p`` have; a rule changes none of it."""
    decides = "A rule decides which synapses there are; the synapse model changes them."
    of_synapse = f"a state of the projection's synapses ({', '.join(states)})"
    of_pair = f"a number of the pair ({', '.join(PAIR)})"
    of_rule = f"a parameter or derived constant of {rule.__name__}, or weight,"
    fixed = "Parameters are the same at every call: compute with a local variable."
    return {
        "syn": Space("syn", of_synapse, frozenset(states), remedy=decides),
        "pair": Space("pair", of_pair, frozenset(PAIR), remedy=decides),
        "target": Space(
            "target",
            f"a number of the target ({', '.join(TARGET)})",
            frozenset(TARGET),
            remedy=decides,
        ),
        "p": Space("p", of_rule, frozenset(known), remedy=fixed),
    }
