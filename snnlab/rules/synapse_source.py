"""Pieces of source that the functions of a synapse rule are put together from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from snnlab.rules.numba_source import NumbaSource
from snnlab.rules.synapse import EFFECT, SynapseRule, TraceRule
from snnlab.rules.tree import Const, Statement, Type, fields_read
from snnlab.rules.tree_source import TreeSource

__all__ = [
    "arguments",
    "event_function",
    "indented",
    "parameter_variables",
    "parameters",
    "read",
    "relaxed",
    "states",
]

_LETTER = {"pre": "a", "post": "b", "mod": "m"}
"""What the traces of a space are called in a function of an event."""


def indented(lines: Iterable[str], depth: int) -> str:
    """Return lines as one text, each `depth` levels deep."""
    return "\n".join("    " * depth + line for line in lines)


def read(rule: SynapseRule, program: tuple[Statement, ...], space: str) -> list[TraceRule]:
    """Return the traces of a space (``"pre"``, ``"post"``, ``"mod"``) that a program reads."""
    names = fields_read(program, space)
    return [t for t in getattr(rule, space) if t.name in names]


def states(rule: SynapseRule) -> str:
    """Return the state variables of a synapse as a list of names."""
    return ", ".join(f"s_{name}" for name in rule.states)


def arguments(
    rule: SynapseRule, program: tuple[Statement, ...], prefixes: Mapping[str, str] = _LETTER
) -> str:
    """Return the arguments of an event's function: parameters, states, traces that it reads.

    Parameters
    ----------
    rule : SynapseRule
    program : tuple of Statement
    prefixes : mapping
        Space -> what its traces are called there.
    """
    names = [f"p_{n}" for n in rule.parameters] + [f"s_{n}" for n in rule.states]
    for space, prefix in prefixes.items():
        names += [f"{prefix}_{t.name}" for t in read(rule, program, space)]
    return ", ".join(names)


def event_function(
    rule: SynapseRule, name: str, program: tuple[Statement, ...], spaces: Sequence[str]
) -> str:
    """Write the function of an event of one synapse.

    It returns the states after it; ``on_pre`` returns the effect of the spike before them.
    """
    source = NumbaSource()
    source.statements(program)
    result = f"{EFFECT.name}, {states(rule)}" if name == "on_pre" else f"({states(rule)},)"
    names = arguments(rule, program, {space: _LETTER[space] for space in spaces})
    lines = [
        "", "", '@njit(forceinline=True, error_model="numpy")', f"def {name}({names}):",
        *source.lines, f"    return {result}", "",
    ]  # fmt: skip
    return "\n".join(lines)


def parameter_variables(rule: SynapseRule) -> list[str]:
    """Return parameters, rates of the time constants, scale and limit of the effect, as names."""
    names = [f"p_{name}" for name in rule.parameters]
    return [*names, *(f"rate_{k}" for k in range(len(rule.taus))), "scale", "limit"]


def parameters(rule: SynapseRule) -> list[str]:
    """Take all parameters from the array that holds them."""
    return [f"{name} = params[{k}]" for k, name in enumerate(parameter_variables(rule))]


def relaxed(
    rule: SynapseRule, trace: TraceRule, value: str, steps: str, source: TreeSource | None = None
) -> str:
    """Return a trace after some steps, written so that a rest of 0 costs nothing.

    Parameters
    ----------
    rule : SynapseRule
    trace : TraceRule
    value, steps : str
        What the trace was, and how many steps ago.
    source : TreeSource, optional
        Writes the number to which the trace relaxes; Numba source unless it is given.
    """
    left = f"decay(rate_{rule.taus.index(trace.tau)}, {steps})"
    if trace.rest == 0.0:
        return f"{value} * {left}"
    rest = (source or NumbaSource()).literal(Const(trace.rest, Type.REAL))
    return f"{rest} + ({value} - {rest}) * {left}"
