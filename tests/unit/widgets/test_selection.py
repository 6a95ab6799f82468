"""Statistics of a selection: those of its spikes, of the newest while it follows, none without."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.analysis.selection import selection_statistics
from snnlab.frames.decimate import merged
from snnlab.plots.recent import RecentFrames
from snnlab.session import Session
from snnlab_widgets import Lab
from snnlab_widgets.edit_text import edit_text
from snnlab_widgets.selection import N_BARS, Selection, histogram
from tests.activity import regular, two_populations
from tests.features.session_bench import eventually


@pytest.fixture
def recent() -> RecentFrames:
    recent = RecentFrames()
    for start in range(0, 5000, 500):
        recent.append(regular(start, start + 500))
    return recent


@pytest.fixture
def selection(recent: RecentFrames) -> Selection:
    return Selection(two_populations(), recent)


def values(selection: Selection) -> dict[str, str]:
    return {name: value for name, value, _ in selection.shown["rows"]}


def test_numbers_are_those_of_the_spikes(selection: Selection, recent: RecentFrames) -> None:
    selection.select(first=10, last=59, t_start=100.0, t_stop=400.0)
    whole = merged(recent.since(0))
    expected = selection_statistics(
        whole.times, whole.neuron, first=10, last=59, t_start=100.0, t_stop=400.0
    )
    assert selection.statistics is not None
    assert selection.statistics.n_spikes == expected.n_spikes > 0
    assert values(selection)["rate"] == f"{expected.rate:.3g} spikes/s"
    assert sum(selection.shown["intervals"]["counts"]) > 0
    assert selection.selection == {"first": 10, "last": 59, "t_start": 100.0, "t_stop": 400.0}


def test_it_follows_the_run(selection: Selection, recent: RecentFrames) -> None:
    selection.select(first=0, last=9, t_start=100.0, t_stop=200.0)
    recent.append(regular(5000, 6000))
    selection.refresh()
    assert selection.selection["t_stop"] == 200.0
    selection.do_follow(follows=True)
    assert selection.selection["t_start"] == pytest.approx(500.0)
    assert selection.selection["t_stop"] == pytest.approx(600.0)


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ((0, 5, 400.0, 600.0), "must be a time whose spikes the page still holds"),
        ((5, 0, 100.0, 200.0), "neurons from one to a later one"),
        ((0, 10**6, 100.0, 200.0), "must be neurons of 0 to"),
        ((0, 5, 200.0, 100.0), "a time that ends after"),
    ],
)
def test_what_cannot_be_selected_is_said(
    selection: Selection, chosen: tuple[int, int, float, float], words: str
) -> None:
    selection.select(0, 3, 100.0, 200.0)
    kept = values(selection)
    selection.do_select(*chosen)
    assert words in selection.shown["error"]
    assert values(selection) == kept
    selection.do_select(0, 3, 100.0, 200.0)
    assert selection.shown["error"] == ""


def test_nothing_is_selected(selection: Selection) -> None:
    selection.select(0, 3, 100.0, 200.0)
    selection.do_clear()
    assert selection.selection == {}
    assert selection.statistics is None
    assert selection.shown["rows"] == []
    Selection(two_populations(), RecentFrames()).refresh()


def test_bars_hold_nearly_all_intervals() -> None:
    intervals = np.random.default_rng(1).exponential(30.0, 10_000)
    found = histogram(intervals)
    assert 0.98 * intervals.size < sum(found["counts"]) <= intervals.size
    assert N_BARS / 3 < len(found["counts"]) <= N_BARS + 2
    assert sum(found["counts"][:5]) == (intervals < 5 * found["width"]).sum()


def test_the_page_marks_it_in_the_raster(session: Session) -> None:
    page = Lab(session)
    session.run("200 ms").wait(20)
    selection = page.parts["selection"]

    def is_selected() -> bool:
        page.parts["raster"].do_select(first=0, last=20, t_start=20.0, t_stop=150.0)
        return selection.shown["error"] == ""

    assert eventually(is_selected)  # as soon as the frames have come to the page
    assert page.parts["raster"].selection == page.parts["selection"].selection != {}
    page.close()


def test_a_click_pokes_those_under_it_in_each_population(session: Session) -> None:
    page = Lab(session)
    network = session.network
    first, second = network.populations[:2]
    page.parts["raster"].do_poke(first=first.size - 3, last=first.size + 1)
    assert eventually(lambda: len(session.network.stimuli) == len(network.stimuli) + 2)
    pushed = session.network.stimuli[len(network.stimuli) :]
    assert [(s.target, s.first, s.last) for s in pushed] == [
        (first.name, first.size - 3, first.size - 1), (second.name, 0, 1),
    ]  # fmt: skip
    assert edit_text(session.edits[-1].edit) == f"poke {second.name} 0 ... 1"
    page.close()


def test_the_selected_neurons_can_be_poked(recent: RecentFrames) -> None:
    asked: list[tuple[int, int]] = []
    selection = Selection(two_populations(), recent, on_poke=lambda *who: asked.append(who))
    selection.do_poke()
    selection.select(first=10, last=59, t_start=100.0, t_stop=400.0)
    selection.do_poke()
    assert asked == [(10, 59)]
