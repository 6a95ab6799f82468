"""Errors come out of other processes as they went in."""

from __future__ import annotations

import pickle

import pytest

from snnlab import errors
from snnlab.errors import SnnlabError

KINDS = [
    kind for name in errors.__all__
    if isinstance(kind := getattr(errors, name), type) and issubclass(kind, SnnlabError)
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_error_from_another_process_says_the_same(kind: type[SnnlabError]) -> None:
    made = kind("LIFExp.tau_m", "must be > 0 ms", got="-1 ms", context="exc", remedy="Try 10 ms.")
    again = pickle.loads(pickle.dumps(made))  # noqa: S301
    assert type(again) is kind
    assert str(again) == str(made)
    assert (again.where, again.got, again.remedy) == ("LIFExp.tau_m", "-1 ms", "Try 10 ms.")
