"""Other numbers of threads and other pieces of rows than those that the engine has."""

from __future__ import annotations

import sys
from itertools import product

__all__ = ["VARIANTS", "name_of", "take"]

VARIANTS = tuple(product((64, 128, 256), (64, 128, 256)))
"""Threads of a block, synapses of a piece."""


def name_of(threads: int, piece: int) -> str:
    """Return what a variant is called in records.

    Parameters
    ----------
    threads, piece : int
        See `snnlab.cuda.program`.
    """
    return f"threads {threads}, piece {piece}"


def take(threads: int, piece: int) -> None:
    """Let the engine, which must not have been imported yet, have these numbers.

    Parameters
    ----------
    threads, piece : int
        See `snnlab.cuda.program`.
    """
    if "snnlab.cuda.engine" in sys.modules:
        raise RuntimeError("the engine has its numbers already")
    from snnlab.cuda import program

    for name in ("BLOCKS_AT_ONCE", "BLOCKS_WITH_PLASTICITY"):
        # As many threads and registers on a multiprocessor, in blocks of another size.
        setattr(program, name, getattr(program, name) * program.THREADS // threads)
    program.THREADS, program.PIECE = threads, piece
