"""A store, read once, in the form in which pages ask for it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from snnlab.bench.derived import derive
from snnlab.bench.ids import content_id
from snnlab.bench.quick_read import provenance_text
from snnlab.bench.report.numbers import short
from snnlab.bench.report.summary import Summary, summary_of
from snnlab.bench.schema import LABELLED, PARAMETER, RECORD
from snnlab.bench.store import Store
from snnlab.errors import FormatError

__all__ = ["Content", "collect", "safe_name"]

SAFE = re.compile(r"[0-9a-z][0-9a-z-]{0,62}")


def safe_name(text: str) -> str:
    """Return a name for a file: the text if it is harmless, else a hash of it."""
    return text if SAFE.fullmatch(text) else content_id(text)


@dataclass(frozen=True)
class Content:
    """What pages are made of.

    Parameters
    ----------
    data : Dataset
        All records, sorted by id, with derived quantities.
    arrays : mapping
        Variable -> values, record first, then repeat; of `data`.
    dims : mapping
        Variable -> names of its dimensions in this order.
    provenance : sequence of str
        JSON of each record.
    notes : mapping
        Record id -> annotations, oldest first.
    """

    data: xr.Dataset
    arrays: Mapping[str, np.ndarray[Any, Any]]
    dims: Mapping[str, tuple[str, ...]]
    provenance: Sequence[str]
    notes: Mapping[str, Sequence[Mapping[str, str]]]

    def coordinate(self, name: str, place: int) -> str:
        """Return a coordinate as text, ``""`` where it was not recorded."""
        if name not in self.columns:
            return ""
        value = self.columns[name][place]
        if isinstance(value, str):
            return value
        return "" if np.isnan(value) else short(float(value))

    @cached_property
    def columns(self) -> dict[str, np.ndarray[Any, Any]]:
        """Coordinate, or dimension with names -> its values."""
        return {str(name): v.values for name, v in self.data.coords.items()}

    @cached_property
    def summaries(self) -> dict[str, Summary]:
        """Variable of numbers -> what its repeats say; one value where there are no repeats."""
        return {
            name: summary_of(values if "repeat" in self.dims[name] else values[:, np.newaxis])
            for name, values in self.arrays.items()
            if values.dtype.kind != "O"
        }

    @cached_property
    def swept(self) -> list[str]:
        """Coordinates that are swept parameters."""
        return sorted(name for name in self.columns if name.startswith(PARAMETER))

    @cached_property
    def record_ids(self) -> list[str]:
        """In the order of `data`."""
        return [str(text) for text in self.data["record_id"].values]

    @cached_property
    def excluded(self) -> set[str]:
        """Ids of records that an annotation takes out of histories."""
        return {
            record for record, notes in self.notes.items()
            if any(note["kind"] == "exclude" for note in notes)
        }  # fmt: skip

    def record_page(self, place: int) -> str:
        """Return the address of the page of a record, from the top of the site."""
        return f"records/{safe_name(self.record_ids[place])}.html"

    def title(self, place: int) -> str:
        """Return what was measured on what, in a line."""
        names = ("benchmark", "simulator", "machine_label")
        words = [text for name in names if (text := self.coordinate(name, place))]
        return ", ".join(words) or "unnamed benchmark"

    def parameters(self, place: int) -> str:
        """Return the swept parameters of a record in a line."""
        texts = ((n.removeprefix(PARAMETER), self.coordinate(n, place)) for n in self.swept)
        return ", ".join(f"{name}={text}" for name, text in texts if text)

    def layout(self, place: int) -> str:
        """Return nodes, ranks and threads of a record in a line."""
        words = (
            (self.coordinate("n_nodes", place), "nodes"),
            (self.coordinate("ranks", place), "ranks"),
            (self.coordinate("threads", place), "threads"),
        )
        said = [f"{n} {word[:-1] if n == '1' else word}" for n, word in words if n]
        return ", ".join(said) or "not recorded"


def collect(store: Store, *, processes: int = 1) -> Content:
    """Read every record of a store; those that its index does not know are checked.

    Parameters
    ----------
    store : Store
    processes : int
        See `read_many`.

    Raises
    ------
    FormatError
        There is no store, or a record in it was changed.
    """
    if not (Path(store.root) / "records").is_dir():
        raise FormatError(
            str(store.root), "must be a store of benchmark records", got="no folder records"
        )
    data = derive(store.load(processes=processes))
    said = {path.stem: provenance_text(path) for path in store.paths()}
    notes: dict[str, list[Mapping[str, str]]] = {}
    for note in store.annotations():
        notes.setdefault(note["record_id"], []).append(note)
    dims = {str(name): _order(v) for name, v in data.data_vars.items()}
    arrays = {name: data[name].transpose(*order).values for name, order in dims.items()}
    ids = [str(text) for text in data["record_id"].values]
    return Content(data, arrays, dims, [said[one] for one in ids], notes)


def _order(v: xr.DataArray) -> tuple[str, ...]:
    first = [dim for dim in (RECORD, "repeat") if dim in v.dims]
    return (*first, *(dim for dim in LABELLED if dim in v.dims))
