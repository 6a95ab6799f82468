"""The CUDA C of learning: constants, structs and the kernels that use them."""

from __future__ import annotations

from snnlab.cuda.sources import kernel_text, program_text
from snnlab.cuda.structs import declare_type
from snnlab.learning.constants import CONSTANTS
from snnlab.learning.cuda.layout import DOES, KINDS, MOST_THREADS, PROJECTIONS, PULLS, TASK

__all__ = ["learning_source", "neurons_per_thread"]

_KERNELS = ("rows", "events", "show", "reverse", "arrivals", "update")


def neurons_per_thread(n_hidden: int) -> int:
    """Return how many neurons a thread holds that shows trials to so many."""
    return -(-n_hidden // MOST_THREADS)


def learning_source(precision: str, n_hidden: int) -> str:
    """Return the source for a network.

    Parameters
    ----------
    precision : str
    n_hidden : int
        Up to `MOST_THREADS` all have the same source.
    """
    return program_text(
        precision,
        kernel_text("threads"),
        _constants(n_hidden),
        _structs(),
        *(kernel_text(f"learning_{name}") for name in _KERNELS),
    )


def _constants(n_hidden: int) -> str:
    values = {
        **KINDS, **PROJECTIONS, **DOES, **PULLS,
        **{f"C_{name.upper()}": k for k, name in enumerate(CONSTANTS)},
        "PER_THREAD": neurons_per_thread(n_hidden), "MOST_THREADS": MOST_THREADS,
    }  # fmt: skip
    return "\n".join(["enum {", *(f"    {name} = {v}," for name, v in values.items()), "};", ""])


def _structs() -> str:
    """The structs, and the one that holds them all."""
    kinds = dict.fromkeys(TASK.values())
    members = [f"    {kind.__name__} {name};" for name, kind in TASK.items()]
    return "\n".join([*map(declare_type, kinds), "struct Task {", *members, "};", ""])
