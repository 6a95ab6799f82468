"""A classifier of spikes: one hidden layer that learns by e-prop, in scikit-learn's manner."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import xarray as xr

from snnlab.cuda.device import Device
from snnlab.errors import FormatError, NumericalInstability, SpecError, StateError, unknown_name
from snnlab.learning.eligibility import EligibilityRule
from snnlab.learning.encoders.encoder import Encoder, fitted
from snnlab.learning.learner import Learner
from snnlab.learning.optimisers import Adam, Optimiser
from snnlab.learning.recurrent_network import PARAMETERS, RecurrentNetwork
from snnlab.learning.response import Response, respond
from snnlab.learning.shuffle import batches
from snnlab.learning.structural_plasticity import StructuralPlasticity
from snnlab.learning.training import saved
from snnlab.learning.training.callback import Callback, Course
from snnlab.learning.training.evaluation import Evaluation
from snnlab.learning.training.history import EpochTally, History
from snnlab.learning.training.learning_rate import learning_rate_at
from snnlab.learning.training.progress import Progress
from snnlab.learning.training.rewiring_watch import RewiringWatch
from snnlab.learning.trials import Trials

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Classifier"]

PROJECTIONS = ("input", "recurrent")

Rewirings = StructuralPlasticity | str | Mapping[str, StructuralPlasticity | str | None] | None

_OF_NETWORK = (
    *(name for name in PARAMETERS if name != "dt" and not name.endswith("_density")),
    "recurrent", "feedback", "precision", "seed",
)  # fmt: skip
"""Parameters of `RecurrentNetwork` that are a user's; the others follow from data and density."""

_MAY_CHANGE = ("epochs", "threads", "device")
"""What may be another when training goes on: results do not depend on it."""


