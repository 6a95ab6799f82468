"""`StructuralEngine`: rows of synapses that the host changes between two compiled calls.

Rules that decide pair by pair, or replace, change rows while the compiled loop runs. Here is what
happens in between: events are taken, rows get room, lesions cut, rules rank, elements find
partners.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from snnlab.arrays.built import Built
from snnlab.arrays.carry import export, export_rewired, take_over
from snnlab.arrays.changed_structure import (
    Changes,
    count_changes,
    events_of,
    owned_changes,
    with_changes,
)
from snnlab.arrays.element_growth import bring_all, see_spikes
from snnlab.arrays.element_matching import connected_elements, decay_vacant, plan_update
from snnlab.arrays.element_read import read_elements
from snnlab.arrays.lesion_cut import cut_lesioned
from snnlab.arrays.lesions import has_lesions
from snnlab.arrays.ranking import compares_by_target, rank, rankings_due
from snnlab.arrays.rewiring import N_EVENTS, NEEDS_ROOM, SHORT
from snnlab.arrays.rewiring_tally import RewiringTally
from snnlab.arrays.room import check_room
from snnlab.arrays.samples import SampleBuffer
from snnlab.arrays.structure_carry import named_events, take_events
from snnlab.arrays.synaptic_elements import hold_lesioned
from snnlab.arrays.world import ALONE
from snnlab.engine import BuildReport
from snnlab.errors import OutOfMemory, StateError
from snnlab.frames.elements import ElementStates
from snnlab.frames.rewiring_work import RewiringWork
from snnlab.frames.structure import StructuralEvents
from snnlab.model.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["B", "Later", "Spikes", "StructuralEngine"]

Spikes = tuple["NDArray[np.int64]", "NDArray[np.int64]"]
"""Step and global id of each spike, in this order."""

Later = Callable[[], Spikes]
"""Returns spikes that may still be on their way when the next steps are computed."""

B = TypeVar("B", bound=Built)


class StructuralEngine(ABC, Generic[B]):
    """A network as flat arrays whose synapses come and go.

    Parameters
    ----------
    network : Network
    """

    device: str
    network: Network

    def __init__(self, network: Network) -> None:
        self.network = network
        self._step = 0
        self._built: B | None = None
        self._events: list[NDArray[np.int64]] = []
        self._tally = RewiringTally()
        self._has_cut = self._needs_room = False
        self._update_s = self._rank_s = 0.0

    # --- what others do ---------------------------------------------------------------------------

    @abstractmethod
    def _build(
        self, network: Network, shortest_ring: int, arrays: Mapping[str, NDArray[Any]]
    ) -> tuple[B, BuildReport]:
        """Turn a network into arrays whose ring holds at least `shortest_ring` steps.

        Synapses that come and go are those that `arrays`, of a checkpoint, hold.
        """

    @abstractmethod
    def _collect(self, *, plastic: bool = True) -> None:
        """Catch up, and let the arrays hold the state; that of plastic synapses if wanted."""

    @abstractmethod
    def _settle(self, *, state: bool = True, plastic: bool = True) -> None:
        """Bring everything that depends on the step in line with it, and go on from there."""

    @abstractmethod
    def _free_bytes(self) -> int:
        """Return the memory that rows may still take."""

    @property
    def _arrays(self) -> B:
        if self._built is None:
            raise StateError(
                type(self).__name__, "must not be closed", remedy="Open the network again."
            )
        return self._built

    # --- rows and their events --------------------------------------------------------------------

    def _structural_events(self) -> StructuralEvents:
        """Synapses formed and removed since the last frame."""
        parts, self._events = self._events, []
        return named_events(self._arrays, parts)

    def _take_events(self) -> None:
        """Take the events of the last call; note whether a row had no room for a new synapse."""
        rewirings = self._arrays.rewirings
        notes, most = rewirings.notes, rewirings.events.shape[1]
        is_row_full = (notes[:, NEEDS_ROOM] == 1) & (notes[:, N_EVENTS] < most)
        self._events.append(take_events(rewirings))
        self._needs_room = self._lacks_room(bool(is_row_full.any()))

    def _lacks_room(self, is_row_full: bool) -> bool:
        """Whether rows must get room; `is_row_full`: one of those here has none."""
        return is_row_full

    def _cut_lesioned(self) -> None:
        """Take the synapses of lesioned neurons away, before anything else happens."""
        hold_lesioned(self._arrays.elements, self.network, self._step)
        if self.network.rewirings and has_lesions(self.network):
            self._collect()
            kept = export(self._arrays, self._step)
            left, events = cut_lesioned(self.network, kept, self._step)
            if events.size:
                self._lay_out(left, ("counts",))
                self._settle()
                # All ranks know of all of them: the first tells.
                self._events.append(events if self._arrays.world.rank == 0 else events[:0])
        self._has_cut = True

    def _make_room(self, changes: Changes | None = None) -> None:
        """Lay all rows that may grow out anew, with room behind each, after changes if any.

        Ranks give the changes of the synapses onto their own neurons.
        """
        self._collect()
        self._check_room()
        arrays = export(self._arrays, self._step)
        if changes is not None:
            arrays = with_changes(self._arrays, arrays, changes.gathered(self._arrays.world))
        self._go_on_with(arrays, changes)

    def _check_room(self) -> None:
        """Refuse to lay rows out anew where there is no memory, here or on another rank."""
        failure: OutOfMemory | None = None
        try:
            check_room(self._arrays, self._free_bytes(), self.device)
        except OutOfMemory as error:
            failure = error
        if self._any(failure is not None):
            raise failure or OutOfMemory(
                "rows of synapses", "must fit on all ranks", got="another rank that has no memory",
                remedy="That rank's error says how much it needs.",
            )  # fmt: skip

    def _any(self, flag: bool) -> bool:
        """Return whether a flag is set, here or on another rank; all of them ask."""
        return flag

    def _rank(self, start: int, stop: int, samples: SampleBuffer) -> int:
        """Let rules that rank, if some are due, choose which synapses go and come.

        Returns
        -------
        int
            Where the call ends: here, if there is no room for the rows for now.

        Raises
        ------
        OutOfMemory
            There is none, and nothing has happened in this call.
        """
        due = rankings_due(self.network, self._step)
        if not due:
            return stop
        started = time.perf_counter()
        self._collect()
        # Where targets are compared with no other, each rank deals with its own.
        is_apart = compares_by_target(self.network, due)
        names = list(dict.fromkeys(self.network.rewirings[k].projection for k in due))
        world = ALONE if is_apart else self._arrays.world
        arrays, calls = export_rewired(self._arrays, names, world), []
        for k in due:
            began = time.perf_counter()
            calls.append(rank(self.network, k, arrays, self._step, self._targets(k, is_apart)))
            if k != due[-1]:
                arrays = with_changes(self._arrays, arrays, calls[-1].changes)
            self._tally.add_call(self.network.rewirings[k].name, time.perf_counter() - began)
        changes = owned_changes(self._arrays, Changes.joined([call.changes for call in calls]))
        try:
            self._change_rows(changes)
        except OutOfMemory:
            if self._step == start:
                raise
            return self._step
        self._events.append(events_of(changes, self._step))
        if is_apart or self._arrays.world.rank == 0:
            for call in calls:
                self._arrays.rewirings.counts[call.k, 0, SHORT] += call.n_missing
        samples.find_again(self._arrays.sampling)
        self._rank_s += time.perf_counter() - started
        return stop

    def _targets(self, k: int, is_apart: bool) -> slice:
        """Targets of a rewiring that its rule deals with here: those that are here, or all."""
        projection = self.network.projection(self.network.rewirings[k].projection)
        if is_apart:
            return self._arrays.owned(self.network.population_index(projection.post))
        return slice(0, self.network.population(projection.post).size)

    def _go_on_with(
        self, arrays: Mapping[str, NDArray[Any]], changes: Changes | None = None
    ) -> None:
        """Lay rows out anew at this step; rules go on where they are, in the middle of a call."""
        self._lay_out(arrays, ("notes", "counts", "last_spike", "replacing"))
        if changes is not None:
            count_changes(self._arrays.rewirings, changes)
        self._settle()

    def _go_on_with_room(self, start: int, stop: int) -> int:
        """Make room, and return where the call ends: here, if there is none for now.

        Raises
        ------
        OutOfMemory
            There is none, and nothing has happened in this call.
        """
        self._needs_room = False
        try:
            self._make_room()
        except OutOfMemory:
            if self._step == start:
                raise
            return self._step
        return stop

    def _lay_out(self, arrays: Mapping[str, NDArray[Any]], going_on: tuple[str, ...]) -> None:
        """Build the network anew around a state; some arrays of rules stay as they are."""
        old = self._arrays
        built, _ = self._build(self.network, old.sizes.ring_slots, arrays)
        take_over(built, arrays, self._step)
        for name in going_on:
            getattr(built.rewirings, name)[:] = getattr(old.rewirings, name)
        built.plastic.clipped[:] = old.plastic.clipped
        for name in ("done", "is_alive"):
            getattr(built.elements, name)[:] = getattr(old.elements, name)
        self._built = built

    # --- synaptic elements ------------------------------------------------------------------------

    def _seen_by_elements(self, piece: Later) -> Later:
        """Let the calcium of neurons that have synaptic elements see their spikes."""
        elements = self._arrays.elements
        if not elements.size.size:
            return piece
        spikes = piece()
        see_spikes(elements, *spikes, self.network.dt)
        return lambda: spikes

    def _update_structure(self, start: int, stop: int, samples: SampleBuffer) -> int:
        """Let elements lose and find partners at this step.

        Returns
        -------
        int
            Where the call ends: here, if there is no room for the rows for now.

        Raises
        ------
        OutOfMemory
            There is none, and nothing has happened in this call.
        """
        began = time.perf_counter()
        bring_all(self._arrays.elements, self._step, self.network.dt)
        self._read_rows()
        connected = self._arrays.world.total(connected_elements(self._arrays))
        changes = plan_update(self._arrays, self._step, connected)
        try:
            if self._any(len(changes) > 0):
                self._change_rows(changes)
        except OutOfMemory:
            if self._step == start:
                raise
            return self._step
        self._events.append(events_of(changes, self._step))
        decay_vacant(self._arrays, connected)
        self._arrays.elements.done[:] = self._step
        samples.find_again(self._arrays.sampling)
        self._update_s += time.perf_counter() - began
        return stop

    def _read_rows(self) -> None:
        """Let the arrays hold the rows that may grow, as they are now."""
        self._collect()

    def _change_rows(self, changes: Changes) -> None:
        """Let synapses onto neurons here go and come at this step: all, or none without memory."""
        self._make_room(changes)

    def synaptic_elements(self, population: str) -> ElementStates:
        """Return calcium and synaptic elements of a population as they are now.

        Parameters
        ----------
        population : str
            Its name.

        Raises
        ------
        SpecError
            No such population, or it has no synaptic elements.
        """
        self.network.elements_of(population)
        self._read_rows()
        return read_elements(self._arrays, population, self._step)

    def rewiring_work(self) -> tuple[RewiringWork, ...]:
        """Return what the rules of rewirings have done since this engine was made."""
        return self._tally.work(self.network)
