"""One call of a rule that ranks: from the state to what goes and comes, on the host.

It works on the arrays of a checkpoint, which know neither threads nor devices, so that whatever
computes the network gets the same synapses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.arrays.changed_structure import Changes
from snnlab.arrays.lesions import is_lesioned
from snnlab.arrays.new_weights import weigh_synapses
from snnlab.arrays.ranking_growth import grow_anywhere, grow_by_gain, score_synapses
from snnlab.arrays.ranking_rows import ask_rows
from snnlab.arrays.ranking_variables import variables_at
from snnlab.arrays.rewiring_arrays import constants_of, start_of
from snnlab.arrays.seen_pairs import names_of, sheet_of
from snnlab.arrays.selection import by_group, choose_lowest
from snnlab.model.network import Network, Population
from snnlab.model.ranking_checks import number_of, ranking_tree
from snnlab.model.ranking_rule import GROUPS
from snnlab.rules.ranking import RankingTree
from snnlab.rules.ranking_kernel import RankingKernels, compile_ranking_kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Indices = NDArray[np.int64]

__all__ = ["Ranked", "compares_by_target", "next_ranking", "rank", "rankings_due"]

_NEVER = 2**62


def rankings_due(network: Network, step: int) -> list[int]:
    """Return the numbers of the rewirings whose rules rank synapses at a step."""
    return [k for k, every in _intervals(network) if step > 0 and step % every == 0]


def next_ranking(network: Network, step: int) -> int:
    """Return the first step after `step` at which a rule ranks synapses, or one that never is."""
    return min(((step // every + 1) * every for _, every in _intervals(network)), default=_NEVER)


def compares_by_target(network: Network, due: Sequence[int]) -> bool:
    """Tell whether all rules that are due compare the synapses of one target each."""
    return all(network.rewirings[k].model.compares() == "target" for k in due)


def _intervals(network: Network) -> list[tuple[int, int]]:
    """Rewirings whose rules rank and do not rest, and the steps between their calls."""
    return [
        (k, network.rewiring_steps_of(rewiring))
        for k, rewiring in enumerate(network.rewirings)
        if rewiring.model.compares() and network.rewiring_attempts_of(rewiring) > 0
    ]


@dataclass(frozen=True)
class Ranked:
    """What a call has done.

    Parameters
    ----------
    k : int
        The rewiring.
    changes : Changes
        What went, then what came.
    n_missing : int
        Synapses that should have come and for which there was no pair.
    """

    k: int
    changes: Changes
    n_missing: int


def rank(
    network: Network, k: int, arrays: Mapping[str, NDArray[Any]], step: int, owned: slice
) -> Ranked:
    """Let the rule of rewiring `k` choose which synapses go and come at a step.

    Parameters
    ----------
    network : Network
    k : int
    arrays : mapping
        The state before it, as `snnlab.arrays.carry.export` returns it.
    step : int
    owned : slice
        Targets whose synapses `arrays` hold; fewer than all only for rules that compare by target.

    Raises
    ------
    SpecError
        The rule asks for a number of synapses that is none.
    """
    call = _Call(network, k, arrays, step, owned)
    goes = call.going()
    unit, number, n_missing = call.coming(goes)
    pre, post = call.ends(unit, number)
    return Ranked(k, call.changes(goes, pre, post), n_missing)


@lru_cache(maxsize=64)
def _kernels(tree: RankingTree, precision: str) -> RankingKernels:
    return compile_ranking_kernels(tree, precision=precision)


class _Call:
    """One call: the synapses of a projection, and what a rule may know of them."""

    def __init__(
        self, network: Network, k: int, arrays: Mapping[str, NDArray[Any]], step: int, owned: slice
    ) -> None:
        self._network, self._k, self._arrays, self._step = network, k, arrays, step
        self._rewiring = network.rewirings[k]
        self._rule = self._rewiring.model
        self._projection = network.projection(self._rewiring.projection)
        self._from = network.population(self._projection.pre)
        self._to = network.population(self._projection.post)
        self._dtype = arrays[f"state/{self._from.name}"].dtype
        name = self._projection.name
        self._pre, self._post = (arrays[f"structure/{name}/{end}"] for end in ("pre", "post"))
        # Neurons among which synapses come and go.
        self._pres, self._posts = _alive(self._from), _alive(self._to)
        is_alive = np.isin(self._pre, self._pres) & np.isin(self._post, self._posts)
        self._at = np.flatnonzero(is_alive)
        self._layout = GROUPS.index(self._rule.compares())
        self._are_here = self._which_are_here(owned)
        self._sheet = sheet_of(network, self._rewiring)
        values = constants_of(network, self._rewiring)
        self._p = SimpleNamespace(**values)
        self._kernels = _kernels(ranking_tree(network, self._rewiring), self._dtype.name)
        tree = self._kernels.tree
        self._names = names_of(network, self._rewiring, step, reads_mark=tree.reads_mark)
        read = [values[name] for name in tree.parameters]
        self._params = np.array(read or [0.0], self._dtype)

    # --- which synapses go ------------------------------------------------------------------------

    def going(self) -> NDArray[np.bool_]:
        """Return for each synapse whether it goes."""
        pre, post = self._pre[self._at], self._post[self._at]
        if self._kernels.row:
            return self._going_by_row(pre, post)
        scores = np.empty(pre.size)
        score_synapses(
            self._kernels.score, self._states()[self._at], self._params, pre, post,
            self._indegree(self._post), self._sheet, self._names, scores,
        )  # fmt: skip
        group, n_groups, are_here = self._units(pre, post), self._n_units, self._are_here
        if self._rule.signs_apart:
            group, n_groups = 2 * group + (scores < 0.0), 2 * n_groups
            scores, are_here = np.abs(scores), np.repeat(are_here, 2)
        order, start = by_group(group, n_groups)
        n_going = self._numbers("n_going", are_here, np.diff(start))
        chosen = np.zeros(pre.size, np.bool_)
        choose_lowest(scores[order], pre[order], post[order], start, n_going, self._names, chosen)
        goes = np.zeros(self._pre.size, np.bool_)
        goes[self._at[order[chosen]]] = True
        return goes

    def _going_by_row(self, pre: Indices, post: Indices) -> NDArray[np.bool_]:
        """Return it where the rule has a row form."""
        order, start = by_group(self._units(pre, post), self._n_units)
        neurons = self._posts if self._layout == GROUPS.index("target") else self._pres
        chosen = np.zeros(pre.size, np.bool_)
        ask_rows(
            self._kernels.row, self._states()[self._at], self._params, pre, post,
            self._indegree(self._post), self._sheet, self._names, order, start, neurons, chosen,
        )  # fmt: skip
        goes = np.zeros(self._pre.size, np.bool_)
        goes[self._at[chosen]] = True
        return goes

    # --- which synapses come ----------------------------------------------------------------------

    def coming(self, goes: NDArray[np.bool_]) -> tuple[Indices, Indices, int]:
        """Return unit and number of the pairs that get a synapse, and how many are missing."""
        alive = goes[self._at]
        unit = self._units(self._pre[self._at], self._post[self._at])
        n_before = np.bincount(unit, minlength=self._n_units)
        n_gone = np.bincount(unit[alive], minlength=self._n_units)
        n_coming = self._numbers("n_coming", self._are_here, n_before, n_gone)
        taken, start = self._taken(self._at[~alive])
        if self._kernels.gain:
            found = grow_by_gain(
                self._kernels.gain, self._variables(), self._params, self._sheet,
                self._indegree(self._post[~goes]), taken, start, self._n_pairs, n_coming,
                self._rule.candidates, self._layout, self._pres, self._posts, self._names,
            )  # fmt: skip
        else:
            found = grow_anywhere(taken, start, self._n_pairs, n_coming, self._names)
        return *found, int(n_coming.sum()) - found[0].size

    def ends(self, unit: Indices, number: Indices) -> tuple[Indices, Indices]:
        """Return the pairs of numbers within units, in the order of lists of synapses."""
        if self._layout == 0:
            i, j = np.divmod(number, max(self._posts.size, 1))
        else:
            i, j = (number, unit) if self._layout == 1 else (unit, number)
        pre, post = self._pres[i], self._posts[j]
        order = np.lexsort((post, pre))
        return pre[order], post[order]

    def _taken(self, at: Indices) -> tuple[Indices, Indices]:
        """Numbers of pairs that cannot get a synapse, unit by unit; where units begin."""
        pre, post = self._pre[at], self._post[at]
        alone = self._autapses()
        unit = np.concatenate([self._units(pre, post), self._units(alone, alone)])
        number = np.concatenate([self._numbers_of(pre, post), self._numbers_of(alone, alone)])
        order = np.lexsort((number, unit))
        counts = np.bincount(unit, minlength=self._n_units)
        return number[order], np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    def _autapses(self) -> Indices:
        """Neurons that must not connect with themselves; they have no such synapse."""
        is_recurrent = self._from.name == self._to.name
        if is_recurrent and not getattr(self._projection.rule, "autapses", True):
            return self._pres
        return self._pres[:0]

    def _variables(self) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """What the rule reads of sources and targets."""
        tree = self._kernels.tree
        pre, post = (
            variables_at(
                self._network, self._projection, end, names, self._arrays, self._step, self._dtype
            )
            for end, names in (("pre", tree.pre), ("post", tree.post))
        )
        return pre, post

    # --- units: what is compared with what --------------------------------------------------------

    @property
    def _n_units(self) -> int:
        return (1, self._posts.size, self._pres.size)[self._layout]

    @property
    def _n_pairs(self) -> int:
        """Pairs of a unit."""
        n_pre, n_post = self._pres.size, self._posts.size
        return (n_pre * n_post, n_pre, n_post)[self._layout]

    def _which_are_here(self, owned: slice) -> NDArray[np.bool_]:
        """Which units to deal with: those of targets that are here, or all."""
        if self._layout != GROUPS.index("target"):
            return np.ones(self._n_units, np.bool_)
        found: NDArray[np.bool_] = (self._posts >= owned.start) & (self._posts < owned.stop)
        return found

    def _units(self, pre: Indices, post: Indices) -> Indices:
        """The unit of each pair."""
        if self._layout == 0:
            return np.zeros(pre.size, np.int64)
        if self._layout == 1:
            return np.searchsorted(self._posts, post)
        return np.searchsorted(self._pres, pre)

    def _numbers_of(self, pre: Indices, post: Indices) -> Indices:
        """The number of each pair within its unit."""
        i, j = np.searchsorted(self._pres, pre), np.searchsorted(self._posts, post)
        return (i * self._posts.size + j, i, j)[self._layout]

    def _numbers(
        self, name: str, are_here: NDArray[np.bool_], n: Indices, n_gone: Indices | None = None
    ) -> Indices:
        """How many synapses of each group go or come: none of groups that are not here.

        Groups that are alike are asked of once.
        """
        columns = np.stack([n] if n_gone is None else [n, n_gone])[:, are_here]
        alike, which = np.unique(columns, axis=1, return_inverse=True)
        n_alone = self._autapses().size
        n_pairs = self._n_pairs - (n_alone if self._layout == 0 else min(n_alone, 1))
        found = []
        for column in alike.T.tolist():
            group = SimpleNamespace(
                n=column[0], n_pairs=n_pairs, time=self._step * self._network.dt
            )
            if n_gone is not None:
                group.n_gone = column[1]
            found.append(number_of(self._rule, name, group, self._p))
        numbers = np.zeros(n.size, np.int64)
        numbers[are_here] = np.array(found, np.int64)[which.reshape(-1)]
        return numbers

    # --- arrays -----------------------------------------------------------------------------------

    def _states(self) -> NDArray[np.floating]:
        """State variables of all synapses, shape (n_synapses, n_states)."""
        names = self._kernels.tree.states
        states = np.empty((self._pre.size, len(names)), self._dtype)
        states[:] = np.array(start_of(self._network, self._rewiring), self._dtype)
        for k, name in enumerate(names):
            kept = self._arrays.get(self._key(name))
            if kept is not None:
                states[:, k] = kept
        return states

    def _key(self, state: str) -> str:
        return f"synapse/{self._projection.name}/{state}"

    def _indegree(self, post: Indices) -> Indices:
        return np.bincount(post, minlength=self._to.size)

    def changes(self, goes: NDArray[np.bool_], pre: Indices, post: Indices) -> Changes:
        """Return what goes, then what comes."""
        n_gone, n = int(goes.sum()), int(goes.sum()) + pre.size
        return Changes(
            np.full(n, self._k),
            np.arange(n) >= n_gone,
            np.concatenate([self._pre[goes], pre]),
            np.concatenate([self._post[goes], post]),
            np.concatenate([np.zeros(n_gone), self._weights(goes, pre, post)]),
        )

    def _weights(self, goes: NDArray[np.bool_], pre: Indices, post: Indices) -> NDArray[np.float64]:
        """What the synapses that come start from."""
        weights = np.full(pre.size, self._network.rewiring_weight_of(self._rewiring))
        if self._kernels.initial:
            indegree = self._indegree(self._post[~goes])
            weigh_synapses(
                self._kernels.initial, self._params, pre, post, indegree, self._sheet,
                self._names, weights,
            )  # fmt: skip
        return weights


def _alive(population: Population) -> Indices:
    """Neurons of a population that are not lesioned, ascending."""
    return np.flatnonzero(~is_lesioned(population))
