"""What an importer found about one run, and the record that it becomes."""

from __future__ import annotations

import hashlib
import json
import math
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from snnlab.bench.ids import (
    layout_id,
    machine_class_id,
    series_id,
    spec_id,
    stack_id,
)
from snnlab.bench.record import Record, make_record
from snnlab.bench.schema import COORDINATES, PARAMETER
from snnlab.errors import FormatError, SpecError, unknown_name

__all__ = ["Run", "Source", "measured", "read", "to_record", "utc"]

NOT_STATED = ("record_id", "series_id", "spec_id", "layout_id", "recorded_at", "schema_version")
"""Coordinates that follow from others; nobody states them."""


@dataclass(frozen=True)
class Source:
    """A file that was imported.

    Parameters
    ----------
    format : str
        Name of the layout: ``"asv"``.
    name : str
        Name of the file, without its folder.
    text : str
        All that it holds.
    """

    format: str
    name: str
    text: str

    @property
    def facts(self) -> dict[str, str]:
        """What the provenance of a record says about where it came from."""
        digest = hashlib.sha256(self.text.encode()).hexdigest()
        return {"format": self.format, "file": self.name, "sha256": digest}

    def json(self) -> dict[str, Any]:
        """Return what it holds, as a JSON object.

        Raises
        ------
        FormatError
            It is none.
        """
        try:
            data = json.loads(self.text)
        except ValueError as error:
            raise self.wrong("must be JSON", got=str(error)) from error
        if not isinstance(data, dict):
            raise self.wrong("must be a JSON object", got=type(data).__name__)
        return data

    def wrong(self, expected: str, got: str = "", remedy: str = "") -> FormatError:
        """Return the error for a file that is not what it should be."""
        where = f"{self.name}, read as results of {self.format}"
        return FormatError(where, expected, got=got, remedy=remedy)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run as a foreign file tells it; what it does not tell is left out.

    Parameters
    ----------
    benchmark : str
        What was measured.
    values, labels, attributes
        As `record.make_record` takes them.
    parameters : mapping
        Swept parameters, without the prefix.
    coordinates : mapping
        See `schema.COORDINATES`; None or ``""`` where the file does not say.
    machine, stack, layout : mapping
        Facts, see `ids`; empty where the file has none, or None.
    notes : mapping
        Block -> why a run is not ok.
    measured_at : str
        ISO 8601, UTC; ``""`` where the file has no time.
    raw : object
        What the file says about this run, as JSON has it.
    """

    benchmark: str
    values: Mapping[str, Any]
    labels: Mapping[str, Sequence[str]]
    raw: Any
    attributes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    parameters: Mapping[str, str | float] = field(default_factory=dict)
    coordinates: Mapping[str, Any] = field(default_factory=dict)
    machine: Mapping[str, Any] = field(default_factory=dict)
    stack: Mapping[str, Any] = field(default_factory=dict)
    layout: Mapping[str, Any] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    measured_at: str = ""

    def __post_init__(self) -> None:
        for name in ("coordinates", "machine", "layout"):
            known = {k: v for k, v in getattr(self, name).items() if v is not None and v != ""}
            object.__setattr__(self, name, known)


def read(path: Path, layout: str) -> Source:
    """Read a file to import.

    Raises
    ------
    FormatError
        It cannot be read, or is no text.
    """
    try:
        return Source(layout, path.name, path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(
            path.name, f"must be a text file with results of {layout}", got=str(error)
        ) from error


def to_record(run: Run, source: Source, stated: Mapping[str, str]) -> Record:
    """Return the record of a run.

    Parameters
    ----------
    run : Run
    source : Source
        The file that tells of it; named in the provenance, with its hash.
    stated : mapping
        Coordinates that the file lacks and whoever imports it vouches for
        (``{"machine_label": "JUSUF"}``); listed apart in the provenance.

    Notes
    -----
    Where the machine is not known, it is called after the hash of the file, unless a label was
    stated: results of machines that nobody named neither mix nor count as those of one machine.
    """
    _check_stated(stated)
    ids = _ids(run, source, stated)
    own = {f"{PARAMETER}{_plain(name)}": value for name, value in run.parameters.items()}
    nameless = not run.machine and "machine_class_id" not in stated
    unknown = {"machine_label": _unknown_machine(source)} if nameless else {}
    coordinates = {
        "benchmark": run.benchmark, **unknown, **own, **run.coordinates, **stated, **ids,
        "recorded_at": run.measured_at,
    }  # fmt: skip
    provenance = {
        "imported": source.facts, "stated": dict(stated), "raw": _json(run.raw),
        "machine": dict(run.machine), "stack": _json(run.stack), "layout": dict(run.layout),
    } | ({"notes": dict(run.notes)} if run.notes else {})  # fmt: skip

    def made(record_id: str) -> Record:
        return make_record(
            run.values,
            coordinates | {"record_id": record_id},
            labels=run.labels,
            attributes=run.attributes,
            provenance=provenance,
        )

    return made(_record_id(made("").content_sha256, run.measured_at))


def measured(ms: float) -> str:
    """Return ms since 1970 as ISO 8601 text, UTC."""
    return utc(datetime.fromtimestamp(ms / 1000.0, UTC))


def utc(moment: datetime) -> str:
    """Return a moment as ISO 8601 text, UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def _ids(run: Run, source: Source, stated: Mapping[str, str]) -> dict[str, str]:
    simulator = str(stated.get("simulator", run.coordinates.get("simulator", "")))
    spec = spec_id(
        {"benchmark": run.benchmark, "parameters": dict(run.parameters),
         "imported": source.format, "simulator": simulator}
    )  # fmt: skip
    layout = layout_id(run.layout)
    found = {"spec_id": spec}
    if run.layout:  # the id of nothing would say that two unknown layouts are the same
        found["layout_id"] = layout
    if run.machine:
        found["machine_class_id"] = machine_class_id(run.machine)
    if run.stack:
        found["stack_id"] = stack_id(_json(run.stack), simulator=simulator)
    where = (
        stated.get("machine_class_id")
        or found.get("machine_class_id")
        or stated.get("machine_label")
        or run.coordinates.get("machine_label")
        or _unknown_machine(source)
    )
    found["series_id"] = series_id(spec, where, "", layout)
    return found


def _unknown_machine(source: Source) -> str:
    return f"unknown machine of file {source.facts['sha256'][:8]}"


def _check_stated(stated: Mapping[str, str]) -> None:
    for name in stated:
        if name in NOT_STATED:
            raise SpecError(f"Coordinate '{name}'", "must follow from others, it cannot be stated")
        if name not in COORDINATES and not name.startswith(PARAMETER):
            raise unknown_name("coordinate of a record", name, COORDINATES)


def _plain(name: str) -> str:
    """The name as a variable of a NetCDF file may have it; the provenance has the whole."""
    return re.sub(r"[^\w.-]+", "_", name)


def _record_id(content: str, measured_at: str) -> str:
    """A UUIDv7 from content alone; its time is that of the measurement, or 1970."""
    ms = 0
    if measured_at:
        ms = int(datetime.fromisoformat(measured_at).timestamp() * 1000.0)
    value = ms << 80 | int(content[:20], 16)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


def _json(value: Any) -> Any:
    """The value with texts in the place of numbers that JSON does not have."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _json(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_json(v) for v in value]
    return value
