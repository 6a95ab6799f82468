"""The Heidelberg spiking data sets: spoken digits (SHD) and speech commands (SSC) from an ear."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
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

__all__ = ["SHD", "SSC", "load_shd", "load_ssc", "read_heidelberg"]

_N_CHANNELS = 700
_BLOCK = 1024
_HOSTS = ("https://zenkelab.org/datasets/", "https://compneuro.net/datasets/")
_SOURCE = "B. Cramer, Y. Stradmann, J. Schemmel and F. Zenke 2020, CC BY 4.0"


def _file(name: str, md5: str) -> DataFile:
    return DataFile(name, tuple(host + name for host in _HOSTS), (f"md5:{md5}",))


SHD = DataSet(
    "SHD",
    ("SHD", "shd"),
    (
        _file("shd_train.h5.zip", "f3252aeb598ac776c1b526422d90eecb"),
        _file("shd_test.h5.zip", "1503a5064faa34311c398fb0a1ed0a6f"),
    ),
    f"Spiking Heidelberg Digits, {_SOURCE}",
)
"""Its files, their addresses and checksums."""

SSC = DataSet(
    "SSC",
    ("SSC", "ssc"),
    (
        _file("ssc_train.h5.zip", "d102be95e7144fcc0553d1f45ba94170"),
        _file("ssc_valid.h5.zip", "b4eee3516a4a90dd0c71a6ac23a8ae43"),
        _file("ssc_test.h5.zip", "a35ff1e9cffdd02a20eb850c17c37748"),
    ),
    f"Spiking Speech Commands, {_SOURCE}",
)
"""Its files, their addresses and checksums."""


def load_shd(*, duration: float = 1400.0, dt: float = 1.0, merge: int = 1) -> tuple[Trials, Trials]:
    """Return the Spiking Heidelberg Digits: 0 to 9, spoken in English and in German.

    Parameters
    ----------
    duration : float [ms]
        Length of a trial; later spikes are left out. The data have some up to 1370 ms.
    dt : float [ms]
        Time step. The files have times in half precision, so beyond 1 s only steps of 1 ms.
    merge : int
        So many neighbouring channels become one: 5 gives 140.

    Returns
    -------
    training, test : Trials
        8156 and 2264 trials, 700 channels, 20 classes; the official split. The groups are the
        speakers, some of whom are in the test set only; `Trials.folds` keeps them apart.

    Raises
    ------
    DataUnavailable
        The files are neither on this machine nor can be downloaded.
    FormatError
        A file is damaged or has another layout.

    References
    ----------
    Cramer, Stradmann, Schemmel and Zenke 2020, IEEE Transactions on Neural Networks and Learning
    Systems 33:2744. CC BY 4.0.
    """
    training, test = _load(SHD, ("training", "test"), duration, dt, merge)
    return training, test


def load_ssc(
    *, duration: float = 1400.0, dt: float = 1.0, merge: int = 1
) -> tuple[Trials, Trials, Trials]:
    """Return the Spiking Speech Commands: 35 words.

    Parameters
    ----------
    duration : float [ms]
        Length of a trial; later spikes are left out.
    dt : float [ms]
        Time step. The files have times in half precision, so beyond 1 s only steps of 1 ms.
    merge : int
        So many neighbouring channels become one: 5 gives 140.

    Returns
    -------
    training, validation, test : Trials
        75 466, 9981 and 20 382 trials, 700 channels, 35 classes; the official split.

    Raises
    ------
    DataUnavailable
        The files are neither on this machine nor can be downloaded.
    FormatError
        A file is damaged or has another layout.

    References
    ----------
    Cramer, Stradmann, Schemmel and Zenke 2020, IEEE Transactions on Neural Networks and Learning
    Systems 33:2744. CC BY 4.0.
    """
    training, validation, test = _load(SSC, ("training", "validation", "test"), duration, dt, merge)
    return training, validation, test


def _load(
    data_set: DataSet, parts: tuple[str, ...], duration: float, dt: float, merge: int
) -> list[Trials]:
    duration = positive(duration, "duration", unit="ms", is_whole=False)
    dt = positive(dt, "dt", unit="ms", is_whole=False)
    merge = positive(merge, "merge")
    found = []
    for part, file in zip(parts, data_set.files, strict=True):

        def make(file: DataFile = file) -> Trials:
            with _unpacked(find_or_download(data_set, file)) as path:
                return read_heidelberg(path, data_set, duration=duration, dt=dt, merge=merge)

        settings = {"sums": file.checksums, "duration": duration, "dt": dt, "merge": merge}
        found.append(cached(cache_folder(data_set), part, settings, make))
    return found


@contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    """The one HDF5 file in an archive, unpacked for a while: HDF5 has to jump about in it."""
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
            names = [name for name in archive.namelist() if name.endswith(".h5")]
            if len(names) != 1:
                raise FormatError(
                    f"File '{path}'", "must contain one .h5 file", got=f"{len(names)}",
                    remedy="Remove it, and get it again.",
                )  # fmt: skip
            target = Path(folder) / "data.h5"
            with archive.open(names[0]) as packed, target.open("wb") as plain:
                shutil.copyfileobj(packed, plain)
            yield target
    except zipfile.BadZipFile as error:
        raise FormatError(
            f"File '{path}'", "must be a whole zip archive", got=str(error),
            remedy="Remove it, and get it again.",
        ) from error  # fmt: skip


def read_heidelberg(
    path: Path, data_set: DataSet, *, duration: float, dt: float, merge: int
) -> Trials:
    """Return the trials in an HDF5 file of SHD or SSC.

    Parameters
    ----------
    path : Path
        With ``spikes/times`` [s] and ``spikes/units``, one array a trial; ``labels``;
        ``extra/keys``, the names of the classes; and, if there are such, ``extra/speaker``.
    data_set : DataSet
        Its name and attribution go to the trials.
    duration, dt : float [ms]
    merge : int

    Raises
    ------
    FormatError
        No HDF5 file, or one with another layout.
    """
    import h5py

    n_steps = max(1, -int(whole_steps(-duration / dt)))
    try:
        with h5py.File(path, "r") as file:
            classes = tuple(_text(key) for key in file["extra/keys"][:])
            return gathered(
                _trials(path, file, len(classes), dt, merge), -(-_N_CHANNELS // merge), n_steps,
                classes=classes, dt=dt, name=data_set.name, attribution=data_set.attribution,
            )  # fmt: skip
    except (OSError, KeyError, TypeError) as error:
        raise _wrong(
            path, "must be HDF5 with spikes/times, spikes/units, labels and extra/keys",
            f"{type(error).__name__}: {error}"[:160],
        ) from error  # fmt: skip


def _text(key: Any) -> str:
    return key.decode() if isinstance(key, bytes) else str(key)


def _trials(path: Path, file: Any, n_classes: int, dt: float, merge: int) -> Iterator[OneTrial]:
    labels = np.asarray(file["labels"][:], np.int64)
    extra = file["extra"]
    speakers = np.asarray(extra["speaker"][:] if "speaker" in extra else 0 * labels, np.int64)
    all_times, all_units = file["spikes/times"], file["spikes/units"]
    lengths = sorted({len(all_times), len(all_units), len(labels), len(speakers)})
    if len(lengths) != 1:
        raise _wrong(path, "must have as many times, units, labels and speakers", str(lengths))
    if labels.size and not 0 <= labels.min() <= labels.max() < n_classes:
        raise _wrong(path, "must have a name for each label", f"{labels.min()}..{labels.max()}")
    # Trial by trial takes far longer, all at once far more memory.
    for start in range(0, len(labels), _BLOCK):
        block = slice(start, start + _BLOCK)
        rows = zip(all_times[block], all_units[block], strict=True)
        for i, (times, units) in enumerate(rows, start):
            step, channel = _events(path, i, times, units, dt)
            yield OneTrial(step, channel // merge, int(labels[i]), int(speakers[i]))


def _events(
    path: Path, i: int, times: Any, units: Any, dt: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    t: NDArray[np.float64] = np.asarray(times, np.float64)
    channel: NDArray[np.int64] = np.asarray(units, np.int64)
    if t.shape != channel.shape or not (np.isfinite(t) & (t >= 0)).all():
        raise _wrong(path, "must have a time >= 0 for each unit", f"others in trial {i}")
    if channel.size and not 0 <= channel.min() <= channel.max() < _N_CHANNELS:
        raise _wrong(path, f"must have units 0..{_N_CHANNELS - 1}", f"others in trial {i}")
    return whole_steps(t * 1000.0 / dt), channel


def _wrong(path: Path, expected: str, got: str) -> FormatError:
    return FormatError(
        f"File '{path.name}'", expected, got=got, remedy="Remove it, and get it again."
    )
