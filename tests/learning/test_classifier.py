"""The classifier: what it learns, how it goes on after a break, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnlab.errors import (
    FormatError,
    NumericalInstability,
    RewiringWarning,
    SnnlabError,
    SpecError,
    StateError,
)
from snnlab.learning import (
    SGD,
    Adam,
    Callback,
    Checkpoints,
    Classifier,
    EarlyStop,
    EligibilityRule,
    StructuralPlasticity,
    Trials,
    load_digits,
)
from snnlab.learning.datasets.embedded import digits_images
from snnlab.learning.encoders import LinearLatency, RegularRate
from snnlab.learning.training.callback import Course
from snnlab.model.parameter import Parameter

SMALL: dict[str, Any] = {"n_hidden": 48, "epochs": 3, "batch_size": 50}
REWIRED = {**SMALL, "density": 0.2, "rewiring": StructuralPlasticity("DeepR", l1=1e-4)}


@pytest.fixture(scope="module")
def digits() -> tuple[Trials, Trials]:
    training, test = load_digits()
    return training.take(range(400)), test.take(range(200))


def fitted(trials: Trials, **more: Any) -> Classifier:
    return Classifier(**{**SMALL, **more}).fit(trials, callbacks=())


def same(a: Classifier, b: Classifier) -> bool:
    """Whether two classifiers have the same weights, synapses, moments and history, bit for bit."""
    mine, its = a.learner_.state(), b.learner_.state()
    quiet = [c.history_.drop_vars("seconds") for c in (a, b)]
    arrays = all(np.array_equal(mine[name], its[name]) for name in mine | its)
    return arrays and quiet[0].identical(quiet[1])


def test_too_much_rewiring_is_told_once(digits: tuple[Trials, Trials]) -> None:
    churning = StructuralPlasticity("DeepR", l1=0.01, most=1.0)
    with pytest.warns(RewiringWarning, match=r"of the \w+ synapses were replaced") as found:
        fitted(digits[0], density=0.2, rewiring=churning, epochs=7)
    assert len(found) == 1
    assert found[0].filename == __file__
    text = str(found[0].message)
    assert "of epoch 5;" in text
    assert "l1=0.0025" in text


class Squared(EligibilityRule):
    """A part of the gradient that grows with the voltage's nearness to the threshold, squared."""

    factor = Parameter(2.0, "1", "weight of the trace")

    @staticmethod
    def update(syn: Any, pre: Any, post: Any, p: Any) -> None:
        syn.gradient += p.factor * post.learning_signal * post.psi * post.psi * pre.trace


class Break(Callback):
    """Interrupts a training within an epoch."""

    def __init__(self, epoch: int, batch: int) -> None:
        self.at = epoch, batch
        self.ended = 0

    def on_batch(self, course: Course) -> None:
        if (course.epoch, course.batch) == self.at:
            raise KeyboardInterrupt

    def on_end(self, course: Course) -> None:
        self.ended += 1


# --- learning -------------------------------------------------------------------------------------


def test_it_tells_digits_apart(digits: tuple[Trials, Trials]) -> None:
    training, test = digits
    classifier = Classifier(n_hidden=100, epochs=8).fit(training, validation=test, callbacks=())
    history = classifier.history_
    assert history.sizes == {"epoch": 8}
    assert float(history.validation_accuracy[-1]) == classifier.score(test) > 0.85
    assert float(history.training_loss[-1]) < 0.5 * float(history.training_loss[0])
    assert (classifier.predict(test) == test.labels).mean() == classifier.score(test)
    assert history.training_loss.attrs["units"] == "1"


def test_evaluation_counts_every_trial_once(digits: tuple[Trials, Trials]) -> None:
    training, test = digits
    evaluation = fitted(training).evaluate(test)
    confusion = evaluation.confusion
    assert confusion.dims == ("label", "prediction")
    assert int(confusion.sum()) == len(test)
    assert np.array_equal(confusion.sum("prediction"), test.class_counts)
    assert np.trace(confusion) == round(evaluation.accuracy * len(test))
    n_spikes = evaluation.rates.sum() * len(test) * test.duration / 1000
    assert n_spikes == pytest.approx(evaluation.n_spikes * len(test))


