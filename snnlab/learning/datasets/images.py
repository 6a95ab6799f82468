"""Sets of images in idx files, read, checked and encoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snnlab.errors import FormatError
from snnlab.learning.datasets.data_file import DataSet
from snnlab.learning.datasets.finding import find_or_download
from snnlab.learning.datasets.idx import read_idx
from snnlab.learning.encoders import Encoder
from snnlab.learning.trials import Trials

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["IDX_NAMES", "encoded", "idx_images"]

IDX_NAMES = (
    "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz",
)  # fmt: skip
"""Training images and labels, test images and labels."""

_BLOCK = 4096
"""Images that are encoded at a time: few enough for a small machine."""


def idx_images(data_set: DataSet) -> list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Return images and labels of both parts of a set whose files are those of `IDX_NAMES`.

    Parameters
    ----------
    data_set : DataSet

    Returns
    -------
    list of ((n, n_rows, n_columns) uint8, (n,) uint8)
        The training part and the test part.

    Raises
    ------
    FormatError
        A file is damaged, or images and labels do not belong together.
    DataUnavailable
        A file is neither there nor can be downloaded.
    """
    paths = [find_or_download(data_set, file) for file in data_set.files]
    parts = []
    for images_path, labels_path in (paths[:2], paths[2:]):
        images, labels = read_idx(images_path, 3), read_idx(labels_path, 1)
        if len(images) != len(labels):
            raise FormatError(
                f"File '{labels_path}'", f"must have a label for each of {len(images)} images",
                got=f"{len(labels)}", remedy="Remove both, and get them again.",
            )  # fmt: skip
        parts.append((images, labels))
    return parts


def encoded(
    encoder: Encoder,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    classes: tuple[str, ...],
    data_set: DataSet,
) -> Trials:
    """Return images as spikes, encoded block by block.

    Parameters
    ----------
    encoder : Encoder
    images : (n, n_rows, n_columns) uint8
        0 to 255.
    labels : (n,) uint8
    classes : tuple of str
    data_set : DataSet
        Its name and attribution go to the trials.
    """
    blocks = [slice(start, start + _BLOCK) for start in range(0, len(images), _BLOCK)]
    return Trials.joined(
        [
            encoder.encode(
                images[block] / 255.0, labels[block].astype(int), classes=classes,
                name=data_set.name, attribution=data_set.attribution,
            )
            for block in blocks
        ]
    )  # fmt: skip
