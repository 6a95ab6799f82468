"""Synapses and traces run by both targets of a rule: compiled by Numba, and as CUDA C."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from snnlab.cuda.device import Device
from snnlab.cuda.sources import kernel_text, program_text
from snnlab.rules.cache import generated_module
from snnlab.rules.call import call_rule
from snnlab.rules.emit_cuda_synapse import emit_cuda_synapse
from snnlab.rules.emit_synapse import emit_synapse_kernels
from snnlab.rules.synapse import SynapseRule
from snnlab.rules.synapse_source import arguments, parameter_variables

RUN = """
// Each thread deals with a synapse or a neuron of its own.
extern "C" __global__ void run_on_pre(
    real *s, const real *pre, const real *post, const real *p, real *effect
) {
    const i64 j = threadIdx.x;
    effect[j] = Synapse::on_pre(
        s + j * Synapse::n_states, pre + j * Synapse::n_pre, post + j * Synapse::n_post, p
    );
}

extern "C" __global__ void run_on_post(
    real *s, const real *pre, const real *post, const real *p
) {
    const i64 j = threadIdx.x;
    Synapse::on_post(
        s + j * Synapse::n_states, pre + j * Synapse::n_pre, post + j * Synapse::n_post, p
    );
}

extern "C" __global__ void run_at_step(
    real *s, const real *pre, const real *post, const real *mod, const real *p
) {
    const i64 j = threadIdx.x;
    Synapse::at_step(
        s + j * Synapse::n_states, pre + j * Synapse::n_pre, post + j * Synapse::n_post,
        mod + j * Synapse::n_mod, p
    );
}

extern "C" __global__ void run_relax_pre(
    real *out, const real *value, const real *p, const i64 *steps
) {
    const i64 j = threadIdx.x, at = j * Synapse::n_pre;
    Synapse::relax_pre(out + at, value + at, short_steps(steps[j]), p);
}

extern "C" __global__ void run_relax_post(
    real *out, const real *value, const real *p, const i64 *steps
) {
    const i64 j = threadIdx.x, at = j * Synapse::n_post;
    Synapse::relax_post(out + at, value + at, short_steps(steps[j]), p);
}

extern "C" __global__ void run_pre_spike(
    real *out, const real *old, const real *p, const i64 *elapsed
) {
    const i64 j = threadIdx.x, at = j * Synapse::n_pre;
    Synapse::pre_spike(out + at, old + at, p, elapsed[j]);
}

extern "C" __global__ void run_post_spike(
    real *out, const real *old, const real *p, const i64 *elapsed
) {
    const i64 j = threadIdx.x, at = j * Synapse::n_post;
    Synapse::post_spike(out + at, old + at, p, elapsed[j]);
}

extern "C" __global__ void run_mod_step(
    real *out, const real *old, const real *p, const i64 *n_spikes
) {
    const i64 j = threadIdx.x, at = j * Synapse::n_mod;
    Synapse::mod_step(out + at, old + at, p, n_spikes[j]);
}
"""
LETTERS = {"pre": "a", "post": "b", "mod": "m"}
EVENTS = {"on_pre": ("pre", "post"), "on_post": ("pre", "post"), "at_step": ("pre", "post", "mod")}
"""Function of an event -> spaces of the traces that it is handed."""


@dataclass(frozen=True)
class SynapseTrial:
    """A rule, and numbers to run it with.

    Parameters
    ----------
    rule : SynapseRule
    states : (n, n_states) real
    traces : mapping
        ``"pre"``, ``"post"``, ``"mod"`` -> (n, n_traces) real.
    params : (n_params,) real
    steps : (n,) int64
        Steps that have elapsed, or numbers of spikes.
    """

    rule: SynapseRule
    states: NDArray[Any]
    traces: Mapping[str, NDArray[Any]]
    params: NDArray[Any]
    steps: NDArray[np.int64]

    @property
    def precision(self) -> str:
        return self.states.dtype.name

    @cached_property
    def numba(self) -> Any:
        """The generated module."""
        return generated_module(self.rule.name, emit_synapse_kernels(self.rule, self.precision))

    def cuda_source(self) -> str:
        struct = emit_cuda_synapse(self.rule, "Synapse")
        return program_text(self.precision, kernel_text("rule_functions"), struct, RUN)

    # --- events: states after them, and the effect of a presynaptic spike ---

    def event_by_numba(self, name: str) -> tuple[NDArray[Any], NDArray[Any]]:
        program = self.rule.every_step if name == "at_step" else getattr(self.rule, name)
        letters = {space: LETTERS[space] for space in EVENTS[name]}
        names = arguments(self.rule, program, letters).split(", ")
        states, effects = self.states.copy(), np.zeros(len(self.states), self.precision)
        for j in range(len(states)):
            values = self._values(j)
            result = getattr(self.numba, name)(*(values[n] for n in names))
            if name == "on_pre":
                effects[j], *result = result
            states[j] = result
        return states, effects

    def _values(self, j: int) -> dict[str, Any]:
        values = dict(zip(parameter_variables(self.rule), self.params, strict=True))
        names = [f"s_{n}" for n in self.rule.states]
        values |= zip(names, self.states[j], strict=True)
        for space, letter in LETTERS.items():
            names = [f"{letter}_{t.name}" for t in getattr(self.rule, space)]
            values |= zip(names, self.traces[space][j], strict=True)
        return values

    def event_by_cuda(self, name: str, device: Device) -> tuple[NDArray[Any], NDArray[Any]]:
        states = device.upload(self.states)
        effects = device.zeros(len(self.states), self.precision)
        traces = [device.upload(self.traces[space]) for space in EVENTS[name]]
        more = [effects] if name == "on_pre" else []
        kernel = device.compile(self.cuda_source()).kernel(f"run_{name}")
        kernel(1, len(self.states), states, *traces, device.upload(self.params), *more)
        return device.download(states), device.download(effects)

    # --- traces ---

    def relaxed(self, space: str) -> NDArray[Any]:
        """Traces after some steps, as the rule's definition has it."""
        real = self.params.dtype.type
        values = dict(zip(parameter_variables(self.rule), self.params, strict=True))
        new = self.traces[space].copy()
        for k, trace in enumerate(getattr(self.rule, space)):
            rate, rest = values[f"rate_{self.rule.taus.index(trace.tau)}"], real(trace.rest)
            left = [real(self.numba.decay(rate, self.numba.short(n))) for n in self.steps]
            old = self.traces[space][:, k]
            new[:, k] = old * left if trace.rest == 0 else rest + (old - rest) * left
        return new

    def spike_by_numba(self, name: str) -> NDArray[Any]:
        """Traces after ``"pre_spike"``, ``"post_spike"``, ``"mod_step"``."""
        traces = self.traces[name.partition("_")[0]]
        new = np.zeros_like(traces)
        for j in range(len(new)):
            address = getattr(self.numba, name).address
            _call(address, traces[j], new[j], self.params, int(self.steps[j]))
        return new

    def traces_by_cuda(self, name: str, space: str, device: Device) -> NDArray[Any]:
        old = device.upload(self.traces[space])
        new = device.zeros(old.shape, old.dtype)
        kernel = device.compile(self.cuda_source()).kernel(f"run_{name}")
        params, steps = device.upload(self.params), device.upload(self.steps)
        kernel(1, len(self.steps), new, old, params, steps)
        return device.download(new)


@njit
def _call(address, old, new, params, steps):  # type: ignore[no-untyped-def]
    return call_rule(address, (old, new, params, steps))
