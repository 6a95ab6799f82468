"""A request counts as answered when it and all before it of the same page are done."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from snnlab_widgets.answers import Answers


def test_requests_are_answered_in_order() -> None:
    answers, first = Answers(), Future[Any]()
    answers.expect("a", 1, first)
    answers.expect("a", 2, None)
    answers.expect("b", 1, None)
    assert answers.answered() == {"b": 1}
    first.set_result(None)
    assert answers.answered() == {"a": 2, "b": 1}


def test_what_failed_is_answered() -> None:
    answers, failed = Answers(), Future[Any]()
    answers.expect("a", 7, failed)
    failed.set_exception(ValueError("too late"))
    assert answers.answered() == {"a": 7}
