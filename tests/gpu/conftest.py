"""What the tests on a GPU share; without a GPU they fail at once and say why."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from snnlab.cuda.available import obstacle
from snnlab.cuda.cupy_device import CupyDevice
from snnlab.cuda.probe import look


def pytest_sessionstart() -> None:
    """End before anything is run where there is no GPU: nothing here is skipped."""
    error = obstacle(look(), 0)
    if error is not None:
        pytest.exit(f"No GPU to test on. {error}", returncode=1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test here the mark of what it needs."""
    for item in items:
        item.add_marker("gpu")


@pytest.fixture
def device() -> Iterator[CupyDevice]:
    """The first GPU, with a stream and memory of its own."""
    device = CupyDevice(0)
    yield device
    device.release()
