"""Engines that the promises of the session are checked with."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from snnlab.engine import Engine
from snnlab.model.network import Network
from snnlab.session import Session
from tests.features.reference_engine import balanced
from tests.features.session_bench import ENGINES


@pytest.fixture(params=ENGINES)
def make_engine(request: pytest.FixtureRequest) -> Callable[[Network], Engine]:
    """Each engine that the session must work with."""
    return ENGINES[request.param]


@pytest.fixture
def session(make_engine: Callable[[Network], Engine]) -> Iterator[Session]:
    """A session of a small balanced network on each engine."""
    with Session(make_engine(balanced())) as session:
        yield session
