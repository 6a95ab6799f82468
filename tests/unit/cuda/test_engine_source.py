"""The whole source of an engine, with every model there is, compiles for every architecture."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from snnlab.cuda.codes import Codes
from snnlab.cuda.engine_source import engine_source
from snnlab.model.neuron import models as neuron_models
from snnlab.model.rewiring import models as rewiring_rules
from snnlab.model.synapse import models as synapse_models
from tests.host_device.nvrtc import compile_ptx

TARGETS = (("sm_70", "float32", False), ("sm_80", "float64", True), ("sm_90", "float32", False))
"""Every architecture and both precisions, also as a rank; no source asks for an architecture."""
KERNELS = {"run", "flush", "bring_up_to_date", "gather", "put_rows"}
FOR_RANKS = {"call_rules", "let_synapses_go", "try_next_pairs", "keep_until", "go_on_with_rules"}


def shipped(models: Mapping[str, type[Any]]) -> list[type[Any]]:
    """Those of snnlab; tests define others."""
    return [model for model in models.values() if model.__module__.startswith("snnlab.")]


def all_models() -> Codes:
    """Every neuron model, with and without values of its own for each neuron; every synapse model
    and rewiring rule."""
    codes = Codes()
    for model in shipped(neuron_models()):
        codes.neuron(model, frozenset())
        codes.neuron(model, frozenset(model.parameters))
    for synapse in shipped(synapse_models()):
        if not synapse.is_static():
            codes.synapse(synapse)
    for rule in shipped(rewiring_rules()):
        codes.rewiring(rule, ("weight",))
    return codes


def test_the_source_is_the_same_for_every_architecture() -> None:
    assert "__CUDA_ARCH__" not in engine_source(all_models(), "float64")


@pytest.mark.parametrize(("architecture", "precision", "has_ranks"), TARGETS)
def test_every_model_compiles(architecture: str, precision: str, has_ranks: bool) -> None:
    source = engine_source(all_models(), precision, has_ranks=has_ranks)
    ptx = compile_ptx(source, architecture)
    more = FOR_RANKS if has_ranks else set()
    assert set(re.findall(r"\.entry (\w+)", ptx)) >= KERNELS | more
    # Nothing may be contracted or approximated: results are those of the CPU.
    assert not re.findall(r"\bfma\.rn\.f(?:32|64)\b|\.approx|\.ftz", ptx)
