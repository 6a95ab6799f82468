"""`FrameLog`: reads a log, also while it is being written; only what is asked for is read."""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, overload

import numpy as np

from snnlab.errors import FormatError, SpecError
from snnlab.frames.frame import Frame, Samples
from snnlab.frames.structure import StructuralEvents
from snnlab.frames.synapse_ids import SynapseIds
from snnlab.record.log.file import ReadFile
from snnlab.record.log.frames import decode, sample_steps
from snnlab.record.log.framing import Damage, Damaged, Record, body_of, record_at
from snnlab.record.log.index import Index, LoggedEdit, LoggedMessage, SectionIndex
from snnlab.record.log.synapses import decode as decode_synapses

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["FrameLog", "LoggedSection"]


class FrameLog:
    """A log on disk, as it was when it was opened or `refresh` was called last.

    Parameters
    ----------
    path : path
    verify : bool
        Whether to read all data at once. By default only the descriptions of the records are read,
        and the data of a frame are checked when they are asked for.

    Raises
    ------
    FormatError
        There is no such file, or it is no log.
    """

    def __init__(self, path: str | os.PathLike[str], *, verify: bool = False) -> None:
        self.path = Path(path)
        self._synapses: dict[int, SynapseIds] = {}
        self._where = f"File '{self.path}'"
        try:
            self._file = ReadFile(self.path)
        except OSError as error:
            raise FormatError(
                self._where,
                "must be a log that can be read",
                got=error.strerror or str(error),
                remedy="Check the path.",
            ) from error
        try:
            self._index = Index(self._file, self._where, verify=verify)
        except BaseException:
            self._file.close()
            raise

    def refresh(self) -> FrameLog:
        """Take note of what was appended since."""
        self._index.extend()
        return self

    def verify(self) -> Damage | None:
        """Read all data, end the log before the first damage, and return that damage."""
        self._index = Index(self._file, self._where, verify=True)
        return self.damage

    @property
    def damage(self) -> Damage | None:
        """What cannot be read at the end of the file; None if all is sound as far as is known.

        While a log is being written, that may be a record of which the rest is still to come.
        """
        return self._index.damage

    @property
    def is_finished(self) -> bool:
        """Whether the log was closed, rather than cut off by a crash or still being written."""
        return self._index.is_finished

    @property
    def n_records(self) -> int:
        """Number of sound records."""
        return self._index.n_records

    @property
    def messages(self) -> tuple[LoggedMessage, ...]:
        """What the sessions had to say, oldest first."""
        return tuple(self._index.messages)

    @property
    def sections(self) -> tuple[LoggedSection, ...]:
        """All sections, oldest first; each has one network structure and no gap in time."""
        return tuple(LoggedSection(self, section) for section in self._index.sections)

    def section(self, i: int = -1) -> LoggedSection:
        """Return one section; default: the last one.

        Raises
        ------
        FormatError
            The log has no such section.
        """
        sections = self._index.sections
        if not -len(sections) <= i < len(sections):
            raise FormatError(
                self._where,
                "must hold a run" if i == -1 else f"must hold section {i}",
                got=f"{len(sections)} sections" if sections else "no section",
                context=f"Damaged: {self.damage}." if self.damage else "",
            )
        return LoggedSection(self, sections[i])

    @property
    def last_run(self) -> int:
        """Number of the last run, counted from 0; -1 if there is none."""
        return self._index.last_run

    def edits_of(self, run: int) -> tuple[LoggedEdit, ...]:
        """Return the edits of a run that took effect, in order."""
        return self._index.edits(run)

    def frame(self, section: SectionIndex, i: int) -> Frame:
        """Return frame `i` of a section.

        Raises
        ------
        FormatError
            Its data are damaged.
        """
        with self._naming_damage(section, i):
            record = self._record(section, i)
            frame = decode(record, body_of(self._file, record), section.layout)
        samples = {
            name: replace(found, synapses=self.synapses(section, name))
            for name, found in frame.samples.items()
        }
        return replace(frame, samples=samples)

    def synapses(self, section: SectionIndex, recorder: str) -> SynapseIds | None:
        """Return which synapses a recorder samples in a section; None for neurons, or unknown yet.

        Raises
        ------
        FormatError
            The data are damaged.
        """
        if recorder not in section.synapses:
            return None
        number, offset, _ = section.synapses[recorder]
        if number not in self._synapses:
            with self._naming_damage_at(
                number, offset, f"It names the synapses of recorder {recorder!r}."
            ):
                record = record_at(self._file, offset, self._index.end, number)
                self._synapses[number] = decode_synapses(record, body_of(self._file, record))
        return self._synapses[number]

    def sample_steps(self, section: SectionIndex, i: int, recorder: str) -> NDArray[np.int64]:
        """Return the steps of a recorder's samples in frame `i`, whose data are not read."""
        with self._naming_damage(section, i):
            return sample_steps(self._record(section, i), recorder)

    def _record(self, section: SectionIndex, i: int) -> Record:
        return record_at(self._file, section.offsets[i], self._index.end, section.records[i])

    def _naming_damage(self, section: SectionIndex, i: int) -> AbstractContextManager[None]:
        held = f"It holds the frame up to t = {section.stops[i] * section.layout.dt:g} ms."
        return self._naming_damage_at(section.records[i], section.offsets[i], held)

    @contextmanager
    def _naming_damage_at(self, number: int, offset: int, held: str) -> Iterator[None]:
        try:
            yield
        except Damaged as damaged:
            raise FormatError(
                self._where,
                "must have sound data",
                got=f"record {number} at byte {offset} that {damaged}",
                context=held,
                remedy="verify() ends the log before it; everything up to there can be read.",
            ) from damaged

    def close(self) -> None:
        """Close the file; closing twice is allowed."""
        self._file.close()

    def __enter__(self) -> FrameLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        n = len(self._index.sections)
        damage = f", damaged at byte {self.damage.offset}" if self.damage else ""
        return f"{type(self).__name__}({str(self.path)!r}, {n} sections{damage})"


