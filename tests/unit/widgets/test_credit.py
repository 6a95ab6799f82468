"""Few answers of a browser that is quick, and never many messages ahead of one that is not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from snnlab_widgets.credit import QUICK_S, STRIDE, Credit


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_one_answer_for_several_messages() -> None:
    credit = Credit(Clock())
    asked = []
    for _ in range(20):
        assert credit.is_left
        k, asks = credit.spend()
        if asks:
            asked.append(k)
            credit.painted(k)
    assert asked == list(range(1, 21, STRIDE))


def test_slow_browser_answers_for_each_and_is_two_behind_at_most() -> None:
    clock = Clock()
    credit = Credit(clock)
    for _ in range(5):
        k, asks = credit.spend()
        assert asks
        clock.now += QUICK_S + 0.01
        credit.painted(k)
    credit.spend()
    assert credit.is_left
    credit.spend()
    assert not credit.is_left


def test_without_an_answer_it_ends() -> None:
    credit = Credit(Clock())
    k, _ = credit.spend()
    credit.painted(k)
    n = 0
    while credit.is_left:
        credit.spend()
        n += 1
    assert n == credit.limit == 2 * STRIDE


def test_browser_that_becomes_slow_is_asked_again() -> None:
    clock = Clock()
    credit = Credit(clock)
    credit.painted(credit.spend()[0])
    while credit.is_left:
        credit.spend()
    clock.now += 10.0
    credit.painted(1 + STRIDE)
    assert credit.is_left
    assert credit.spend()[1]


def test_never_more_than_the_line_bears() -> None:
    clock = Clock()
    credit, n_bytes = Credit(clock, bytes_per_s=1000.0), 0
    while clock.now < 100.0:
        if credit.is_left:
            size = 10 + int(clock.now) * 7 % 400
            k, asks = credit.spend(size)
            n_bytes += size
            if asks:
                credit.painted(k)
        clock.now += 0.02
    assert 0.9e5 < n_bytes < 1.01e5
    credit.spend(10_000)
    assert not credit.is_left
    credit.renew()  # who opens a view is not kept waiting
    assert credit.is_left


def test_answer_to_what_was_never_sent_gives_nothing() -> None:
    credit = Credit(Clock())
    credit.spend()
    credit.painted(99)
    assert credit.limit == 2 * STRIDE
    while credit.is_left:
        credit.spend()
    assert credit.sent == 1 + 2 * STRIDE


@given(st.lists(st.tuples(st.booleans(), st.floats(0.0, 1.0)), max_size=200))
def test_it_never_ends_while_everything_is_painted(turns: list[tuple[bool, float]]) -> None:
    """Whatever the times: after all is painted and answered, there is credit again."""
    clock = Clock()
    credit = Credit(clock)
    asked = 0
    for paints, seconds in turns:
        clock.now += seconds
        if credit.is_left:
            k, asks = credit.spend()
            asked = k if asks else asked
        if paints and asked:
            credit.painted(credit.sent)
    if asked:
        credit.painted(credit.sent)
    assert credit.is_left