def test_deep_r_keeps_the_number_of_synapses_and_moves_some(digits: tuple[Trials, Trials]) -> None:
    training, _ = digits
    classifier = fitted(training, **REWIRED)
    assert classifier.learner_.weights.input.n == round(0.2 * 64 * 48)
    assert float(classifier.history_.input_rewired.sum()) > 0
    assert float(classifier.history_.recurrent_rewired.sum()) > 0


def test_rewiring_of_one_projection_leaves_the_other(digits: tuple[Trials, Trials]) -> None:
    training, _ = digits
    classifier = fitted(training, density={"input": 0.2, "recurrent": 1.0},
                        rewiring={"input": "SET"})  # fmt: skip
    assert "input_rewired" in classifier.history_
    assert "recurrent_rewired" not in classifier.history_
    assert classifier.learner_.weights.recurrent is not None
    assert classifier.learner_.weights.recurrent.is_dense


def test_rewiring_needs_no_recurrent_synapses(digits: tuple[Trials, Trials]) -> None:
    training, _ = digits
    classifier = fitted(training, density=0.2, rewiring="SET", recurrent=False, epochs=1)
    assert classifier.learner_.weights.recurrent is None


def test_the_learning_rate_falls_by_the_same_factor(digits: tuple[Trials, Trials]) -> None:
    training, _ = digits
    classifier = fitted(training, optimiser=Adam(4e-3), last_learning_rate=1e-3)
    assert classifier.history_.learning_rate.values == pytest.approx([4e-3, 2e-3, 1e-3])


# --- breaks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 2])
def test_a_resumed_training_is_that_without_a_break(
    digits: tuple[Trials, Trials], tmp_path: Path, threads: int
) -> None:
    training, _ = digits
    whole = fitted(training, **REWIRED, drop_out=0.1, threads=threads)
    path = tmp_path / "training.npz"
    wanted = Break(epoch=2, batch=3)
    with pytest.raises(KeyboardInterrupt):
        Classifier(**REWIRED, drop_out=0.1).fit(training, callbacks=[Checkpoints(path), wanted])
    assert wanted.ended == 1
    resumed = Classifier(**REWIRED, drop_out=0.1, threads=threads)
    resumed.fit(training, callbacks=(), resume=path)
    assert same(resumed, whole)


def test_after_an_interrupt_it_is_as_after_the_last_whole_epoch(
    digits: tuple[Trials, Trials],
) -> None:
    training, _ = digits
    broken = Classifier(**REWIRED)
    with pytest.raises(KeyboardInterrupt):
        broken.fit(training, callbacks=[Break(epoch=1, batch=4)])
    assert same(broken, fitted(training, **{**REWIRED, "epochs": 1}))
    assert same(broken.fit(training, callbacks=(), resume=True), fitted(training, **REWIRED))


def test_early_stop_takes_the_best_weights_back_and_saves_them(
    digits: tuple[Trials, Trials], tmp_path: Path
) -> None:
    training, test = digits
    stop = EarlyStop("validation_loss", patience=2)
    classifier = Classifier(**{**SMALL, "epochs": 60}, optimiser=Adam(0.03))
    classifier.fit(training, validation=test, callbacks=[stop])
    loss = classifier.history_.validation_loss.values
    assert loss.size < 60
    assert loss.argmin() == loss.size - 3
    assert classifier.evaluate(test).loss == loss.min()
    classifier.save(tmp_path / "best.npz")
    assert Classifier.load(tmp_path / "best.npz").evaluate(test).loss == loss.min()


def test_a_diverging_training_ends_with_the_last_whole_epoch(
    digits: tuple[Trials, Trials],
) -> None:
    training, test = digits
    classifier = Classifier(**SMALL, optimiser=SGD(1e38))
    with pytest.raises(NumericalInstability, match="learning_rate = 1e\\+38"):
        classifier.fit(training, callbacks=())
    assert np.isfinite(classifier.evaluate(test).loss)


