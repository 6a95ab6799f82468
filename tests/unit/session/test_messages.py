"""The message log: bounded, heard, and never silent about its own listeners."""

from __future__ import annotations

import threading

from snnlab.errors import SpecError
from snnlab.session.messages import Message, MessageLog


def test_levels_and_words() -> None:
    log = MessageLog()
    log.info("began")
    log.warning("slow")
    error = SpecError("g", "must be > 0", got="-1", remedy="Try 5.")
    log.error(error, "Edit of g")
    log.error(ZeroDivisionError("division by zero"))
    assert [(m.level, m.text) for m in log] == [
        ("info", "began"),
        ("warning", "slow"),
        ("error", "Edit of g: g: must be > 0 (got -1).\nTry 5."),
        ("error", "ZeroDivisionError: division by zero"),
    ]
    assert [m.error for m in log][2] is error
    assert all(m.time > 1.6e9 for m in log)


def test_only_the_last_ones_are_kept() -> None:
    log = MessageLog(max_messages=3)
    for k in range(10):
        log.info(str(k))
    assert [m.text for m in log] == ["7", "8", "9"]
    assert len(log) == 3


def test_listeners() -> None:
    log = MessageLog()
    heard: list[Message] = []
    stop = log.listen(heard.append)
    message = log.info("one")
    stop()
    stop()
    log.info("two")
    assert heard == [message]


def test_a_failing_listener_is_told_to_the_others_and_removed() -> None:
    log = MessageLog()
    heard: list[Message] = []

    def fail(message: Message) -> None:
        raise ValueError("no page")

    log.listen(fail)
    log.listen(heard.append)
    log.info("one")
    log.info("two")
    texts = [m.text for m in log]
    assert texts[0] == "one"
    assert "ValueError: no page" in texts[1]
    assert texts[2:] == ["two"]
    assert {m.text for m in heard} == set(texts)


def test_a_listener_may_log() -> None:
    log = MessageLog()
    log.listen(lambda m: log.info("heard") if m.text == "one" else None)
    log.info("one")
    assert [m.text for m in log] == ["one", "heard"]


def test_many_threads() -> None:
    log = MessageLog(max_messages=10_000)
    threads = [
        threading.Thread(target=lambda: [log.info("x") for _ in range(500)]) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(log) == 4000
