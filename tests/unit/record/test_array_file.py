"""What was written comes back; anything else is refused, and nothing large is allocated for it."""

from __future__ import annotations

import json
import random
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnlab.errors import FormatError, OutOfMemory
from snnlab.record import array_file

ARRAYS = {
    "state/exc": np.arange(600, dtype=np.float32).reshape(3, 200),
    "ring/<b>&\N{ELECTRIC LIGHT BULB}": np.arange(-6, 6, dtype=np.int32).reshape(2, 2, 3),
    "wide": np.arange(8, dtype=">f8")[::2],
    "none": np.empty((0, 5), np.int64),
    "scalar": np.array(True),
}
HEADER = {"snnlab": "thing", "format": 2, "step": 7}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A whole file."""
    array_file.write(tmp_path / "a.thing", HEADER, ARRAYS)
    return tmp_path / "a.thing"


def read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    return array_file.read(path, kind="thing", format=2)


def is_same(arrays: dict[str, Any]) -> bool:
    """Whether these are the arrays that were written, with their types."""
    return list(arrays) == list(ARRAYS) and all(
        np.array_equal(arrays[n], a) and arrays[n].dtype == a.dtype.newbyteorder("=")
        for n, a in ARRAYS.items()
    )


def test_round_trip(path: Path) -> None:
    header, arrays = read(path)
    assert header == HEADER
    assert is_same(arrays)
    assert [p.name for p in path.parent.iterdir()] == ["a.thing"]


def test_numpy_opens_it(path: Path) -> None:
    with np.load(path) as opened:
        np.testing.assert_array_equal(opened["0"], ARRAYS["state/exc"])


def test_truncation_at_every_byte_is_refused(path: Path) -> None:
    whole = path.read_bytes()
    for n in range(0, len(whole), 7):
        path.write_bytes(whole[:n])
        with pytest.raises(FormatError, match=r"a\.thing"):
            read(path)


def test_a_flipped_bit_is_refused_or_harmless(path: Path) -> None:
    """Bits that nobody reads (dates, NumPy's own header) may flip; the values may not."""
    whole, n_refused, draw = path.read_bytes(), 0, random.Random(1)
    for _ in range(1500):
        damaged = bytearray(whole)
        damaged[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
        path.write_bytes(damaged)
        try:
            header, arrays = read(path)
        except FormatError:
            n_refused += 1
        else:
            assert header == HEADER
            assert is_same(arrays)
    assert n_refused > 1000


def rewritten(path: Path, change: Any, **members: bytes) -> None:
    """Write the file anew with a changed header, as somebody with bad intent would."""
    with zipfile.ZipFile(path) as archive:
        header = json.loads(archive.read("header.json"))
        contents = {name: archive.read(name) for name in archive.namelist()[1:]} | members
    change(header)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("header.json", json.dumps(header))
        for name, content in contents.items():
            archive.writestr(name, content)


def set_entry(i: int, **values: Any) -> Any:
    return lambda header: header["arrays"][i].update(values)


HOSTILE = {
    "huge": (set_entry(0, shape=[2**40, 2**20]), r"must take \d+ bytes"),
    "huge and empty": (set_entry(3, shape=[0, 2**62, 2**62]), "must be whole"),
    "negative": (set_entry(0, shape=[-3, -200]), "shape of whole numbers"),
    "fractional": (set_entry(0, shape=[3.0, 200]), "shape of whole numbers"),
    "no shape": (set_entry(0, shape=None), "must be whole"),
    "object": (set_entry(0, dtype="object"), "must be of one of the types"),
    "record": (set_entry(0, dtype=[["a", "f4"]]), "must be of one of the types"),
    "other type": (set_entry(0, dtype="float64"), "must take 4800 bytes"),
    "other sum": (set_entry(0, sha256="0"), "must have the checksum 0"),
    "twice": (set_entry(1, name="state/exc"), "name an array twice"),
    "fewer": (lambda h: h["arrays"].pop(), "must list its 5 arrays"),
    "no list": (lambda h: h.update(arrays=3), "must list its 5 arrays"),
    "newer": (lambda h: h.update(format=3), "A newer snnlab wrote it"),
    "no format": (lambda h: h.update(format=True), "must say its format"),
    "other kind": (lambda h: h.update(snnlab="dataset"), "must be a thing of snnlab"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_header_is_refused_before_anything_is_allocated(path: Path, name: str) -> None:
    change, words = HOSTILE[name]
    rewritten(path, change)
    tracemalloc.start()
    with pytest.raises(FormatError, match=words):
        read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 2**20


def test_members_that_claim_more_than_the_file_holds(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", b" " * 10**7)
    with pytest.raises(FormatError, match="must not be compressed"):
        read(path)


def test_a_member_that_is_there_twice(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("0.npy", b"")
    with pytest.raises(FormatError, match="name a member twice"):
        read(path)


@pytest.mark.parametrize("content", [b"", b"PK", b"\x89HDF\r\n\x1a\n" + bytes(600), b"{}"])
def test_another_format_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.thing").write_bytes(content)
    with pytest.raises(FormatError, match="must be whole"):
        read(tmp_path / "a.thing")


def test_what_is_no_file(tmp_path: Path) -> None:
    for name in ("not there", "."):
        with pytest.raises(FormatError, match="must be a file that is there"):
            read(tmp_path / name)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("other", b"")
    with pytest.raises(FormatError, match=r"an archive without header\.json"):
        read(tmp_path / "a.zip")


def test_deep_nesting_is_refused(path: Path) -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("header.json", deep)
    with pytest.raises(FormatError, match="RecursionError"):
        read(path)


def test_arrays_that_do_not_fit_are_refused(path: Path, monkeypatch) -> None:
    monkeypatch.setattr(array_file, "available_bytes", lambda: 1000)
    with pytest.raises(OutOfMemory, match="free memory"):
        read(path)


@pytest.mark.parametrize(
    ("header", "arrays", "words"),
    [
        ({"x": float("nan")}, {}, "finite numbers"),
        ({"x": "a" * array_file.MAX_HEADER_BYTES}, {}, "bytes long"),
        ({}, {"x": np.array(["text"])}, "one of the types"),
        ({}, {"x": np.array([None])}, "one of the types"),
    ],
)
def test_what_cannot_be_written_leaves_the_old_file(path: Path, header, arrays, words) -> None:
    with pytest.raises(FormatError, match=words):
        array_file.write(path, header, arrays)
    assert is_same(read(path)[1])
