"""Recorded spikes and events: SHD, SSC, DVS Gesture and N-MNIST, in the layouts of their files."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from snnlab.errors import FormatError, SpecError
from snnlab.learning.datasets import (
    dvs_gesture,
    heidelberg,
    load_dvs_gesture,
    load_n_mnist,
    load_shd,
    load_ssc,
    n_mnist,
)
from snnlab.learning.datasets.heidelberg import read_heidelberg
from tests.learning.data_folders import lay_out, stand_in


def spikes(trials, trial):
    """Pairs (step, channel) of one trial."""
    one = slice(trials.offsets[trial], trials.offsets[trial + 1])
    return list(zip(trials.step[one].tolist(), trials.channel[one].tolist(), strict=True))


# --- SHD and SSC --------------------------------------------------------------------------------

WORDS = [([0.0572, 0.001, 0.0012], [699, 3, 3]), ([], []), ([1.2, 1.3], [10, 11])]


def hdf5(words=WORDS, labels=(1, 0, 1), speakers=(4, 9, 4), keys=("zero", "fünf"), **changes):
    """Bytes of a file in the layout of SHD: ragged half-precision times, units of 16 bits."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for name, column, dtype in (("times", 0, np.float16), ("units", 1, np.uint16)):
            ragged = file.create_dataset(
                f"spikes/{name}", (len(words),), h5py.vlen_dtype(np.dtype(dtype))
            )
            for i, word in enumerate(words):
                ragged[i] = np.array(word[column], dtype)
        file["labels"] = np.array(labels, np.uint16)
        if speakers is not None:
            file["extra/speaker"] = np.array(speakers, np.uint16)
        file["extra/keys"] = np.array([key.encode() for key in keys])
        for name in changes.get("without", ()):
            del file[name]
    return buffer.getvalue()


def zipped(name: str, data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


@pytest.fixture
def shd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """SHD with three trials in its training set and one in its test set."""

    def give(training=None, test=None):
        parts = {
            "shd_train.h5.zip": training or zipped("shd_train.h5", hdf5()),
            "shd_test.h5.zip": test
            or zipped("shd_test.h5", hdf5([([0.5], [0])], labels=[0], speakers=[1])),
        }
        folder = lay_out(monkeypatch, tmp_path, "SHD", parts)
        monkeypatch.setattr(heidelberg, "SHD", stand_in(heidelberg.SHD, folder))
        return folder

    return give


def test_shd(shd) -> None:
    shd()
    training, test = load_shd()
    assert (len(training), len(test)) == (3, 1)
    assert (training.n_channels, training.n_steps, training.dt) == (700, 1400, 1.0)
    # Half precision: 1.2 s is 1.2002, 1.3 s is 1.2998.
    assert [spikes(training, i) for i in range(3)] == [
        [(1, 3), (57, 699)], [], [(1200, 10), (1299, 11)]
    ]  # fmt: skip
    assert training.labels.tolist() == [1, 0, 1]
    assert training.group.tolist() == [4, 9, 4]
    assert training.classes == ("zero", "fünf")
    assert "CC BY 4.0" in training.attribution
    assert [v.group.tolist() for _, v in training.folds()] == [[4, 4], [9]]


def test_shd_cut_coarse_and_merged(shd) -> None:
    shd()
    training, _ = load_shd(duration=1250.0, dt=5.0, merge=5)
    assert (training.n_channels, training.n_steps) == (140, 250)
    assert [spikes(training, i) for i in range(3)] == [[(0, 0), (11, 139)], [], [(240, 2)]]


def test_spikes_from_the_end_on_are_left_out(shd) -> None:
    shd()
    training, _ = load_shd(duration=1200.0)  # 1.2002 s is in the first step after it
    assert spikes(training, 2) == []
    training, _ = load_shd(duration=1201.0)
    assert spikes(training, 2) == [(1200, 10)]


def test_shd_is_read_once(shd, tmp_path: Path) -> None:
    folder = shd()
    first, _ = load_shd()
    for path in folder.iterdir():
        path.unlink()
    again, _ = load_shd()
    assert spikes(again, 2) == spikes(first, 2)
    assert sorted(p.suffix for p in (tmp_path / "cache/data/SHD").iterdir()) == [".trials"] * 2


def test_blocks_leave_no_seam(shd, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "words.h5"
    path.write_bytes(hdf5())
    monkeypatch.setattr(heidelberg, "_BLOCK", 2)
    trials = read_heidelberg(path, heidelberg.SHD, duration=1400.0, dt=1.0, merge=1)
    assert spikes(trials, 2) == [(1200, 10), (1299, 11)]
    assert trials.labels.tolist() == [1, 0, 1]
    path.write_bytes(hdf5([*WORDS[:2], ([0.1], [700])]))
    with pytest.raises(FormatError, match="others in trial 2"):
        read_heidelberg(path, heidelberg.SHD, duration=1400.0, dt=1.0, merge=1)


def test_ssc_has_three_parts_and_no_speakers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = {
        f"ssc_{part}.h5.zip": zipped(f"ssc_{part}.h5", hdf5(WORDS[:n], (1, 0, 1)[:n], None))
        for part, n in (("train", 3), ("valid", 2), ("test", 1))
    }
    folder = lay_out(monkeypatch, tmp_path, "SSC", parts)
    monkeypatch.setattr(heidelberg, "SSC", stand_in(heidelberg.SSC, folder))
    assert [len(part) for part in load_ssc()] == [3, 2, 1]
    assert load_ssc()[0].name == "SSC"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"without": ["labels"]}, "must be HDF5 with spikes/times, spikes/units, labels and extra"),
        ({"without": ["spikes/units"]}, "must be HDF5 with spikes/times, spikes/units, labels"),
        ({"without": ["extra/keys"]}, "must be HDF5 with spikes/times, spikes/units, labels"),
        ({"labels": (1, 0)}, "must have as many times, units, labels and speakers (got [2, 3])."),
        ({"labels": (1, 0, 2)}, "must have a name for each label (got 0..2)."),
        ({"words": [([0.1], [700])] * 3}, "must have units 0..699 (got others in trial 0)."),
        ({"words": [([0.1, 0.2], [7])] * 3}, "must have a time >= 0 for each unit (got others in"),
        ({"words": [([np.nan], [7])] * 3}, "must have a time >= 0 for each unit (got others in"),
        ({"words": [([-0.1], [7])] * 3}, "must have a time >= 0 for each unit (got others in tri"),
    ],
)
def test_another_layout_is_told(tmp_path: Path, changes: dict, message: str) -> None:
    path = tmp_path / "words.h5"
    path.write_bytes(hdf5(**changes))
    with pytest.raises(FormatError) as caught:
        read_heidelberg(path, heidelberg.SHD, duration=1400.0, dt=1.0, merge=1)
    assert str(caught.value).startswith(f"File 'words.h5': {message}")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"no zip", "must be a whole zip archive"),
        (zipped("other.txt", b""), r"must contain one \.h5 file \(got 0\)"),
        (zipped("a.h5", b"no HDF5"), "must be HDF5 with"),
        (zipped("a.h5", hdf5()[:2000]), "must be HDF5 with"),
    ],
)
def test_damaged_archive_is_told(shd, data: bytes, message: str) -> None:
    shd(training=data)
    with pytest.raises(FormatError, match=message):
        load_shd()