class Classifier:
    """Inputs, one hidden layer of recurrent LIF or ALIF neurons, an output for each class.

    Parameters
    ----------
    n_hidden : int
        Hidden neurons.
    density : float or mapping
        Part of the pairs that are connected, 1 is dense; of both projections, or
        ``{"input": 0.05, "recurrent": 0.1}``.
    rewiring : StructuralPlasticity, str, mapping or None
        Who replaces synapses while the classifier learns: ``"DeepR"``, ``"SET"``, ``"RigL"``, one
        of them with settings, or None: nobody. Of both projections, or a mapping as above. The
        projection must be sparse.
    encoder : Encoder, optional
        Turns values into spikes, for data that are not spikes yet; see `snnlab.learning.encoders`.
    epochs, batch_size : int
    optimiser : Optimiser, optional
        Default: ``Adam(4e-3)``.
    last_learning_rate : float, optional
        The learning rate falls to it, by the same factor after each epoch; default: it stays.
    drop_out : float
        Probability that an input spike is left out while learning.
    form : str
        ``"adjoint"`` or ``"online"``: how gradients are computed; see `EProp`.
    eligibility : type of EligibilityRule, optional
        What synapses remember, a rule of one's own for the online form.
    eligibility_parameters : mapping, optional
        Of that rule: name -> number or quantity.
    threads : int
        Of the CPU; results do not depend on it, to the bit.
    device : str or Device
        ``"cpu"``; ``"cuda:0"``, ...: this GPU; ``"auto"``: a GPU if there is one and the network is
        large enough to gain. Nor do they depend on this; files do not keep it.
    **network
        Any of `RecurrentNetwork`: ``beta=0.0``, ``tau_m="10 ms"``, ``feedback="random"``,
        ``recurrent=False``, ``c_reg``, ``seed``, ...

    Attributes
    ----------
    classes_ : tuple of str
        Names of the classes, by number.
    history_ : xarray.Dataset
        Losses, accuracies, spikes, rewired synapses and seconds over ``epoch``.
    encoder_ : Encoder or None
        `encoder`, fitted to the training set where that is needed.
    network_ : RecurrentNetwork
    learner_ : Learner
        Weights and synapses as they are: ``learner_.weights.input.matrix()``.

    Raises
    ------
    SpecError
        A setting that does not exist or cannot be meant.

    Examples
    --------
    >>> from snnlab.learning import Classifier, load_digits
    >>> training, test = load_digits()
    >>> classifier = Classifier(density=0.05, rewiring="DeepR", epochs=5)
    >>> bool(classifier.fit(training, callbacks=()).score(test) > 0.9)
    True
    """

    def __init__(
        self,
        n_hidden: int = 256,
        *,
        density: float | Mapping[str, float] = 1.0,
        rewiring: Rewirings = None,
        encoder: Encoder | None = None,
        epochs: int = 10,
        batch_size: int = 32,
        optimiser: Optimiser | None = None,
        last_learning_rate: float | None = None,
        drop_out: float = 0.0,
        form: str = "adjoint",
        eligibility: type[EligibilityRule] | None = None,
        eligibility_parameters: Mapping[str, float | str] | None = None,
        threads: int = 1,
        device: str | Device = "cpu",
        **network: Any,
    ) -> None:
        self.n_hidden, self.density, self.rewiring = n_hidden, density, rewiring
        self.encoder, self.epochs, self.batch_size = encoder, epochs, batch_size
        self.optimiser = Adam(4e-3) if optimiser is None else optimiser
        self.last_learning_rate, self.drop_out = last_learning_rate, drop_out
        self.form, self.threads, self.device, self.network = form, threads, device, network
        self.eligibility, self.eligibility_parameters = eligibility, eligibility_parameters
        self._check()

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return all settings by name, as scikit-learn asks for them."""
        found = {name: getattr(self, name) for name in _OWN}
        return found | self.network

    def set_params(self, **parameters: Any) -> Self:
        """Change settings; they hold from the next `fit` on.

        Raises
        ------
        SpecError
            A setting that does not exist or cannot be meant; nothing is changed.
        """
        wanted = type(self)(**{**self.get_params(), **parameters})
        for name in (*_OWN, "network"):
            setattr(self, name, getattr(wanted, name))
        return self

    def __repr__(self) -> str:
        text = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items())
        return f"Classifier({text})"

    # --- learning -------------------------------------------------------------------------------

    def fit(
        self,
        X: Trials | ArrayLike,
        y: ArrayLike | None = None,
        *,
        validation: Trials | tuple[ArrayLike, ArrayLike] | None = None,
        callbacks: Iterable[Callback] | None = None,
        resume: str | os.PathLike[str] | bool = False,
    ) -> Self:
        """Learn `epochs` times all trials.

        Parameters
        ----------
        X : Trials, or array
            Spikes with their labels; or, with an `encoder`, what it takes: images (n, ...) between
            0 and 1, series; or spikes as an array (n_trials, n_steps, n_channels).
        y : (n_trials,) int or str, optional
            The class of each trial, where `X` is not `Trials`.
        validation : Trials, or pair of arrays, optional
            Looked at after each epoch; nothing is learnt from it.
        callbacks : iterable of Callback, optional
            Default: a progress bar.
        resume : bool or path
            True: go on from the last whole epoch of this classifier; a path: from the one in a file
            that `Checkpoints` or `save` wrote. The result is, to the bit, that of a training
            without a break. False: begin anew.

        Returns
        -------
        Classifier
            This one.

        Warns
        -----
        RewiringWarning
            In the second half of the epochs, and after the fourth, l1 has more than 1 % of the
            synapses of a projection replaced for each batch.

        Raises
        ------
        SpecError
            No labels, a class without a trial, or trials that do not fit the settings.
        NumericalInstability
            The loss is not finite; the classifier is as it was after the last whole epoch.
        FormatError
            A file that is damaged, or of another classifier or training set.

        Notes
        -----
        An interrupt ends training after the present batch; the classifier is then as it was after
        the last whole epoch, and ``fit(..., resume=True)`` goes on from there.
        """
        trials = self._training_set(X, y)
        held_out = None if validation is None else self._validation_set(validation, trials)
        if resume is False:
            self._begin(trials)
        elif resume is True:
            self._go_on(trials)
        else:
            self._take_from(resume)
            self._go_on(trials)
        self._check_against(held_out, "validation")
        course = self._course(trials, held_out)
        told: list[Callback] = [Progress()] if callbacks is None else list(callbacks)
        told.append(RewiringWatch())
        try:
            try:
                for callback in told:
                    callback.on_start(course)
                while course.epoch < self.epochs and not self._epoch(course, told):
                    pass
            finally:
                for callback in told:
                    callback.on_end(course)
        except BaseException:
            self.learner_.restore(self._whole)
            raise
        # A callback may have taken earlier weights back: what answers is what is saved.
        self._whole = self.learner_.state()
        return self

    def _epoch(self, course: Course, callbacks: list[Callback]) -> bool:
        """Learn an epoch; returns whether a callback wants to stop."""
        network, tally = self.network_, EpochTally()
        rate = learning_rate_at(
            course.epoch, self.epochs, self.optimiser.learning_rate, self.last_learning_rate
        )
        started = time.perf_counter()
        chosen = batches(len(course.trials), self.batch_size, network.seed, course.epoch)
        for course.batch, indices in enumerate(chosen, 1):
            course.update = self.learner_.learn(course.trials, indices, learning_rate=rate)
            tally.add(course.update.outcome, course.update.n_rewired)
            if not math.isfinite(tally.loss):
                raise _diverged(course, rate)
            for callback in callbacks:
                callback.on_batch(course)
        seconds = time.perf_counter() - started
        held_out = None if course.validation is None else self.evaluate(course.validation)
        self._history.rows.append(tally.row(held_out, rate, seconds))
        self._whole = self.learner_.state()
        course.epoch += 1
        wants_stop = False
        for callback in callbacks:
            wants_stop = bool(callback.on_epoch(course)) or wants_stop
        return wants_stop

    def _begin(self, trials: Trials) -> None:
        self.network_ = self._network_of(trials)
        learner = self._made_learner()
        self._forget()
        self.learner_, self._whole = learner, learner.state()
        self.classes_, self._history = trials.classes, History()
        self._fingerprint = saved.fingerprint(trials)

    def _take_from(self, path: str | os.PathLike[str]) -> None:
        other = type(self).load(path, encoder=self.encoder, eligibility=self.eligibility)
        self._check_same_settings(other, path)
        self._take_over(other)

    def _go_on(self, trials: Trials) -> None:
        self._check_is_fitted("fit(resume=True)")
        if saved.fingerprint(trials) != self._fingerprint:
            raise SpecError(
                "Classifier.fit.resume", "must go on with the training set that it began with",
                got=repr(trials), remedy="Write resume=False to learn another set from the start.",
            )  # fmt: skip
        if not self._has_same_network(trials):
            raise SpecError(
                "Classifier.fit.resume",
                "must go on with the settings that it began with",
                remedy="Write resume=False to begin anew with other settings.",
            )
        self.learner_.close()
        self.learner_ = self._made_learner()
        self.learner_.restore(self._whole)

    def _has_same_network(self, trials: Trials) -> bool:
        return self._network_of(trials) == self.network_

    def _course(self, trials: Trials, validation: Trials | None) -> Course:
        done = len(self._history.rows)
        n_batches = -(-len(trials) // self.batch_size)
        return Course(self, trials, validation, done, self.epochs, n_batches, epoch=done)

    def _network_of(self, trials: Trials) -> RecurrentNetwork:
        density = _by_projection(self.density)
        return RecurrentNetwork(
            n_inputs=trials.n_channels, n_hidden=self.n_hidden, n_outputs=len(trials.classes),
            dt=trials.dt, input_density=density["input"], recurrent_density=density["recurrent"],
            **self.network,
        )  # fmt: skip

    def _made_learner(self) -> Learner:
        rewiring = _by_projection(self.rewiring)
        if not self.network_.recurrent and not isinstance(self.rewiring, Mapping):
            rewiring["recurrent"] = None
        return Learner(
            self.network_, optimiser=self.optimiser, input_rewiring=rewiring["input"],
            recurrent_rewiring=rewiring["recurrent"], form=self.form, eligibility=self.eligibility,
            eligibility_parameters=self.eligibility_parameters, drop_out=self.drop_out,
            threads=self.threads, device=self.device,
        )  # fmt: skip

    def _forget(self) -> None:
        if self._is_fitted:
            self.learner_.close()

    # --- answers --------------------------------------------------------------------------------

    def evaluate(self, X: Trials | ArrayLike, y: ArrayLike | None = None) -> Evaluation:
        """Show labelled trials and return how good the answers are; nothing is learnt.

        Parameters
        ----------
        X, y : see `fit`

        Raises
        ------
        StateError
            Nothing has been learnt yet.
        SpecError
            No labels, or trials of other channels, classes or another time step.
        """
        trials = self._shown(X, y)
        if trials.labels is None:
            raise SpecError("Classifier.evaluate", "must get labels", got="None",
                            remedy="predict needs none.")  # fmt: skip
        outcome = self.learner_.evaluate(trials)
        return Evaluation(outcome, self.classes_, trials.duration)

    def score(self, X: Trials | ArrayLike, y: ArrayLike | None = None) -> float:
        """Return the part of the trials that are answered right; see `evaluate`."""
        return self.evaluate(X, y).accuracy

    def predict(self, X: Trials | ArrayLike) -> NDArray[Any]:
        """Return the class of each trial.

        Parameters
        ----------
        X : see `fit`

        Returns
        -------
        (n_trials,) int64 or str
            Numbers; names if `fit` was given names.
        """
        best: NDArray[Any] = self.decision_function(X).argmax(1)
        return np.asarray(self.classes_)[best] if self._answers_names else best

    def response(self, X: Trials | ArrayLike, k: int = 0) -> Response:
        """Return the hidden spikes and the outputs of one trial, step by step.

        Parameters
        ----------
        X : see `fit`
        k : int
            Which trial of them.

        Raises
        ------
        SpecError
            There is no such trial.
        """
        trials = self._shown(X, None)
        if trials.labels is None:
            trials = _labelled(trials, np.zeros(len(trials), np.int64), self.classes_)
        return respond(self.network_, self.learner_.weights, trials, k)

    def decision_function(self, X: Trials | ArrayLike) -> NDArray[np.float64]:
        """Return the vote for each class: outputs, summed over the steps that count.

        Parameters
        ----------
        X : see `fit`

        Returns
        -------
        (n_trials, n_classes) float64
        """
        trials = self._shown(X, None)
        any_label = np.zeros(len(trials), np.int64)  # losses are computed and not looked at
        return self.learner_.evaluate(_labelled(trials, any_label, self.classes_)).votes

    @property
    def history_(self) -> xr.Dataset:
        """What training has done, over ``epoch``."""
        self._check_is_fitted("history_")
        return self._history.dataset()

    # --- files ----------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write settings, weights, synapses, history and the optimiser's state of the last epoch.

        Parameters
        ----------
        path : path
            What is there is replaced only when all is on the disk.

        Raises
        ------
        StateError
            Nothing has been learnt yet.
        OSError
            The disk is full or the folder cannot be written to.
        """
        self._check_is_fitted("save")
        settings = self.get_params() | {"encoder": self.encoder_}
        del settings["device"]
        header = {
            "parameters": saved.plain_parameters(settings),
            "network": asdict(self.network_), "classes": list(self.classes_),
            "rows": self._history.rows, "fingerprint": self._fingerprint,
            "answers_names": self._answers_names,
        }  # fmt: skip
        saved.write(path, header, self._whole)

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], *, encoder: Encoder | None = None,
        eligibility: type[EligibilityRule] | None = None, device: str | Device = "cpu",
    ) -> Self:  # fmt: skip
        """Return the classifier in a file. It answers, and goes on learning with `fit(resume)`.

        Parameters
        ----------
        path : path
            What `save` wrote.
        encoder : Encoder, optional
        eligibility : type of EligibilityRule, optional
            The ones it was trained with, if they are one's own: their code is not in the file.
        device : str or Device
            Where it computes from now on, wherever it was trained.

        Raises
        ------
        FormatError
            No such file, damaged, of another kind or newer, or what it holds is no classifier.
        """
        header, state = saved.read(path)
        own = {"encoder": encoder, "eligibility": eligibility}
        parameters = saved.revived_parameters(header["parameters"], own, path)
        try:
            found = cls(**parameters, device=device)
            found.network_ = RecurrentNetwork(**header["network"])
            found.learner_ = found._made_learner()
        except (SpecError, TypeError) as error:
            raise FormatError(
                f"File '{path}'", "must hold the settings of a classifier", got=str(error)
            ) from error
        found.learner_.restore(state)
        found._whole = found.learner_.state()
        found.encoder_ = found.encoder
        found.classes_ = tuple(map(str, header["classes"]))
        found._history = History([dict(row) for row in header["rows"]])
        found._fingerprint, found._answers_names = header["fingerprint"], header["answers_names"]
        return found

    def _take_over(self, other: Classifier) -> None:
        self._forget()
        for name in ("network_", "learner_", "_whole", "classes_", "_history", "_fingerprint",
                     "_answers_names", "encoder_"):  # fmt: skip
            setattr(self, name, getattr(other, name))

    # --- checks ---------------------------------------------------------------------------------

    _answers_names = False
    encoder_: Encoder | None = None
    _whole: dict[str, NDArray[Any]]

    @property
    def _is_fitted(self) -> bool:
        return hasattr(self, "learner_")

    def _check(self) -> None:
        for name in ("epochs", "batch_size"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise SpecError(f"Classifier.{name}", "must be a whole number >= 1",
                                got=repr(value))  # fmt: skip
        for name in self.network:
            if name not in _OF_NETWORK:
                raise unknown_name("setting of Classifier", name, (*_OWN, *_OF_NETWORK))
        last = self.last_learning_rate
        if last is not None and not (math.isfinite(last) and last > 0):
            raise SpecError("Classifier.last_learning_rate", "must be > 0", got=repr(last))
        for name in ("density", "rewiring"):
            _check_projections(name, getattr(self, name))
        # What can be said of the network before there are data; as large as any.
        density = _by_projection(self.density)
        RecurrentNetwork(
            n_inputs=65_535, n_hidden=self.n_hidden, n_outputs=2, input_density=density["input"],
            recurrent_density=density["recurrent"], **self.network,
        )  # fmt: skip

    def _check_is_fitted(self, what: str) -> None:
        if not self._is_fitted:
            raise StateError(
                f"Classifier.{what}",
                "needs a classifier that has learnt",
                remedy="Call fit first, or Classifier.load.",
            )

    def _check_same_settings(self, other: Classifier, path: Any) -> None:
        mine, its = (saved.plain_parameters(c.get_params()) for c in (self, other))
        for name in sorted(mine.keys() | its.keys()):
            if name not in (*_MAY_CHANGE, "encoder") and mine.get(name) != its.get(name):
                raise FormatError(
                    f"File '{path}'", f"must be of a classifier with {name}={mine.get(name)!r}",
                    got=repr(its.get(name)),
                    remedy="Classifier.load(path) has the settings of the file.",
                )  # fmt: skip

    def _training_set(self, X: Trials | ArrayLike, y: ArrayLike | None) -> Trials:
        if not isinstance(X, Trials) and self.encoder is not None:
            self.encoder_ = fitted(self.encoder, X)
        trials = self._as_trials(X, y)
        if trials.labels is None:
            raise SpecError("Classifier.fit.y", "must be a label for each trial", got="None")
        counts = trials.class_counts
        if len(trials.classes) < 2 or (counts == 0).any():
            empty = [name for name, n in zip(trials.classes, counts, strict=True) if n == 0]
            raise SpecError(
                "Classifier.fit", "must get at least two classes, each with a trial",
                got=f"no trial of {', '.join(empty)}" if empty else f"{len(trials.classes)} class",
                remedy="Leave classes without trials out, or number labels 0, 1, 2, ...",
            )  # fmt: skip
        self._answers_names = y is not None and np.asarray(y).dtype.kind in "UTO"
        return trials

    def _validation_set(self, validation: Any, training: Trials) -> Trials:
        if isinstance(validation, Trials):
            return validation
        if not isinstance(validation, tuple) or len(validation) != 2:
            raise SpecError(
                "Classifier.fit.validation", "must be Trials, or a pair of data and labels",
                got=type(validation).__name__, remedy="Write validation=(X, y).",
            )  # fmt: skip
        X, y = validation
        return self._as_trials(X, y, classes=training.classes)

    def _shown(self, X: Trials | ArrayLike, y: ArrayLike | None) -> Trials:
        self._check_is_fitted("predict")
        trials = self._as_trials(X, y, classes=self.classes_)
        self._check_against(trials, "X")
        return trials

    def _check_against(self, trials: Trials | None, name: str) -> None:
        """Trials must be like those that were learnt."""
        if trials is None:
            return
        for what, got, expected in (
            ("n_channels", trials.n_channels, self.network_.n_inputs),
            ("classes", trials.classes or self.classes_, self.classes_),
        ):
            if got != expected:
                raise SpecError(
                    f"Classifier.{name}.{what}", f"must be as in training, {expected}",
                    got=str(got), remedy="Encode all data in the same way.",
                )  # fmt: skip

    def _as_trials(self, X: Any, y: ArrayLike | None, **more: Any) -> Trials:
        if isinstance(X, Trials):
            if y is not None:
                raise SpecError("Classifier.y", "must be left out: Trials have their labels",
                                got=f"{np.shape(y)}")  # fmt: skip
            return X
        if self.encoder_ is not None:
            return self.encoder_.encode(X, y, **more)
        return Trials.from_dense(X, y, **more)


_OWN = (
    "n_hidden", "density", "rewiring", "encoder", "epochs", "batch_size", "optimiser",
    "last_learning_rate", "drop_out", "form", "eligibility", "eligibility_parameters", "threads",
    "device",
)  # fmt: skip


def _by_projection(value: Any) -> dict[str, Any]:
    """A setting of both projections, or of each; what a mapping leaves out is dense, or fixed."""
    if isinstance(value, Mapping):
        return {name: value.get(name) for name in PROJECTIONS}
    return dict.fromkeys(PROJECTIONS, value)


def _check_projections(name: str, value: Any) -> None:
    for key in value if isinstance(value, Mapping) else ():
        if key not in PROJECTIONS:
            raise unknown_name(f"projection in Classifier.{name}", key, PROJECTIONS)


def _labelled(trials: Trials, labels: NDArray[np.int64], classes: tuple[str, ...]) -> Trials:
    return Trials(
        trials.channel, trials.step, trials.offsets, labels, trials.n_channels, trials.n_steps,
        classes, trials.dt,
    )  # fmt: skip


def _diverged(course: Course, rate: float) -> NumericalInstability:
    return NumericalInstability(
        "Classifier.fit", "must have a finite loss",
        got=f"another in batch {course.batch} of epoch {course.epoch + 1}",
        remedy=f"Learn more slowly, with less than optimiser.learning_rate = {rate:g}.",
    )  # fmt: skip
