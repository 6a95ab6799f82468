"""The data sets that are part of snnlab: what they hold, how they are made, that damage is told."""

from __future__ import annotations

import gzip
import zipfile
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from snnlab.errors import FormatError
from snnlab.learning.datasets import embedded, load_digits, load_japanese_vowels, make_embedded
from snnlab.learning.datasets.embedded import digits_images, japanese_vowels_utterances
from snnlab.learning.encoders import LevelCrossing, LogLatency


def test_digits_are_the_ones_of_the_repository() -> None:
    images, labels = digits_images()
    assert images.shape == (1797, 8, 8)
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert set(np.unique(images * 16)) == set(range(17))
    assert (images[0] * 16)[0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]
    # The mean zero is dark in its middle, the mean one is not.
    assert images[labels == 0].mean(axis=0)[4, 3:5].max() < 0.1
    assert images[labels == 1].mean(axis=0)[4, 3:5].min() > 0.5


def test_load_digits() -> None:
    training, test = load_digits()
    assert (len(training), len(test)) == (1347, 450)
    assert (training.n_channels, training.n_steps, training.dt) == (64, 40, 1.0)
    assert training.classes == tuple("0123456789")
    assert "CC BY 4.0" in training.attribution
    assert "Alpaydin" in test.attribution


def test_load_digits_with_another_encoder_and_split() -> None:
    training, test = load_digits(LogLatency(), test_fraction=0.5, seed=1)
    assert len(training) == 898
    assert test.n_events < 64 * len(test)
    assert not np.array_equal(test.labels, load_digits(test_fraction=0.5, seed=2)[1].labels)


def test_vowels_are_the_ones_of_the_repository() -> None:
    training, test = japanese_vowels_utterances()
    assert np.bincount(training.speakers).tolist() == [30] * 9
    assert np.bincount(test.speakers).tolist() == [31, 35, 88, 44, 29, 24, 40, 50, 29]
    lengths = [len(frames) for frames in (*training.frames, *test.frames)]
    assert (sum(lengths), min(lengths), max(lengths)) == (9961, 7, 29)
    assert {frames.shape[1] for frames in training.frames} == {12}
    assert training.frames[0][0, :2] == pytest.approx([1.860936, -0.207383], abs=1e-3)


def test_load_japanese_vowels() -> None:
    training, test = load_japanese_vowels()
    assert (len(training), len(test)) == (270, 370)
    assert (training.n_channels, training.n_steps) == (test.n_channels, test.n_steps) == (96, 126)
    assert len(training.classes) == 9
    assert "Kudo" in training.attribution


def test_encoder_of_vowels_is_fitted_unless_it_is() -> None:
    fitted, _ = load_japanese_vowels(LevelCrossing(sample_time=4.0, n_samples=29))
    given, _ = load_japanese_vowels(LevelCrossing(delta=10.0, sample_time=4.0, n_samples=29))
    assert fitted.n_events > 270 * 20
    assert given.n_events == 0  # no coefficient changes by 10


def test_one_nearest_mean_tells_the_speakers_apart() -> None:
    """The labels belong to the utterances: with others in their place this is 11 %."""
    training, test = load_japanese_vowels()
    counts = [t.to_dense().reshape(len(t), 126, 12, 8).sum(axis=1) for t in (training, test)]
    shares = [c / c.sum(axis=(1, 2), keepdims=True) for c in counts]
    means = np.stack([shares[0][training.labels == k].mean(axis=0) for k in range(9)])
    distance = ((shares[1][:, None] - means) ** 2).sum(axis=(2, 3))
    assert np.mean(distance.argmin(axis=1) == test.labels) > 0.8


def test_damage_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(embedded._SHA256, "digits8x8.npz", "0" * 64)
    with pytest.raises(FormatError) as caught:
        digits_images()
    assert str(caught.value).startswith("File 'digits8x8.npz' of snnlab: must have the SHA-256 000")
    assert "install snnlab again" in str(caught.value)


def test_licences_are_beside_the_data() -> None:
    folder = files("snnlab.learning.datasets").joinpath("files")
    text = folder.joinpath("DATA_LICENSES").read_text()
    names = {entry.name for entry in folder.iterdir()}
    assert names == {"DATA_LICENSES", "digits8x8.npz", "japanese_vowels.npz"}
    assert all(name in text for name in names - {"DATA_LICENSES"})
    assert text.count("doi.org") == 2


# --- the script that makes them -----------------------------------------------------------------


@pytest.fixture
def wheels(tmp_path: Path) -> list[str]:
    """Two archives with a few rows in the layout of the real ones."""
    digits, vowels = tmp_path / "scikit_learn.whl", tmp_path / "aeon.whl"
    rows = "\n".join(",".join(["3"] * 64 + [str(label)]) for label in (7, 2))
    with zipfile.ZipFile(digits, "w") as archive:
        archive.writestr("sklearn/datasets/data/digits.csv.gz", gzip.compress(rows.encode()))
    text = "#A comment\n@dimensions 12\n@data\n"
    with zipfile.ZipFile(vowels, "w") as archive:
        for part, speaker in (("TRAIN", 1), ("TEST", 9)):
            signals = ":".join(f"{signal}.5,{signal}.25,-1" for signal in range(12))
            name = f"aeon/datasets/data/JapaneseVowels/JapaneseVowels_{part}.ts"
            archive.writestr(name, f"{text}{signals}:{speaker}\n")
    return [str(digits), str(vowels)]


def test_script_writes_the_layout_that_is_read(wheels: list[str], tmp_path: Path) -> None:
    make_embedded.main(wheels, tmp_path)
    with np.load(tmp_path / "digits8x8.npz") as digits:
        assert digits["labels"].tolist() == [7, 2]
        assert digits["images"].shape == (2, 64)
    with np.load(tmp_path / "japanese_vowels.npz") as vowels:
        assert vowels["frames"].shape == (6, 12)
        assert vowels["frames"][:3, 2].tolist() == [2.5, 2.25, -1.0]
        assert vowels["labels"].tolist() == [0, 8]
        assert int(vowels["n_training"]) == 1


def test_script_says_which_wheel_is_wrong(wheels: list[str], tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"must contain sklearn/datasets/data/digits\.csv\.gz"):
        make_embedded.main(wheels[::-1], tmp_path)
    assert not (tmp_path / "digits8x8.npz").exists()
