"""The page of a map on a real session: looking back, going back, lesions, files, its cost."""

from __future__ import annotations

import gc
import re
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

import snnlab
from snnlab.errors import SpecError
from snnlab.plots.maps.live import MAP_KINDS
from snnlab.session import Session
from snnlab_widgets import MapPage
from snnlab_widgets.display import SAVED_S, Display, _Part
from snnlab_widgets.map_branches import BRANCH_TEXTS
from snnlab_widgets.map_page import SHARES, TEXTS
from snnlab_widgets.map_sheet import QUANTITIES
from snnlab_widgets.picture import indexed
from snnlab_widgets.timeline import FORMATS, Timeline
from tests.activity import two_populations
from tests.features.session_bench import eventually

PATCH = [9, 10, 17, 18]
"""Neurons in the middle of a sheet of 8 x 8."""


def open_map(name: str) -> Session:
    return snnlab.open("topographic_map", scale=0.5, name=name, threads=1)


@pytest.fixture
def page(tmp_path: Path) -> Iterator[MapPage]:
    """A page on a map that was read every second for three seconds."""
    with open_map("map") as session:
        page = MapPage(session, folder=tmp_path)
        ask(page._onlooker, "look", view="window", looks=True)
        page.view.sampler.every = 1e9  # what is read on the way depends on the clock
        page.view.sampler.run("3 s", every="1 s")
        yield page


def ask(widget: Any, do: str, **values: object) -> None:
    """Hand a message of the browser to a part."""
    widget._answer(widget, {"do": do, **values}, [])


class Screen:
    """What a browser would get from a picture, and its answer."""

    def __init__(self, picture: Any) -> None:
        self.picture = picture
        self.shown: list[tuple[dict[str, Any], list[bytes]]] = []
        picture.send = lambda message, buffers=(): self.shown.append((message, list(buffers)))
        ask(picture, "ready")

    def answer(self) -> None:
        """Say that the last picture was painted."""
        ask(self.picture, "painted", k=self.shown[-1][0]["k"])
        self.picture.refresh()

    @property
    def last(self) -> tuple[dict[str, Any], list[bytes]]:
        return self.shown[-1]


# --- time ---------------------------------------------------------------------------------------


def test_slider_spans_the_times_that_were_kept(page: MapPage) -> None:
    timeline = page.parts["timeline"]
    timeline.refresh()
    status = timeline.status
    assert (status["first"], status["last"], status["n"]) == (0.0, 3000.0, 4)
    assert (status["is_live"], status["t"], status["can_rewind"]) == (True, 3000.0, False)


def test_slider_moves_every_part(page: MapPage) -> None:
    fields, sheet = Screen(page.parts["fields"]), Screen(page.parts["sheet"])
    fields.answer()
    sheet.answer()
    live = fields.last[1][0]
    ask(page.parts["timeline"], "look", t=1200.0)
    assert page.view.mark == 1000.0
    assert page.parts["timeline"].status["t"] == 1000.0
    assert (fields.last[0]["t"], sheet.last[0]["t"]) == (1000.0, 1000.0)
    assert fields.last[1][0] != live
    fields.answer()
    ask(page.parts["timeline"], "look", t=None)
    assert (page.view.is_live, fields.last[1][0]) == (True, live)


def test_right_end_follows_the_run(page: MapPage) -> None:
    ask(page.parts["timeline"], "look", t=3000.0)
    assert page.view.is_live
    page.view.sampler.run("1 s", every="1 s")
    page.parts["timeline"].refresh()
    assert page.parts["timeline"].status["t"] == 4000.0
    ask(page.parts["timeline"], "look", t=2000.0)
    page.view.sampler.run("1 s", every="1 s")
    page.parts["timeline"].refresh()
    assert page.parts["timeline"].status["t"] == 2000.0
    assert page.parts["timeline"].status["last"] == 5000.0


