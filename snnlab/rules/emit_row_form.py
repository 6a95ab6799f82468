"""The row form of a rewiring rule as Numba source: a function of one neuron."""

from __future__ import annotations

from collections.abc import Sequence

from snnlab.rules.emit_rewiring import DecisionSource
from snnlab.rules.ranking import RankingTree
from snnlab.rules.rewiring import PAIR
from snnlab.rules.row_form import NEURON, each_name
from snnlab.rules.tree import Draw, Field, For, ForEach, Local, Remove, Statement, fields_read
from snnlab.rules.tree_source import has_counted_loop

__all__ = ["emit_row_form"]

_FUNCTION = """

octets = types.CPointer(types.uint8)


@njit(forceinline=True)
def drawn_for(random, ends, e, site, passed):
    place = uint32(uint32(site) + (uint32(passed) << uint32({shift})))
    return philox4x32(ends[2 * e], random[4], place, ends[2 * e + 1], random[0], random[1])[0]


@cfunc(int64(reals, reals, words, reals, reals, words, octets, int64), cache=True,
       error_model="numpy")
def row(state_at, pairs_at, ends_at, neuron_at, params_at, random_at, goes_at, n):
    state, pairs = carray(state_at, n * {n_states}), carray(pairs_at, n * {n_pair})
    ends, goes, random = carray(ends_at, 2 * n), carray(goes_at, n), carray(random_at, 5)
"""


def emit_row_form(tree: RankingTree, shift: int) -> str:
    """Write the source of a row form.

    Parameters
    ----------
    tree : RankingTree
        Whose `row` is not empty.
    shift : int
        Bits of a random word's place below the pass of a loop.

    Returns
    -------
    str
        Source of the compiled function ``row``, see `snnlab.rules.ranking_kernel.RankingKernels`,
        for a module that begins with `snnlab.rules.emit_rewiring.DECISION_HEAD`.
    """
    source = _RowSource(tree.states)
    source.load(tree.row, "neuron", NEURON, "neuron")
    source.load(tree.row, "p", tree.parameters, "params")
    if has_counted_loop(tree.row):
        source.add("passed = int32(0)")
    source.statements(tree.row)
    source.add("return int64(0)")
    head = _FUNCTION.format(shift=shift, n_states=len(tree.states), n_pair=len(PAIR))
    return head + "\n".join(source.lines) + "\n"


class _RowSource(DecisionSource):
    """The body of a row form, whose draws in loops are named by the neurons of a synapse."""

    def __init__(self, states: tuple[str, ...]) -> None:
        super().__init__()
        self._states = states
        self._at = ""  # index of the synapse that the innermost loop is at
        self._n_around = 0  # loops over numbers around this place

    def statements(self, statements: Sequence[Statement]) -> None:
        """Write a sequence of statements."""
        for statement in statements:
            match statement:
                case ForEach():
                    self._each(statement)
                case Remove():
                    self.add(f"goes[{_index(statement.space)}] = 1")
                case _:
                    super().statements((statement,))

    def _each(self, loop: ForEach) -> None:
        around, self._at = self._at, _index(loop.space)
        self.add(f"for {self._at} in range(n):")
        self.depth += 1
        if not self._n_around and has_counted_loop(loop.body):
            self.add("passed = int32(0)")  # where a synapse lies in the row does not matter
        for name in sorted(fields_read(loop.body, loop.space)):
            is_state = name in self._states
            array, names = ("state", self._states) if is_state else ("pairs", PAIR)
            place = f"{self._at} * {len(names)} + {names.index(name)}"
            self.add(f"{self.variable(Field(loop.space, name))} = {array}[{place}]")
        self.statements(loop.body)
        self.add("pass")
        self.depth -= 1
        self._at = around

    def loop(self, loop: For, start: str, stop: str, step: str) -> None:
        """Write a loop over numbers."""
        self._n_around += 1
        super().loop(loop, start, stop, step)
        self._n_around -= 1

    def variable(self, target: Local | Field) -> str:
        """Return the name of a variable."""
        if isinstance(target, Field) and each_name(target) is not None:
            return f"{target.space}_{target.name}"
        return super().variable(target)

    def draw(self, draw: Draw, args: Sequence[str]) -> str:
        """Write a random draw, in a loop named by the neurons of the synapse."""
        if not self._at:
            return super().draw(draw, args)
        distribution = "unit" if draw.name == "uniform" else "normal"
        passed = "passed" if draw.in_loop else "int32(0)"
        return f"{distribution}(drawn_for(random, ends, {self._at}, int32({draw.site}), {passed}))"


def _index(space: str) -> str:
    """The variable that counts the synapses of a loop."""
    return f"at_{space}"
