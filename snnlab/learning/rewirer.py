"""Replacing the synapses of a projection by a rule, after some updates of its weights."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.arrays.marks import mark_stream
from snnlab.arrays.ranking_growth import grow_anywhere, score_synapses
from snnlab.arrays.selection import by_group, choose_lowest
from snnlab.build.random import stream_id
from snnlab.errors import SpecError
from snnlab.learning.crossing import crossed
from snnlab.learning.recurrent_network import RecurrentNetwork
from snnlab.learning.replacing import (
    draw_absent,
    marks_of,
    note_pairs,
    replace_by_any,
    take_in,
    visit,
    visit_at_once,
    weigh,
)
from snnlab.learning.structural_plasticity import StructuralPlasticity
from snnlab.learning.synapses import Synapses
from snnlab.model.ranking_checks import number_of
from snnlab.model.ranking_rule import GROUPS
from snnlab.model.rewirings.deep_r import DeepR
from snnlab.rules.emit_pruning import compile_pruning_kernel
from snnlab.rules.ranking import read_ranking
from snnlab.rules.ranking_kernel import compile_ranking_kernels
from snnlab.rules.rewiring_kernel import compile_rewiring_kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Moments = tuple[NDArray[Any], ...]

__all__ = ["Rewirer"]

_FALL, _RISE = 0.99, 1.01
"""By what l1 is multiplied for each update while too many synapses are replaced, and afterwards."""

_PAIRS_EACH = 200
"""Up to so many pairs for each synapse a bit for each pair takes less than the synapses do."""

_NONE: NDArray[np.int64] = np.zeros(0, np.int64)
_NO_SHEET = (np.empty((0, 2)), np.empty((0, 2)), np.zeros(2))


class Rewirer:
    """Replaces synapses of one projection.

    Parameters
    ----------
    network : RecurrentNetwork
    name : str
        ``"input"`` or ``"recurrent"``.
    synapses : Synapses
        Changed by all methods.
    plasticity : StructuralPlasticity

    Attributes
    ----------
    pull : float
        Part of l1 that acts now: less than 1 where more synapses were replaced than shall be.

    Raises
    ------
    SpecError
        The projection is dense, or the rule reads positions, which these neurons have not.
    """

    def __init__(
        self, network: RecurrentNetwork, name: str, synapses: Synapses,
        plasticity: StructuralPlasticity,
    ) -> None:  # fmt: skip
        if synapses.is_dense:
            raise SpecError(
                f"RecurrentNetwork.{name}_density", "must be < 1: synapses of the projection are "
                "replaced", got="1", remedy=f"Write for example {name}_density=0.1.",
            )  # fmt: skip
        self._network, self._synapses, self._plasticity = network, synapses, plasticity
        self._name, self._rule = name, plasticity.model
        self._kernels: Any = self._compiled()
        if self._kernels.tree.reads_distance:
            raise SpecError(
                f"{self._rule.__name__}", "must not read pair.distance: neurons that learn have "
                "no positions", got="distance", remedy="Use a rule that goes by weights.",
            )  # fmt: skip
        # Finding it out goes through the whole rule.
        self._reads_mark: bool = self._kernels.tree.reads_mark
        self._reads_indegree: bool = getattr(self._kernels.tree, "reads_indegree", True)
        self._no_indegree: NDArray[np.int64] = np.zeros(synapses.n_post, np.int64)
        self._pruning = None
        if self._rule.replaces:
            self._pruning = compile_pruning_kernel(self._kernels.tree, precision=network.precision)
        values: dict[str, Any] = dict(plasticity.parameters)
        values |= self._rule.derive(SimpleNamespace(**values), network.dt)
        values["weight"] = plasticity.weight
        self._p = SimpleNamespace(**values)
        parameters = self._kernels.tree.parameters
        self._params = np.array([values[n] for n in parameters] or [0.0], network.precision)
        self._at_weight = parameters.index("weight") if "weight" in parameters else -1
        self._seed = np.uint32(network.seed)
        self._mark_stream = np.uint32(mark_stream(name))
        # Naming a stream takes as long as a rule that replaces nothing.
        self._streams = {use: np.uint32(stream_id(use, name)) for use in ("rewiring", "weigh")}
        self._goes_by_sign = self._is_plain_deep_r()
        if self._goes_by_sign:
            self._positive = self._params.dtype.type(self._p.positive)
        self._names_of_call = self._named("rewiring", 0)
        self._marks: NDArray[Any] = np.zeros(0, network.precision)
        self._present: NDArray[np.uint64] = np.zeros(0, np.uint64)
        self.refresh()
        self.pull = 1.0

    def is_due(self, update: int) -> bool:
        """Tell whether the rule is asked after this update."""
        return update % self._plasticity.every == 0

    @property
    def l1(self) -> float:
        """What the settings say that `l1_per_step` be."""
        assert self._plasticity.l1 is not None
        return self._plasticity.l1

    @property
    def gives_signs(self) -> bool:
        """Whether connections have a sign of their own."""
        return self._rule.weighs_first

    @property
    def l1_per_step(self) -> float:
        """What is added to the gradient for each trial and step, times the sign."""
        return self.pull * self.l1

    def signs(self) -> NDArray[Any]:
        """Signs of connections where the rule gives them one, else those of the weights, (n,)."""
        return self._synapses.sign if self.gives_signs else np.sign(self._synapses.weight)

    @property
    def needs_pairs(self) -> bool:
        """Whether the rule needs the gradient of pairs without a synapse."""
        return self._rule.ranks_pairs()

    def start(self) -> None:
        """Give the weights that the network starts with the signs of their connections."""
        if self._rule.weighs_first:
            synapses = self._synapses
            pre, post = synapses.pre.astype(np.int64), synapses.post.astype(np.int64)
            marks = self._marks_of(pre, post)
            synapses.weight[:] = self._weighed(pre, post, synapses.weight, marks, 0)
            synapses.sign[:] = np.where(np.signbit(synapses.weight), -1, 1)

    def refresh(self) -> None:
        """Take note of rows that have been replaced from outside."""
        synapses = self._synapses
        if not self._goes_by_sign:
            self._marks = self._marks_of(synapses.pre, synapses.post)
            return
        n_pairs = synapses.n_pre * synapses.n_post
        if n_pairs <= _PAIRS_EACH * synapses.n:
            self._present = np.zeros(n_pairs // 64 + 1, np.uint64)
            note_pairs(
                self._present, synapses.start, synapses.post, synapses.n_post, synapses.autapses
            )

    def rewire(
        self, update: int, time: float, moments: Moments, pairs: NDArray[Any] | None,
        slowed: float = 1.0,
    ) -> int:  # fmt: skip
        """Ask the rule once.

        Parameters
        ----------
        update : int
            Names the random numbers.
        time : float [ms]
            What the rule sees as ``group.time``.
        moments : tuple of (n,) real
            Of the optimiser; changed, 0 for new synapses.
        pairs : (n_pre, n_post) real, optional
            Gradients of all pairs, for a rule that needs them.
        slowed : float
            What is left of the learning rate.

        Returns
        -------
        int
            Synapses that were replaced.
        """
        if self._goes_by_sign:
            n = self._replaced_by_sign(update, moments)
        else:
            n = self._replaced_by_rule(update, time, moments, pairs)
        self._pull_less_or_more(n, slowed)
        return n

    def _pull_less_or_more(self, n: int, slowed: float) -> None:
        """Lower l1 while more synapses are replaced than shall be, and let it come back."""
        every = self._plasticity.every
        is_too_much = n > self._plasticity.most * slowed * every * self._synapses.n
        self.pull = min(self.pull * (_FALL if is_too_much else _RISE) ** every, 1.0)

    def _is_plain_deep_r(self) -> bool:
        """Whether signs of weights alone decide, so that nothing else is to be looked at."""
        rule = self._rule
        its = (rule.prune, rule.accept, rule.initial)
        is_deep_r = its == (DeepR.prune, DeepR.accept, DeepR.initial) and self._leaves_weights()
        return is_deep_r and self._p.is_mixed > 0.5

    def _replaced_by_sign(self, update: int, moments: Moments) -> int:
        synapses = self._synapses
        going = crossed(synapses.weight, synapses.sign)
        if not going.size:
            return 0
        self._names_of_call[2] = update
        return int(
            replace_by_any(
                synapses.start, synapses.post, synapses.weight, synapses.sign,
                moments or (np.zeros_like(synapses.weight),), going, self._plasticity.weight,
                self._positive, synapses.n_post, synapses.autapses, self._names_of_call,
                self._mark_stream, self._present,
            )
        )  # fmt: skip

    def _replaced_by_rule(
        self, update: int, time: float, moments: Moments, pairs: NDArray[Any] | None
    ) -> int:
        names = self._named("rewiring", update)
        goes = np.zeros(self._synapses.n, np.uint8)
        if self._rule.replaces:
            numbers = self._replaced(goes, names)
        else:
            numbers = self._ranked(goes, names, time, pairs)
        if numbers.size:
            self._merged(goes, numbers, update, moments)
        return int(numbers.size)

    # --- rules that replace -----------------------------------------------------------------------

    def _replaced(self, goes: NDArray[np.uint8], names: NDArray[np.uint32]) -> NDArray[np.int64]:
        synapses, kernels = self._synapses, self._kernels
        if self._pruning is not None and (self._leaves_weights() or not kernels.adjust):
            n = visit_at_once(
                self._pruning.address, synapses.weight, self._marks, self._params, goes
            )
        else:
            adjust = 0 if self._leaves_weights() else kernels.adjust
            n = visit(
                adjust, kernels.prune, synapses.start, synapses.post, synapses.weight,
                self._marks, self._indegree(synapses.post), self._params, names, goes,
            )  # fmt: skip
        if not n:
            return _NONE
        accepts_any = self._rule.accept is DeepR.accept
        numbers: NDArray[np.int64] = draw_absent(
            0 if accepts_any else kernels.accept, synapses.start, synapses.post,
            self._indegree(synapses.post[goes == 0] if self._reads_indegree else _NONE),
            synapses.n_post, synapses.autapses, self._reads_mark, self._params, names,
            self._mark_stream, n,
        )  # fmt: skip
        return numbers

    def _indegree(self, post: NDArray[Any]) -> NDArray[np.int64]:
        """Synapses of each target; zeros if the rule does not read them."""
        if not self._reads_indegree:
            return self._no_indegree
        return np.bincount(post, minlength=self._synapses.n_post)

    def _leaves_weights(self) -> bool:
        """Whether DEEP R neither lets weights drift nor walk: then nothing is to be computed."""
        is_deep_r = self._rule.adjust is DeepR.adjust
        return is_deep_r and self._p.drift == 0.0 and self._p.temperature == 0.0

    # --- rules that rank --------------------------------------------------------------------------

    def _ranked(
        self, goes: NDArray[np.uint8], names: NDArray[np.uint32], time: float,
        pairs: NDArray[Any] | None,
    ) -> NDArray[np.int64]:  # fmt: skip
        synapses = self._synapses
        pre, post = synapses.pre.astype(np.int64), synapses.post.astype(np.int64)
        scores = np.empty(synapses.n)
        score_synapses(
            self._kernels.score, synapses.weight.reshape(-1, 1), self._params, pre, post,
            np.bincount(post, minlength=synapses.n_post), _NO_SHEET, self._names(names), scores,
        )  # fmt: skip
        layout = GROUPS.index(self._rule.ranks)
        n_units = (1, synapses.n_post, synapses.n_pre)[layout]
        unit = (np.zeros_like(pre), post, pre)[layout]
        group, n_groups = unit, n_units
        if self._rule.signs_apart:
            group, n_groups, scores = 2 * unit + (scores < 0.0), 2 * n_units, np.abs(scores)
        order, start = by_group(group, n_groups)
        n_going = np.array([self._n_going(int(n), time) for n in np.diff(start)], np.int64)
        chosen = np.zeros(pre.size, np.bool_)
        choose_lowest(scores[order], pre[order], post[order], start, n_going, names, chosen)
        goes[order[chosen]] = 1
        n_coming = np.bincount(unit[goes != 0], minlength=n_units)
        numbers = self._come(unit, pre, post, layout, n_coming, names, pairs)
        return self._keep_where_none_came(goes, unit, numbers, layout, n_coming)

    def _n_going(self, n: int, time: float) -> int:
        n_pairs = self._synapses.n_pre * self._synapses.n_post
        group = SimpleNamespace(n=n, n_pairs=n_pairs, time=time)
        return min(number_of(self._rule, "n_going", group, self._p), n)

    def _come(
        self, unit: NDArray[np.int64], pre: NDArray[np.int64], post: NDArray[np.int64],
        layout: int, n_coming: NDArray[np.int64], names: NDArray[np.uint32],
        pairs: NDArray[Any] | None,
    ) -> NDArray[np.int64]:  # fmt: skip
        """Pairs that get a synapse, ``pre * n_post + post``, ascending."""
        synapses = self._synapses
        n_pre, n_post = synapses.n_pre, synapses.n_post
        if not synapses.autapses:
            alone = np.arange(n_pre)
            pre, post = np.concatenate([pre, alone]), np.concatenate([post, alone])
            unit = np.concatenate([unit, alone if layout else np.zeros_like(alone)])
        number = (pre * n_post + post, pre, post)[layout]
        universe = (n_pre * n_post, n_pre, n_post)[layout]
        order = np.lexsort((number, unit))
        start = np.concatenate([[0], np.cumsum(np.bincount(unit, minlength=n_coming.size))])
        if self.needs_pairs:
            assert pairs is not None
            units, found = self._largest(pairs, pre, post, layout, n_coming, names)
        else:
            units, found = grow_anywhere(
                number[order], start.astype(np.int64), universe, n_coming, names
            )
        numbers = (found, found * n_post + units, units * n_post + found)[layout]
        return np.sort(numbers)

    def _largest(
        self, pairs: NDArray[Any], pre: NDArray[np.int64], post: NDArray[np.int64], layout: int,
        n_coming: NDArray[np.int64], names: NDArray[np.uint32],
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:  # fmt: skip
        """Pairs of each unit with the largest gradients."""
        is_free = np.ones(pairs.shape, np.bool_)
        is_free[pre, post] = False
        all_pre, all_post = (a.astype(np.int64) for a in np.nonzero(is_free))
        unit = (np.zeros_like(all_pre), all_post, all_pre)[layout]
        losses = -np.abs(pairs[all_pre, all_post]).astype(np.float64)
        order, start = by_group(unit, n_coming.size)
        chosen = np.zeros(order.size, np.bool_)
        choose_lowest(
            losses[order], all_pre[order], all_post[order], start, n_coming, names, chosen
        )
        at = order[chosen]
        number = (all_pre * pairs.shape[1] + all_post, all_pre, all_post)[layout]
        return unit[at], number[at]

    def _keep_where_none_came(
        self, goes: NDArray[np.uint8], unit: NDArray[np.int64], numbers: NDArray[np.int64],
        layout: int, n_coming: NDArray[np.int64],
    ) -> NDArray[np.int64]:  # fmt: skip
        """Let synapses stay for which no pair was left: their number is kept."""
        if numbers.size == n_coming.sum():
            return numbers
        new_pre, new_post = np.divmod(numbers, self._synapses.n_post)
        came = np.bincount(
            (np.zeros_like(new_pre), new_post, new_pre)[layout], minlength=n_coming.size
        )
        for u in np.flatnonzero(came < n_coming):
            going = np.flatnonzero((goes != 0) & (unit == u))
            goes[going[came[u] :]] = 0
        return numbers

    # ----------------------------------------------------------------------------------------------

    def _compiled(self) -> Any:
        rule: Any = self._rule
        precision = self._network.precision
        if rule.replaces:
            return compile_rewiring_kernels(rule, ("weight",), precision=precision)
        # Pairs are ranked by their gradient, whatever `gain` reads.
        tree = read_ranking(rule, ("weight",), (), (), ranks_pairs=False)
        return compile_ranking_kernels(tree, precision=precision)

    def _marks_of(self, pre: NDArray[Any], post: NDArray[Any]) -> NDArray[Any]:
        marks: NDArray[Any] = np.zeros(pre.size, self._network.precision)
        if self._reads_mark:
            marks_of(pre, post, self._seed, self._mark_stream, marks)
        return marks

    def _named(self, use: str, update: int) -> NDArray[np.uint32]:
        """What names random numbers: seed, stream, update."""
        return np.array([self._seed, self._streams[use], update], np.uint32)

    def _names(self, names: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Those of `snnlab.arrays.seen_pairs.names_of`."""
        more = [self._mark_stream, int(self._reads_mark)]
        return np.concatenate([names, np.array(more, np.uint32)])

    def _weighed(
        self, pre: NDArray[np.int64], post: NDArray[np.int64], weight: NDArray[Any],
        marks: NDArray[Any], update: int,
    ) -> NDArray[np.float64]:  # fmt: skip
        """What synapses start from, if they would start from `weight` without the rule."""
        weights = weight.astype(np.float64)
        if self._kernels.initial:
            indegree = self._indegree(self._synapses.post)
            names = self._named("weigh", update)
            weigh(
                self._kernels.initial, self._params.copy(), self._at_weight, pre, post,
                weight.astype(np.float64), marks, indegree, names, weights,
            )  # fmt: skip
        return weights

    def _merged(
        self, goes: NDArray[np.uint8], numbers: NDArray[np.int64], update: int, moments: Moments
    ) -> None:
        """Write the new rows, and the moments in their order."""
        synapses = self._synapses
        take_in(
            synapses.start, synapses.post, synapses.weight, synapses.sign, self._marks,
            moments or (np.zeros_like(synapses.weight),),
            np.flatnonzero(goes)[: numbers.size], numbers, self._plasticity.weight,
            self._kernels.initial, self._params.copy(), self._at_weight,
            self._indegree(synapses.post), self._reads_mark, self._named("weigh", update),
            self._mark_stream,
        )  # fmt: skip
