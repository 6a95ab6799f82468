"""`ArrayEngine`: what engines have in common that hold a network as flat arrays.

It knows when a run must pause, what an edit changes, and how state gets in and out. What computes,
and where the arrays really are, is the business of its subclasses.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import numpy as np

from snnlab.arrays.built import DTYPES, Built
from snnlab.arrays.carry import check, export, ring_slots, take_over, take_over_rings
from snnlab.arrays.change import keeps_structure
from snnlab.arrays.changed_structure import count_changes, events_of, with_changes
from snnlab.arrays.element_growth import bring_all, see_spikes
from snnlab.arrays.element_matching import (
    Changes,
    connected_elements,
    decay_vacant,
    plan_update,
)
from snnlab.arrays.element_read import read_elements
from snnlab.arrays.growth import check_growth
from snnlab.arrays.health import cut_effects, find_troubles, limit_input, lost_synapses
from snnlab.arrays.lesion_cut import cut_lesioned, without_lesioned
from snnlab.arrays.lesions import has_lesions
from snnlab.arrays.plastic_carry import age, check_plastic, has_plastic, without_changed
from snnlab.arrays.ranking import next_ranking, rank, rankings_due
from snnlab.arrays.rewiring import N_EVENTS, NEEDS_ROOM
from snnlab.arrays.rewiring_tally import RewiringTally
from snnlab.arrays.samples import SampleBuffer
from snnlab.arrays.structure_carry import named_events, take_events
from snnlab.arrays.synapse_list import list_synapses
from snnlab.arrays.synaptic_elements import grow_alike, hold_lesioned
from snnlab.build.tables import TablePlan, plan_tables, port_exponents
from snnlab.engine import BuildReport, Checkpoint
from snnlab.errors import BuildError, OutOfMemory, SpecError, StateError
from snnlab.frames.elements import ElementStates
from snnlab.frames.frame import Frame
from snnlab.frames.health import Trouble
from snnlab.frames.rewiring_work import RewiringWork
from snnlab.frames.structure import StructuralEvents
from snnlab.frames.synapses import Synapses
from snnlab.model.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ArrayEngine", "Clock", "Later", "Spikes"]

Spikes = tuple["NDArray[np.int64]", "NDArray[np.int64]"]
"""Step and global id of each spike, in this order."""

Later = Callable[[], Spikes]
"""Returns spikes that may still be on their way when the next steps are computed."""

_AGE_STEPS = 2**29
"""Steps after which the histories of plastic synapses forget what is long ago."""


class Clock(Protocol):
    """Measures one frame, from the moment it is made."""

    def timings(self) -> tuple[float, dict[str, float]]:
        """Return the wall-clock time [s] so far, and what part of it each phase took [s]."""
        ...


B = TypeVar("B", bound=Built)
C = TypeVar("C", bound=Clock)


class ArrayEngine(ABC, Generic[B, C]):
    """A network as flat arrays, and all that does not depend on what computes with them.

    Parameters
    ----------
    network : Network
    precision : str
        Of the state: ``"float32"`` or ``"float64"``.

    Raises
    ------
    SpecError
        Unknown precision, no population.
    """

    device: str
    network: Network
    report: BuildReport

    def __init__(self, network: Network, precision: str) -> None:
        if precision not in DTYPES:
            raise SpecError("precision", "must be float32 or float64", got=repr(precision))
        if not network.populations:
            raise SpecError(
                "Network.populations", "must hold at least one population",
                remedy="Add a Population before the network is run.",
            )  # fmt: skip
        self.network = network
        self.precision = precision
        self._step = 0
        self._limited: tuple[Trouble, ...] = ()
        self._told_cut: dict[str, int] = {}
        self._told_lost: dict[str, int] = {}
        self._built: B | None = None
        self._events: list[NDArray[np.int64]] = []
        self._tally = RewiringTally()
        self._has_cut = self._needs_room = False
        self._update_s = self._rank_s = 0.0

    # --- what subclasses do -----------------------------------------------------------------------

    @abstractmethod
    def _build(
        self, network: Network, shortest_ring: int, arrays: Mapping[str, NDArray[Any]]
    ) -> tuple[B, BuildReport]:
        """Turn a network into arrays whose ring holds at least `shortest_ring` steps.

        Synapses that come and go are those that `arrays`, of a checkpoint, hold.
        """

    @abstractmethod
    def _start_clock(self) -> C:
        """Return what measures the next frame."""

    @abstractmethod
    def _soon(self) -> int:
        """Return the step at which `_run_until` should return at the latest."""

    @abstractmethod
    def _run_until(self, until: int, samples: SampleBuffer, clock: C) -> Later:
        """Advance to step `until` or less far, and return what returns the spikes in order."""

    @abstractmethod
    def _sample_synapses(self, samples: SampleBuffer, clock: C) -> None:
        """Read the synapses whose recorders are due at this step."""

    @abstractmethod
    def _is_suspicious(self) -> bool:
        """Tell whether the last look found implausible states, and forget it."""

    @abstractmethod
    def _catch_up(self, *, plastic: bool = True) -> None:
        """Deliver all spikes to the rings; bring all weights up to date, if they are wanted."""

    @abstractmethod
    def _collect(self, *, plastic: bool = True) -> None:
        """Catch up, and let the arrays hold the state; that of plastic synapses if wanted."""

    @abstractmethod
    def _hand_over(self, *, state: bool = True, plastic: bool = True) -> None:
        """Go on with the numbers that the arrays hold now; no spike is still to be delivered.

        Parameters
        ----------
        state, plastic : bool
            Whether what was collected has changed: of neurons and rings, of plastic synapses.
        """

    @abstractmethod
    def _write_numbers(self) -> None:
        """Let parameters and derived constants be what they are at this step."""

    @abstractmethod
    def _write_changes(self) -> None:
        """Do so where a schedule changes something at this step."""

    @abstractmethod
    def _free_bytes(self) -> int:
        """Return the memory that rows may still take."""

    @abstractmethod
    def out_degrees(self) -> NDArray[np.int64]:
        """Return the number of outgoing synapses of every neuron, shape (n_neurons,)."""

    # --- time -------------------------------------------------------------------------------------

    @property
    def _arrays(self) -> B:
        if self._built is None:
            raise StateError(
                type(self).__name__, "must not be closed", remedy="Open the network again."
            )
        return self._built

    @property
    def step(self) -> int:
        """Number of steps done since the start."""
        return self._step

    def advance(self, n_steps: int) -> Frame:
        """Advance by `n_steps` and return what happened in them.

        Parameters
        ----------
        n_steps : int
            At least 0.

        Returns
        -------
        Frame
            Shorter where a state variable left the plausible numbers: it ends with the look that
            found it, at most 10 ms or one chunk later, and its `health` says what is wrong. Shorter
            too where rows have no room for a new synapse: the next call says so.

        Raises
        ------
        StateError
            The engine is closed.
        OutOfMemory
            What is sampled in so many steps does not fit, or rows that should grow do not; nothing
            has happened.
        """
        if n_steps < 0:
            raise SpecError("n_steps", "must be >= 0", got=str(n_steps))
        built = self._arrays
        clock = self._start_clock()
        start, stop = self._step, self._step + n_steps
        if n_steps and not self._has_cut:
            self._cut_lesioned()
            built = self._arrays
        samples = SampleBuffer(built.sampling, start, stop, built.dtype)
        pieces: list[Later] = [lambda: (np.empty(0, np.int64), np.empty(0, np.int64))]
        health: tuple[Trouble, ...] = ()
        limited, self._limited = self._limited, ()
        ranked = -1
        while self._step < stop and not health:
            if ranked < self._step:
                ranked = self._step
                stop = self._rank(start, stop, samples)
                if stop == self._step:
                    break
            if self._arrays.elements.is_due(self._step):
                stop = self._update_structure(start, stop, samples)
                if stop == self._step:
                    break
            piece = self._run_until(self._next_pause(stop, samples), samples, clock)
            pieces.append(self._seen_by_elements(piece))
            if self._needs_room:
                pieces[-1]()  # the record that they come from is given back
                stop = self._go_on_with_room(start, stop)
            samples.find_again(self._arrays.sampling)
            self._sample_synapses(samples, clock)
            health = self._pause()
        columns = zip(*(piece() for piece in pieces), strict=True)
        step, neuron = (np.concatenate(column) for column in columns)
        counts, sampled = self._counts(neuron), samples.split(self.network, self._step)
        wall_s, timings = clock.timings()
        self._tally.add(self.network, self._arrays.rewirings.counts, timings["rewire"])
        self._tally.add_update(self.network, self._update_s)
        timings["rewire"] += self._update_s + self._rank_s
        self._update_s = self._rank_s = 0.0
        return Frame(
            start, self._step, self.network.dt, step, neuron, counts, sampled, wall_s, timings,
            limited + cut_effects(self._arrays, self._told_cut, self._step)
            + lost_synapses(self._arrays, self._told_lost, self._step) + health,
            self._structural_events(),
        )  # fmt: skip

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
        self._needs_room = bool(is_row_full.any())

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
                self._events.append(events)
        self._has_cut = True

    def _make_room(self, changes: Changes | None = None) -> None:
        """Lay all rows that may grow out anew, with room behind each, after changes if any."""
        self._collect()
        check_growth(self._arrays, self._free_bytes(), self.device)
        arrays = export(self._arrays, self._step)
        if changes is not None:
            arrays = with_changes(self._arrays, arrays, changes)
        self._go_on_with(arrays, changes)

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
        arrays, calls = export(self._arrays, self._step), []
        for k in due:
            began = time.perf_counter()
            calls.append(rank(self.network, k, arrays, self._step))
            arrays = calls[-1].arrays
            self._tally.add_call(self.network.rewirings[k].name, time.perf_counter() - began)
        try:
            self._go_on_with(arrays)
        except OutOfMemory:
            if self._step == start:
                raise
            return self._step
        for call in calls:
            call.count(self._arrays.rewirings.counts)
            self._events.append(call.events)
        samples.find_again(self._arrays.sampling)
        self._rank_s += time.perf_counter() - started
        return stop

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

    def _next_pause(self, stop: int, samples: SampleBuffer) -> int:
        """The next step at which something is to be done between two compiled calls."""
        aging = (self._step // _AGE_STEPS + 1) * _AGE_STEPS
        due = samples.next_due(self._step)
        change = self._arrays.next_change(self._step)
        update = self._arrays.elements.next_due(self._step)
        ranking = next_ranking(self.network, self._step)
        return min(stop, self._soon(), aging, due, change, update, ranking)

    def _pause(self) -> tuple[Trouble, ...]:
        """Do what is due at this step; return what the last look at the states has found."""
        if self._arrays.next_change(self._step - 1) == self._step:
            self._write_changes()
        health: tuple[Trouble, ...] = ()
        if self._is_suspicious():
            self._collect(plastic=False)
            health = find_troubles(self._arrays, self._step)
        if self._step % _AGE_STEPS == 0 and self._arrays.plastic_tables:
            self._collect()
            age(self._arrays)
            self._hand_over()
        return health

    def _counts(self, neuron: NDArray[np.int64]) -> NDArray[np.int64]:
        first_ids = self._arrays.layout.first_ids
        population = np.searchsorted(first_ids, neuron, side="right") - 1
        return np.bincount(population, minlength=first_ids.size)

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
        connected = connected_elements(self._arrays)
        changes = plan_update(self._arrays, self._step, connected)
        try:
            if len(changes):
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
        """Let synapses go and come at this step: all of them, or none if there is no memory."""
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

    # --- edits ------------------------------------------------------------------------------------

    def apply(self, network: Network) -> None:
        """Go over to an edited network at this step boundary, keeping all state that remains.

        Numbers change in place. A change of structure, of drawn weights or of delays builds the
        synapses anew; populations that remain keep their state and the input under way.

        Raises
        ------
        BuildError
            Time step or seed changed: these name the whole run, so it must start again.
        OutOfMemory
            The edited network does not fit.
        SpecError
            A recorder chooses synapses that were not drawn. In any case the old one goes on.
        """
        old = self.network
        if (network.dt, network.seed) != (old.dt, old.seed):
            raise BuildError(
                "Network.dt and Network.seed", "must stay while the network runs",
                got=f"dt {old.dt:g} -> {network.dt:g} ms, seed {old.seed} -> {network.seed}",
                remedy="Open the network again with snnlab.open(..., dt=..., seed=...).",
            )  # fmt: skip
        _refuse_to_settle(old, network)
        if not grow_alike(old, network):  # what has grown has grown by the old numbers
            bring_all(self._arrays.elements, self._step, old.dt)
        exponents = port_exponents(network)
        plans = plan_tables(network, exponents)
        if keeps_structure(self._arrays, network, plans):
            self._change_numbers(network, exponents, plans)
        else:
            kept = self.checkpoint()
            arrays = without_changed(kept.arrays, old, network)
            table = self._arrays.synapses.table
            self._rebuild(network, replace(kept, arrays=arrays))
            self._limit_input(table)
            self._settle()
        self.network, self._has_cut = network, False

    def _change_numbers(
        self,
        network: Network,
        exponents: dict[tuple[str, str], int],
        plans: tuple[TablePlan, ...],
    ) -> None:
        """Go over to other numbers in the arrays that are there."""
        built = self._arrays
        # What has happened is learnt by the old numbers, whenever a row is visited next.
        self._catch_up()
        changed = built.with_numbers(network, exponents, plans)
        has_new_input = exponents != built.exponents
        has_new_weights = not np.array_equal(changed.synapses.table, built.synapses.table)
        if has_new_input or has_new_weights:
            self._collect(plastic=has_new_input)
        under_way = export(built, self._step) if has_new_input else {}
        self._built = changed
        if has_new_input:
            take_over_rings(changed, under_way, self._step)
        self._limit_input(built.synapses.table)
        self._settle(state=has_new_input or has_new_weights, plastic=False)

    def _limit_input(self, old_table: NDArray[np.int64]) -> None:
        """Leave room for new weights: what is under way has the old ones.

        Where the table of tables stays, weights do, and there is room anyway.
        """
        if not np.array_equal(self._arrays.synapses.table, old_table):
            self._limited += limit_input(self._arrays, self._step)

    def _rebuild(self, network: Network, kept: Checkpoint, *, whole: bool = False) -> None:
        """Build anew and take over what `kept` holds; on failure nothing has changed.

        If it should be the `whole` state, what it lacks is a failure.
        """
        shortest_ring = max(self._arrays.sizes.ring_slots, ring_slots(kept.arrays))
        built, report = self._build(network, shortest_ring, kept.arrays)
        if whole:
            check_plastic(built, kept.arrays)
        take_over(built, kept.arrays, kept.step)
        self._tally.start_again()
        self._built, self.report, self.network = built, report, network
        self._step = kept.step

    def _settle(self, *, state: bool = True, plastic: bool = True) -> None:
        """Bring everything that depends on the step in line with it, and go on from there."""
        self._arrays.skip_events(self._step)
        self._hand_over(state=state, plastic=plastic)
        self._write_numbers()

    # --- state in and out -------------------------------------------------------------------------

    def checkpoint(self) -> Checkpoint:
        """Return a copy of the complete state, the same whatever computes it."""
        self._collect()
        return Checkpoint(self._step, self.network, export(self._arrays, self._step))

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back to a state; the run continues bit for bit as it did from there.

        It may have been computed elsewhere, by other threads or on another device, but not in
        another precision.

        Raises
        ------
        StateError
            The arrays are not a state of the checkpoint's network in this precision.
        OutOfMemory
            The checkpoint's network does not fit. In either case the engine goes on as it was.
        """
        built, network = self._arrays, checkpoint.network
        check(network, checkpoint.arrays, built.dtype)
        if not self._can_hold(network, checkpoint.arrays):
            self._rebuild(network, checkpoint, whole=bool(checkpoint.arrays))
        else:
            if checkpoint.arrays:
                check_plastic(built, checkpoint.arrays)
            if network != self.network:
                exponents = port_exponents(network)
                plans = plan_tables(network, exponents)
                self._built = built = built.with_numbers(network, exponents, plans)
            take_over(built, checkpoint.arrays, checkpoint.step)
            self._tally.start_again()
            self.network, self._step = network, checkpoint.step
        self._limited, self._has_cut = (), False
        self._settle()

    def _can_hold(self, network: Network, arrays: Mapping[str, Any]) -> bool:
        """Whether the arrays that are there will do for a state, with other numbers at most."""
        built = self._arrays
        if ring_slots(arrays) > built.sizes.ring_slots:
            return False
        if (network.dt, network.seed) != (built.network.dt, built.network.seed):
            return False
        if network.rewirings or not has_plastic(built, arrays):
            return False  # synapses are other ones; start weights are drawn anew
        plans = plan_tables(network, port_exponents(network))
        return network == self.network or keeps_structure(built, network, plans)

    def synapses(self, projection: str) -> Synapses:
        """Return the synapses of a projection as they are now, one entry each.

        Parameters
        ----------
        projection : str
            Its name.

        Raises
        ------
        SpecError
            No such projection.
        """
        found = self.network.projection(projection)
        self._collect()
        return without_lesioned(self.network, list_synapses(self._arrays, found))

    def rewiring_work(self) -> tuple[RewiringWork, ...]:
        """Return what the rules of rewirings have done since this engine was made."""
        return self._tally.work(self.network)


def _refuse_to_settle(old: Network, new: Network) -> None:
    """Refuse that a projection whose synapses came and go becomes one that is drawn by its rule."""
    for name in dict.fromkeys(r.projection for r in old.rewirings):
        stays = any(p.name == name for p in new.projections)
        if stays and not new.is_rewired(name):
            raise BuildError(
                f"Projection {name!r}", "must keep a rewiring while the network runs",
                got="none: its synapses are no longer those that its rule draws",
                remedy="Set the attempts of the rewiring to 0: the synapses stay as they are.",
            )  # fmt: skip
