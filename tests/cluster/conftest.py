"""Ranks that most tests share, since starting them takes seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from snnlab.cluster import Ranks


@pytest.fixture(scope="session")
def ranks(mpi_library: str) -> Iterator[Ranks]:
    """Two MPI ranks; a test that harms them restarts them."""
    with Ranks.start(2, device="cpu") as started:
        yield started