def test_run_goes_back_to_the_time_that_is_shown(page: MapPage) -> None:
    session, timeline = page.view.sampler.session, page.parts["timeline"]
    shown = page.view.look(1000.0)
    ask(timeline, "rewind")
    assert eventually(lambda: session.step == 10_000, 60)
    assert eventually(lambda: "back at t = 1 s" in timeline.note["text"], 10)
    assert page.view.is_live
    assert eventually(lambda: page.view.sampler.film.times.tolist() == [0.0, 1000.0], 10)
    np.testing.assert_array_equal(page.view.state.pre, shown.pre)
    np.testing.assert_array_equal(page.view.state.weight, shown.weight)


def test_a_way_back_that_fails_is_told_in_place(page: MapPage) -> None:
    session, timeline = page.view.sampler.session, page.parts["timeline"]
    page.view.look(1000.0)
    session.close()
    ask(timeline, "rewind")
    assert timeline.note["is_error"]
    assert "must be open" in timeline.note["text"]


# --- pictures -----------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["receptive fields", "connection matrix"])
def test_picture_is_what_the_synapses_are(page: MapPage, what: str) -> None:
    fields = page.parts["fields"]
    ask(fields, "show", what=what)
    message, (pixels,) = Screen(fields).last
    state = page.view.state
    is_strong = state.weight > 0.0  # the others are as white as where nothing is
    pre, post = state.pre[is_strong], state.post[is_strong]
    picture = np.frombuffer(pixels, np.uint8).reshape(message["rows"], message["columns"])
    assert message["title"].endswith("t = 3 s")
    assert message["value"]["label"] == "weight (nS)"
    if what == "connection matrix":
        assert {*zip(*np.nonzero(picture), strict=True)} == {
            *zip(post.tolist(), pre.tolist(), strict=True)
        }
    else:
        assert picture.shape == (63, 63)
        assert (picture[7::8] == 255).all()
        assert (picture[:, 7::8] == 255).all()
        ends = [np.array(divmod(end, 8)) for end in (pre, post)]
        away = (ends[0] - ends[1] + 4) % 8 - 4
        is_shown = (np.abs(away) <= 3).all(axis=0)
        assert ((picture > 0) & (picture < 255)).sum() == is_shown.sum()


def test_nothing_is_sent_before_the_last_picture_was_painted(page: MapPage) -> None:
    sheet = Screen(page.parts["sheet"])
    assert len(sheet.shown) == 1
    page.view.look(1000.0)
    assert not page.parts["sheet"].refresh()
    sheet.answer()
    assert [message["t"] for message, _ in sheet.shown] == [3000.0, 1000.0]
    sheet.answer()  # nothing new
    assert len(sheet.shown) == 2


def test_colours_of_values() -> None:
    values = np.array([0.0, 1e-6, 0.5, 1.0, 7.0, np.nan])
    assert list(indexed(values, 0.0, 1.0)) == [0, 1, 127, 254, 254, 255]


@pytest.mark.parametrize("quantity", QUANTITIES["post"])
def test_sheet_shows_every_quantity_of_the_targets(page: MapPage, quantity: str) -> None:
    sheet = page.parts["sheet"]
    ask(sheet, "show", quantity=quantity)
    message, (pixels, marks) = Screen(sheet).last
    state = page.view.state
    values = {
        "preferred x": state.quality(weighted=True).centre[:, 0],
        "preferred y": state.quality(weighted=True).centre[:, 1],
        "deviation": state.quality(weighted=True).deviation,
        "in-degree": np.bincount(state.post, minlength=64),
        "rate": state.rate,
    }[quantity]
    low, high = message["value"]["low"], message["value"]["high"]
    assert pixels == indexed(np.asarray(values, np.float64), low, high)
    assert marks == bytes(64)
    assert message["value"]["label"].startswith(quantity)


def test_sheet_turns_to_the_sources(page: MapPage) -> None:
    sheet = page.parts["sheet"]
    ask(sheet, "turn", population="source")
    message, (pixels, _) = Screen(sheet).last
    degree = np.bincount(page.view.state.pre, minlength=64).astype(np.float64)
    assert message["x"]["label"] == "source x (grid steps)"
    assert pixels == indexed(degree, 0.0, degree.max())
    for do, values in (("turn", {"population": "sauce"}), ("show", {"quantity": "in-degree"})):
        ask(sheet, do, **values)
        assert list(page.view.sampler.session.messages)[-1].level == "error"


