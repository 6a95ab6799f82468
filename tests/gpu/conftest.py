"""What the tests on a GPU share; without a GPU they fail at once and say why."""

from __future__ import annotations

import faulthandler
import os
from collections.abc import Iterator
from typing import TextIO

import pytest

from snnlab.cuda.available import obstacle
from snnlab.cuda.cupy_device import CupyDevice
from snnlab.cuda.probe import look

LONGEST_S = 180.0
"""A test that takes longer waits for a kernel that does not end; nothing else would stop it."""

STDERR = pytest.StashKey[TextIO]()


def pytest_sessionstart(session: pytest.Session) -> None:
    """End before anything is run where there is no GPU: nothing here is skipped."""
    error = obstacle(look(), 0)
    if error is not None:
        pytest.exit(f"No GPU to test on. {error}", returncode=1)
    # The real one: what tests write to theirs is kept until they end, and these never do.
    session.config.stash[STDERR] = os.fdopen(os.dup(2), "w")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test here the mark of what it needs."""
    for item in items:
        item.add_marker("gpu")


@pytest.fixture(autouse=True)
def end_what_hangs(request: pytest.FixtureRequest) -> Iterator[None]:
    """Say where a test hangs and end everything: a kernel cannot be interrupted."""
    faulthandler.dump_traceback_later(LONGEST_S, exit=True, file=request.config.stash[STDERR])
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture
def device() -> Iterator[CupyDevice]:
    """The first GPU, with a stream and memory of its own."""
    device = CupyDevice(0)
    yield device
    device.release()