# --- files ----------------------------------------------------------------------------------------


def test_a_file_has_all_of_it(digits: tuple[Trials, Trials], tmp_path: Path) -> None:
    training, test = digits
    classifier = fitted(training, **REWIRED)
    classifier.save(tmp_path / "c.npz")
    loaded = Classifier.load(tmp_path / "c.npz")
    assert same(loaded, classifier)
    assert repr(loaded) == repr(classifier)
    assert np.array_equal(loaded.decision_function(test), classifier.decision_function(test))


def test_an_encoder_of_ones_own_must_be_given(tmp_path: Path) -> None:
    class Mine(RegularRate):
        pass

    images, labels = digits_images()
    classifier = Classifier(**SMALL, encoder=Mine()).fit(images[:200], labels[:200], callbacks=())
    classifier.save(tmp_path / "c.npz")
    with pytest.raises(FormatError, match="encoder="):
        Classifier.load(tmp_path / "c.npz")
    loaded = Classifier.load(tmp_path / "c.npz", encoder=Mine())
    assert np.array_equal(loaded.predict(images[200:]), classifier.predict(images[200:]))


def test_a_rule_of_ones_own_learns_and_must_be_given(
    digits: tuple[Trials, Trials], tmp_path: Path
) -> None:
    training, _ = digits
    settings = {**SMALL, "epochs": 1, "form": "online", "eligibility": Squared}
    squared = Classifier(**settings, eligibility_parameters={"factor": 3.0})
    squared.fit(training, callbacks=())
    assert not same(squared, fitted(training, epochs=1, form="online"))
    squared.save(tmp_path / "c.npz")
    with pytest.raises(FormatError, match="eligibility="):
        Classifier.load(tmp_path / "c.npz")
    loaded = Classifier.load(tmp_path / "c.npz", eligibility=Squared)
    assert loaded.eligibility_parameters == {"factor": 3.0}
    assert same(loaded.set_params(epochs=2).fit(training, callbacks=(), resume=True),
                squared.set_params(epochs=2).fit(training, callbacks=()))  # fmt: skip


def test_damage_is_told(digits: tuple[Trials, Trials], tmp_path: Path) -> None:
    training, _ = digits
    path = tmp_path / "c.npz"
    fitted(training, epochs=1).save(path)
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole.replace(b'"Adam"', b'"Eve!"'), b"", b"{}"):
        path.write_bytes(damaged)
        with pytest.raises(FormatError, match=r"c\.npz"):
            Classifier.load(path)
    with pytest.raises(FormatError, match="Check the path"):
        Classifier.load(tmp_path / "other.npz")


def test_going_on_with_another_setting_or_set_is_refused(
    digits: tuple[Trials, Trials], tmp_path: Path
) -> None:
    training, test = digits
    path = tmp_path / "c.npz"
    fitted(training, epochs=1).save(path)
    with pytest.raises(FormatError, match="batch_size=51"):
        Classifier(**{**SMALL, "batch_size": 51}).fit(training, resume=path)
    with pytest.raises(SpecError, match="training set"):
        Classifier(**SMALL).fit(test, callbacks=(), resume=path)
    with pytest.raises(StateError, match="fit first"):
        Classifier(**SMALL).fit(training, resume=True)


# --- data as users have them ----------------------------------------------------------------------


def test_images_need_an_encoder_only(digits: tuple[Trials, Trials]) -> None:
    images, labels = digits_images()
    names = np.array([f"digit {k}" for k in labels])
    classifier = Classifier(**{**SMALL, "epochs": 8}, encoder=RegularRate())
    classifier.fit(images[:400], names[:400], callbacks=())
    assert classifier.classes_[3] == "digit 3"
    answers = classifier.predict(images[400:600])
    assert (answers == names[400:600]).mean() == classifier.score(images[400:600], names[400:600])
    assert classifier.score(images[400:600], names[400:600]) > 0.7


