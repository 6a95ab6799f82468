"""Compiling what a rewiring rule ranks by into functions of one synapse or pair."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from snnlab.errors import SpecError
from snnlab.rules.cache import generated_module
from snnlab.rules.emit_ranking import emit_ranking_kernels
from snnlab.rules.lanes import LANES
from snnlab.rules.ranking import RankingTree

__all__ = ["RankingKernels", "compile_ranking_kernels"]


@dataclass(frozen=True)
class RankingKernels:
    """What a rule ranks by, compiled; call it with `snnlab.rules.call.call_rule`.

    Parameters
    ----------
    tree : RankingTree
        Names of states, variables and parameters, in the order in which the functions take them.
    precision : str
        ``"float32"`` or ``"float64"``.
    score : int
        Address of ``score(state, pair, params, random, found)``, which writes the score of a
        synapse into `found`, (1,) real; the other arguments are those of
        `snnlab.rules.rewiring_kernel.RewiringKernels`; 0 if there is a row form.
    gain : int
        Address of ``gain(pre, post, pair, params, random, found)``, which writes the gain of a
        pair; 0 if pairs are not ranked. `pre` and `post`: (n,) real, variables of both neurons.
    initial : int
        Address of ``initial(pair, params, random, found)``, which writes the weight of a new
        synapse; 0 if all start from the same.
    row : int
        Address of ``row(state, pairs, ends, neuron, params, random, goes, n)``; 0 if there is none.

        * state: (n * n_states,) real, of one synapse after the other
        * pairs: (n * 3,) real
        * ends: (n * 2,) uint32, source and target: they name the draws in loops over synapses
        * neuron: (2,) real, its number and n; its number names all other draws
        * goes: (n,) uint8, where 1 is written for those that go
    source : str
        The generated Numba source.
    """

    tree: RankingTree
    precision: str
    score: int
    gain: int
    initial: int
    row: int
    source: str = field(repr=False)
    compiled: Any = field(repr=False, compare=False)


def compile_ranking_kernels(tree: RankingTree, *, precision: str = "float32") -> RankingKernels:
    """Compile what a rule ranks by, or take it from the cache directory.

    Parameters
    ----------
    tree : RankingTree
    precision : str
        ``"float32"`` or ``"float64"``.

    Raises
    ------
    SpecError
        The precision does not exist.
    """
    if precision not in LANES:
        raise SpecError("precision", "must be 'float32' or 'float64'", got=repr(precision))
    source = emit_ranking_kernels(tree, precision)
    module = generated_module(f"{tree.name}_ranks", source)
    gain = module.gain.address if tree.gain else 0
    initial = module.initial.address if tree.initial else 0
    score, row = (0, module.row.address) if tree.row else (module.score.address, 0)
    return RankingKernels(tree, precision, score, gain, initial, row, source, module)
