"""Ranks that most tests share, since starting them takes seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from snnlab.cluster import Ranks
from snnlab.errors import StateError


@pytest.fixture(scope="session")
def shared(mpi_library: str) -> Iterator[Ranks]:
    """Two MPI ranks for all tests."""
    with Ranks.start(2, device="cpu") as started:
        yield started


@pytest.fixture
def ranks(shared: Ranks) -> Ranks:
    """Two MPI ranks that run, whatever the last test did to them."""
    try:
        assert len(shared) == 2
    except StateError:
        shared.restart()
    return shared
