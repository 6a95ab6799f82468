"""What is said about logs that cannot be read or written."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import snnlab
from snnlab.errors import FormatError, SnnlabError, SpecError, StateError, StorageError
from snnlab.record.log.writer import LogWriter
from tests.logs import begin, frame, write_small


def missing(path: Path) -> None:
    snnlab.open_log(path)


def foreign(path: Path) -> None:
    path.write_bytes(b"\x89HDF\r\n\x1a\n and so on")
    snnlab.open_log(path)


def newer(path: Path) -> None:
    write_small(path)
    path.write_bytes(path.read_bytes().replace(b"0001\n", b"0017\n", 1))
    snnlab.open_log(path)


def empty(path: Path) -> None:
    LogWriter(path).close()
    snnlab.open_log(path).spikes()


def torn(path: Path) -> None:
    write_small(path)
    path.write_bytes(path.read_bytes()[:100])
    snnlab.open_log(path).spikes()


def flipped(path: Path) -> None:
    write_small(path)
    data = bytearray(path.read_bytes())
    data[-60] ^= 1
    path.write_bytes(data)
    snnlab.open_log(path).spikes()


def twice(path: Path) -> None:
    first = LogWriter(path)
    try:
        LogWriter(path)
    finally:
        first.close()


def no_folder(path: Path) -> None:
    LogWriter(path.parent / "nowhere" / "run.snnlog")


def gap(path: Path) -> None:
    writer = LogWriter(path)
    begin(writer)
    writer.frame(frame(5, 10))


def unknown_population(path: Path) -> None:
    write_small(path)
    snnlab.open_log(path).spikes(population="inn")


CASES: dict[Callable[[Path], None], tuple[type[SnnlabError], str]] = {
    missing: (
        FormatError,
        "File 'run.snnlog': must be a log that can be read (got No such file or directory).\n"
        "Check the path.",
    ),
    foreign: (
        FormatError,
        "File 'run.snnlog': must be a log that snnlab wrote "
        "(got a file that begins with b'\\x89HDF\\r\\n\\x1a\\n').\n"
        "Logs are written with snnlab.open(..., record='run.snnlog').",
    ),
    newer: (
        FormatError,
        "File 'run.snnlog': must be a log of format 1 (got format 0017).\n"
        "Open it with the version of snnlab that wrote it, or a later one.",
    ),
    empty: (FormatError, "File 'run.snnlog': must hold a run (got no section)."),
    torn: (
        FormatError,
        "File 'run.snnlog': must hold a run (got no section).\n"
        "Damaged: record 0 at byte 16 is N bytes too short; "
        "84 bytes from there on are not read.",
    ),
    flipped: (
        FormatError,
        "File 'run.snnlog': must have sound data "
        "(got record 8 at byte N that has data with a wrong checksum).\n"
        "It holds the frame up to t = 6 ms.\n"
        "verify() ends the log before it; everything up to there can be read.",
    ),
    twice: (
        StorageError,
        "File 'run.snnlog': must have one writer (got a file that another session writes).\n"
        "Close that session, or name another file.",
    ),
    no_folder: (
        StorageError,
        "File 'nowhere/run.snnlog': must be a file that can be written "
        "(got No such file or directory).\n"
        "Name a file in a folder that is there and yours.",
    ),
    gap: (
        StateError,
        "LogWriter.frame: must follow what was appended last, at step 0 (got step 5).\n"
        "Begin a section where time goes back or leaps.",
    ),
    unknown_population: (
        SpecError,
        "population: must be an existing name (got 'inn').\nDid you mean 'inh'?",
    ),
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_words(
    case: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    kind, words = CASES[case]
    with pytest.raises(SnnlabError) as caught:
        case(Path("run.snnlog"))
    assert type(caught.value) is kind
    # Where a record lies depends on how long the network is as text.
    assert re.sub(r"(?<=byte )\d{4}|\d{4}(?= bytes)", "N", str(caught.value)) == words
