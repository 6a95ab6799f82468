"""The CUDA C of a program: one text of the files in ``kernels`` and of what Python generates."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from snnlab.cuda.constants import constants_text

__all__ = ["kernel_text", "program_text"]

_C_REAL = {"float32": "float", "float64": "double"}


@cache
def kernel_text(name: str) -> str:
    """Return the text of ``kernels/<name>.cu``.

    Parameters
    ----------
    name : str
    """
    return files("snnlab.cuda").joinpath("kernels", f"{name}.cu").read_text("utf-8")


def program_text(precision: str, *parts: str) -> str:
    """Return a whole source: what every program needs, then its own parts.

    Parameters
    ----------
    precision : str
        ``"float32"`` or ``"float64"``: what ``real`` is.
    *parts : str
        Texts, in the order in which they need one another.
    """
    return "\n".join(
        [
            f"typedef {_C_REAL[precision]} real;",
            *(kernel_text(name) for name in ("basics", "philox", "elementary")),
            constants_text(),
            kernel_text("draws"),
            *parts,
        ]
    )
