"""What models and rules consist of, and what their functions may name: for their text form."""

from __future__ import annotations

import builtins
import math
import random
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from snnlab.model import neuron, neurons, rewiring, rewirings, synapse, synapses
from snnlab.model.neurons import propagators
from snnlab.model.parameter import Parameter, Receptor, State
from snnlab.model.synapse import ModTrace, PostTrace, PreTrace
from snnlab.rules import functions, intrinsics

__all__ = [
    "DECLARATIONS", "HOST_FUNCTIONS", "KINDS", "MODULES", "ROLES", "ROOTS", "SHIPPED", "home_of",
    "is_of_language", "is_shipped", "module_name",
]  # fmt: skip

KINDS: Mapping[str, Any] = {"neuron": neuron, "synapse": synapse, "rewiring": rewiring}
"""Kind of a model -> the module that knows all of them."""

SHIPPED: Mapping[str, Mapping[str, type]] = {
    kind: {name: getattr(package, name) for name in package.__all__}
    for kind, package in (("neuron", neurons), ("synapse", synapses), ("rewiring", rewirings))
}
"""Kind of a model -> name and class of those that ship, whatever a user has defined."""

ROOTS: Mapping[str, type] = {
    "neuron": neuron.Neuron, "synapse": synapse.Synapse, "rewiring": rewiring.RewiringRule
}  # fmt: skip
"""Kind of a model -> the class that all of them come from."""

DECLARATIONS: Mapping[str, type] = {
    "parameter": Parameter, "state": State, "receptor": Receptor, "pre_trace": PreTrace,
    "post_trace": PostTrace, "mod_trace": ModTrace,
}  # fmt: skip
"""Kind of a declaration -> its class."""

ROLES: Mapping[str, Mapping[str, str]] = {
    "neuron": dict.fromkeys(("update", "threshold", "reset"), "rule") | {"derive": "host"},
    "synapse": dict.fromkeys(
        ("on_pre", "on_post", "every_step", "pre_spike", "post_spike", "mod_spike"), "rule"
    ) | {"derive": "host"},
    "rewiring": dict.fromkeys(
        ("prune", "accept", "adjust", "initial", "propose", "row", "score", "gain"), "rule"
    ) | dict.fromkeys(("derive", "n_going", "n_coming"), "host"),
}  # fmt: skip
"""Kind of a model -> its functions, and whether they are of the rule language or of the host."""

MODULES: Mapping[str, ModuleType] = {
    "math": math, "numpy": np, "random": random, intrinsics.__name__: intrinsics,
}  # fmt: skip
"""Modules of which the rule language knows functions and numbers."""

_MATHEMATICS = (
    "exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "pow", "power", "square", "sin", "cos",
    "tan", "sinh", "cosh", "tanh", "floor", "ceil", "fabs", "absolute", "abs", "minimum", "maximum",
    "where", "clip", "rint", "round", "sign", "hypot", "isfinite", "isnan",
)  # fmt: skip

HOST_FUNCTIONS: Mapping[str, Mapping[str, Callable[..., Any]]] = {
    home: {name: getattr(module, name) for name in names if hasattr(module, name)}
    for home, module, names in (
        ("math", math, _MATHEMATICS),
        ("numpy", np, _MATHEMATICS),
        ("builtins", builtins, ("abs", "min", "max", "round", "float", "int", "bool")),
        (intrinsics.__name__, intrinsics, tuple(functions.NAMES - functions.RANDOM)),
        (propagators.__name__, propagators, tuple(propagators.__all__)),
    )
}
"""Module -> those of its functions that functions of the host may call."""


def is_shipped(model: type) -> bool:
    """Tell whether a class is one of snnlab's own: every process can import it."""
    return model.__module__.partition(".")[0] == "snnlab"


def module_name(module: ModuleType) -> str:
    """Return the name of a module of `MODULES`; empty for others."""
    return next((name for name, known in MODULES.items() if known is module), "")


def home_of(value: object) -> tuple[str, str] | None:
    """Return module and name of a function that functions of the host may call; None for others."""
    for home, known in HOST_FUNCTIONS.items():
        for name, function in known.items():
            if function is value:
                return home, name
    return None


def is_of_language(value: object) -> bool:
    """Tell whether something may be a function of the rule language, by where it comes from."""
    home = getattr(value, "__module__", None) or type(value).__module__
    return home in (*functions.HOMES, builtins.__name__, "numpy._core")
