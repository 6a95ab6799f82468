"""Rules that replace synapses where the GPUs of several ranks hold the network together.

As many synapses are formed as went, on all ranks together. So the pairs that are drawn are
numbered: in rounds each rank forms what its own targets may get, all find the number at which the
last synapse that is needed was formed, and take back what lies beyond: see `snnlab.cpu.replace`.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from snnlab.arrays.rewiring import (
    DONE_STEP,
    FORMED,
    GONE,
    NEEDS_ROOM,
    NEXT,
    PAIRS_AT_LEAST,
    PAIRS_AT_MOST,
    PAIRS_EACH,
    REWIRING,
    ROUND,
)
from snnlab.arrays.world import World
from snnlab.cpu.exchange import N_VOTES
from snnlab.cpu.votes import count_votes, vote
from snnlab.cuda.network import DeviceNetwork

__all__ = ["replace_together"]


class Launch(Protocol):
    """Launches a kernel of this name on the network."""

    def __call__(self, name: str, *args: int) -> None:
        """Do not wait for it."""
        ...


def replace_together(network: DeviceNetwork, world: World, launch: Launch, now: int) -> bool:
    """Do the rest of what is due at a step, from a rule that replaces on; all ranks call this.

    Parameters
    ----------
    network : DeviceNetwork
    world : World
    launch : callable
    now : int
        The step.

    Returns
    -------
    bool
        False if a rank needs more room: called again when there is, it goes on.
    """
    while True:
        notes = network.read_rewiring("notes")
        if world.any(bool(notes[:, NEEDS_ROOM].any())):
            return False
        if notes[0, DONE_STEP] >= now:
            return True
        if not _replace(network, world, launch, int(notes[0, REWIRING]), now):
            return False


def _replace(network: DeviceNetwork, world: World, launch: Launch, r: int, now: int) -> bool:
    """Let one rule replace synapses, or go on with it; False if a rank needs more room."""
    launch("let_synapses_go", r, now)
    mine, notes = network.read_rewiring("replacing"), network.read_rewiring("notes")
    own = [mine[:, GONE].sum(), mine[:, FORMED].sum(), notes[:, NEEDS_ROOM].sum()]
    gone, formed, n_waiting = world.total(np.array(own, np.int64)).tolist()
    if n_waiting:
        return False
    n_left, first, is_first_rank = gone - formed, int(mine[0, NEXT]), int(world.rank == 0)
    last = min(PAIRS_AT_LEAST + PAIRS_EACH * gone, PAIRS_AT_MOST)
    while n_left > 0 and first < last:
        stop = min(first + ROUND, last)
        launch("try_next_pairs", r, now, stop, n_left)
        cut, n_found = _agreed_cut(network, world, first, stop, n_left)
        launch("keep_until", r, now, first, cut, is_first_rank)
        if cut == first:
            return False
        first, n_left = cut, n_left - n_found
    launch("go_on_with_rules", r, now, n_left, is_first_rank)
    return True


def _agreed_cut(
    network: DeviceNetwork, world: World, first: int, stop: int, n_left: int
) -> tuple[int, int]:
    """Return the number from which on nothing is formed anywhere, and what is formed before it."""
    votes = np.zeros(N_VOTES, np.uint64)
    vote(network.read_rewiring("replacing"), network.read_rewiring("tried"), votes, first)
    cut, n_found = count_votes(
        world.total(votes.view(np.int64)).view(np.uint64), first, stop, n_left
    )
    return int(cut), int(n_found)
