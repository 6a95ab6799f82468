"""A function is found by its name; its error travels as text and is an error again."""

from __future__ import annotations

import pytest

from snnlab.cluster.remote import Failure, name_of, perform
from snnlab.errors import OutOfMemory, RankFailed, SpecError
from tests.cluster import on_ranks


def failure(error: BaseException) -> Failure:
    try:
        raise error
    except BaseException as raised:
        return Failure.of(raised)


def test_name_leads_back_to_the_function() -> None:
    assert name_of(on_ranks.nothing) == "tests.cluster.on_ranks:nothing"
    assert perform("math:hypot", 3.0, 4.0) == 5.0
    assert perform(name_of(Failure.of), ValueError("no")).message == "no"


def test_function_without_a_name_of_its_own() -> None:
    def local() -> None: ...

    for function in (local, lambda: None):
        with pytest.raises(SpecError, match="import"):
            name_of(function)


def test_error_of_python_becomes_that_of_a_rank() -> None:
    error = failure(KeyError("x")).error("rank 3 on b")
    assert isinstance(error, RankFailed)
    assert (error.where, error.got) == ("rank 3 on b", "KeyError: 'x'")
    assert "raise error" in error.__notes__[0]


def test_error_of_snnlab_stays_what_it_is() -> None:
    raised = OutOfMemory("exc", "must fit", got="9 GB", context="Here.", remedy="Scale down.")
    error = failure(raised).error("rank 3 on b", "So did rank 4.")
    assert isinstance(error, OutOfMemory)
    assert error.context == "Here. Raised on rank 3 on b. So did rank 4."
    assert (error.where, error.got, error.remedy) == ("exc", "9 GB", "Scale down.")


def test_module_that_is_not_there_is_a_failure() -> None:
    answer = perform("snnlab.nowhere:nothing")
    assert isinstance(answer, Failure)
    assert answer.kind == "ModuleNotFoundError"


def test_interrupt_is_a_failure() -> None:
    assert failure(KeyboardInterrupt()).kind == "KeyboardInterrupt"
