"""A session to put on a page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import snnlab
from snnlab.session import Session
from tests.activity import two_populations


@pytest.fixture
def session() -> Iterator[Session]:
    """A paused session of two small populations."""
    with snnlab.open(two_populations(), threads=1) as session:
        yield session
