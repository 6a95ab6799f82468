"""Data sets as `Trials`: two that are part of snnlab, others from this machine or a download."""

from __future__ import annotations

from snnlab.learning.datasets.embedded import load_digits, load_japanese_vowels

__all__ = ["load_digits", "load_japanese_vowels"]
