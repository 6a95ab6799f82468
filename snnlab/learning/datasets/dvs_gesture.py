"""DVS Gesture: eleven gestures of 29 people before an event camera."""

from __future__ import annotations

import io
import re
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.errors import FormatError
from snnlab.learning.datasets.data_file import DataFile, DataSet
from snnlab.learning.datasets.finding import cache_folder, find_or_download
from snnlab.learning.datasets.gathering import OneTrial, gathered
from snnlab.learning.datasets.trials_cache import cached
from snnlab.learning.event_lists import whole_steps
from snnlab.learning.trial_checks import positive
from snnlab.learning.trials import Trials

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DVS_GESTURE", "load_dvs_gesture", "read_gestures"]

_SIZE = 128
_CLASSES = (
    "hand clapping", "right hand wave", "left hand wave", "right arm clockwise",
    "right arm counter clockwise", "left arm clockwise", "left arm counter clockwise", "arm roll",
    "air drums", "air guitar", "other gestures",
)  # fmt: skip
_MEMBER = re.compile(r"(?:^|/)user(\d+)_[^/]*/(\d+)\.npy$")


def _file(name: str, number: int, md5: str) -> DataFile:
    hosts = ("https://ndownloader.figshare.com/files/", "https://figshare.com/ndownloader/files/")
    return DataFile(name, tuple(f"{host}{number}" for host in hosts), (f"md5:{md5}",))


DVS_GESTURE = DataSet(
    "DVS Gesture",
    ("DVSGesture", "dvs_gesture"),
    (
        _file("ibmGestureTrain.tar.gz", 38022171, "3a8f0d4120a166bac7591f77409cb105"),
        _file("ibmGestureTest.tar.gz", 38020584, "56070e45dadaa85fff82e0fbfbc06de5"),
    ),
    "DVS Gesture, A. Amir et al. 2017, CC BY 4.0",
)
"""Its files, cut into gestures, their addresses and checksums."""


def load_dvs_gesture(
    *, duration: float | None = None, dt: float = 1.0, shrink: int = 4
) -> tuple[Trials, Trials]:
    """Return DVS Gesture, cut into gestures.

    Parameters
    ----------
    duration : float [ms], optional
        Length of a trial, from its first event; later ones are left out. None: that of the longest.
    dt : float [ms]
        Time step. Several events of a channel in one step make one spike.
    shrink : int
        So many pixels in either direction become one: 4 makes 32 x 32 of 128 x 128.

    Returns
    -------
    training, test : Trials
        1077 and 264 trials, 2048 channels with `shrink` 4, ``(p * 32 + y) * 32 + x`` with the
        polarity p, 11 classes; the official split. The groups are the users;
        ``training.folds(8)`` has three of them, in one fold two, for validation.

    Raises
    ------
    DataUnavailable
        The files are neither on this machine nor can be downloaded.
    FormatError
        A file is damaged or has another layout.

    References
    ----------
    Amir et al. 2017, CVPR, 7243. CC BY 4.0.
    """
    dt = positive(dt, "dt", unit="ms", is_whole=False)
    shrink = positive(shrink, "shrink")
    n_steps = None
    if duration is not None:
        duration = positive(duration, "duration", unit="ms", is_whole=False)
        n_steps = max(1, -int(whole_steps(-duration / dt)))
    parts = []
    for part, file in zip(("training", "test"), DVS_GESTURE.files, strict=True):

        def make(file: DataFile = file) -> Trials:
            path = find_or_download(DVS_GESTURE, file)
            return read_gestures(path, n_steps=n_steps, dt=dt, shrink=shrink)

        settings = {"sums": file.checksums, "n_steps": n_steps, "dt": dt, "shrink": shrink}
        parts.append(cached(cache_folder(DVS_GESTURE), part, settings, make))
    longest = max(part.n_steps for part in parts)
    training, test = (replace(part, n_steps=longest) for part in parts)
    return training, test


def read_gestures(path: Path, *, n_steps: int | None, dt: float, shrink: int) -> Trials:
    """Return the trials in an archive of gestures.

    Parameters
    ----------
    path : Path
        A compressed tar archive of ``user<id>_<lighting>/<label>.npy``, each an array (n, 4) of x,
        y, polarity and time [ms]. It is read from its beginning to its end, nothing is unpacked.
    n_steps : int, optional
    dt : float [ms]
    shrink : int

    Raises
    ------
    FormatError
        No such archive, or an array of another form.
    """
    width = -(-_SIZE // shrink)
    return gathered(
        _gestures(path, dt, shrink, width), 2 * width * width, n_steps, classes=_CLASSES, dt=dt,
        name=DVS_GESTURE.name, attribution=DVS_GESTURE.attribution,
    )  # fmt: skip


def _gestures(path: Path, dt: float, shrink: int, width: int) -> Iterator[OneTrial]:
    """The trials, in the order in which the archive has them."""
    n = 0
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                match = _MEMBER.search(member.name)
                packed = archive.extractfile(member) if match and member.isfile() else None
                if match is None or packed is None:
                    continue
                n += 1
                events = _events(path, member.name, packed.read())
                label = int(match[2])
                if label >= len(_CLASSES):
                    raise _wrong(path, member.name, f"must have a label below {len(_CLASSES)}",
                                 match[2])  # fmt: skip
                yield _trial(events, dt, shrink, width, label, int(match[1]))
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise FormatError(
            f"File '{path}'", "must be a whole tar archive, compressed with gzip",
            got=f"{type(error).__name__}: {error}"[:160], remedy="Remove it, and get it again.",
        ) from error  # fmt: skip
    if n == 0:
        raise FormatError(
            f"File '{path}'", "must contain user<id>_<lighting>/<label>.npy", got="none of them",
            remedy="Remove it, and get it again.",
        )  # fmt: skip


def _events(path: Path, name: str, data: bytes) -> NDArray[np.float64]:
    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise _wrong(path, name, "must be a whole .npy file of numbers", str(error)) from error
    if array.ndim != 2 or array.shape[1] != 4 or array.dtype.kind not in "iuf":
        raise _wrong(path, name, "must be numbers (n, 4): x, y, polarity, time",
                     f"{array.dtype} of shape {array.shape}")  # fmt: skip
    events: NDArray[np.float64] = array.astype(np.float64)
    if not np.isfinite(events).all():
        raise _wrong(path, name, "must have finite numbers", "others")
    if len(events) and not (events[:, :2].min() >= 0 and events[:, :2].max() < _SIZE):
        raise _wrong(path, name, f"must have x and y >= 0 and < {_SIZE}", "others")
    return events


def _wrong(path: Path, name: str, expected: str, got: str) -> FormatError:
    return FormatError(
        f"File '{path}', {name}", expected, got=got[:160], remedy="Remove it, and get it again."
    )


def _trial(
    events: NDArray[np.float64], dt: float, shrink: int, width: int, label: int, user: int
) -> OneTrial:
    x, y, p = events[:, 0] // shrink, events[:, 1] // shrink, events[:, 2] > 0
    channel: NDArray[Any] = ((p * width + y) * width + x).astype(np.int64)
    time = events[:, 3] - (events[:, 3].min() if len(events) else 0.0)
    return OneTrial(whole_steps(time / dt), channel, label, user)
