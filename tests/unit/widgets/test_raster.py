"""The live raster's manners: send only to those who watch, never more than they can paint."""

from __future__ import annotations

from typing import Any

import pytest

from snnlab.errors import SpecError
from snnlab.plots.recent import RecentFrames
from snnlab_widgets.credit import STRIDE
from snnlab_widgets.raster import Raster
from tests.activity import regular, two_populations


class Line:
    """A raster whose messages are kept instead of sent, and the frames that it reads."""

    def __init__(self) -> None:
        self.recent = RecentFrames()
        self.raster = Raster(two_populations(), self.recent)
        self.messages: list[dict[str, Any]] = []
        self.raster.send = lambda message, buffers=(): self.messages.append(message)
        self.stop = 0

    def simulate(self, n_steps: int = 200) -> None:
        self.recent.append(regular(self.stop, self.stop + n_steps))
        self.stop += n_steps
        self.raster.refresh()


@pytest.fixture
def line() -> Line:
    return Line()


def test_nobody_watches_nothing_is_sent(line: Line) -> None:
    line.simulate()
    assert line.messages == []


def test_new_view_gets_the_last_window_at_once(line: Line) -> None:
    for _ in range(10):
        line.simulate()
    line.raster.do_ready(columns=50)
    (message,) = line.messages
    assert message["is_fresh"]
    assert (message["start"], message["stop"]) == (150, 200)


def answer(line: Line) -> None:
    """Paint what was sent, as a browser that is quick, and say so if it has to be said."""
    if line.messages[-1].get("asks"):
        line.raster.do_painted(k=line.messages[-1]["k"])


def test_two_frames_may_be_under_way_to_a_new_view(line: Line) -> None:
    line.simulate()
    line.raster.do_ready(columns=500)
    for _ in range(5):
        line.simulate()
    assert [(m["k"], m["asks"]) for m in line.messages] == [(1, True), (2, False)]
    line.raster.do_painted(k=1)
    line.raster.refresh()
    assert line.messages[-1]["k"] == 3


def test_of_a_quick_browser_only_some_frames_are_answered(line: Line) -> None:
    line.simulate()
    line.raster.do_ready(columns=500)
    answer(line)
    for _ in range(3 * STRIDE - 1):
        line.simulate()
        answer(line)
    assert [m["k"] for m in line.messages] == list(range(1, 3 * STRIDE + 1))
    assert [m["k"] for m in line.messages if m["asks"]] == [1, 1 + STRIDE, 1 + 2 * STRIDE]


def test_hidden_view_gets_no_more_than_was_under_way(line: Line) -> None:
    """Whenever it is hidden: it stops to answer, and what it was sent before is all it gets."""
    line.raster.do_ready(columns=500)
    for _ in range(STRIDE + 2):
        line.simulate()
        answer(line)
    n_sent = len(line.messages)
    for _ in range(50):
        line.simulate()
    under_way = len(line.messages) - n_sent
    assert under_way == 2 * STRIDE - 1  # one had come after the last that was answered
    for _ in range(50):
        line.simulate()
    assert len(line.messages) == n_sent + under_way


def test_what_was_not_sent_comes_with_the_next_frame(line: Line) -> None:
    line.simulate()
    line.raster.do_ready(columns=500)
    for _ in range(5):
        line.simulate()
    line.raster.do_painted(k=2)
    line.raster.refresh()
    starts_and_stops = [(m["start"], m["stop"]) for m in line.messages]
    assert starts_and_stops == [(0, 20), (20, 40), (40, 120)]


def test_rates_have_no_gap_where_frames_cut_bins(line: Line) -> None:
    line.raster.do_ready(columns=500)
    line.messages.clear()
    for _ in range(6):
        line.simulate(n_steps=37)
        answer(line)
    bins = [range(m["first_bin"], m["stop_bin"]) for m in line.messages]
    assert sorted(set().union(*bins)) == list(range(22))


def test_answer_to_what_was_never_sent_gives_no_credit(line: Line) -> None:
    line.simulate()
    line.raster.do_ready(columns=500)
    line.raster.do_painted(k=99)
    for _ in range(20):
        line.simulate()
    assert [m["k"] for m in line.messages] == list(range(1, 2 * STRIDE + 2))


def test_reset_empties_the_picture(line: Line) -> None:
    line.simulate()
    line.raster.do_ready(columns=500)
    line.recent.clear()
    line.raster.refresh()
    line.raster.refresh()
    assert [m["kind"] for m in line.messages] == ["frame", "clear"]
    line.stop = 0
    line.simulate()
    assert (line.messages[-1]["start"], line.messages[-1]["stop"]) == (0, 20)


def test_marks_travel_when_there_are_others() -> None:
    line, marks = Line(), [(10, "g = 6")]
    line.raster._marks = lambda: tuple(marks)
    line.simulate()
    line.raster.do_ready(columns=500)
    answer(line)
    for k in range(1, 6):
        if k == 4:
            marks.append((700, "g = 7"))
        line.simulate()
        answer(line)
    assert [len(m["marks"]) if "marks" in m else None for m in line.messages] == [
        1, None, None, None, 2, None,
    ]  # fmt: skip
    line.raster.do_ready(columns=500)
    assert line.messages[-1]["marks"] == [
        {"t": pytest.approx(1.0), "text": "g = 6"}, {"t": pytest.approx(70.0), "text": "g = 7"},
    ]  # fmt: skip


def test_another_scale_lays_the_picture_out_anew(line: Line) -> None:
    line.raster.do_scale(5.0)
    assert line.raster.view["note"] == "image: 1 px = 5 ms, one row per neuron"
    assert line.raster.view["bin_ms"] == pytest.approx(5.0)


def test_unknown_scale_is_refused(line: Line) -> None:
    with pytest.raises(SpecError, match=r"one of 0\.1, .* ms \(got 3\)"):
        line.raster.do_scale(3)


def test_frames_from_before_a_population_went_are_not_drawn(line: Line) -> None:
    line.simulate()
    network = two_populations()
    line.raster.show(network.replace(populations=network.populations[:1], recorders=()))
    line.raster.do_ready(columns=50)
    assert line.messages == []


def test_what_is_selected_is_handed_on() -> None:
    chosen: list[dict[str, float]] = []
    raster = Raster(two_populations(), RecentFrames(), on_select=lambda **c: chosen.append(c))
    assert raster.view["is_brush"]
    raster.do_select(first=1, last=5, t_start=2.0, t_stop=9.0)
    assert chosen == [{"first": 1, "last": 5, "t_start": 2.0, "t_stop": 9.0}]
    assert not Raster(two_populations(), RecentFrames()).view["is_brush"]
