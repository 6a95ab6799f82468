"""Engines that the promises of the session are checked with."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from snnlab.engine import Engine
from snnlab.model.network import Network
from snnlab.session import Session
from tests.features.on_device import on_device
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


@pytest.fixture(params=["cpu", "device"])
def both_engines(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a module's `CpuEngine` be one engine, then the other: they keep the same promises."""
    if request.param == "device":
        monkeypatch.setattr(request.module, "CpuEngine", on_device)
