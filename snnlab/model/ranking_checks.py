"""What a rule that ranks finds in a network: variables of neurons, and how many synapses go."""

from __future__ import annotations

import math
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from snnlab.errors import SpecError

if TYPE_CHECKING:
    from snnlab.model.network import Network
    from snnlab.model.rewiring import Rewiring
    from snnlab.rules.ranking import RankingTree

__all__ = ["number_of", "ranking_tree", "variables_of"]


def variables_of(network: Network, rewiring: Rewiring) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of what a rule that ranks may read of source and target.

    State variables of the neuron models, then traces of the projection's synapse model that no
    state has the name of.
    """
    projection = network.projection(rewiring.projection)
    traces = projection.model.pre_traces, projection.model.post_traces
    ends = projection.pre, projection.post
    found = [
        tuple(dict.fromkeys((*network.population(end).model.states, *names)))
        for end, names in zip(ends, traces, strict=True)
    ]
    return found[0], found[1]


def ranking_tree(network: Network, rewiring: Rewiring) -> RankingTree:
    """Return what the rule of a rewiring ranks by.

    Raises
    ------
    RuleError
        A function of the rule is not in the rule language, or reads what there is not.
    """
    projection = network.projection(rewiring.projection)
    states = tuple(network.synapse_states_of(projection))
    rule: Any = rewiring.model
    return _tree(rule, states, *variables_of(network, rewiring))


@lru_cache(maxsize=64)
def _tree(
    rule: Any, states: tuple[str, ...], pre: tuple[str, ...], post: tuple[str, ...]
) -> RankingTree:
    """Edits make many networks of the same rules: reading one takes a millisecond."""
    from snnlab.rules.ranking import read_ranking

    return read_ranking(rule, states, pre, post, ranks_pairs=rule.ranks_pairs())


def number_of(rule: Any, name: str, group: SimpleNamespace, p: SimpleNamespace) -> int:
    """Return how many synapses of a group go or come, as the rule says.

    Parameters
    ----------
    rule : type of RewiringRule
    name : str
        ``"n_going"`` or ``"n_coming"``.
    group, p : namespace
        See `RewiringRule`.

    Raises
    ------
    SpecError
        What the rule returns is not a finite number.
    """
    number: Any = getattr(rule, name)(group, p)
    try:
        is_finite = math.isfinite(number)
    except TypeError:
        is_finite = False
    if not is_finite:
        raise SpecError(
            f"{rule.__name__}.{name}", "must return a finite number", got=repr(number),
            remedy="It is how many synapses of the group, for example 0.3 * group.n.",
        )  # fmt: skip
    return max(math.floor(float(number) + 0.5), 0)
