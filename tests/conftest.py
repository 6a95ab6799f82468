"""What every test can ask for, and what a mark asks of the machine."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import Any

import pytest
from hypothesis import settings

from snnlab.cpu.stale import remove_stale_code
from snnlab.doctor import GET_BROWSER, find_browser, mpi

settings.register_profile("snnlab", deadline=None, print_blob=True)
settings.load_profile("snnlab")

collect_ignore = ["gpu"]
"""Run by ``make gpu``, where there is one; nothing is skipped where there is none."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare what changes how much is tested."""
    parser.addoption(
        "--thorough",
        action="store_true",
        help="repeat tests with the mark `rounds` as often as their promises say, which takes "
        "about half an hour",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Repeat a test with the mark ``rounds(usually, thoroughly)``; its `part` counts them."""
    mark = metafunc.definition.get_closest_marker("rounds")
    if mark is not None:
        n_parts = mark.args[metafunc.config.getoption("--thorough")]
        metafunc.parametrize("part", range(n_parts))


def pytest_configure(config: pytest.Config) -> None:
    """See to it that what is tested is what stands in the source; once, not in each worker."""
    if not hasattr(config, "workerinput"):
        remove_stale_code()
        _keep_bytecode()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell started this in the background; processes started here would ignore it as well.
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _keep_bytecode() -> None:
    """Let modules be parsed once, not by each of the hundreds of processes that tests start.

    Images of containers like to forbid it, for processes that are few and for disks that are full.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def pytest_collection_finish() -> None:
    """Look no more for garbage among the tests themselves."""
    _set_aside()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Nor among what a file of tests leaves: what was compiled, what libraries remember."""
    if nextitem is None or nextitem.path != item.path:
        _set_aside()


def _set_aside() -> None:
    """Keep what is alive out of all collections to come, which sessions ask for when they open.

    In a process that has run thousands of tests each of them took seconds.
    """
    gc.collect()
    gc.freeze()


def in_ci() -> bool:
    """Whether nothing may be missing."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def absent(what: str) -> None:
    """End the test: a failure where everything has to be there, a skip on a user's machine."""
    if in_ci():
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session")
def browser_path() -> str:
    """Path of the Chromium or Chrome that browser tests drive."""
    path = find_browser()
    if path is None:
        absent(GET_BROWSER)
    return str(path)


@pytest.fixture(scope="session")
def mpi_library() -> str:
    """Name of the MPI library; tests with the mark `mpi` depend on it by themselves."""
    finding = mpi()
    if finding.state != "ok":
        absent(finding.mend)
    return finding.found


NEEDS = {"browser": "browser_path", "mpi": "mpi_library"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Make a mark ask for the fixture that looks for what the mark needs."""
    for item in items:
        for mark, fixture in NEEDS.items():
            if item.get_closest_marker(mark) and isinstance(item, pytest.Function):
                item.fixturenames.insert(0, fixture)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Divide the tests among several workers, where ``-n`` asks for them."""
    from tests.two_queues import TwoQueues

    return TwoQueues(config, log)
