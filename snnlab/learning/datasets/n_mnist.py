"""N-MNIST: the digits of MNIST before an event camera that makes three saccades."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from snnlab.errors import FormatError
from snnlab.learning.datasets.data_file import DataFile, DataSet
from snnlab.learning.datasets.finding import cache_folder, find_or_download
from snnlab.learning.datasets.gathering import OneTrial, gathered
from snnlab.learning.datasets.trials_cache import cached
from snnlab.learning.event_lists import whole_steps
from snnlab.learning.trial_checks import positive
from snnlab.learning.trials import Trials

__all__ = ["N_MNIST", "load_n_mnist", "read_saccades"]

_SIZE = 34
_OVERFLOW = 240
_WRAP = 2**13
_MEMBER = re.compile(r"(?:^|/)(\d)/[^/]+\.bin$")
_HOST = "https://data.mendeley.com/public-files/datasets/468j46mzdv/files/"


def _file(name: str, key: str, md5: str) -> DataFile:
    return DataFile(name, (f"{_HOST}{key}/file_downloaded",), (f"md5:{md5}",))


N_MNIST = DataSet(
    "N-MNIST",
    ("NMNIST", "N-MNIST"),
    (
        _file("train.zip", "39c25547-014b-4137-a934-9d29fa53c7a0",
              "20959b8e626244a1b502305a9e6e2031"),
        _file("test.zip", "05a4d654-7e03-4c15-bdfa-9bb2bcbea494",
              "69ca8762b2fe404d9b9bad1103e97832"),
    ),
    "N-MNIST, G. Orchard, A. Jayawant, G. K. Cohen and N. Thakor 2015, CC BY-SA 4.0",
)  # fmt: skip
"""Its files, their addresses and checksums."""


def load_n_mnist(
    *, duration: float = 300.0, dt: float = 1.0, per_class: int | None = None
) -> tuple[Trials, Trials]:
    """Return N-MNIST, 34 x 34 pixels and two polarities.

    Parameters
    ----------
    duration : float [ms]
        Length of a trial; later events are left out. 100 is the first of three saccades.
    dt : float [ms]
        Time step. Several events of a channel in one step make one spike.
    per_class : int, optional
        Only the first so many of each digit, in both parts. A trial has some 4000 events, 8 bytes
        each.

    Returns
    -------
    training, test : Trials
        60 000 and 10 000 trials, 2312 channels, ``(p * 34 + y) * 34 + x`` with the polarity p, 10
        classes; the official split.

    Raises
    ------
    DataUnavailable
        The files are neither on this machine nor can be downloaded.
    FormatError
        A file is damaged or has another layout.

    References
    ----------
    Orchard, Jayawant, Cohen and Thakor 2015, Frontiers in Neuroscience 9:437. CC BY-SA 4.0.
    """
    duration = positive(duration, "duration", unit="ms", is_whole=False)
    dt = positive(dt, "dt", unit="ms", is_whole=False)
    if per_class is not None:
        per_class = positive(per_class, "per_class")
    parts = []
    for part, file in zip(("training", "test"), N_MNIST.files, strict=True):

        def make(file: DataFile = file) -> Trials:
            path = find_or_download(N_MNIST, file)
            return read_saccades(path, duration=duration, dt=dt, per_class=per_class)

        settings = {"sums": file.checksums, "duration": duration, "dt": dt, "n": per_class}
        parts.append(cached(cache_folder(N_MNIST), part, settings, make))
    training, test = parts
    return training, test


def read_saccades(path: Path, *, duration: float, dt: float, per_class: int | None) -> Trials:
    """Return the trials in an archive of N-MNIST.

    Parameters
    ----------
    path : Path
        A zip archive of ``<digit>/<number>.bin``. Each event has five bytes: x; y; in the third
        the polarity as its highest bit; the other 23 bits are the time [µs], the highest first.
        An event with y = 240 is none: the times after it are 2^13 µs later.
    duration, dt : float [ms]
    per_class : int, optional

    Raises
    ------
    FormatError
        No such archive, or a member of another form.
    """
    n_steps = max(1, -int(whole_steps(-duration / dt)))
    return gathered(
        _saccades(path, dt, per_class), 2 * _SIZE * _SIZE, n_steps,
        classes=tuple(str(digit) for digit in range(10)), dt=dt, name=N_MNIST.name,
        attribution=N_MNIST.attribution,
    )  # fmt: skip


def _saccades(path: Path, dt: float, per_class: int | None) -> Iterator[OneTrial]:
    counts: Counter[int] = Counter()
    try:
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                match = _MEMBER.search(name)
                digit = int(match[1]) if match else -1
                if match is None or (per_class is not None and counts[digit] >= per_class):
                    continue
                counts[digit] += 1
                yield _trial(path, name, archive.read(name), dt, digit)
    except (zipfile.BadZipFile, zlib.error) as error:
        raise FormatError(
            f"File '{path}'", "must be a whole zip archive", got=str(error),
            remedy="Remove it, and get it again.",
        ) from error  # fmt: skip
    if not counts:
        raise FormatError(
            f"File '{path}'", "must contain <digit>/<number>.bin", got="none of them",
            remedy="Remove it, and get it again.",
        )  # fmt: skip


def _trial(path: Path, name: str, data: bytes, dt: float, digit: int) -> OneTrial:
    if len(data) % 5:
        raise FormatError(
            f"File '{path}', {name}", "must have five bytes for each event",
            got=f"{len(data)} bytes", remedy="Remove it, and get it again.",
        )  # fmt: skip
    x, y, high, middle, low = np.frombuffer(data, np.uint8).reshape(-1, 5).T.astype(np.int64)
    is_overflow = y == _OVERFLOW
    time = ((high & 127) << 16 | middle << 8 | low) + _WRAP * np.cumsum(is_overflow)
    if ((x >= _SIZE) | (y >= _SIZE))[~is_overflow].any():
        raise FormatError(
            f"File '{path}', {name}", f"must have x and y below {_SIZE}", got="others",
            remedy="Remove it, and get it again.",
        )  # fmt: skip
    channel = ((high >> 7) * _SIZE + y) * _SIZE + x
    step = whole_steps(time[~is_overflow] / (1000.0 * dt))
    return OneTrial(step, channel[~is_overflow], digit)