class LoggedSection(Sequence[Frame]):
    """The frames of a section, each read when it is asked for.

    Parameters
    ----------
    log : FrameLog
    contents : SectionIndex
    """

    def __init__(self, log: FrameLog, contents: SectionIndex) -> None:
        self.log = log
        self.contents = contents
        self.layout = contents.layout
        self._n = len(contents.offsets)

    def __len__(self) -> int:
        return self._n

    @overload
    def __getitem__(self, i: int) -> Frame: ...
    @overload
    def __getitem__(self, i: slice) -> list[Frame]: ...

    def __getitem__(self, i: int | slice) -> Frame | list[Frame]:
        if isinstance(i, slice):
            return [self.log.frame(self.contents, k) for k in range(*i.indices(self._n))]
        if not -self._n <= i < self._n:
            raise IndexError(i)
        return self.log.frame(self.contents, i % self._n)

    @property
    def t_start(self) -> int:
        """First step."""
        return self.contents.t_start

    @property
    def t_stop(self) -> int:
        """Step after the last one."""
        return self.contents.stops[self._n - 1] if self._n else self.contents.step

    @property
    def counts(self) -> NDArray[np.int64]:
        """Spikes of each population, shape (n_populations,); no frame is read."""
        return np.array([total[self._n] for total in self.contents.counts], np.int64)

    def n_samples(self, recorder: str) -> int:
        """Return the number of samples of a recorder; no frame is read."""
        return self.contents.samples[recorder][self._n]

    @property
    def n_spikes(self) -> int:
        """Number of spikes; no frame is read."""
        return self.contents.spikes[self._n]

    def spike_range(self, start: int, stop: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return step and neuron of the spikes ``start <= i < stop``, from the first one on."""
        parts = [
            (frame.step[a:b], frame.neuron[a:b])
            for frame, a, b in self._parts(self.contents.spikes, start, stop)
        ]
        empty = np.empty(0, np.int64)
        step, neuron = zip((empty, empty), *parts, strict=True)
        return np.concatenate(step), np.concatenate(neuron)

    @property
    def n_events(self) -> int:
        """Number of structural events; no frame is read."""
        return self.contents.events[self._n]

    def event_range(self, start: int, stop: int) -> StructuralEvents:
        """Return the structural events ``start <= i < stop``, from the first one on."""
        return StructuralEvents.joined(
            frame.structure.at(slice(a, b))
            for frame, a, b in self._parts(self.contents.events, start, stop)
        )

    def sample_range(self, recorder: str, start: int, stop: int) -> Samples:
        """Return the samples ``start <= i < stop`` of a recorder, counted from the first one."""
        found = [
            (frame.samples[recorder], a, b)
            for frame, a, b in self._parts(self.contents.samples[recorder], start, stop)
        ]
        if not found:
            shape, synapses = self.sample_shape(recorder), self.synapses(recorder)
            return Samples(np.empty(0, np.int64), np.empty((0, *shape), np.float32), synapses)
        return Samples.joined([samples.between(a, b) for samples, a, b in found])

    def sample_shape(self, recorder: str) -> tuple[int, int]:
        """Return the numbers of variables and of neurons or synapses; no data are read."""
        _, _, n_synapses = self.contents.synapses.get(recorder, (0, 0, 0))
        return self.layout.recorder(recorder).shape(n_synapses)

    def synapses(self, recorder: str) -> SynapseIds | None:
        """Return which synapses a recorder samples; None for neurons, or before the first frame."""
        return self.log.synapses(self.contents, recorder)

    def sample_steps(self, recorder: str) -> NDArray[np.int64]:
        """Return the steps of all samples of a recorder; no data are read."""
        before = self.contents.samples[recorder]
        holding = [k for k in range(self._n) if before[k + 1] > before[k]]
        steps = [self.log.sample_steps(self.contents, k, recorder) for k in holding]
        return np.concatenate([np.empty(0, np.int64), *steps])

    def dataset(self) -> xr.Dataset:
        """Return the section as a labelled data set; values are read when they are asked for.

        See `snnlab.record.labelled.label` for what is in it.
        """
        from snnlab.record.log.lazy import to_dataset

        return to_dataset(self)

    def _parts(
        self, before: Sequence[int], start: int, stop: int
    ) -> Iterator[tuple[Frame, int, int]]:
        """Frames that hold items ``start <= i < stop``, and which of their items these are.

        Parameters
        ----------
        before : sequence of int
            Number of items before each frame, and in the end of all.
        """
        k = max(bisect_right(before, start) - 1, 0)
        while k < self._n and before[k] < stop:
            a, b = max(start - before[k], 0), min(stop, before[k + 1]) - before[k]
            if b > a:
                yield self[k], a, b
            k += 1

    def spikes(
        self, t_start: float | None = None, t_stop: float | None = None, population: str = ""
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the spikes with ``t_start < time <= t_stop``; only their frames are read.

        Parameters
        ----------
        t_start, t_stop : float [ms], optional
            Default: the whole section. A spike of step k has the time ``(k + 1) * dt``.
        population : str
            Default: all.

        Returns
        -------
        step, neuron : (n_spikes,) int64

        Raises
        ------
        SpecError
            There is no such population, or not a time.
        FormatError
            Damaged data.
        """
        first, last = self._steps(t_start, t_stop)
        a = self.contents.spikes[bisect_right(self.contents.stops, first, 0, self._n)]
        b = self.contents.spikes[
            min(bisect_left(self.contents.stops, last, 0, self._n) + 1, self._n)
        ]
        step, neuron = self.spike_range(a, b)
        chosen = (step >= first) & (step < last)
        if population:
            ids = self.layout.population(population)
            chosen &= (neuron >= ids.start) & (neuron < ids.stop)
        return step[chosen], neuron[chosen]

    def structural_events(
        self,
        rewiring: str | None = None,
        t_start: float | None = None,
        t_stop: float | None = None,
    ) -> StructuralEvents:
        """Return the synapses formed and removed at ``t_start <= time < t_stop``.

        Only the frames that hold such events are read.

        Parameters
        ----------
        rewiring : str, optional
            Name of the rewiring; default: all.
        t_start, t_stop : float [ms], optional
            Default: the whole section. An event of step k has the time ``k * dt``.

        Raises
        ------
        SpecError
            There is no such rewiring, or not a time.
        FormatError
            Damaged data.
        """
        first, last = self._steps(t_start, t_stop)
        before, stops = self.contents.events, self.contents.stops
        a = before[bisect_right(stops, first, 0, self._n)]
        b = before[min(bisect_left(stops, last, 0, self._n) + 1, self._n)]
        place = None if rewiring is None else self.layout.rewiring(rewiring)
        found = self.event_range(a, b).between(first, last)
        return found if place is None else found.of(place)

    def samples(
        self, recorder: str, t_start: float | None = None, t_stop: float | None = None
    ) -> Samples:
        """Return the samples with ``t_start < time <= t_stop``; only their frames are read.

        Parameters
        ----------
        recorder : str
            Name of the recorder.
        t_start, t_stop : float [ms], optional
            Default: the whole section.

        Raises
        ------
        SpecError
            There is no such recorder, or not a time.
        FormatError
            Damaged data.
        """
        name = self.layout.recorder(recorder).name
        first, last = self._steps(t_start, t_stop)
        before, stops = self.contents.samples[name], self.contents.stops
        a = before[bisect_right(stops, first, 0, self._n)]
        b = before[min(bisect_left(stops, last, 0, self._n) + 1, self._n)]
        found = self.sample_range(name, a, b)
        chosen = (found.steps > first) & (found.steps <= last)
        if t_start is None:
            chosen |= found.steps == first
        return replace(found, steps=found.steps[chosen], values=found.values[chosen])

    def _steps(self, t_start: float | None, t_stop: float | None) -> tuple[int, int]:
        """Steps of two times, within the section."""
        found = []
        for name, t, default in (
            ("t_start", t_start, self.t_start),
            ("t_stop", t_stop, self.t_stop),
        ):
            if t is not None and not np.isfinite(t):
                raise SpecError(name, "must be a time [ms]", got=repr(t))
            found.append(default if t is None else int(np.floor(t / self.layout.dt + 0.5)))
        return found[0], found[1]