@pytest.mark.parametrize("wrong", [{"dt": 0.0}, {"duration": -1.0}, {"merge": 0}])
def test_wrong_settings_are_refused(wrong: dict) -> None:
    with pytest.raises(SpecError, match=f"{next(iter(wrong))}: must be a "):
        load_shd(**wrong)


# --- DVS Gesture --------------------------------------------------------------------------------


def tarred(members: dict[str, object]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in members.items():
            data = content if isinstance(content, bytes) else npy(content)
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def npy(array) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(array, float))
    return buffer.getvalue()


# x, y, polarity, time [ms]
GESTURE = [[127, 4, 1, 12.5], [126, 7, 1, 12.9], [0, 0, 0, 10.2], [5, 3, 0, 40.0]]
TRAINING = {
    "ibmGestureTrain/user01_fluorescent/3.npy": GESTURE,
    "ibmGestureTrain/user01_fluorescent/0.npy": GESTURE[:1],
    "ibmGestureTrain/user12_led/10.npy": np.zeros((0, 4)),
    "ibmGestureTrain/._user12_led": b"",
}


@pytest.fixture
def gestures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def give(training=TRAINING):
        parts = {
            "ibmGestureTrain.tar.gz": training if isinstance(training, bytes) else tarred(training),
            "ibmGestureTest.tar.gz": tarred({"ibmGestureTest/user24_lab/7.npy": GESTURE[:2]}),
        }
        folder = lay_out(monkeypatch, tmp_path, "DVSGesture", parts)
        own = stand_in(dvs_gesture.DVS_GESTURE, folder)
        monkeypatch.setattr(dvs_gesture, "DVS_GESTURE", own)
        return folder

    return give


def test_dvs_gesture(gestures) -> None:
    gestures()
    training, test = load_dvs_gesture()
    assert training.n_channels == 2 * 32 * 32
    # Times from the first event, 10.2 ms; the events at 2.3 and 2.7 ms share a pixel of 4 x 4.
    assert spikes(training, 0) == [(0, 0), (2, 1024 + 32 + 31), (29, 1)]
    assert spikes(training, 1) == [(0, 1024 + 32 + 31)]
    assert spikes(training, 2) == []
    assert training.labels.tolist() == [3, 0, 10]
    assert training.group.tolist() == [1, 1, 12]
    assert training.classes[10] == "other gestures"
    assert (training.n_steps, test.n_steps) == (30, 30)  # of the longest in both
    assert test.labels.tolist() == [7]


def test_dvs_gesture_at_full_size_and_cut(gestures) -> None:
    gestures()
    training, test = load_dvs_gesture(duration=20.0, dt=2.0, shrink=1)
    assert training.n_channels == 2 * 128 * 128
    assert spikes(training, 0) == [(0, 0), (1, (128 + 4) * 128 + 127), (1, (128 + 7) * 128 + 126)]
    assert (training.n_steps, test.n_steps) == (10, 10)


