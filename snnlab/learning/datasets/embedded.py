"""The data sets that are part of snnlab: real, small, there without a network."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.errors import FormatError
from snnlab.learning.encoders import Encoder, PopulationCode, RegularRate
from snnlab.learning.encoders.encoder import fitted
from snnlab.learning.trials import Trials

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Utterances", "digits_images", "japanese_vowels_utterances", "load_digits",
    "load_japanese_vowels",
]  # fmt: skip

_SHA256 = {
    "digits8x8.npz": "af104d81e7cd419be5f343d23c6ca2e4e4ff847b06636260802df8e903c6183f",
    "japanese_vowels.npz": "bdcc019e7541f29fe2e39a66c662fd9ddcf5a8c40929c968920fdf613d75f33b",
}
_DIGITS = (
    "Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak 1998, "
    "UCI Machine Learning Repository, CC BY 4.0"
)
_VOWELS = (
    "Japanese Vowels, M. Kudo, J. Toyama and M. Shimbo 1999, UCI Machine Learning Repository, "
    "CC BY 4.0"
)


@dataclass(frozen=True)
class Utterances:
    """Frames of several utterances, each with its speaker.

    Parameters
    ----------
    frames : tuple of (n_frames, 12) float64 arrays
        Coefficients of linear prediction.
    speakers : (n_utterances,) int64
        0 to 8.
    """

    frames: tuple[NDArray[np.float64], ...]
    speakers: NDArray[np.int64]


def digits_images() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the images of handwritten digits.

    Returns
    -------
    images : (1797, 8, 8) float64
        Between 0 and 1, in steps of 1/16.
    labels : (1797,) int64
        The digits.
    """
    data = _read("digits8x8.npz")
    return data["images"].reshape(-1, 8, 8) / 16.0, data["labels"].astype(np.int64)


def load_digits(
    encoder: Encoder | None = None, *, test_fraction: float = 0.25, seed: int = 0
) -> tuple[Trials, Trials]:
    """Return 1797 handwritten digits of 8 x 8 pixels as spikes.

    Parameters
    ----------
    encoder : Encoder, optional
        None: `RegularRate()`, up to 10 spikes a pixel in 30 of 40 ms.
    test_fraction : float
        Part that is for testing, class by class. There is no official split.
    seed : int
        Of the split.

    Returns
    -------
    training, test : Trials
        1347 and 450 trials, 10 classes; 64 channels and 40 steps of 1 ms with the encoder of None.

    References
    ----------
    Alpaydin and Kaynak 1998, UCI Machine Learning Repository, doi:10.24432/C50P49. These are the
    1797 images of 13 writers that were its test set. CC BY 4.0.
    """
    images, labels = digits_images()
    encoder = encoder or RegularRate()
    classes = tuple(str(digit) for digit in range(10))
    trials = encoder.encode(images, labels, classes=classes, name="digits", attribution=_DIGITS)
    return trials.split(test_fraction, seed)


def japanese_vowels_utterances() -> tuple[Utterances, Utterances]:
    """Return the utterances of Japanese vowels as they are, for training and for testing.

    Returns
    -------
    training, test : Utterances
        270, 30 of each speaker, and 370, 24 to 88 of each. An utterance has 7 to 29 frames.
    """
    data = _read("japanese_vowels.npz")
    ends = np.cumsum(data["lengths"].astype(np.int64))
    frames = tuple(np.split(data["frames"].astype(np.float64), ends[:-1]))
    speakers, n = data["labels"].astype(np.int64), int(data["n_training"])
    return Utterances(frames[:n], speakers[:n]), Utterances(frames[n:], speakers[n:])


def load_japanese_vowels(encoder: Encoder | None = None) -> tuple[Trials, Trials]:
    """Return 640 utterances of nine speakers as spikes; who speaks is to be told.

    Parameters
    ----------
    encoder : Encoder, optional
        None: `PopulationCode` with 8 neurons for each of the 12 coefficients. One that has to be
        fitted is fitted to the training set.

    Returns
    -------
    training, test : Trials
        270 and 370 trials, the official split, 9 classes; 96 channels and 126 steps of 1 ms with
        the encoder of None.

    References
    ----------
    Kudo, Toyama and Shimbo 1999, Pattern Recognition Letters 20:1103; UCI Machine Learning
    Repository, doi:10.24432/C5NS47. CC BY 4.0.
    """
    training, test = japanese_vowels_utterances()
    longest = max(len(frames) for part in (training, test) for frames in part.frames)
    encoder = fitted(encoder or PopulationCode(n_samples=longest), training.frames)
    classes = tuple(f"speaker {i}" for i in range(1, 10))
    first, second = (
        encoder.encode(
            part.frames, part.speakers, classes=classes, name="Japanese vowels", attribution=_VOWELS
        )
        for part in (training, test)
    )
    return first, second


def _read(name: str) -> dict[str, NDArray[Any]]:
    """The arrays of a file whose bytes are the ones that we know."""
    data = files("snnlab.learning.datasets").joinpath("files", name).read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest != _SHA256[name]:
        raise FormatError(
            f"File {name!r} of snnlab", f"must have the SHA-256 {_SHA256[name]}", got=digest,
            remedy="It was changed or cut off: install snnlab again.",
        )  # fmt: skip
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        return dict(archive)
