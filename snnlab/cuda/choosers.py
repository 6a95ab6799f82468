"""Functions that choose among the models of a network by number, as CUDA C."""

from __future__ import annotations

from collections.abc import Sequence

from snnlab.cuda.codes import NeuronCode, RewiringCode, SynapseCode

__all__ = ["neuron_chooser", "rule_choosers", "synapse_choosers"]

_PART = "const Network &net, const PlasticPart &part"

_OF_SYNAPSES = (
    ("spikes_of_model", "const Train &train, i64 piece",
     "visit_spikes<{}>(net, part, train, piece)"),
    ("commit_of_model", "const Train &train", "commit_spikes<{}>(net, part, train)"),
    ("remember_of_model", "i64 neuron, const Train &train",
     "remember<{}>(net, part, neuron, train)"),
    ("modulate_of_model", "i64 n_spikes", "modulate<{}>(net, part, n_spikes)"),
    ("catch_up_of_model", "i64 row, i64 piece, i64 step",
     "visit_quietly<{}>(net, part, row, piece, step)"),
    ("step_of_model", "i64 row, i64 piece, i64 step",
     "visit_at_step<{}>(net, part, row, piece, step)"),
)  # fmt: skip
"""Name, arguments after the projection, and what is called for a synapse model."""


def neuron_chooser(codes: Sequence[NeuronCode]) -> str:
    """Return ``advance_block``, which advances a block of any model."""
    return _chooser(
        "advance_block(const Network &net, const Chunk &chunk, i64 block, i32 lane)",
        "net.program.kernel[net.program.block_population[block]]",
        [f"advance<Model{code.address}>(net, chunk, block, lane)" for code in codes],
    )


def synapse_choosers(codes: Sequence[SynapseCode]) -> str:
    """Return what plasticity calls for a projection of any model."""
    names = [f"Synapse{code.case}" for code in codes]
    return "\n".join(
        _chooser(
            f"{name}({_PART}, {arguments})",
            "part.own[PLASTIC_SPIKE]",
            [call.format(model) for model in names],
            first=1,
        )
        for name, arguments, call in _OF_SYNAPSES
    )


def rule_choosers(codes: Sequence[RewiringCode]) -> str:
    """Return ``prune_of_rule``, ``accept_of_rule`` and the like, of any rewiring rule.

    ``reads_indegree_of_rule`` says whether they depend on the in-degree of a target.
    """
    given = "const real *pair, const real *params, const RuleDraws &draws"
    passed = "pair, params, draws"
    names = [f"Rewiring{code.case}" for code in codes]
    return "\n".join([
        _chooser(f"prune_of_rule(i64 rule, const real *state, {given})", "rule",
                 [f"return {name}::prune(state, {passed})" for name in names], kind="bool"),
        _chooser(f"accept_of_rule(i64 rule, {given})", "rule",
                 [f"return {name}::accept({passed})" for name in names], kind="bool"),
        _chooser(f"adjust_by_rule(i64 rule, const real *state, {given})", "rule",
                 [f"return {name}::adjust(state, {passed})" for name in names], kind="real"),
        _chooser(f"initial_by_rule(i64 rule, {given})", "rule",
                 [f"return {name}::initial({passed})" for name in names], kind="real"),
        _chooser("propose_by_rule(i64 rule, const real *target, const real *params, "
                 "const RuleDraws &draws)", "rule",
                 [f"return {name}::propose(target, params, draws)" for name in names], kind="real"),
        _chooser("reads_indegree_of_rule(i64 rule)", "rule",
                 [f"return {name}::reads_indegree" for name in names], kind="bool"),
    ])  # fmt: skip


def _chooser(
    head: str, number: str, calls: Sequence[str], *, first: int = 0, kind: str = "void"
) -> str:
    """A function that makes one of several calls, by a number."""
    cases = [f"        case {case}: {call}; break;" for case, call in enumerate(calls, first)]
    body = [f"    switch ({number}) {{", *cases, "    }"] if cases else []
    if kind != "void":
        body.append("    return 0;")
    return "\n".join([f"static __device__ {kind} {head} {{", *body, "}", ""])
