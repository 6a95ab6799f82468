"""Compiling a neuron model into a function that advances a block of neurons by one step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from snnlab.errors import SpecError, unknown_name
from snnlab.rules.cache import generated_module
from snnlab.rules.emit_numba import emit_block_kernel
from snnlab.rules.lanes import BLOCK, LANES
from snnlab.rules.neuron import NeuronModel, NeuronRule, read_neuron

__all__ = ["BLOCK", "BlockKernel", "compile_block_kernel"]


@dataclass(frozen=True)
class BlockKernel:
    """A compiled neuron model: ``int32 step(state, input, params, random, fired)``.

    A block is `BLOCK` neurons. Word k of neuron j of a block is at ``k * BLOCK + j``, so that a
    vector of neurons is one load. Call it with `snnlab.rules.call.call_block_kernel`.

    Parameters
    ----------
    address : int
        Of the function; valid as long as this value lives. Its arguments:

        * state: (n_words * BLOCK,) real, the states, then the varying parameters; updated
        * input: (n_ports * BLOCK,) real, what arrives in this step, in the unit of the weights
        * params: (n_parameters,) real
        * random: (4,) uint32: seed, stream, block within the population, step
        * fired: (BLOCK,) uint8, written: 1 where the neuron fired

        It returns an int32 that is not 0 if any neuron fired.
    state_names : tuple of str
        In the order of declaration.
    varying_names : tuple of str
        Parameters and derived constants with a value for each neuron, sorted.
    parameter_names : tuple of str
        Parameters and derived constants that all neurons share, in the order of `params`.
    port_names : tuple of str
        In the order of `input`.
    uses_random : bool
        Whether `random` is read.
    precision : str
        ``"float32"`` or ``"float64"``.
    source : str
        The generated Numba source.

    Notes
    -----
    The rule's arithmetic is not reordered or contracted. States that become subnormal (below
    1.2e-38 in float32) are stored as 0. Results are the same to the bit on any machine.
    """

    address: int
    state_names: tuple[str, ...]
    varying_names: tuple[str, ...]
    parameter_names: tuple[str, ...]
    port_names: tuple[str, ...]
    uses_random: bool
    precision: str
    source: str = field(repr=False)
    compiled: Any = field(repr=False, compare=False)

    @property
    def n_words(self) -> int:
        """Reals per neuron: states and varying parameters."""
        return len(self.state_names) + len(self.varying_names)


def compile_block_kernel(
    model: NeuronModel, *, varying: Iterable[str] = frozenset(), precision: str = "float32"
) -> BlockKernel:
    """Compile a neuron model, or take it from the cache directory.

    Parameters
    ----------
    model : type of Neuron
        The model.
    varying : iterable of str
        Parameters and derived constants that differ between neurons; those that the model's
        functions do not read are left out.
    precision : str
        ``"float32"`` or ``"float64"``.

    Raises
    ------
    RuleError
        The model uses something that the rule language does not have.
    SpecError
        A varying name or the precision does not exist.
    """
    if precision not in LANES:
        raise SpecError("precision", "must be 'float32' or 'float64'", got=repr(precision))
    rule = read_neuron(model)
    per_neuron = _varying(rule, varying)
    shared = tuple(name for name in rule.parameters if name not in per_neuron)
    source = emit_block_kernel(rule, per_neuron, shared, precision, BLOCK)
    compiled = generated_module(rule.name, source).step
    return BlockKernel(
        address=compiled.address,
        state_names=rule.states,
        varying_names=per_neuron,
        parameter_names=shared,
        port_names=rule.ports,
        uses_random=bool(rule.draws),
        precision=precision,
        source=source,
        compiled=compiled,
    )


def _varying(rule: NeuronRule, names: Iterable[str]) -> tuple[str, ...]:
    for name in names:
        if name not in rule.known:
            raise unknown_name(f"varying parameter of {rule.name}", name, rule.known)
    return tuple(sorted(set(names) & set(rule.parameters)))
