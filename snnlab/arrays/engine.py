"""`ArrayEngine`: what engines have in common that hold a network as flat arrays.

It knows when a run must pause, what an edit changes, and how state gets in and out. What computes,
and where the arrays really are, is the business of its subclasses.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import numpy as np

from snnlab.arrays.built import DTYPES
from snnlab.arrays.carry import check, export, rescale_rings, ring_slots, take_over
from snnlab.arrays.change import keeps_structure
from snnlab.arrays.element_growth import bring_all
from snnlab.arrays.health import cut_effects, find_troubles, limit_input, lost_synapses
from snnlab.arrays.lesion_cut import without_lesioned
from snnlab.arrays.plastic_carry import age, check_plastic, has_plastic, without_changed
from snnlab.arrays.ranking import next_ranking
from snnlab.arrays.samples import SampleBuffer
from snnlab.arrays.structural_engine import B, Later, StructuralEngine
from snnlab.arrays.synapse_list import list_synapses
from snnlab.arrays.synaptic_elements import grow_alike
from snnlab.arrays.weight_read import read_weights
from snnlab.build.tables import TablePlan, plan_tables, port_exponents
from snnlab.engine import BuildReport, Checkpoint
from snnlab.errors import BuildError, SpecError
from snnlab.frames.frame import Frame
from snnlab.frames.health import Trouble
from snnlab.frames.synapses import Synapses
from snnlab.frames.weights import WeightPicture
from snnlab.model.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ArrayEngine", "Clock"]

_AGE_STEPS = 2**29
"""Steps after which the histories of plastic synapses forget what is long ago."""


class Clock(Protocol):
    """Measures one frame, from the moment it is made."""

    def timings(self) -> tuple[float, dict[str, float]]:
        """Return the wall-clock time [s] so far, and what part of it each phase took [s]."""
        ...


C = TypeVar("C", bound=Clock)


class ArrayEngine(StructuralEngine[B], Generic[B, C]):
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

    report: BuildReport
    may_be_empty = False
    """Whether it takes a network without a population, which a drawing begins with."""

    def __init__(self, network: Network, precision: str) -> None:
        if precision not in DTYPES:
            raise SpecError("precision", "must be float32 or float64", got=repr(precision))
        if not (network.populations or self.may_be_empty):
            raise SpecError(
                "Network.populations", "must hold at least one population",
                remedy="Add a Population before the network is run.",
            )  # fmt: skip
        super().__init__(network)
        self.precision = precision
        self._limited: tuple[Trouble, ...] = ()
        self._told_cut: dict[str, int] = {}
        self._told_lost: dict[str, int] = {}

    # --- what subclasses do -----------------------------------------------------------------------

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
    def out_degrees(self) -> NDArray[np.int64]:
        """Return the number of outgoing synapses of every neuron, shape (n_neurons,)."""

    # --- time -------------------------------------------------------------------------------------

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
        is_over = False
        limited, self._limited = self._limited, ()
        ranked = -1
        while self._step < stop and not is_over:
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
            health, is_over = self._pause()
        columns = zip(*(piece() for piece in pieces), strict=True)
        step, neuron = (np.concatenate(column) for column in columns)
        counts, sampled = self._counts(neuron), samples.split(self.network, self._step)
        wall_s, timings = clock.timings()
        self._tally.add(self.network, self._arrays.rewirings.counts, timings["rewire"])
        self._tally.add_update(self.network, self._update_s)
        on_host = min(self._update_s + self._rank_s, timings["other"])
        timings["rewire"] += on_host
        timings["other"] -= on_host
        self._update_s = self._rank_s = 0.0
        return Frame(
            start, self._step, self.network.dt, step, neuron, counts, sampled, wall_s, timings,
            limited + cut_effects(self._arrays, self._told_cut, self._step)
            + lost_synapses(self._arrays, self._told_lost, self._step) + health,
            self._structural_events(),
        )  # fmt: skip

    def _next_pause(self, stop: int, samples: SampleBuffer) -> int:
        """The next step at which something is to be done between two compiled calls."""
        aging = (self._step // _AGE_STEPS + 1) * _AGE_STEPS
        due = samples.next_due(self._step)
        change = self._arrays.next_change(self._step)
        update = self._arrays.elements.next_due(self._step)
        ranking = next_ranking(self.network, self._step)
        return min(stop, self._soon(), aging, due, change, update, ranking)

    def _pause(self) -> tuple[tuple[Trouble, ...], bool]:
        """Do what is due at this step.

        Returns
        -------
        health : tuple of Trouble
            What the last look at the states has found here.
        is_over : bool
            Whether it has found anything, here or elsewhere: the call ends.
        """
        if self._arrays.next_change(self._step - 1) == self._step:
            self._write_changes()
        health: tuple[Trouble, ...] = ()
        is_over = False
        if self._is_suspicious():
            self._collect(plastic=False)
            health = find_troubles(self._arrays, self._step)
            is_over = self._any(bool(health))
        if self._step % _AGE_STEPS == 0 and self._arrays.plastic_tables:
            self._collect()
            age(self._arrays)
            self._hand_over()
        return health, is_over

    def _counts(self, neuron: NDArray[np.int64]) -> NDArray[np.int64]:
        first_ids = self._arrays.layout.first_ids
        population = np.searchsorted(first_ids, neuron, side="right") - 1
        return np.bincount(population, minlength=first_ids.size)

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
        self._built = changed
        if has_new_input:
            rescale_rings(changed, built.exponents)
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
        return without_lesioned(self.network, list_synapses(self._arrays, found, self.step))

    def weights(self, projection: str, *, most_cells: int = 64, n_bars: int = 40) -> WeightPicture:
        """Return the weights of a projection as they are now as a coarse picture.

        Parameters
        ----------
        projection : str
            Its name.
        most_cells : int
            Columns and rows of the matrix at most; neighbouring neurons share one.
        n_bars : int
            Bars of the histogram, from the least to the largest weight.

        Raises
        ------
        SpecError
            No such projection, or weights that are not finite.
        """
        found = self.network.projection(projection)
        self._collect()
        return read_weights(self._arrays, found, self.step, most_cells=most_cells, n_bars=n_bars)


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
