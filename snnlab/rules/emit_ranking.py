"""What a rewiring rule ranks by as Numba source: a module of up to four functions."""

from __future__ import annotations

from collections.abc import Sequence

from snnlab.rules.emit_rewiring import DECISION_HEAD, DecisionSource
from snnlab.rules.emit_row_form import emit_row_form
from snnlab.rules.lanes import PARTS_SHIFT
from snnlab.rules.ranking import GAINED, SCORED, RankingTree
from snnlab.rules.rewiring import INITIAL, PAIR
from snnlab.rules.tree import Local, Statement
from snnlab.rules.tree_source import has_counted_loop

__all__ = ["emit_ranking_kernels"]

_FUNCTION = """

@cfunc({signature}, cache=True, error_model="numpy")
def {name}({arguments}):
"""


def emit_ranking_kernels(tree: RankingTree, precision: str) -> str:
    """Write the source of what a rule ranks by.

    Parameters
    ----------
    tree : RankingTree
    precision : str
        ``"float32"`` or ``"float64"``.

    Returns
    -------
    str
        Source of a module with the compiled function ``score`` or ``row`` and, where the rule has
        them, ``gain`` and ``initial``; see `snnlab.rules.ranking_kernel.RankingKernels`.
    """
    head = DECISION_HEAD.format(name=tree.name, precision=precision, shift=PARTS_SHIFT)
    if tree.row:
        functions = [emit_row_form(tree, PARTS_SHIFT)]
    else:
        functions = [_function("score", ("state", "pair", "params"), tree, tree.score, SCORED)]
    if tree.gain:
        arrays = ("pre", "post", "pair", "params")
        functions.append(_function("gain", arrays, tree, tree.gain, GAINED))
    if tree.initial:
        functions.append(_function("initial", ("pair", "params"), tree, tree.initial, INITIAL))
    return "".join([head, *functions])


def _function(
    name: str, arrays: Sequence[str], tree: RankingTree, program: tuple[Statement, ...],
    result: Local,
) -> str:  # fmt: skip
    contents = {"state": ("syn", tree.states), "pair": ("pair", PAIR), "pre": ("pre", tree.pre),
                "post": ("post", tree.post), "params": ("p", tree.parameters)}  # fmt: skip
    source = DecisionSource()
    for array in arrays:
        source.load(program, *contents[array], array)
    source.add("random = carray(random_at, 5)")
    source.add("found = carray(found_at, 1)")
    if has_counted_loop(program):
        source.add("passed = int32(0)")
    source.statements(program)
    source.add(f"found[0] = {source.variable(result)}")
    source.add("return int64(0)")
    head = _FUNCTION.format(
        signature=f"int64({', '.join(['reals'] * len(arrays))}, words, reals)", name=name,
        arguments=", ".join([*(f"{array}_at" for array in arrays), "random_at", "found_at"]),
    )  # fmt: skip
    return head + "\n".join(source.lines) + "\n"
