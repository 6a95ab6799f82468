"""Every way to compute a few networks, and what came of it, as digests that are easily compared."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from snnlab import presets
from snnlab.arrays.world import ALONE, World
from snnlab.cluster.mpi import world
from snnlab.cluster.mpi_world import MpiWorld
from snnlab.cpu import built
from snnlab.cpu import ranks as linking
from snnlab.cpu.engine import CpuEngine
from snnlab.model.network import Network
from tests.networks import distant, layered, loud, plastic
from tests.rewired_networks import ranked

__all__ = ["CASES", "WAYS", "Key", "alone", "together"]

Key = tuple[str, str, int]
"""Network, way to exchange spikes, threads."""

WAYS = ("collective", "point_to_point", "both")
"""Ways to exchange spikes; ``"both"``: those of some populations one way, of others the other."""

_REPLACING = "STDP, and rules that replace and compare"


def pieces(name: str) -> tuple[int, ...]:
    """Return the steps of the calls that advance a network; rules let ranks meet ten times each."""
    return (1, 60, 39) if name == _REPLACING else (1, 120, 119)


def wide(network: Network) -> Network:
    """Return it with so many neurons in its last population that every rank has some."""
    last = network.populations[-1]
    space = None if last.space is None else replace(last.space, shape=(20, 25))
    return network.replace(
        populations=[*network.populations[:-1], replace(last, size=500, space=space)]
    )


def _map() -> Network:
    return presets.load("topographic_map_slots")


CASES: dict[str, Callable[[], Network]] = {
    "every kind of STDP": plastic,
    "STDP and attempts at pairs": _map,
    _REPLACING: lambda: wide(ranked()),
    "groups of delays": layered,
    "all fire in every step": lambda: wide(loud(0.3)),
    "few are wanted on another rank": distant,
}
"""Name -> a network; every spike, weight and synapse of each is compared."""


def alone(threads: int) -> dict[str, dict[str, str]]:
    """Return what one process computes: network -> part of the result -> digest."""
    return {name: _digests(name, ALONE, threads, "auto") for name in CASES}


def together(threads: tuple[int, ...]) -> dict[Key, dict[str, str]]:
    """Return what these ranks compute, in every way; all of them call this."""
    found = {}
    with closing(MpiWorld(world())) as ranks:
        for name in CASES:
            for way in WAYS:
                for n in threads:
                    found[name, way, n] = _digests(name, ranks, n, way)
    return found


def _digests(name: str, ranks: World, threads: int, way: str) -> dict[str, str]:
    network = CASES[name]()
    # Buffers so small that exchanges lack memory now and then, between the two halves of delivery.
    small = mock.patch.object(linking, "FIRST_WORDS", 2)
    with small, _in_groups(4 if name == "groups of delays" else None):
        exchange = _some_of_both(network) if way == "both" else way
        engine = CpuEngine(network, threads=threads, world=ranks, exchange=exchange)
    frames = [engine.advance(n) for n in pieces(name)]
    spikes = [_ordered(ranks, frame.step, frame.neuron) for frame in frames]
    arrays: dict[str, NDArray[Any]] = dict(engine.checkpoint().arrays)
    engine.close()
    assert sum(len(pairs) for pairs in spikes) > 50
    return {what: _digest(each) for what, each in (arrays | {"spikes": np.vstack(spikes)}).items()}


def _in_groups(steps: int | None) -> AbstractContextManager[object]:
    """Let networks be built with groups of so many delays; None: of as many as they should."""
    if steps is None:
        return nullcontext()
    return mock.patch.object(built, "group_steps", return_value=steps)


def _some_of_both(network: Network) -> Mapping[str, str]:
    """The first population's spikes go collectively, those of all others point to point."""
    first = network.populations[0].name
    return {
        p.name: "collective" if p.pre == first else "point_to_point" for p in network.projections
    }


def _ordered(ranks: World, step: NDArray[np.int64], neuron: NDArray[np.int64]) -> NDArray[np.int64]:
    """The spikes of all ranks by step, then neuron."""
    pairs = ranks.gathered(np.column_stack([step, neuron]))
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def _digest(array: NDArray[Any]) -> str:
    data = np.ascontiguousarray(array)
    return hashlib.sha256(f"{data.dtype} {data.shape}".encode() + data.tobytes()).hexdigest()
