"""The generated code: one precision throughout, vector instructions, no contraction."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

from snnlab.model.neurons import (
    ALIF,
    AdEx,
    Izhikevich,
    LIFAlpha,
    LIFCondExp,
    LIFDelta,
    LIFExp,
    LIFExpShared,
    PoissonSource,
)
from snnlab.rules.kernel import compile_block_kernel

MODELS = [ALIF, AdEx, Izhikevich, LIFAlpha, LIFCondExp, LIFDelta, LIFExp, LIFExpShared]
TYPE = {"float32": "float", "float64": "double"}


def llvm(model: Any, precision: str, folder: Path) -> str:
    """The optimised code of a kernel, compiled anew: code from the cache cannot be looked at."""
    source = compile_block_kernel(model, precision=precision).source
    path = folder / f"{model.__name__}_{precision}_fresh.py"
    path.write_text(source.replace("cache=True", "cache=False"))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return str(module.step.inspect_llvm())


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("model", [*MODELS, PoissonSource], ids=lambda m: m.__name__)
def test_the_loop_over_neurons_is_vectorised(model: Any, precision: str, tmp_path: Path) -> None:
    code = llvm(model, precision, tmp_path)
    real, other = TYPE[precision], TYPE["float64" if precision == "float32" else "float32"]
    assert re.search(rf"f(mul|cmp) .*<\d+ x {real}>", code)
    assert not re.search(rf"\b{other}\b", code), "another precision crept in"
    assert not re.search(r"\bf(add|sub|mul|div) (fast|contract|reassoc)", code)
    assert "llvm.fmuladd" not in code


def test_loops_stay_loops_without_branches_in_them() -> None:
    from tests.unit.rules.test_reference import EveryConstruct

    source = compile_block_kernel(EveryConstruct).source
    assert re.search(r"for update_i in range\(int32\(1\), int32\(6\), int32\(2\)\):", source)
    assert not re.search(r"^ +if ", source, re.MULTILINE)
