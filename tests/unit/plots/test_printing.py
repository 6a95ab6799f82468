"""What is printed while a plot answers the browser on a thread of its own."""

from __future__ import annotations

import sys
import threading
from contextlib import ExitStack
from typing import Any

import pytest
import pyviz_comms

from snnlab.plots import backend


class Line(pyviz_comms.Comm):
    """A line to a browser that is not there: keeps what it would send."""

    def init(self, *_: Any) -> None:
        self.sent: list[Any] = []

    def send(self, data: Any = None, metadata: Any = None, buffers: Any = ()) -> None:
        self.sent.append(metadata)


class Answer:
    """An answer that takes until it is told to end."""

    def __init__(self, text: str) -> None:
        self._text, self._end = text, threading.Event()
        self._started = threading.Event()
        self.line = Line(on_msg=self._work)
        self.line.init()
        self._thread = threading.Thread(target=self.line._handle_msg, args=({"comm_id": "1"},))

    def _work(self, _message: Any) -> None:
        self._started.set()
        assert self._end.wait(10)
        print(self._text)

    def start(self) -> None:
        self._thread.start()
        assert self._started.wait(10)

    def end(self) -> None:
        self._end.set()
        self._thread.join(10)


def test_answers_that_overlap_leave_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    backend.load()
    stdout = sys.stdout
    first, second = Answer("first"), Answer("second")
    with ExitStack() as stack:
        for answer in (first, second):
            answer.start()
            stack.callback(answer.end)
        print("cell")
        first.end()
    print("next cell")
    assert sys.stdout is stdout
    assert capsys.readouterr().out.split("\n")[:4] == ["cell", "first", "second", "next cell"]
    assert [sent["msg_type"] for sent in first.line.sent + second.line.sent] == ["Ready"] * 2


def test_an_answer_that_fails_is_still_told() -> None:
    backend.load()
    line = Line(on_msg=lambda _message: 1 / 0)
    line.init()
    line._handle_msg({"comm_id": "1"})
    (reply,) = line.sent
    assert reply["msg_type"] == "Error"
    assert "division by zero" in reply["traceback"]
