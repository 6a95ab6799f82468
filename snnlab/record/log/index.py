"""What is in a log and where: one pass over the headers, continued as the file grows."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from snnlab.errors import FormatError
from snnlab.record.layout import Layout
from snnlab.record.log.frames import Extent, extent_of
from snnlab.record.log.framing import (
    FORMAT,
    MAGIC,
    MAGIC_STEM,
    Damage,
    Damaged,
    Kind,
    Record,
    Source,
    body_of,
    record_at,
)
from snnlab.record.log.synapses import told_of

__all__ = ["Index", "LoggedEdit", "LoggedMessage", "SectionIndex"]


class _File(Source, Protocol):
    @property
    def size(self) -> int: ...


@dataclass(frozen=True)
class LoggedEdit:
    """An edit in a log.

    Parameters
    ----------
    record : int
        Number of its record.
    step : int
        Step at which it took effect.
    edit : dict
        The edit as native JSON data.
    """

    record: int
    step: int
    edit: Mapping[str, Any]


@dataclass(frozen=True)
class LoggedMessage:
    """A message in a log.

    Parameters
    ----------
    time : float [s]
        Since 1970.
    level : str
        ``"info"``, ``"warning"`` or ``"error"``.
    text : str
    """

    time: float
    level: str
    text: str


@dataclass
class SectionIndex:
    """Frames of one layout that follow each other without a gap, and where they lie.

    Parameters
    ----------
    cause : str
        Why it begins: ``"start"`` or ``"reset"`` of a run, ``"structure"`` changed, ``"cleared"``.
    run : int
        Counts from 0; every start at the initial state begins a new one.
    step : int
        Step at which it begins.
    network : str
        The network then, as native JSON.
    provenance : mapping
        Where the data come from, as text.
    layout : Layout
    offsets, records, stops : array of int
        Of each frame: its byte, the number of its record, the step after its last one.
    spikes : array of int
        Spikes before each frame, and in the end of all.
    counts : list of array of int
        The same of each population.
    samples : dict
        Recorder name -> the same of its samples.
    synapses : dict
        Name of a recorder of synapses -> record and byte that tell which, and how many they are.
    events : array of int
        Structural events before each frame, and in the end of all.
    """

    cause: str
    run: int
    step: int
    network: str
    provenance: Mapping[str, str]
    layout: Layout
    offsets: array[int] = field(default_factory=lambda: array("q"))
    records: array[int] = field(default_factory=lambda: array("q"))
    stops: array[int] = field(default_factory=lambda: array("q"))
    spikes: array[int] = field(default_factory=lambda: array("q", [0]))
    samples: dict[str, array[int]] = field(default_factory=dict)
    counts: list[array[int]] = field(default_factory=list)
    synapses: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    events: array[int] = field(default_factory=lambda: array("q", [0]))

    def __post_init__(self) -> None:
        self.counts = [array("q", [0]) for _ in self.layout.sizes]
        self.samples = {recorder.name: array("q", [0]) for recorder in self.layout.recorders}

    @property
    def t_start(self) -> int:
        """First step."""
        return self.step

    @property
    def t_stop(self) -> int:
        """Step after the last one that is recorded."""
        return self.stops[-1] if self.stops else self.step

    def add(self, record: Record) -> None:
        """Take note of a frame.

        Raises
        ------
        Damaged
            It is not the next one.
        """
        extent = extent_of(record, self.layout)
        if extent.t_start != self.t_stop:
            raise Damaged(f"begins at step {extent.t_start} in place of {self.t_stop}")
        for name, n in extent.n_synapses.items():
            if name not in self.synapses or self.synapses[name][2] != n:
                raise Damaged(f"samples {n} synapses that no record before it names")
        self._append(record, extent)

    def name_synapses(self, record: Record) -> None:
        """Take note of which synapses a recorder samples in the frames that follow.

        Raises
        ------
        Damaged
            There is no such recorder, or the frames so far are of another number of synapses.
        """
        name, n = told_of(record, self.layout)
        if self.samples[name][-1] and self.synapses[name][2] != n:
            raise Damaged(f"names {n} synapses in place of {self.synapses[name][2]}")
        self.synapses[name] = record.number, record.offset, n

    def _append(self, record: Record, extent: Extent) -> None:
        self.records.append(record.number)
        self.stops.append(extent.t_stop)
        self.spikes.append(self.spikes[-1] + extent.n_spikes)
        for count, total in zip(extent.counts, self.counts, strict=True):
            total.append(total[-1] + count)
        for name, before in self.samples.items():
            before.append(before[-1] + extent.n_samples.get(name, 0))
        self.events.append(self.events[-1] + extent.n_events)
        self.offsets.append(record.offset)

    def cut(self, step: int) -> None:
        """Forget the frames from `step` on.

        Raises
        ------
        Damaged
            No frame ends there; all frames are still there.
        """
        if step != self.step and step not in self.stops:
            raise Damaged(f"goes back to step {step}, where no frame ends")
        totals = (self.spikes, self.events, *self.counts, *self.samples.values())
        while self.stops and self.stops[-1] > step:
            for column in (self.offsets, self.records, self.stops, *totals):
                column.pop()


class Index:
    """The sound records of a log, from the beginning up to the first damage.

    Parameters
    ----------
    file : file with `size` and `read_at`
    where : str
        The file, for errors.
    verify : bool
        Whether to read the data of every frame too; what is damaged inside is found then.

    Attributes
    ----------
    sections : list of SectionIndex
    messages : list of LoggedMessage
    end : int [bytes]
        Where the last sound record ends.
    n_records : int
        Number of sound records.
    damage : Damage or None
        What follows them, if it cannot be read.
    is_finished : bool
        Whether the writer has closed the log.

    Raises
    ------
    FormatError
        The file is no log, or one of another format.
    """

    def __init__(self, file: _File, where: str, *, verify: bool = False) -> None:
        self._file = file
        self._where = where
        self._verify = verify
        self.sections: list[SectionIndex] = []
        self.messages: list[LoggedMessage] = []
        self.damage: Damage | None = None
        self.is_finished = False
        self.n_records = 0
        self.end = 0
        self._edits: dict[int, tuple[int, LoggedEdit]] = {}
        self._has_magic = False
        self.extend()

    def edits(self, run: int) -> tuple[LoggedEdit, ...]:
        """Return the edits of a run that took effect, in order."""
        return tuple(edit for r, edit in self._edits.values() if r == run)

    @property
    def last_run(self) -> int:
        """Number of the last run, counted from 0; -1 if there is none."""
        return self.sections[-1].run if self.sections else -1

    def extend(self) -> None:
        """Go on from where the last pass ended, up to the end of the file as it is now."""
        size = self._file.size
        self.damage = None
        if not self._has_magic:
            self._read_magic(size)
        while self._has_magic and self.end < size and self.damage is None:
            try:
                record = record_at(self._file, self.end, size, self.n_records)
                if self._verify:
                    body_of(self._file, record)
                _TAKE[record.kind](self, record)
            except Damaged as damaged:
                self.damage = Damage(self.end, self.n_records, size - self.end, str(damaged))
            else:
                self.is_finished = record.kind is Kind.END
                self.end = record.end
                self.n_records += 1

    def _read_magic(self, size: int) -> None:
        found = self._file.read_at(0, len(MAGIC))
        if found == MAGIC:
            self._has_magic = True
            self.end = len(MAGIC)
        elif not MAGIC.startswith(found):
            raise _no_log(self._where, found)
        elif found:
            self.damage = Damage(0, 0, size, "ends before it begins")

    def _section(self, record: Record) -> None:
        meta = record.meta
        try:
            section = SectionIndex(
                str(meta["cause"]),
                int(meta["run"]),
                int(meta["step"]),
                str(meta["network"]),
                {str(name): str(text) for name, text in meta["provenance"].items()},
                Layout.from_data(meta["layout"]),
            )
        except (FormatError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise Damaged(f"describes no network ({str(error)[:80]})") from error
        self.sections.append(section)

    def _frame(self, record: Record) -> None:
        if not self.sections:
            raise Damaged("is a frame before any network")
        self.sections[-1].add(record)

    def _synapses(self, record: Record) -> None:
        if not self.sections:
            raise Damaged("names synapses before any network")
        self.sections[-1].name_synapses(record)

    def _edit(self, record: Record) -> None:
        if not self.sections:
            raise Damaged("is an edit before any network")
        try:
            edit = LoggedEdit(record.number, int(record.meta["step"]), dict(record.meta["edit"]))
        except (KeyError, TypeError, ValueError) as error:
            raise Damaged(f"is no edit ({str(error)[:80]})") from error
        self._edits[record.number] = self.sections[-1].run, edit

    def _refusal(self, record: Record) -> None:
        if self._edits.pop(record.meta.get("record", -1), None) is None:
            raise Damaged("refuses an edit that is not there")

    def _rewind(self, record: Record) -> None:
        """Forget what happened from a step on: sections of this run, frames and edits."""
        try:
            step, k, n_edits = (int(record.meta[name]) for name in ("step", "section", "edits"))
        except (KeyError, TypeError, ValueError) as error:
            raise Damaged(f"goes back nowhere ({str(error)[:80]})") from error
        run = self.last_run
        if not 0 <= k < len(self.sections) or self.sections[k].run != run or n_edits < 0:
            raise Damaged(f"goes back to section {k}, which is none of its run")
        self.sections[k].cut(step)
        del self.sections[k + 1 :]
        for number in [n for n, (r, _) in self._edits.items() if r == run][n_edits:]:
            del self._edits[number]

    def _message(self, record: Record) -> None:
        try:
            time, level, text = (record.meta[name] for name in ("time", "level", "text"))
            self.messages.append(LoggedMessage(float(time), str(level), str(text)))
        except (KeyError, TypeError, ValueError) as error:
            raise Damaged(f"is no message ({str(error)[:80]})") from error

    def _end(self, record: Record) -> None:
        """Nothing: that it is the last one says all."""


_TAKE = {
    Kind.SECTION: Index._section,
    Kind.FRAME: Index._frame,
    Kind.EDIT: Index._edit,
    Kind.REFUSAL: Index._refusal,
    Kind.MESSAGE: Index._message,
    Kind.END: Index._end,
    Kind.REWIND: Index._rewind,
    Kind.SYNAPSES: Index._synapses,
}
"""What is done with a record of each kind."""


def _no_log(where: str, found: bytes) -> FormatError:
    if found.startswith(MAGIC_STEM):
        version = found[len(MAGIC_STEM) :].decode("ascii", "replace").strip()
        return FormatError(
            where,
            f"must be a log of format {FORMAT}",
            got=f"format {version}",
            remedy="Open it with the version of snnlab that wrote it, or a later one.",
        )
    return FormatError(
        where,
        "must be a log that snnlab wrote",
        got=f"a file that begins with {found[:8]!r}",
        remedy="Logs are written with snnlab.open(..., record='run.snnlog').",
    )
