"""Files of data sets: found in this order, downloaded otherwise, one clear error if neither."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from snnlab.errors import DataUnavailable, FormatError, StorageError
from snnlab.learning.datasets import dvs_gesture, fashion_mnist, heidelberg, mnist, n_mnist
from snnlab.learning.datasets.data_file import DataFile, DataSet, digest
from snnlab.learning.datasets.finding import cache_folder, find_or_download
from snnlab.learning.datasets.trials_cache import cached
from snnlab.learning.trials import Trials
from snnlab.learning.trials_file import load_trials, save_trials
from tests.learning.data_folders import served

CONTENT = b"the published bytes"


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache and a data folder of the test, nothing in them."""
    monkeypatch.setenv("SNNLAB_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("SNNLAB_DATA", str(tmp_path / "data"))
    return tmp_path


def a_set(*addresses: str, checksum: str = "", system: tuple[Path, ...] = ()) -> DataSet:
    """A set of one file."""
    file = DataFile("a.bin", addresses or ("http://127.0.0.1:9/a.bin",), (checksum or _sum(),))
    return DataSet("Set A", ("SetA", "set-a"), (file,), "us", system)


def _sum(content: bytes = CONTENT) -> str:
    return f"md5:{hashlib.md5(content).hexdigest()}"


def put(path: Path, content: bytes = CONTENT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


# --- found --------------------------------------------------------------------------------------


def test_places_are_searched_in_order(folders: Path) -> None:
    data_set = a_set(system=(folders / "system",))
    places = [
        folders / "system/a.bin",
        folders / "cache/data/SetA/a.bin",
        folders / "data/a.bin",
        folders / "data/set-a/a.bin",
        folders / "data/SetA/a.bin",
    ]
    for place in places:  # each goes before the ones that are there already
        put(place)
        assert find_or_download(data_set, data_set.files[0]) == place


def test_digest_of_known_bytes(folders: Path) -> None:
    path = put(folders / "abc", b"abc")
    assert digest(path, "md5") == "md5:900150983cd24fb0d6963f7d28e17f72"
    assert digest(path, "sha256").startswith("sha256:ba7816bf8f01cfea414140de5dae2223")


def test_file_with_another_checksum_is_refused(folders: Path) -> None:
    data_set = a_set()
    path = put(folders / "data/SetA/a.bin", CONTENT[:-1])
    with pytest.raises(FormatError) as caught:
        find_or_download(data_set, data_set.files[0])
    text = str(caught.value)
    assert text.startswith(f"File '{path}': must have the checksum {_sum()} (got md5:")
    assert "remove it" in text
    assert "http://127.0.0.1:9/a.bin" in text


# --- downloaded ---------------------------------------------------------------------------------


def test_download_goes_to_the_data_folder_and_is_found_again(folders: Path) -> None:
    put(folders / "host/a.bin")
    with served(folders / "host") as address:
        data_set = a_set(f"{address}a.bin")
        path = find_or_download(data_set, data_set.files[0])
    assert path == folders / "data/SetA/a.bin"
    assert path.read_bytes() == CONTENT
    assert find_or_download(data_set, data_set.files[0]) == path  # the host is gone


def test_download_goes_to_the_cache_without_a_data_folder(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SNNLAB_DATA")
    put(folders / "host/a.bin")
    with served(folders / "host") as address:
        data_set = a_set(f"{address}a.bin")
        path = find_or_download(data_set, data_set.files[0])
    assert path == folders / "cache/data/SetA/a.bin"
    assert cache_folder(data_set) == path.parent


def test_sha256_of_a_download_is_written_down(folders: Path) -> None:
    put(folders / "host/a.bin")
    with served(folders / "host") as address:
        data_set = a_set(f"{address}a.bin")
        path = find_or_download(data_set, data_set.files[0])
    sums = (path.parent / "SHA256SUMS").read_text()
    assert sums == f"{digest(path, 'sha256').partition(':')[2]}  a.bin\n"


def test_second_address_is_tried_after_the_first(folders: Path) -> None:
    put(folders / "host/good/a.bin")
    put(folders / "host/damaged/a.bin", b"other bytes")
    with served(folders / "host") as address:
        names = ("missing", "damaged", "good")
        data_set = a_set(*(f"{address}{name}/a.bin" for name in names))
        path = find_or_download(data_set, data_set.files[0])
    assert path.read_bytes() == CONTENT


def test_without_a_network_one_error_says_it_all(folders: Path) -> None:
    data_set = a_set("http://127.0.0.1:9/a.bin", "http://127.0.0.1:9/b/a.bin")
    with pytest.raises(DataUnavailable) as caught:
        find_or_download(data_set, data_set.files[0])
    text = str(caught.value)
    assert text.startswith("File 'a.bin' of Set A: must be on this machine, or be downloaded (got")
    assert text.count("http://127.0.0.1:9/a.bin") == 2  # what happened there, and what to try
    assert text.count("http://127.0.0.1:9/b/a.bin") == 2
    assert f"put it into '{folders / 'data/SetA'}'" in text
    assert f"Looked for in '{folders / 'data/SetA'}', '{folders / 'data/set-a'}'" in text
    assert "load_digits(), load_japanese_vowels()" in text
    assert not (folders / "data/SetA/a.bin").exists()


def test_download_with_a_wrong_checksum_is_no_file(folders: Path) -> None:
    put(folders / "host/a.bin", b"other bytes")
    with served(folders / "host") as address:
        data_set = a_set(f"{address}a.bin")
        with pytest.raises(DataUnavailable) as caught:
            find_or_download(data_set, data_set.files[0])
    assert "MD5 hash" in caught.value.got or "hash of downloaded file" in caught.value.got
    assert [path.name for path in (folders / "data/SetA").iterdir()] == []


def test_missing_pooch_is_told(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pooch", None)
    data_set = a_set()
    with pytest.raises(DataUnavailable) as caught:
        find_or_download(data_set, data_set.files[0])
    assert "pip install 'snnlab-jupyter[data]'" in caught.value.got
    assert "put it into" in str(caught.value)


def test_folder_that_cannot_be_made_is_told(folders: Path) -> None:
    put(folders / "data", b"a file where the folder should be")
    data_set = a_set()
    with pytest.raises(StorageError, match="must be one that can be written to"):
        find_or_download(data_set, data_set.files[0])


@pytest.mark.parametrize(
    ("data_set", "n_files"),
    [
        (heidelberg.SHD, 2),
        (heidelberg.SSC, 3),
        (dvs_gesture.DVS_GESTURE, 2),
        (n_mnist.N_MNIST, 2),
        (mnist.MNIST, 4),
        (fashion_mnist.FASHION_MNIST, 4),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_published_sets_are_complete(data_set: DataSet, n_files: int) -> None:
    assert len(data_set.files) == n_files
    assert len({file.name for file in data_set.files}) == n_files
    assert len({sum_ for file in data_set.files for sum_ in file.checksums}) >= n_files
    for file in data_set.files:
        kind, _, value = file.checksums[0].partition(":")
        assert (kind, len(value)) == ("md5", 32)
        assert int(value, 16)
        assert all(address.startswith("http") for address in file.addresses)
    assert data_set.attribution


# --- trials as files ----------------------------------------------------------------------------


def some(**changes) -> Trials:
    fields = {"labels": [1, 0], "classes": ("a", "ü"), "group": [3, 4], "name": "n", "dt": 0.5}
    return Trials.from_dense(np.eye(4, dtype=int).reshape(2, 2, 4), **(fields | changes))


@pytest.mark.parametrize("trials", [some(), some(labels=None, group=None, classes=())])
def test_trials_there_and_back(trials: Trials, tmp_path: Path) -> None:
    path = tmp_path / "a.trials"
    save_trials(trials, path)
    back = load_trials(path)
    for name in ("channel", "step", "offsets", "labels", "group"):
        one, other = getattr(trials, name), getattr(back, name)
        assert (one is None) == (other is None)
        assert one is None or (np.array_equal(one, other) and one.dtype == other.dtype)
    assert (back.classes, back.dt, back.name) == (trials.classes, trials.dt, trials.name)


def test_file_that_cannot_be_trials_is_refused(tmp_path: Path) -> None:
    from snnlab.record import array_file

    path = tmp_path / "a.trials"
    header = {"snnlab": "trials", "format": 1, "classes": ["a"], "n_channels": 1, "n_steps": 1,
              "dt": 1.0, "name": "", "attribution": ""}  # fmt: skip
    arrays = {"channel": np.array([5]), "step": np.array([0]), "offsets": np.array([0, 1])}
    array_file.write(path, header, arrays)
    with pytest.raises(FormatError, match="must hold trials"):
        load_trials(path)
    array_file.write(path, header, {"channel": np.array([5])})
    with pytest.raises(FormatError, match="must have classes and the arrays channel, step, off"):
        load_trials(path)


def test_cut_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.trials"
    save_trials(some(), path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(FormatError):
        load_trials(path)


# --- the cache ----------------------------------------------------------------------------------


def counting(made: list[int]):
    def make() -> Trials:
        made.append(1)
        return some()

    return make


def test_cache_makes_trials_once_for_each_setting(tmp_path: Path) -> None:
    made: list[int] = []
    for settings in ({"dt": 1.0}, {"dt": 1.0}, {"dt": 0.5}):
        trials = cached(tmp_path, "training", settings, counting(made))
        assert len(trials) == 2
    assert len(made) == 2
    cached(tmp_path, "test", {"dt": 1.0}, counting(made))
    assert len(made) == 3


def test_damaged_cache_is_made_again(tmp_path: Path) -> None:
    made: list[int] = []
    cached(tmp_path, "training", {}, counting(made))
    (path,) = tmp_path.iterdir()
    path.write_bytes(b"damaged")
    assert len(cached(tmp_path, "training", {}, counting(made))) == 2
    assert len(made) == 2
    assert len(load_trials(path)) == 2


def test_cache_that_cannot_be_written_warns_and_gives_the_trials(tmp_path: Path) -> None:
    folder = put(tmp_path / "file", b"")
    with pytest.warns(UserWarning, match="could not be written"):
        trials = cached(folder / "below", "training", {}, counting([]))
    assert len(trials) == 2


def test_sets_differ_from_each_other_in_the_cache(folders: Path) -> None:
    names = {cache_folder(s) for s in (heidelberg.SHD, heidelberg.SSC, n_mnist.N_MNIST)}
    assert len(names) == 3
    assert cache_folder(replace(heidelberg.SHD, folders=("x",))) == folders / "cache/data/x"


def test_what_only_some_sets_need_is_not_loaded_for_all() -> None:
    code = (
        "import sys, snnlab.learning.datasets, snnlab.interop.nir_file;"
        "print(*({'pooch', 'requests', 'h5py', 'nir', 'mlxtend'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=True
    )
    assert done.stdout.split() == []
