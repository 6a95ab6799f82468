"""Files and folders of other tools' results are recognised by what they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from snnlab.bench.importers import asv, bennch, pytest_benchmark, reframe, rounds
from snnlab.bench.importers.run import Run, Source, read, to_record
from snnlab.bench.record import Record
from snnlab.errors import FormatError, unknown_name

__all__ = ["LAYOUTS", "import_results", "layout_of"]

LAYOUTS: Mapping[str, Callable[[Source], bool]] = MappingProxyType({
    "bennch": bennch.fits,
    "asv": asv.fits,
    "pytest-benchmark": pytest_benchmark.fits,
    "reframe": reframe.fits,
    "rounds": rounds.fits,
})  # fmt: skip
"""Name of a layout -> whether a file is of it."""

ENDINGS = {".csv", ".json", ".jsonl", ".log"}


def layout_of(source: Source) -> str | None:
    """Return the name of the layout of a file, or None."""
    return next((name for name, fits in LAYOUTS.items() if fits(source)), None)


def import_results(
    path: Path, layout: str | None = None, stated: Mapping[str, str] | None = None
) -> Iterator[Record]:
    """Read results of another tool.

    Parameters
    ----------
    path : Path
        A file, or a folder: of what it holds, files of a known layout are read.
    layout : str, optional
        One of `LAYOUTS`; default: recognised.
    stated : mapping, optional
        Coordinates that the files lack, see `run.to_record`.

    Yields
    ------
    Record
        Add them to a store; those that are there already change nothing.

    Raises
    ------
    FormatError
        A file of no known layout, or one that is broken.
    """
    if layout is not None and layout not in LAYOUTS:
        raise unknown_name("layout of results", layout, LAYOUTS)
    if not path.is_dir():
        yield from _records(path, layout, stated or {}, must_fit=True)
        return
    for file in sorted(p for p in path.rglob("*") if p.suffix in ENDINGS):
        yield from _records(file, layout, stated or {}, must_fit=False)


def _records(
    path: Path, layout: str | None, stated: Mapping[str, str], *, must_fit: bool
) -> Iterator[Record]:
    source = read(path, layout or "a known tool")
    found = layout or layout_of(source)
    if found is None and must_fit:
        raise FormatError(
            path.name,
            f"must be results of {', '.join(LAYOUTS)}",
            got="none of these layouts",
            remedy="Name the layout to learn what is missing.",
        )
    if found is None or not (must_fit or LAYOUTS[found](source)):
        return
    source = Source(found, path.name, source.text)
    for run in _runs(path, source):
        yield to_record(run, source, stated)


def _runs(path: Path, source: Source) -> list[Run]:
    if source.format == "asv":
        return asv.runs(source, asv.definitions(path))
    if source.format == "bennch":
        return bennch.runs(source)
    if source.format == "reframe":
        return reframe.runs(source)
    if source.format == "rounds":
        return rounds.runs(source)
    return pytest_benchmark.runs(source)
