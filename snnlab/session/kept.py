"""What a session keeps of its run."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from snnlab.errors import FormatError, StateError
from snnlab.frames.structure import StructuralEvents
from snnlab.model.fork import Fork
from snnlab.model.run import Run
from snnlab.session.condition_data import data_of_condition
from snnlab.session.export import to_dataset
from snnlab.session.logged import LoggedRecording
from snnlab.session.recording import Recording
from snnlab.session.status import Status

if TYPE_CHECKING:
    import xarray as xr

    from snnlab.frames.synapses import Synapses
    from snnlab.frames.weights import WeightPicture
    from snnlab.model.network import Network

__all__ = ["Kept", "SynapsesRead", "WeightsRead"]

_CALL_S = 600.0


@dataclass(frozen=True, eq=False)
class WeightsRead:
    """Weights of a running network.

    Parameters
    ----------
    picture : WeightPicture
    network : Network
        As it was when they were read.
    held_up_s : float [s]
        How long the run has waited for it.
    """

    picture: WeightPicture
    network: Network
    held_up_s: float


class SynapsesRead(NamedTuple):
    """Synapses of a running network.

    Parameters
    ----------
    synapses : Synapses
    network : Network
        As it was when they were read.
    """

    synapses: Synapses
    network: Network


class Kept(Status):
    """The recording of a session and the ways out of it; a base of `Session`."""

    @property
    def recording(self) -> Recording | LoggedRecording | None:
        """The frames, in memory or on disk; None without recording."""
        return self._simulation.outlet.recording

    def spikes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return step and global id of all recorded spikes since the last structural edit.

        Returns
        -------
        step, neuron : (n_spikes,) int64
            A spike of step k has the time ``(k + 1) * dt``.
        """
        return self._recorded.spikes()

    def structural_events(self, rewiring: str | None = None) -> StructuralEvents:
        """Return the synapses that were formed and removed since the last structural edit.

        Parameters
        ----------
        rewiring : str, optional
            Name of the rewiring that did it; default: all of them.

        Returns
        -------
        StructuralEvents
            In order of time; an event of step k has the time ``k * dt``.

        Raises
        ------
        SpecError
            No such rewiring; the nearest names are offered.
        """
        return self._recorded.structural_events(rewiring)

    def clear_recording(self) -> None:
        """Forget the recorded frames and make room for new ones."""
        self._on_thread(self._simulation.clear_recording)

    def dataset(self) -> xr.Dataset:
        """Return the recorded run since the last structural edit as a labelled data set.

        Returns
        -------
        xarray.Dataset
            Spikes, counts, samples and structural events with units; attributes say where they
            come from: versions, device, the network at the start of the run and every edit with
            its step. What is recorded on disk stays there until it is used.
        """
        editor, recorded = self._simulation.editor, self._recorded
        computed_by = self._simulation.place.computed_by
        return to_dataset(recorded.sections[-1], editor.start_network, editor.log, computed_by)

    def synapses(self, projection: str) -> xr.Dataset:
        """Return the synapses of a projection as they are now, as a labelled table.

        Parameters
        ----------
        projection : str
            Its name.

        Returns
        -------
        xarray.Dataset
            One entry a synapse: ``pre`` and ``post`` (index within the population), ``delay``
            [ms], ``weight`` and the state variables of the synapse model.

        Raises
        ------
        SpecError
            No such projection; the nearest names are offered.
        """
        from snnlab.record.synapse_table import synapse_table

        return synapse_table(*self.read_synapses(projection))  # while the simulation goes on

    def read_synapses(self, projection: str) -> SynapsesRead:
        """Return the synapses of a projection as plain arrays: for displays, which read often.

        Parameters
        ----------
        projection : str
            Its name.

        Raises
        ------
        SpecError
            No such projection; the nearest names are offered.
        """
        found: list[SynapsesRead] = []

        def read() -> None:
            synapses = self._simulation.synapses(projection)
            found.append(SynapsesRead(synapses, self._simulation.editor.network))

        self._on_thread(read)
        return found[0]

    def read_weights(
        self, projection: str, *, most_cells: int = 64, n_bars: int = 40
    ) -> WeightsRead:
        """Return the weights of a projection as a coarse picture: for displays, which read often.

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
            No such projection; the nearest names are offered. Or weights that are not finite.
        """
        found: list[WeightsRead] = []

        def read() -> None:
            began = time.perf_counter()
            picture = self._simulation.weights(projection, most_cells=most_cells, n_bars=n_bars)
            held_up_s = time.perf_counter() - began
            found.append(WeightsRead(picture, self._simulation.editor.network, held_up_s))

        self._on_thread(read)
        return found[0]

    def synaptic_elements(self, population: str) -> xr.Dataset:
        """Return calcium and synaptic elements of a population as they are now.

        Parameters
        ----------
        population : str
            Its name.

        Returns
        -------
        xarray.Dataset
            ``Ca`` of each neuron; ``z``, ``connected`` and ``vacant`` of each neuron and kind of
            element.

        Raises
        ------
        SpecError
            No such population, or it has no synaptic elements.
        """
        from snnlab.record.element_table import element_table

        found: list[xr.Dataset] = []

        def read() -> None:
            states = self._simulation.synaptic_elements(population)
            found.append(element_table(states, self._simulation.editor.network))

        self._on_thread(read)
        return found[0]

    def rewiring_work(self) -> xr.Dataset:
        """Return what the rule of each rewiring has done, and how long it took.

        Returns
        -------
        xarray.Dataset
            One entry a rewiring: ``attempts`` (pairs that the rule was asked about), ``formed``,
            ``removed``, ``short`` (synapses for which no place was found) and ``seconds`` (wall
            clock). They count what was computed since the network was opened here or moved to
            this device, what was run again after a way back included.
        """
        from snnlab.record.rewiring_table import rewiring_table

        found: list[xr.Dataset] = []
        self._on_thread(lambda: found.append(rewiring_table(self._simulation.rewiring_work())))
        return found[0]

    def save(self, path: str | Path) -> Path:
        """Write `dataset` to a file and return its path.

        Parameters
        ----------
        path : str or Path
            Ends in ``.nc`` (NetCDF) or ``.zarr``.

        Raises
        ------
        FormatError
            Another suffix.
        """
        from snnlab.record import dataset

        dataset.check_suffix(path)
        dataset.save(self.dataset(), path)
        self.messages.info(f"Saved the recording to {path}.")
        return Path(path)

    def run_so_far(self) -> Run:
        """Return what led here: the network at the start of the run, its edits, the step now.

        Raises
        ------
        StateError
            The session goes on from a checkpoint that does not know how its run began.
        """
        found: list[Run] = []

        def read() -> None:
            simulation = self._simulation
            if simulation.keeper.kept.first.start is None:
                raise StateError(
                    "Session.run_so_far", "must have a run that is known from its start",
                    got="a checkpoint without its beginning",
                    remedy="reset() begins a run anew.",
                )  # fmt: skip
            editor = simulation.editor
            found.append(Run(editor.start_network, tuple(editor.log), simulation.step))

        self._on_thread(read)
        return found[0]

    def script(self, path: str | Path | None = None) -> str:
        """Return a Python script that, run alone, gives the spikes of this run so far.

        Parameters
        ----------
        path : str or Path, optional
            A file to write it to as well; ends in ``.py``. The script keeps its recording beside
            itself, in a file of the same name that ends in ``.nc``.

        Raises
        ------
        FormatError
            Another suffix, or a model of a cell that uses more than a script can define.
        StateError
            The session goes on from a checkpoint that does not know how its run began.
        """
        from snnlab.interop.python_script import python_script

        return self._written(path, ".py", python_script(self.run_so_far()), "script")

    def share(self, path: str | Path | None = None) -> str:
        """Return this run so far as a small file, which ``snnlab.open(path)`` repeats.

        It names the preset, or holds the network, and lists the edits with the steps at which they
        took effect, and for each branch, and each of theirs, where it left and what was edited in
        it, and the breakpoints; it has no state and no spikes, which are computed anew, to the bit.
        Branches are made again when they are asked for, by `Session.reopen`.

        Parameters
        ----------
        path : str or Path, optional
            A file to write it to as well; ends in ``.json``.

        Raises
        ------
        FormatError
            Another suffix, or so many edits that only a checkpoint can keep them.
        StateError
            The session goes on from a checkpoint that does not know how its run began.
        """
        from snnlab.interop.session_file import SavedSession, dumps

        told = [data_of_condition(condition) for condition in self._simulation.breakpoints]
        saved = SavedSession(
            self.run_so_far(), self.name, self.recipe, self.view, self._all_forks(),
            tuple(data for data in told if data is not None),
        )  # fmt: skip
        return self._written(path, ".json", dumps(saved), "session")

    def methods(self, path: str | Path | None = None) -> str:
        """Return the account of this run so far for the methods section of a paper, in Markdown.

        A paragraph, and tables of populations, models with their parameters, connectivity, input,
        recording, and of what was changed while it ran.

        Parameters
        ----------
        path : str or Path, optional
            A file to write it to as well; ends in ``.md``.

        Raises
        ------
        FormatError
            Another suffix.
        StateError
            The session goes on from a checkpoint that does not know how its run began.
        """
        from snnlab.interop.methods import methods

        return self._written(path, ".md", methods(self.run_so_far()), "methods")

    def _all_forks(self) -> tuple[Fork, ...]:
        return tuple(self.forks)

    def _written(self, path: str | Path | None, suffix: str, text: str, what: str) -> str:
        """The text, in a file as well where there is a path."""
        from snnlab.record.atomic import replacing

        if path is None:
            return text
        if Path(path).suffix != suffix:
            raise FormatError(
                f"{what} {str(path)!r}", f"must end in {suffix}", got=repr(Path(path).suffix)
            )
        with replacing(path) as partial:
            partial.write_text(text, encoding="utf-8")
        self.messages.info(f"Saved the {what} to {path}.")
        return text

    @property
    def _recorded(self) -> Recording | LoggedRecording:
        if self.recording is None:
            raise StateError(
                "Session.recording",
                "needs a session that records",
                got="record=False",
                remedy="Open the session with record=True.",
            )
        return self.recording

    def _on_thread(self, function: Callable[[], None]) -> None:
        self._wait_for(self._asked(function), _CALL_S)

    def _wait_for(self, asked: Future[None], timeout: float) -> None:
        """Wait until what was asked for is done; an interrupt ends it."""
        try:
            asked.result(timeout)
        except KeyboardInterrupt:
            asked.cancel()
            self._simulation.interrupt()
            raise

    def _asked(self, function: Callable[[], None]) -> Future[None]:
        """Have `function` called on the simulation thread; at once if that is the caller's."""
        if not self._simulation.is_mine:
            return self._simulation.call(function)
        future: Future[None] = Future()
        function()
        future.set_result(None)
        return future