# --- lesions ------------------------------------------------------------------------------------


def indegree(page: MapPage) -> int:
    return int(np.isin(page.view.state.post, PATCH).sum())


def test_patch_is_lesioned_marked_and_recovers(page: MapPage) -> None:
    session, sheet, sampler = page.view.sampler.session, page.parts["sheet"], page.view.sampler
    before = indegree(page)
    assert before > 0
    ask(sheet, "lesion", neurons=PATCH)
    assert eventually(lambda: session.network.population("target").lesioned != (), 20)
    sampler.sample(now=True)
    sheet.refresh()
    assert sheet.status["n_lesioned"] == 4
    assert np.flatnonzero(list(Screen(sheet).last[1][1])).tolist() == PATCH
    sampler.run("1 s", every="1 s")
    assert indegree(page) == 0
    step, neuron = session.spikes()
    first = session.network.first_id("target")
    assert not np.isin(neuron[step > 30_001] - first, PATCH).any()
    ask(sheet, "recover")
    assert eventually(lambda: session.network.population("target").lesioned == (), 20)
    sampler.run("4 s", every="2 s")
    sheet.refresh()
    assert sheet.status["n_lesioned"] == 0
    assert indegree(page) > 0
    page.view.look(4000.0)  # the lesion is still to be seen in the past
    sheet.refresh()
    assert sheet.status["n_lesioned"] == 4
    session.undo().result(20)


def test_going_back_before_a_lesion_undoes_it(page: MapPage) -> None:
    session, sampler = page.view.sampler.session, page.view.sampler
    ask(page.parts["sheet"], "lesion", neurons=PATCH)
    assert eventually(lambda: session.network.population("target").lesioned != (), 20)
    sampler.run("1 s", every="1 s")
    page.view.look(2000.0)
    ask(page.parts["timeline"], "rewind")
    assert eventually(lambda: session.step == 20_000, 60)
    assert session.network.population("target").lesioned == ()
    assert eventually(lambda: sampler.state.t == 2000.0, 10)
    page.parts["sheet"].refresh()
    assert page.parts["sheet"].status["n_lesioned"] == 0
    assert indegree(page) > 0


def test_lesion_of_a_paused_run_is_marked_at_once(page: MapPage) -> None:
    ask(page.parts["sheet"], "lesion", neurons=PATCH)
    assert eventually(lambda: page.parts["sheet"].status["n_lesioned"] == 4, 20)


def test_sources_can_be_lesioned(page: MapPage) -> None:
    sheet, network = page.parts["sheet"], lambda: page.view.sampler.session.network
    ask(sheet, "turn", population="source")
    ask(sheet, "lesion", neurons=[0, 1, 2])
    assert eventually(lambda: network().population("source").lesioned == ((0, 3),), 20)
    assert network().population("target").lesioned == ()


def test_what_is_refused_is_said_in_place(page: MapPage) -> None:
    sheet, session = page.parts["sheet"], page.view.sampler.session
    ask(sheet, "lesion", neurons=[9999])
    assert eventually(lambda: "must be in 0 ... 63" in sheet.status["error"], 20)
    page.view.look(1000.0)
    ask(sheet, "lesion", neurons=PATCH)
    assert "must be made to the run as it is" in sheet.status["error"]
    assert not sheet.status["can_edit"]
    assert session.network.population("target").lesioned == ()
    page.view.look(None)
    ask(sheet, "lesion", neurons=PATCH)
    assert sheet.status["error"] == ""


# --- files --------------------------------------------------------------------------------------


def exported(page: MapPage, suffix: str) -> Path:
    timeline = page.parts["timeline"]
    ask(timeline, "export", format=suffix)
    assert timeline.wait(120)
    assert timeline.progress is None
    assert not timeline.note["is_error"], timeline.note["text"]
    assert timeline.written.name in timeline.note["text"]
    return Path(timeline.written)