@pytest.mark.parametrize(
    ("training", "message"),
    [
        (b"no archive", "must be a whole tar archive, compressed with gzip"),
        (tarred(TRAINING)[:-40], "must be a whole tar archive, compressed with gzip"),
        ({"a/readme.txt": b""}, "must contain user<id>_<lighting>/<label>.npy (got none of them)."),
        ({"user1_led/0.npy": b"no array"}, "must be a whole .npy file of numbers"),
        ({"user1_led/0.npy": np.zeros((3, 5))}, "must be numbers (n, 4): x, y, polarity, time"),
        ({"user1_led/0.npy": [[128, 0, 0, 0]]}, "must have x and y >= 0 and < 128 (got others)."),
        ({"user1_led/0.npy": [[-1, 0, 0, 0]]}, "must have x and y >= 0 and < 128 (got others)."),
        ({"user1_led/0.npy": [[0, 0, 0, np.nan]]}, "must have finite numbers (got others)."),
        ({"user1_led/11.npy": GESTURE}, "must have a label below 11 (got 11)."),
    ],
)
def test_another_archive_of_gestures_is_told(gestures, training, message: str) -> None:
    gestures(training)
    with pytest.raises(FormatError) as caught:
        load_dvs_gesture()
    assert message in str(caught.value)


def test_objects_in_an_array_are_not_opened(gestures) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.array([[print] * 4]), allow_pickle=True)
    gestures({"user1_led/0.npy": buffer.getvalue()})
    with pytest.raises(FormatError, match=r"must be a whole \.npy file of numbers"):
        load_dvs_gesture()


# --- N-MNIST ------------------------------------------------------------------------------------


def five_bytes(*events) -> bytes:
    """Events (x, y, p, t [us])."""
    return b"".join(bytes([x, y, p << 7 | t >> 16, t >> 8 & 255, t & 255]) for x, y, p, t in events)


SEVEN = five_bytes((0, 0, 0, 900), (33, 2, 1, 70_500), (33, 2, 1, 70_900), (1, 0, 0, 299_999))


def archive(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zip_file:
        for name, data in members.items():
            zip_file.writestr(name, data)
    return buffer.getvalue()


@pytest.fixture
def saccades(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def give(training=None):
        parts = {
            "train.zip": training
            or archive(
                {
                    "Train/7/00002.bin": five_bytes((5, 5, 0, 1)),
                    "Train/7/00001.bin": SEVEN,
                    "Train/0/00003.bin": b"",
                    "Train/": b"",
                }
            ),
            "test.zip": archive({"Test/1/00001.bin": SEVEN}),
        }
        folder = lay_out(monkeypatch, tmp_path, "NMNIST", parts)
        monkeypatch.setattr(n_mnist, "N_MNIST", stand_in(n_mnist.N_MNIST, folder))

    return give


def test_n_mnist(saccades) -> None:
    saccades()
    training, test = load_n_mnist()
    assert training.labels.tolist() == [0, 7, 7]  # in the order of their names
    assert spikes(training, 1) == [(0, 0), (70, 1156 + 2 * 34 + 33), (299, 1)]
    assert spikes(training, 2) == [(0, 5 * 34 + 5)]
    assert (training.n_channels, training.n_steps) == (2312, 300)
    assert test.labels.tolist() == [1]
    assert len(test.classes) == 10


def test_n_mnist_of_the_first_saccade_and_of_a_few(saccades) -> None:
    saccades()
    training, _ = load_n_mnist(duration=100.0, per_class=1)
    assert training.labels.tolist() == [0, 7]
    assert spikes(training, 1) == [(0, 0), (70, 1156 + 2 * 34 + 33)]


def test_overflow_shifts_what_follows(saccades) -> None:
    data = five_bytes((1, 1, 0, 1000), (0, 240, 0, 0), (1, 1, 0, 1000))
    saccades(archive({"Train/3/1.bin": data}))
    training, _ = load_n_mnist()
    assert [step for step, _ in spikes(training, 0)] == [1, 9]  # 1000 + 8192 us


@pytest.mark.parametrize(
    ("training", "message"),
    [
        (b"no archive", "must be a whole zip archive"),
        (archive({"a.txt": b""}), "must contain <digit>/<number>.bin (got none of them)."),
        (archive({"Train/7/1.bin": SEVEN[:-1]}), "must have five bytes for each event (got 19 byt"),
        (archive({"Train/7/1.bin": five_bytes((34, 0, 0, 0))}), "must have x and y below 34"),
        (archive({"Train/7/1.bin": five_bytes((0, 34, 0, 0))}), "must have x and y below 34"),
    ],
)
def test_another_archive_of_saccades_is_told(saccades, training: bytes, message: str) -> None:
    saccades(training)
    with pytest.raises(FormatError) as caught:
        load_n_mnist()
    assert message in str(caught.value)
