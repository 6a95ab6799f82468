"""Data sets as `Trials`: two that are part of snnlab, others from this machine or a download."""

from __future__ import annotations

from snnlab.learning.datasets.dvs_gesture import load_dvs_gesture
from snnlab.learning.datasets.embedded import load_digits, load_japanese_vowels
from snnlab.learning.datasets.fashion_mnist import load_fashion_mnist
from snnlab.learning.datasets.heidelberg import load_shd, load_ssc
from snnlab.learning.datasets.mnist import load_mnist, load_mnist5k
from snnlab.learning.datasets.n_mnist import load_n_mnist

__all__ = [
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
