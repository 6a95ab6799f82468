"""The whole source of an engine, with every model there is, compiles for every architecture."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from snnlab.cuda.codes import Codes
from snnlab.cuda.engine_source import engine_source
from snnlab.model.neuron import models as neuron_models
from snnlab.model.rewiring import models as rewiring_rules
from snnlab.model.synapse import models as synapse_models
from snnlab.model.synapses.stdp import STDP
from tests.host_device.nvrtc import NvrtcError, compile_ptx, understand

TARGETS = (("sm_70", "float32", False), ("sm_80", "float64", True), ("sm_90", "float32", False))
"""Every architecture and both precisions, also as a rank; no source asks for an architecture."""
KERNELS = {"run", "flush", "bring_up_to_date", "gather", "put_rows"}
FOR_RANKS = {"call_rules", "let_synapses_go", "try_next_pairs", "keep_until", "go_on_with_rules"}


def shipped(models: Mapping[str, type[Any]]) -> list[type[Any]]:
    """Those of snnlab; tests define others."""
    return [model for model in models.values() if model.__module__.startswith("snnlab.")]


def add_neurons(codes: Codes) -> None:
    """Every neuron model, with and without values of its own for each neuron."""
    for model in shipped(neuron_models()):
        codes.neuron(model, frozenset())
        codes.neuron(model, frozenset(model.parameters))


def add_synapses(codes: Codes) -> None:
    """Every synapse model that learns."""
    for synapse in shipped(synapse_models()):
        if not synapse.is_static():
            codes.synapse(synapse)


def add_rules(codes: Codes) -> None:
    """Every rewiring rule, where synapses learn."""
    codes.synapse(STDP)
    for rule in shipped(rewiring_rules()):
        codes.rewiring(rule, ("weight",))


PARTS = (add_neurons, add_synapses, add_rules)
"""What is compiled apart: one kernel calls whatever there is, from many places, and NVIDIA's
optimiser takes half as long again for all of it at once."""

each_target = pytest.mark.parametrize(("architecture", "precision", "has_ranks"), TARGETS)


def source_of(parts: Iterable[Callable[[Codes], None]], precision: str, has_ranks: bool) -> str:
    codes = Codes()
    for add in parts:
        add(codes)
    return engine_source(codes, precision, has_ranks=has_ranks)


def test_the_source_is_the_same_for_every_architecture() -> None:
    assert "__CUDA_ARCH__" not in source_of(PARTS, "float64", has_ranks=False)


@each_target
def test_all_models_are_understood_in_one_source(
    architecture: str, precision: str, has_ranks: bool
) -> None:
    source = source_of(PARTS, precision, has_ranks)
    understand(source, architecture)
    with pytest.raises(NvrtcError, match="nowhere"):
        understand(source + "\n__device__ int twice() { return 2 * nowhere; }", architecture)


@each_target
@pytest.mark.parametrize("part", PARTS)
def test_every_model_compiles(
    part: Callable[[Codes], None], architecture: str, precision: str, has_ranks: bool
) -> None:
    ptx = compile_ptx(source_of([part], precision, has_ranks), architecture)
    more = FOR_RANKS if has_ranks and part is add_rules else set()
    assert set(re.findall(r"\.entry (\w+)", ptx)) >= KERNELS | more
    # Nothing may be contracted or approximated: results are those of the CPU.
    assert not re.findall(r"\bfma\.rn\.f(?:32|64)\b|\.approx|\.ftz", ptx)
