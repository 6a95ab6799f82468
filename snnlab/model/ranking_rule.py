"""What must hold of the declarations of a rewiring rule that ranks synapses."""

from __future__ import annotations

from typing import Any

from snnlab.errors import SpecError

__all__ = ["GROUPS", "check_ranking_rule"]

GROUPS = ("projection", "target", "source")
"""Which synapses a rule may compare with one another."""

_DECISIONS, _RANKING = ("prune", "accept"), ("score", "gain", "n_going", "n_coming")
_SCORING = ("score", "n_going")
"""Functions of `_RANKING` that a row form stands for."""


def check_ranking_rule(rule: Any, base: Any) -> None:
    """Refuse a rule class whose way to choose synapses cannot be meant.

    Parameters
    ----------
    rule : type of RewiringRule
    base : type
        `RewiringRule`, whose functions are the defaults.

    Raises
    ------
    SpecError
        It ranks and decides at once, ranks nothing, or has functions that nobody would call.
    """
    if rule.ranks:
        _check_ranks(rule, base)
        return
    for name in _SCORING if rule.rows else _RANKING:
        is_own = getattr(rule, name) is not getattr(base, name)
        if is_own and name not in rule.parameters:  # there such a name is like any other
            raise SpecError(
                f"{rule.__name__}.{name}", "must not be defined: the rule ranks no synapses",
                remedy="Write ranks = 'projection', or define prune and accept.",
            )  # fmt: skip


def _check_ranks(rule: Any, base: Any) -> None:
    where = rule.__name__
    if rule.ranks not in GROUPS:
        raise SpecError(
            f"{where}.ranks", "must be " + " or ".join(map(repr, GROUPS)), got=repr(rule.ranks),
            remedy="It says which synapses are compared with one another.",
        )  # fmt: skip
    if rule.replaces:
        raise SpecError(
            f"{where}.replaces", "must be False for a rule that ranks", got="True",
            remedy="A rule that ranks forms as many as go unless n_coming says otherwise.",
        )  # fmt: skip
    for name in _RANKING:
        if name in rule.parameters:
            raise SpecError(
                f"{where}.{name}", "must be a function of a rule that ranks, not a parameter",
                remedy="Give the parameter another name.",
            )  # fmt: skip
    for name in _DECISIONS:
        if getattr(rule, name) is not getattr(base, name):
            raise SpecError(
                f"{where}.{name}", "must not be defined: the rule ranks synapses",
                remedy="score says which go, gain which come.",
            )  # fmt: skip
    if rule.n_going is base.n_going and rule.n_coming is base.n_coming:
        raise SpecError(
            f"{where}.n_going", "must be defined: without it no synapse goes or comes",
            remedy="Return how many go, for example 0.3 * group.n.",
        )  # fmt: skip
    is_whole = isinstance(rule.candidates, int) and not isinstance(rule.candidates, bool)
    if not is_whole or rule.candidates < 0:
        raise SpecError(
            f"{where}.candidates", "must be a whole number >= 0", got=repr(rule.candidates),
            remedy="It is the number of pairs looked at for each synapse that comes; 0: all.",
        )  # fmt: skip
