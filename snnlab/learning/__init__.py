"""Recurrent networks that learn by e-prop, dense or with sparse rows that rewire as they learn.

`RecurrentNetwork` says what there is, `initial_weights` draws its weights, `EProp` computes
gradients of `Trials`, and `Learner` changes weights and rows by them. `Classifier` is all of it in
scikit-learn's manner; `load_digits` and others are data.
"""

from snnlab.learning.classifier import Classifier
from snnlab.learning.datasets import (
    load_digits,
    load_dvs_gesture,
    load_fashion_mnist,
    load_japanese_vowels,
    load_mnist,
    load_mnist5k,
    load_n_mnist,
    load_shd,
    load_ssc,
)
from snnlab.learning.eligibility import ALIFEligibility, EligibilityRule, LIFEligibility
from snnlab.learning.eprop import EProp
from snnlab.learning.initial import initial_weights
from snnlab.learning.learner import Learner, Update
from snnlab.learning.optimisers import SGD, Adam, Optimiser
from snnlab.learning.outcome import Gradient, Outcome
from snnlab.learning.recurrent_network import RecurrentNetwork
from snnlab.learning.shuffle import batches
from snnlab.learning.structural_plasticity import StructuralPlasticity
from snnlab.learning.synapses import Synapses
from snnlab.learning.training import (
    Callback,
    Checkpoints,
    EarlyStop,
    Evaluation,
    Progress,
)
from snnlab.learning.trials import Trials
from snnlab.learning.weights import Weights

__all__ = [
    "SGD",
    "ALIFEligibility",
    "Adam",
    "Callback",
    "Checkpoints",
    "Classifier",
    "EProp",
    "EarlyStop",
    "EligibilityRule",
    "Evaluation",
    "Gradient",
    "LIFEligibility",
    "Learner",
    "Optimiser",
    "Outcome",
    "Progress",
    "RecurrentNetwork",
    "StructuralPlasticity",
    "Synapses",
    "Trials",
    "Update",
    "Weights",
    "batches",
    "initial_weights",
    "load_digits",
    "load_dvs_gesture",
    "load_fashion_mnist",
    "load_japanese_vowels",
    "load_mnist",
    "load_mnist5k",
    "load_n_mnist",
    "load_shd",
    "load_ssc",
]
