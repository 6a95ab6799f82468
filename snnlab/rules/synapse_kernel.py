"""Compiling a synapse model into functions that walk along rows of synapses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from snnlab.errors import SpecError
from snnlab.rules.cache import generated_module
from snnlab.rules.emit_synapse import emit_synapse_kernels
from snnlab.rules.lanes import LANES
from snnlab.rules.synapse import SynapseModel, SynapseRule, read_synapse

__all__ = ["SynapseKernels", "compile_synapse_kernels"]


@dataclass(frozen=True)
class SynapseKernels:
    """A compiled synapse model; call its functions with `snnlab.rules.call.call_rule`.

    Parameters
    ----------
    rule : SynapseRule
        Names of states, traces and parameters, in the order in which the functions take them.
    precision : str
        ``"float32"`` or ``"float64"``.
    spike, catch_up, every_step : int
        Addresses of the functions that visit a row; `every_step` is 0 if the model has none.
        Arguments, all arrays: targets, states, ring, ends of the delays, steps and traces of the
        targets' newest spikes, the same of their histories, counts of their spikes, traces of the
        source, modulation, parameters (then rates dt / tau of the time constants, scale and limit
        of the effect), numbers (`snnlab.rules.emit_synapse.NUMBERS`). They return the number of
        effects that did not fit.
    pre_spike, post_spike, mod_step : int
        Addresses of the functions that change traces: old, new, parameters, number of steps since
        (of spikes, `mod_step`).
    source : str
        The generated Numba source.
    """

    rule: SynapseRule
    precision: str
    spike: int
    catch_up: int
    every_step: int
    pre_spike: int
    post_spike: int
    mod_step: int
    source: str = field(repr=False)
    compiled: Any = field(repr=False, compare=False)


def compile_synapse_kernels(model: SynapseModel, *, precision: str = "float32") -> SynapseKernels:
    """Compile a synapse model, or take it from the cache directory.

    Parameters
    ----------
    model : type of Synapse
    precision : str
        ``"float32"`` or ``"float64"``.

    Raises
    ------
    RuleError
        The model uses something that the rule language does not have.
    SpecError
        The precision does not exist.
    """
    if precision not in LANES:
        raise SpecError("precision", "must be 'float32' or 'float64'", got=repr(precision))
    rule = read_synapse(model)
    source = emit_synapse_kernels(rule, precision)
    module = generated_module(rule.name, source)

    def address(name: str) -> int:
        return int(getattr(module, name).address) if hasattr(module, name) else 0

    return SynapseKernels(
        rule=rule,
        precision=precision,
        spike=address("spike"),
        catch_up=address("catch_up"),
        every_step=address("every_step"),
        pre_spike=address("pre_spike"),
        post_spike=address("post_spike"),
        mod_step=address("mod_step"),
        source=source,
        compiled=module,
    )
