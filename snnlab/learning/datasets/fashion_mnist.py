"""Fashion-MNIST: 70 000 pictures of clothes."""

from __future__ import annotations

from pathlib import Path

from snnlab.learning.datasets.data_file import DataFile, DataSet
from snnlab.learning.datasets.images import IDX_NAMES, encoded, idx_images
from snnlab.learning.encoders import Encoder, LogLatency
from snnlab.learning.trials import Trials

__all__ = ["FASHION_MNIST", "load_fashion_mnist"]

_CLASSES = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag",
    "ankle boot",
)  # fmt: skip
_HOST = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
_REPOSITORY = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"
# Debian compresses the same bytes again, so its files have checksums of their own.
_SUMS = (
    ("md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
     "sha256:b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7"),
    ("md5:25c81989df183df01b3e8a0aad5dffbe",
     "sha256:0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056"),
    ("md5:bef4ecab320f06d8554ea6380940ec79",
     "sha256:cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa"),
    ("md5:bb300cfdad3c16e7a12a480ee83cd310",
     "sha256:8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05"),
)  # fmt: skip

FASHION_MNIST = DataSet(
    "Fashion-MNIST",
    ("FashionMNIST", "FashionMNIST/raw", "fashion-mnist"),
    tuple(
        DataFile(name, (_REPOSITORY + name, _HOST + name), sums)
        for name, sums in zip(IDX_NAMES, _SUMS, strict=True)
    ),
    "Fashion-MNIST, H. Xiao, K. Rasul and R. Vollgraf 2017, arXiv 1708.07747, MIT licence",
    (Path("/usr/share/datasets/fashion-mnist"),),
)
"""Its files, their addresses and checksums."""


def load_fashion_mnist(encoder: Encoder | None = None) -> tuple[Trials, Trials]:
    """Return Fashion-MNIST, 28 x 28 pixels, as spikes.

    The files are looked for in ``SNNLAB_DATA``, in the cache and where Debian's package
    ``dataset-fashion-mnist`` has them; otherwise they are downloaded, 31 MB.

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
    Xiao, Rasul and Vollgraf 2017, arXiv 1708.07747. MIT licence.
    """
    encoder = encoder or LogLatency(threshold=0.2)
    training, test = (
        encoded(encoder, images, labels, _CLASSES, FASHION_MNIST)
        for images, labels in idx_images(FASHION_MNIST)
    )
    return training, test
