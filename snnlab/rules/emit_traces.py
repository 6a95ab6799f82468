"""What spikes do to the traces of neurons, as Numba source."""

from __future__ import annotations

from snnlab.rules.numba_source import NumbaSource
from snnlab.rules.synapse import SynapseRule, TraceRule
from snnlab.rules.synapse_source import indented, parameters, relaxed
from snnlab.rules.tree import Statement

__all__ = ["emit_mod_step", "emit_spike"]

_TRACES = """

@cfunc(int64(reals, reals, reals, int64), cache=True, error_model="numpy")
def {kind}(old_at, new_at, params_at, {steps}):
    old = carray(old_at, 1)
    new = carray(new_at, 1)
    params = carray(params_at, 1)
{params}
{body}
    return int64(0)
"""


def emit_spike(
    rule: SynapseRule, kind: str, traces: tuple[TraceRule, ...], program: tuple[Statement, ...]
) -> str:
    """Write a function that relaxes the traces of a neuron and lets a spike change them.

    Parameters
    ----------
    rule : SynapseRule
    kind : str
        ``"pre_spike"`` or ``"post_spike"``, the name of the function.
    traces : tuple of TraceRule
    program : tuple of Statement
        What the spike does.
    """
    letter = {"pre_spike": "a", "post_spike": "b"}[kind]
    source = NumbaSource()
    for k, trace in enumerate(traces):
        source.add(f"{letter}_{trace.name} = {relaxed(rule, trace, f'old[{k}]', 'short(elapsed)')}")
    source.statements(program)
    for k, trace in enumerate(traces):
        source.add(f"new[{k}] = flushed({letter}_{trace.name})")
    return _finished(rule, kind, "elapsed", source)


def emit_mod_step(rule: SynapseRule) -> str:
    """Write a function that relaxes the modulation by one step and lets spikes change it."""
    source = NumbaSource()
    for k, trace in enumerate(rule.mod):
        # The factor of a step is close to 1: in single precision it would always be off alike.
        rest, rate = f"float64({trace.rest!r})", f"rate_{rule.taus.index(trace.tau)}"
        left = f"(float64(old[{k}]) - {rest}) * exp_64(-float64({rate}))"
        source.add(f"m_{trace.name} = real({rest} + {left})")
    source.add("for spike in range(n_spikes):")
    source.depth += 1
    source.add("pass")
    source.statements(rule.mod_spike)
    source.depth -= 1
    for k, trace in enumerate(rule.mod):
        source.add(f"new[{k}] = flushed(m_{trace.name})")
    return _finished(rule, "mod_step", "n_spikes", source)


def _finished(rule: SynapseRule, kind: str, steps: str, source: NumbaSource) -> str:
    params = indented(parameters(rule), 1)
    return _TRACES.format(kind=kind, steps=steps, params=params, body="\n".join(source.lines))
