"""Compiling, or loading from Numba's cache, what every network needs; timed apart from building."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np

from snnlab.build.connect import connect
from snnlab.build.layout import Layout, partition
from snnlab.build.random import uniforms
from snnlab.build.tables import plan_tables, port_exponents
from snnlab.cpu.stale import remove_stale_code
from snnlab.model.connectivity import FixedIndegree, PairwiseBernoulli
from snnlab.model.distribution import Uniform
from snnlab.model.network import Network, Population, Projection

__all__ = ["announced", "compile_builder"]

_NOTICE = "snnlab compiles its engine for this machine: once, up to a minute.\n"
_PATIENCE_S = 2.0


@contextmanager
def announced() -> Iterator[None]:
    """Say what is going on when compiling, which is silent, takes longer than expected."""
    timer = threading.Timer(_PATIENCE_S, _tell)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@cache
def _tell() -> None:
    """Say it once a process, however many things have to be compiled."""
    print(_NOTICE, end="", file=sys.stderr)


@cache
def compile_builder() -> None:
    """Compile the builder, by building two neurons that use all of it; once a process."""
    remove_stale_code()
    a = Population("a", 2, "LIFDelta")
    drawn = Projection("a", "a", FixedIndegree(1), Uniform(0.5, 1.0), Uniform(1.0, 2.0))
    in_one_pass = Projection("a", "a", PairwiseBernoulli(0.5), 1.0, 1.0, name="one pass")
    network = Network([a], [drawn, in_one_pass])
    layout = Layout.of(network)
    plans = plan_tables(network, port_exponents(network))
    connect(network, plans, layout, partition(layout, 1, np.zeros(1)))
    uniforms(1, 0, 0)
