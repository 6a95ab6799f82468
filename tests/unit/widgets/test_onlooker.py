"""Who sees a page: several views, and those that end without a word."""

from __future__ import annotations

from snnlab_widgets.onlooker import PATIENCE_S, Onlooker


class Place:
    """An onlooker, its clock, and how often somebody came."""

    def __init__(self) -> None:
        self.now = 0.0
        self.n_came = 0
        self.onlooker = Onlooker(now=lambda: self.now)
        self.onlooker.on_look = self._came

    def _came(self) -> None:
        self.n_came += 1


def test_page_is_seen_while_one_of_its_views_is() -> None:
    place = Place()
    assert not place.onlooker.is_there
    place.onlooker.do_look("left", looks=True)
    place.onlooker.do_look("right", looks=True)
    place.onlooker.do_look("left", looks=False)
    assert place.onlooker.is_there
    place.onlooker.do_look("right", looks=False)
    assert not place.onlooker.is_there


def test_who_looks_again_is_waited_for_only_once() -> None:
    place = Place()
    for _ in range(3):
        place.onlooker.do_look("window", looks=True)
    place.onlooker.do_look("other window", looks=True)
    assert place.n_came == 1
    place.onlooker.do_look("window", looks=False)
    place.onlooker.do_look("other window", looks=False)
    place.onlooker.do_look("window", looks=True)
    assert place.n_came == 2


def test_view_that_says_nothing_more_is_gone() -> None:
    place = Place()
    place.onlooker.do_look("window", looks=True)
    place.now += PATIENCE_S - 1.0
    assert place.onlooker.is_there
    place.onlooker.do_look("window", looks=True)
    place.now += PATIENCE_S - 1.0
    assert place.onlooker.is_there
    place.now += 2.0
    assert not place.onlooker.is_there
    place.onlooker.do_look("window", looks=True)
    assert place.n_came == 2