def test_every_moment_is_in_the_movie(page: MapPage) -> None:
    path = exported(page, "mp4")
    with av.open(str(path)) as video:
        assert sum(1 for _ in video.decode(video=0)) == 4
    assert exported(page, "gif").read_bytes()[:6] == b"GIF89a"
    assert exported(page, "mp4").name == "map_2.mp4"
    assert path.exists()


def test_page_with_a_slider_needs_no_network(page: MapPage) -> None:
    text = exported(page, "html").read_text()
    assert "receptive fields of" in text
    assert "<title>map: receptive fields</title>" in text
    assert not re.search(r"<script[^>]+src=", text)
    assert not re.search(r"<link[^>]+stylesheet", text)


def test_export_that_fails_is_told_in_place(page: MapPage, tmp_path: Path) -> None:
    timeline = page.parts["timeline"]
    timeline._folder = tmp_path / "missing"
    ask(timeline, "export", format="gif")
    assert timeline.wait(60)
    assert timeline.note["is_error"]
    assert "missing" in timeline.note["text"]
    assert timeline.progress is None
    ask(timeline, "export", format="avi")
    assert "'avi'" in timeline.note["text"]


def test_movie_that_needs_a_package_comes_last_without_it(
    page: MapPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    timeline = page.parts["timeline"]
    assert [suffix for suffix, _ in timeline.formats] == list(FORMATS) == ["mp4", "gif", "html"]
    monkeypatch.setattr("snnlab_widgets.timeline.find_spec", lambda name: None)
    without = Timeline(
        page.view.sampler.session, page.view, on_look=lambda: None, on_branch=lambda t: None
    )
    assert [suffix for suffix, _ in without.formats] == ["gif", "html", "mp4"]
    monkeypatch.setitem(sys.modules, "av", None)
    ask(timeline, "export", format="mp4")
    assert timeline.wait(60)
    assert "pip install av" in timeline.note["text"]


# --- the page -----------------------------------------------------------------------------------


def test_every_plot_can_be_chosen(page: MapPage) -> None:
    assert set(TEXTS) == set(MAP_KINDS)
    panel = page.parts["plots"]
    for kind in ("map_mesh", "turnover", "rate_map"):
        panel.choice.value = kind
        assert panel.view.kind is MAP_KINDS[kind]
        assert panel.view.viewpoint is page.view


def test_page_takes_the_place_of_the_one_before_and_ends_with_its_session() -> None:
    def displays() -> int:
        return sum(thread.name == "snnlab display" for thread in threading.enumerate())

    session = open_map("twice")
    first, second = MapPage(session), MapPage(session)
    assert first.session is None
    assert eventually(lambda: displays() == 1, 10)
    session.close()
    assert eventually(lambda: second.session is None, 10)


def test_closed_page_lets_the_session_go() -> None:
    session = open_map("gone")
    page = MapPage(session)
    page.close()
    gone = weakref.ref(session)
    del session, page

    def is_gone() -> bool:
        gc.collect()
        return gone() is None

    assert eventually(is_gone, 30)


def test_a_session_without_a_map_is_refused() -> None:
    with (
        snnlab.open(two_populations(), threads=1) as session,
        pytest.raises(SpecError, match="on grids of one shape"),
    ):
        MapPage(session)


# --- branches -----------------------------------------------------------------------------------


def branched(page: MapPage) -> MapPage:
    """Ask for a branch, and return its page."""
    branches = page.parts["branches"]
    n = len(branches.pages)
    ask(page.parts["timeline"], "branch")
    assert eventually(lambda: len(branches.children) == n + 2, 60)  # and the plot of all
    found: MapPage = branches.pages[-1]
    return found


def test_a_branch_begins_at_the_time_that_is_shown(page: MapPage) -> None:
    session = page.view.sampler.session
    page.view.look(1000.0)
    early = branched(page)
    page.view.look(None)
    late = branched(page)
    assert [branch.t for branch in session.branches] == [1000.0, 3000.0]
    assert session.t == 3000.0
    names = [each.parts["timeline"].origin for each in (early, late)]
    assert names == [{"name": f"branch at {t} ms", "t": t, "can_drop": True} for t in (1000, 3000)]
    assert page.parts["timeline"].origin == {}
    assert early.session is session.branches[0]
    _, *pages = page.parts["branches"].children
    assert pages == [early, late]


def test_the_plot_of_the_branches_follows_all_of_them(page: MapPage) -> None:
    branch = branched(page)
    (plot, _) = page.parts["branches"].children
    shown = plot.view.plot[()]
    assert [len(curve) for curve in shown] == [4, 1]
    branch.view.sampler.run("1 s", every="1 s")
    assert plot.view.refresh()
    assert [len(curve) for curve in plot.view.plot[()]] == [4, 2]
    assert not plot.view.refresh()
    for kind in BRANCH_TEXTS:
        plot.choice.value = kind
        assert len(plot.view.plot[()]) == 2
        (drawn,) = plot.output.outputs
        assert drawn["output_type"] == "display_data"


def test_a_branch_is_closed_on_its_page(page: MapPage) -> None:
    session, branches = page.view.sampler.session, page.parts["branches"]
    first, second = branched(page), branched(page)
    ask(first.parts["timeline"], "drop")
    assert branches.pages == (second,)
    assert (len(session.branches), session.closed_branches) == (1, ())
    session.branches[0].close()  # elsewhere, by code
    assert eventually(lambda: second.session is None, 10)
    branches.refresh()
    assert (branches.pages, branches.children) == ((), ())


def test_branches_outlive_the_page_of_the_map(page: MapPage) -> None:
    session = page.view.sampler.session
    branch = branched(page)
    branch.view.sampler.run("1 s", every="1 s")
    page.close()
    assert branch.session is None
    assert (session.branches, session.closed_branches) == ((), ("branch at 3000 ms",))
    again = session.reopen("branch at 3000 ms")
    again.wait(60)
    assert again.t == 4000.0


def test_a_branch_that_cannot_be_made_is_told(page: MapPage) -> None:
    session = page.view.sampler.session
    page.parts["branches"].begin(1e9)
    assert eventually(lambda: [m for m in session.messages if "There is no branch" in m.text], 10)
    assert page.parts["branches"].pages == ()


def work_20_ms() -> None:
    """In processor time of the thread, so it is as much on any machine."""
    began = time.thread_time()
    while time.thread_time() - began < 0.02:
        pass


def test_a_dear_call_may_take_what_cheap_ones_have_left() -> None:
    part = _Part(work_20_ms, 0.1, 0.05, is_unseen=False)
    now = part.due_at = part.paid_until + 1.0  # a second in which it has taken nothing
    waits = []
    for _ in range(4):
        part.run(now, is_thrifty=True)
        waits.append(part.due_at - now)
        now = part.due_at
    assert waits[0] == waits[1] == pytest.approx(0.1)
    assert 1.0 + sum(waits) >= 4 * 0.02 / 0.05 * 0.99  # nothing is left
    part.run(now + 0.09, is_thrifty=False)
    assert part.due_at - now == pytest.approx(0.14, abs=1e-6)  # late, so the next one is not
    part.run(now + 1000.0, is_thrifty=True)
    assert part.paid_until == pytest.approx(now + 1000.0 - SAVED_S + 0.4, abs=0.1)


def test_parts_wait_as_their_share_of_the_time_asks_for(page: MapPage) -> None:
    assert sum(SHARES.values()) + SHARES["plot"] <= 0.045 + 1e-9
    session = page.view.sampler.session
    display = Display(session)
    calls: list[float] = []

    def work() -> None:
        calls.append(time.monotonic())
        work_20_ms()

    added_at = time.monotonic()
    display.add(work, 0.0, share=0.05)
    session.speed = 1.0
    session.run()
    assert eventually(lambda: session.state.value == "running", 10)
    display.start()
    assert eventually(lambda: len(calls) >= 4, 30)
    for k, called_at in enumerate(calls[:4]):
        assert called_at - added_at >= k * 0.02 / 0.05 * 0.99
    n = len(calls)
    session.pause()
    assert eventually(lambda: len(calls) >= n + 3, 10)  # and without delay where nothing runs
    display.close()