def test_arrays_of_spikes_are_trials(digits: tuple[Trials, Trials]) -> None:
    training, test = digits
    from_array = Classifier(**SMALL).fit(training.to_dense(), training.labels, callbacks=())
    assert same(from_array, fitted(training))
    assert np.array_equal(from_array.predict(test.to_dense()), from_array.predict(test))


def test_settings_make_the_same_classifier_again() -> None:
    classifier = Classifier(**REWIRED, beta=0.0)
    copy = type(classifier)(**classifier.get_params())
    assert copy.get_params() == classifier.get_params()
    assert repr(copy) == repr(classifier)


def test_settings_change_together_or_not_at_all() -> None:
    classifier = Classifier(**SMALL)
    assert classifier.set_params(beta=0.0, epochs=7).get_params()["epochs"] == 7
    with pytest.raises(SpecError, match="tau_m"):
        classifier.set_params(epochs=9, tau_m=-1.0)
    assert classifier.epochs == 7


# --- what cannot be meant -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"epochs": 0}, "Classifier.epochs"),
        ({"batch_size": 2.5}, "Classifier.batch_size"),
        ({"tau": 20.0}, "tau_m"),
        ({"dt": 0.1}, "setting of Classifier"),
        ({"density": 0.0}, "density"),
        ({"density": {"output": 0.1}}, "projection in Classifier.density"),
        ({"rewiring": {"out": "SET"}}, "projection in Classifier.rewiring"),
        ({"last_learning_rate": 0.0}, "last_learning_rate"),
        ({"n_hidden": 0}, "n_hidden"),
    ],
)
def test_settings_that_cannot_be_meant(settings: dict[str, Any], match: str) -> None:
    with pytest.raises(SpecError, match=match):
        Classifier(**settings)


def test_dense_synapses_cannot_be_replaced(digits: tuple[Trials, Trials]) -> None:
    with pytest.raises(SpecError, match="density"):
        Classifier(**SMALL, rewiring="DeepR").fit(digits[0], callbacks=())


def without(trials: Trials, label: int) -> Trials:
    assert trials.labels is not None
    return trials.take(trials.labels != label)


@pytest.mark.parametrize(
    ("fit", "match"),
    [
        (lambda c, t: c.fit(without(t, 4)), "no trial of 4"),
        (lambda c, t: c.fit(t, t.labels), "must be left out"),
        (lambda c, t: c.fit(t.to_dense()), "a label for each trial"),
        (lambda c, t: c.fit(t.to_dense(), t.labels[:-1]), "one label for each"),
        (lambda c, t: c.fit(np.full((4, 5, 6), np.nan), [0, 1, 0, 1]), "whole numbers|finite"),
        (lambda c, t: c.fit(np.zeros((4, 5)), [0, 1, 0, 1]), "n_trials"),
        (lambda c, t: c.fit(t.to_dense(), np.where(t.labels == 0, -1, t.labels)), "labels"),
        (lambda c, t: c.predict(t), "fit first"),
        (lambda c, t: c.fit(t, callbacks=()).evaluate(t.to_dense()), "must get labels"),
        (
            lambda c, t: c.fit(t, callbacks=()).predict(t.to_dense()[:, :, :30]),
            "must be as in training, 64",
        ),
        (
            lambda c, t: c.fit(t, validation=t.to_dense(), callbacks=()),
            "a pair of data and labels",
        ),
        (
            lambda c, t: c.fit(t, callbacks=[EarlyStop("validation_los")]),
            "validation=trials",
        ),
    ],
)
def test_data_that_cannot_be_learnt(digits: tuple[Trials, Trials], fit: Any, match: str) -> None:
    with pytest.raises(SnnlabError, match=match):
        fit(Classifier(**{**SMALL, "epochs": 1}), digits[0])


def test_an_encoder_of_another_kind_is_refused_at_the_answer() -> None:
    images, labels = digits_images()
    classifier = Classifier(**SMALL, encoder=LinearLatency(dt=2.0))
    with pytest.raises(SpecError):
        classifier.fit(images[:50], labels[:49], callbacks=())
