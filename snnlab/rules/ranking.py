"""A rewiring rule that ranks as one program for each of its numbers, in the typed tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from snnlab.rules.parse import Sites, parse_function
from snnlab.rules.rewiring import INITIAL, names_of_rule, refuse_counts, spaces_of_rule
from snnlab.rules.row_form import pair_fields_read, read_row
from snnlab.rules.scope import Space
from snnlab.rules.select import without_branches
from snnlab.rules.tree import Local, Statement, Type, fields_read

__all__ = ["GAINED", "SCORED", "RankingModel", "RankingTree", "read_ranking"]

SCORED = Local("scored", Type.REAL)
"""The variable of `RankingTree.score` that holds the score of a synapse."""

GAINED = Local("gained", Type.REAL)
"""The variable of `RankingTree.gain` that holds the gain of a pair."""


class RankingModel(Protocol):
    """What the rule language needs of a rule that ranks; see `RewiringRule`."""

    __name__: str
    parameters: Mapping[str, Any]
    derive: Callable[..., dict[str, Any]]
    score: Callable[..., Any]
    gain: Callable[..., Any]
    initial: Callable[..., Any] | None
    row: Callable[..., Any] | None
    rows: str


@dataclass(frozen=True)
class RankingTree:
    """What a rule ranks by, ready to be written for a target.

    Parameters
    ----------
    name : str
        The rule's name.
    states : tuple of str
        ``"weight"``, then the state variables of the synapses.
    pre, post : tuple of str
        Variables of the source and of the target that `gain` reads.
    known : tuple of str
        Parameters, derived constants, ``"weight"``.
    parameters : tuple of str
        Those of them that the programs read.
    score, gain, initial : tuple of Statement
        What sets `SCORED`, `GAINED` and `INITIAL`; `gain` is empty where pairs are not ranked,
        `initial` where all new synapses start from the same weight, `score` where there is a row
        form.
    row : tuple of Statement
        What says which synapses of a neuron go, branches left as they are; empty if scores do.
    """

    name: str
    states: tuple[str, ...]
    pre: tuple[str, ...]
    post: tuple[str, ...]
    known: tuple[str, ...]
    parameters: tuple[str, ...]
    score: tuple[Statement, ...]
    gain: tuple[Statement, ...]
    initial: tuple[Statement, ...]
    row: tuple[Statement, ...]

    @property
    def reads_distance(self) -> bool:
        """Whether positions are needed."""
        return "distance" in self._of_pair()

    @property
    def reads_mark(self) -> bool:
        """Whether the marks of pairs are needed."""
        return "mark" in self._of_pair()

    def _of_pair(self) -> frozenset[str]:
        of_synapses = pair_fields_read(self.row, self.states)
        return of_synapses | fields_read((*self.score, *self.gain, *self.initial), "pair")


def read_ranking(
    rule: RankingModel, synapse_states: Sequence[str], pre: Sequence[str], post: Sequence[str],
    *, ranks_pairs: bool,
) -> RankingTree:  # fmt: skip
    """Read what a rule ranks by.

    Parameters
    ----------
    rule : type of RewiringRule
    synapse_states : sequence of str
        ``"weight"``, then the state variables of the projection's synapse model.
    pre, post : sequence of str
        Variables of the source and of the target that there are.
    ranks_pairs : bool
        Whether `gain` is to be read.

    Raises
    ------
    RuleError
        A function uses something that the rule language does not have, a variable that there is
        not, or ``poisson()``.
    SpecError
        `derive` returns a name that is a parameter already.
    """
    known, states = names_of_rule(rule), tuple(synapse_states)
    spaces = spaces_of_rule(rule, states, known)
    spaces |= {"pre": _of_neuron("pre", "source", pre), "post": _of_neuron("post", "target", post)}
    sites: Sites = {}

    def parsed(name: str, names: str, result: Local) -> tuple[Statement, ...]:
        where = f"{rule.__name__}.{name}"
        chosen = [spaces[n] for n in names.split()]
        function = getattr(rule, name)
        program = without_branches(parse_function(function, where, chosen, sites, result=result))
        refuse_counts(program, where)
        return program

    row = read_row(rule, states, known, sites) if rule.rows else ()
    score = parsed("score", "syn pair p", SCORED) if not rule.rows else ()
    gain = parsed("gain", "pre post pair p", GAINED) if ranks_pairs else ()
    initial = parsed("initial", "pair p", INITIAL) if rule.initial is not None else ()
    used = fields_read((*score, *gain, *initial, *row), "p")
    return RankingTree(
        name=rule.__name__,
        states=states,
        pre=tuple(name for name in pre if name in fields_read(gain, "pre")),
        post=tuple(name for name in post if name in fields_read(gain, "post")),
        known=known,
        parameters=tuple(name for name in known if name in used),
        score=score,
        gain=gain,
        initial=initial,
        row=row,
    )


def _of_neuron(space: str, end: str, names: Sequence[str]) -> Space:
    what = f"a variable of the {end} ({', '.join(names) or 'it has none'})"
    return Space(space, what, frozenset(names), remedy="A rule only reads what neurons hold.")
