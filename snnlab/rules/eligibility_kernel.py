"""Compiling an eligibility rule into loops over the synapses of all targets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from snnlab.rules.cache import generated_module
from snnlab.rules.eligibility import EligibilityModel, EligibilityTree, read_eligibility
from snnlab.rules.emit_eligibility import emit_eligibility_kernels

__all__ = ["EligibilityKernels", "compile_eligibility_kernels"]


@dataclass(frozen=True)
class EligibilityKernels:
    """A compiled eligibility rule; call its functions with `snnlab.rules.call.call_rule`.

    Parameters
    ----------
    tree : EligibilityTree
        Names of states and parameters, in the order in which the functions take them.
    precision : str
        ``"float32"`` or ``"float64"``.
    dense, sparse : int
        Addresses of ``f(first, pre, awake, trace, psi, learning_signal, regulariser, params,
        gradient, *states, n_pre, n_post)``: one step of all synapses, target after target.

        * first: (n_post + 1,) int64, where the synapses of targets begin; not read by `dense`,
          whose synapse (i, j) has the number ``j * n_pre + i``
        * pre: (n,) int32, their sources; not read by `dense`
        * awake: (n_post,) uint8, 0 for targets that have been far from their threshold since all
          traces were 0; changed
        * trace: (n_pre,) real
        * psi, learning_signal, regulariser: (n_post,) real
        * params: (n_params,) real, in the order of `EligibilityTree.parameters`
        * gradient, each of states: (n,) real; changed. One that is not read, without states
    source : str
        The generated Numba source.
    """

    tree: EligibilityTree
    precision: str
    dense: int
    sparse: int
    source: str = field(repr=False)
    compiled: Any = field(repr=False, compare=False)


def compile_eligibility_kernels(rule: EligibilityModel, *, precision: str) -> EligibilityKernels:
    """Compile an eligibility rule, or take it from the cache directory.

    Raises
    ------
    RuleError
        The rule uses something that the rule language does not have.
    SpecError
        A name in it is taken.
    """
    tree = read_eligibility(rule)
    source = emit_eligibility_kernels(tree, precision)
    module = generated_module(f"{tree.name}_{precision}", source)
    return EligibilityKernels(
        tree, precision, module.dense.address, module.sparse.address, source, module
    )
