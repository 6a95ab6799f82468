"""What must hold of the declarations of a rewiring rule with a row form."""

from __future__ import annotations

from typing import Any

from snnlab.errors import SpecError

__all__ = ["check_row_rule"]

_ENDS = ("target", "source")
_OTHERS = ("ranks", "replaces", "matches_elements", "signs_apart")
_FOREIGN = ("prune", "accept")
_NUMBERS = ("gain", "n_coming")


def check_row_rule(rule: Any, base: Any) -> None:
    """Refuse a rule class whose row form cannot be meant.

    Parameters
    ----------
    rule : type of RewiringRule
    base : type
        `RewiringRule`, whose functions are the defaults.

    Raises
    ------
    SpecError
        It has `rows` without `row` or the other way round, or decides in another way too.
    """
    where = rule.__name__
    if rule.row is not None and not rule.rows:
        raise SpecError(
            f"{where}.row", "must not be defined: the rule does not say whose rows it sees",
            remedy="Write rows = 'target' or rows = 'source'.",
        )  # fmt: skip
    if not rule.rows:
        return
    if rule.rows not in _ENDS:
        raise SpecError(
            f"{where}.rows", "must be " + " or ".join(map(repr, _ENDS)), got=repr(rule.rows),
            remedy="It says whose synapses a row holds: those onto a target, or from a source.",
        )  # fmt: skip
    if rule.row is None:
        raise SpecError(
            f"{where}.row", "must be defined: the rule has rows",
            remedy="Define row(neuron, synapses, p), with a loop: for s in synapses.",
        )  # fmt: skip
    _check_alone(rule, base)


def _check_alone(rule: Any, base: Any) -> None:
    where = rule.__name__
    for name in _OTHERS:
        if getattr(rule, name):
            raise SpecError(
                f"{where}.{name}", f"must be {getattr(base, name)!r} for a rule with rows",
                got=repr(getattr(rule, name)), remedy="row says which synapses go.",
            )  # fmt: skip
    for name in _FOREIGN:
        if getattr(rule, name) is not getattr(base, name):
            raise SpecError(
                f"{where}.{name}", "must not be defined: the rule has rows",
                remedy="row says which go, n_coming and gain which come.",
            )  # fmt: skip
    for name in _NUMBERS:
        if name in rule.parameters:
            raise SpecError(
                f"{where}.{name}", "must be a function of a rule with rows, not a parameter",
                remedy="Give the parameter another name.",
            )  # fmt: skip
