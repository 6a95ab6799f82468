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


@pytest.fixture(scope="session")
def three(mpi_library: str) -> Iterator[Ranks]:
    """Three ranks: more than the small networks have blocks in some populations."""
    with Ranks.start(3, device="cpu") as started:
        yield started


@pytest.fixture(scope="session")
def four(mpi_library: str) -> Iterator[Ranks]:
    """Four ranks, more than most computers that run tests have cores."""
    with Ranks.start(4, device="cpu") as started:
        yield started


@pytest.fixture(params=["ranks", "three"])
def several(request: pytest.FixtureRequest) -> Ranks:
    """Two ranks, then three."""
    found: Ranks = request.getfixturevalue(request.param)
    return found
