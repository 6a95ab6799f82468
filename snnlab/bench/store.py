"""A folder of records that plain git merges: everybody writes files that nobody else writes."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import xarray as xr

from snnlab.bench.combine import combine
from snnlab.bench.ids import canonical, content_id
from snnlab.bench.index import Marks, read_index, write_index
from snnlab.bench.read_many import read_many
from snnlab.bench.record import Record, read_record, seal_record, write_record
from snnlab.bench.redaction import redaction
from snnlab.bench.seal import is_sealed
from snnlab.errors import FormatError, SpecError, StorageError
from snnlab.record.atomic import replacing

__all__ = ["ANNOTATIONS", "Store", "load"]

ANNOTATIONS = ("exclude", "expected_change", "note")

CONTENT = ("specs", "machines", "stacks")
"""Folders of JSON files that are named by what they hold."""

INDEX = "index.nc"


class Store:
    """Records, annotations, and the specs, machines and stacks that they name.

    Parameters
    ----------
    root : path
        Made, with a ``.gitignore`` for the index, when the first thing is put into it.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(root)

    def path_of(self, record: Record) -> Path:
        """Return where a record belongs."""
        series = str(record.dataset["series_id"].item()) if "series_id" in record.dataset else ""
        if not series:
            raise SpecError(f"Record {record.record_id}", "must have a series_id to be stored")
        return self.root / "records" / series[:2] / series / f"{record.record_id}.nc"

    def add(self, record: Record) -> Path:
        """Write a record; one that is there already with the same content is left alone.

        Raises
        ------
        StorageError
            The id is there with another content: one of the two was tampered with.
        """
        path = self.path_of(record)
        if path.exists():
            if read_record(path).content_sha256 != record.content_sha256:
                raise StorageError(
                    str(path),
                    "must have the same content wherever it is stored",
                    got=f"record {record.record_id} with two contents",
                    remedy="Find out which of the two was changed, and remove that one.",
                )
            return path
        self._make(path.parent)
        write_record(record, path)
        return path

    def add_content(self, kind: str, value: Mapping[str, Any], name: str | None = None) -> str:
        """Write a spec, a machine or a stack; return its name.

        Parameters
        ----------
        kind : str
            One of ``"specs"``, ``"machines"``, ``"stacks"``.
        value : mapping
            As JSON has it.
        name : str, optional
            An id of less than the whole (`ids.spec_id`); the first that was written is kept.
        """
        if kind not in CONTENT:
            raise SpecError("Kind of content", f"must be one of {', '.join(CONTENT)}", got=kind)
        hidden = redaction().value(value)
        found = content_id(hidden) if name is None else name
        path = self.root / kind / f"{found}.json"
        if not path.exists():
            self._make(path.parent)
            _write(path, canonical(hidden) + "\n")
        return found

    def annotate(self, record_id: str, kind: str, text: str, *, who: str = "") -> Path:
        """Say something about a record, beside it; nothing is ever taken back.

        Parameters
        ----------
        record_id : str
        kind : str
            ``"exclude"``, ``"expected_change"`` or ``"note"``.
        text : str
        who : str
            ORCID or pseudonym.
        """
        if kind not in ANNOTATIONS:
            raise SpecError("Annotation", f"must be one of {', '.join(ANNOTATIONS)}", got=kind)
        said = {
            "record_id": record_id, "kind": kind, "text": redaction().text(text), "who": who,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }  # fmt: skip
        path = self.root / "annotations" / record_id / f"{uuid.uuid4()}.json"
        self._make(path.parent)
        _write(path, canonical(said) + "\n")
        return path

    def annotations(self) -> list[dict[str, str]]:
        """Return all annotations, oldest first."""
        files = sorted((self.root / "annotations").glob("*/*.json"))
        found = [json.loads(path.read_text(encoding="utf-8")) for path in files]
        return sorted(found, key=lambda said: (said["at"], canonical(said)))

    def records(self) -> Iterator[Record]:
        """Read and check every record, one after the other."""
        for path in self._listing():
            yield read_record(self.root / path)

    def paths(self) -> list[Path]:
        """Return the file of every record; its name is the id of the record."""
        return [self.root / path for path in self._listing()]

    def records_of(self, series: str) -> Iterator[Record]:
        """Read and check every record of a series, oldest first.

        Parameters
        ----------
        series : str
            Id of the series; one without records gives nothing.
        """
        for path in sorted((self.root / "records" / series[:2] / series).glob("*.nc")):
            if not path.name.startswith("."):
                yield read_record(path)

    def seal(self) -> tuple[int, int]:
        """Check every record, and give those of before the seal that later ones are written with.

        Returns
        -------
        n_sealed, n_left : int
            Records that have one now and had none, and those that cannot have one.

        Raises
        ------
        FormatError
            A record is damaged; those before it are sealed.
        """
        paths = self.paths()
        had = [is_sealed(path.read_bytes()) for path in paths]
        have = [seal_record(path) for path in paths]
        return sum(have) - sum(had), len(have) - sum(have)

    def merge(self, other: Store) -> int:
        """Take over what another store has and this one lacks; return how many records.

        Raises
        ------
        StorageError
            A record is in both, with different contents.
        """
        before = len(self._listing())
        for record in other.records():
            self.add(record)
        for folder in ("annotations", *CONTENT):
            for path in sorted((other.root / folder).rglob("*.json")):
                target = self.root / path.relative_to(other.root)
                if not target.exists():
                    self._make(target.parent)
                    _write(target, path.read_text(encoding="utf-8"))
        return len(self._listing()) - before

    def load(self, *, processes: int = 1) -> xr.Dataset:
        """Return the root data of all records, sorted by id, as `combine` gives them.

        Parameters
        ----------
        processes : int
            That read what the index lacks, see `read_many`.

        Notes
        -----
        An index holds what was read before, and new records are added to it. Where the size or
        the time of change of a record is not the one in the index, or one is gone, or the index
        does not have the hash that it carries, all are read and checked again.
        """
        listing = self._listing()
        parts: list[xr.Dataset] = []
        known: Marks = {}
        if found := read_index(self.root / INDEX):
            indexed, marks = found
            if all(listing.get(path) == mark for path, mark in marks.items()):
                parts, known = [indexed], marks
        fresh = [path for path in listing if path not in known]
        if parts and not fresh:
            return parts[0]
        parts.append(read_many([self.root / path for path in fresh], processes=processes))
        whole = combine(parts) if len(parts) > 1 else parts[0]
        if listing:
            with suppress(PermissionError):  # a store that may only be read has no index
                write_index(self.root / INDEX, whole, listing)
        return whole

    # --- index ------------------------------------------------------------------------------------

    def _listing(self) -> Marks:
        """Path of each record -> size and time of change."""
        found = {}
        top = self.root / "records"
        for folder, _, names in os.walk(top):
            for name in names:
                if name.endswith(".nc") and not name.startswith("."):
                    path = Path(folder) / name
                    state = path.stat()
                    mark = f"{state.st_size} {state.st_mtime_ns}"
                    found[path.relative_to(self.root).as_posix()] = mark
        return dict(sorted(found.items()))

    def _make(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        ignore = self.root / ".gitignore"
        if not ignore.exists():
            _write(ignore, f"/{INDEX}\n.*.partial*\n")


def load(root: str | os.PathLike[str]) -> xr.Dataset:
    """Return the records of a store as one Dataset.

    Raises
    ------
    FormatError
        There is no store at `root`, or a record in it was changed.
    """
    if not (Path(root) / "records").is_dir():
        raise FormatError(
            str(root), "must be a store of benchmark records", got="no folder records"
        )
    return Store(root).load()


def _write(path: Path, text: str) -> None:
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")
