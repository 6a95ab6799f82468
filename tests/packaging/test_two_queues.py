"""Several workers begin with what takes longest, and each file is run by one of them."""

from __future__ import annotations

import pytest

from tests.architecture.source import ROOT
from tests.two_queues import LONG, PROCESSES, TwoQueues


class Worker:
    """One that notes which tests it is given, by their numbers."""

    def __init__(self) -> None:
        self.given: list[int] = []

    def send_runtest_some(self, numbers: list[int]) -> None:
        self.given += numbers


def test_what_is_begun_first_exists() -> None:
    assert all((ROOT / name).is_file() for name in LONG)
    assert all((ROOT / folder).is_dir() for folder in PROCESSES)
    assert len(set(LONG)) == len(LONG)


def test_processes_then_long_files_then_the_rest(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pytestconfig.option, "tx", ["popen"])
    tests = [
        "tests/unit/test_units.py::test_one", "tests/unit/test_units.py::test_two",
        f"{LONG[3]}::test_one", f"{LONG[1]}::test_one",
        "tests/cluster/test_first_ranks.py::test_one", "tests/browser/test_still.py::test_one",
    ]  # fmt: skip
    queues = TwoQueues(pytestconfig, None)
    for test in tests:
        queues.workqueue.setdefault(queues._split_scope(test), {})[test] = False
    worker = Worker()
    queues.registered_collections[worker] = tests
    orders = []
    while queues.workqueue:
        queues._assign_work_unit(worker)
        orders.append([tests[number] for number in worker.given])
        worker.given.clear()
    assert orders == [tests[4:], tests[3:4], tests[2:3], tests[:2]]
