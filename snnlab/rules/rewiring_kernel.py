"""Compiling a rewiring rule into the functions that decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from snnlab.errors import SpecError
from snnlab.rules.cache import generated_module
from snnlab.rules.emit_rewiring import emit_rewiring_kernels
from snnlab.rules.lanes import LANES
from snnlab.rules.rewiring import RewiringModel, RewiringTree, read_rewiring

__all__ = ["RewiringKernels", "compile_rewiring_kernels"]


@dataclass(frozen=True)
class RewiringKernels:
    """A compiled rewiring rule; call its functions with `snnlab.rules.call.call_rule`.

    Parameters
    ----------
    tree : RewiringTree
        Names of states and parameters, in the order in which the functions take them.
    precision : str
        ``"float32"`` or ``"float64"``.
    prune : int
        Address of ``int64 prune(state, pair, params, random)``: not 0 if the synapse goes.

        * state: (n_states,) real, the weight, then the states of the synapse model
        * pair: (3,) real, the distance [um], the indegree of the target, the mark of the pair
        * params: (n_params,) real, in the order of `RewiringTree.parameters`
        * random: (5,) uint32, the seed, the stream, two numbers that name what is decided, the
          step

        The word of the draw at site s is the first of Philox with the counter (random[2], step,
        s, random[3]), where s holds the pass of a loop above bit 16, and the key (seed, stream).
    accept : int
        Address of ``int64 accept(pair, params, random)``: not 0 if a synapse is formed.
    adjust : int
        Address of ``int64 adjust(state, pair, params, random)``, which writes the new weight over
        the old one; 0 if the rule leaves weights alone.
    initial : int
        Address of ``int64 initial(pair, params, random, found)``, which writes the weight of a new
        synapse into `found`, (1,) real; 0 if all start from the same.
    propose : int
        Address of ``int64 propose(target, params, random)``: a source, or -1; 0 if the rule
        proposes none.

        * target: (4,) real, its number, targets and sources that there are, its indegree
    source : str
        The generated Numba source.
    """

    tree: RewiringTree
    precision: str
    prune: int
    accept: int
    adjust: int
    initial: int
    propose: int
    source: str = field(repr=False)
    compiled: Any = field(repr=False, compare=False)


def compile_rewiring_kernels(
    rule: RewiringModel, synapse_states: Sequence[str], *, precision: str = "float32"
) -> RewiringKernels:
    """Compile a rewiring rule, or take it from the cache directory.

    Parameters
    ----------
    rule : type of RewiringRule
    synapse_states : sequence of str
        ``"weight"``, then the state variables of the projection's synapse model.
    precision : str
        ``"float32"`` or ``"float64"``.

    Raises
    ------
    RuleError
        The rule uses something that the rule language does not have.
    SpecError
        The precision does not exist.
    """
    if precision not in LANES:
        raise SpecError("precision", "must be 'float32' or 'float64'", got=repr(precision))
    tree = read_rewiring(rule, synapse_states)
    source = emit_rewiring_kernels(tree, precision)
    module = generated_module(tree.name, source)
    return RewiringKernels(
        tree, precision, module.prune.address, module.accept.address,
        module.adjust.address if tree.adjust else 0,
        module.initial.address if tree.initial else 0,
        module.propose.address if tree.propose else 0, source, module,
    )  # fmt: skip
