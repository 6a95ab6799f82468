"""Plots of maps are drawn from arrays, follow a run, and leave it as it is."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import holoviews as hv
import numpy as np
import pytest
from holoviews.streams import Pipe
from PIL import Image

import snnlab
from snnlab import plots
from snnlab.analysis.sheet import Sheet
from snnlab.analysis.turnover import Turnover, turnover_over_time
from snnlab.errors import FormatError, SpecError, StateError
from snnlab.frames.structure import StructuralEvents
from snnlab.plots.live import view_of
from snnlab.plots.maps.controls import Controls
from snnlab.plots.maps.events import RecentEvents
from snnlab.plots.maps.film import MapFilm
from snnlab.plots.maps.history import MapHistory, Moment, measured
from snnlab.plots.maps.live import MAP_KINDS, MapView
from snnlab.plots.maps.movie import CAPTION
from snnlab.plots.maps.sampler import MapSampler, sampler_of
from snnlab.plots.maps.state import MapState, formation_width, sheet_of
from snnlab.plots.maps.tiles import Tiles
from snnlab.plots.maps.viewpoint import WINDOW_MS
from snnlab.plots.recent import RecentFrames
from snnlab.session import Session
from tests.networks import plastic

SMALL = Sheet(4, 4)
OF_STATES: dict[str, Any] = {
    "fields": plots.receptive_fields,
    "x": plots.preferred_locations,
    "mesh": plots.map_mesh,
    "matrix": plots.connection_matrix,
}


def state_of(pairs: list[tuple[int, int]], sheet: Sheet = SMALL, **more: Any) -> MapState:
    pre, post = np.array(pairs, np.int64).reshape(-1, 2).T
    return MapState(pre, post, np.full(pre.size, 2.0), sheet, **more)


def drawn(element: Any) -> Any:
    """The Bokeh figure of an element."""
    return hv.renderer("bokeh").get_plot(element).state


def layer(overlay: hv.Overlay, kind: type) -> Any:
    (found,) = [element for element in overlay if isinstance(element, kind)]
    return found


def open_map(name: str, **options: Any) -> Session:
    return snnlab.open("topographic_map", scale=0.5, name=name, threads=1, **options)


@pytest.fixture
def session() -> Iterator[Session]:
    with open_map("map") as session:
        yield session


# --- states -------------------------------------------------------------------------------------


def test_a_map_is_read_from_a_session(session: Session) -> None:
    session.run(200).wait()
    state = plots.map_of(session)
    assert (state.name, state.unit, state.t) == ("feed-forward", "nS", 200.0)
    assert state.sheet == Sheet(8, 8)
    assert state.n == session.synapses("feed-forward").sizes["synapse"]
    assert plots.map_of(session, "lateral").name == "lateral"


def test_width_of_the_kernel_is_in_grid_steps(session: Session) -> None:
    network = session.network
    widths = [formation_width(network, p) for p in network.projections]
    assert widths == [2.5, 1.0]
    bare = network.replace(rewirings=[])
    assert formation_width(bare, bare.projections[0]) == 2.5  # that of the connectivity


def test_what_is_no_map_is_refused() -> None:
    with pytest.raises(SpecError, match="must be a Session or a MapState"):
        plots.receptive_fields([1, 2])
    network = plastic()
    with pytest.raises(SpecError, match="on grids of one shape"):
        sheet_of(network, network.projections[0])


# --- pictures -----------------------------------------------------------------------------------


def test_middle_of_a_tile_is_the_place_of_its_target() -> None:
    sheet = Sheet(8, 6)
    picture = Tiles(sheet).picture(state_of([(9, 9), (8, 9), (16, 47)], sheet))
    rows, columns = np.nonzero(np.nan_to_num(picture))
    # Reach 3 and 2: pitch 8 and 6. Target 9 is at (1, 1), 47 at (7, 5), source 16 at (0, 2).
    assert set(zip(columns.tolist(), rows.tolist(), strict=True)) == {(11, 8), (10, 8)}
    assert picture[8, 11] == 2.0


def test_tiles_reach_round_a_torus_and_not_over_an_edge() -> None:
    away = [(7, 0)]
    torus, plane = Sheet(8, 8), Sheet(8, 8, is_periodic=False)
    assert Tiles(torus).picture(state_of(away, torus))[3, 2] == 2.0
    assert np.nansum(Tiles(plane).picture(state_of(away, plane))) == 0.0


def test_large_sheets_show_some_targets_and_say_how_many() -> None:
    sheet = Sheet(112, 112)
    assert max(Tiles(sheet).shape) <= 640
    assert "1 of 16 targets" in drawn(plots.receptive_fields(state_of([(0, 0)], sheet))).title.text


def test_fields_count_synapses_or_add_weights() -> None:
    state = state_of([(5, 5), (5, 5)])
    sums = [np.nansum(Tiles(state.sheet).picture(state, weighted=w)) for w in (True, False)]
    assert sums == [4.0, 2.0]


def test_matrix_has_sources_to_the_right_and_targets_upwards() -> None:
    image = layer(plots.connection_matrix(state_of([(3, 10)])), hv.Image)
    ((source, target, weight),) = [row for row in image.array() if row[2]]
    assert (source, target, weight) == (3.5, 10.5, 2.0)


def test_preferred_locations_are_those_of_the_targets() -> None:
    state = state_of([(6, 5), (10, 9)], Sheet(4, 4))
    for axis, expected in (("x", {5: 2.0, 9: 2.0}), ("y", {5: 1.0, 9: 2.0})):
        image = layer(plots.preferred_locations(state, axis), hv.Image)
        known = {int(y) * 4 + int(x): v for x, y, v in image.array() if not np.isnan(v)}
        assert known == expected
    with pytest.raises(SpecError, match="Valid names: x, y"):
        plots.preferred_locations(state, "z")


def test_mesh_of_a_perfect_map_is_the_grid() -> None:
    sheet = Sheet(6, 4)
    mesh = plots.map_mesh(state_of([(k, k) for k in range(sheet.n)], sheet))
    nodes = layer(mesh, hv.Points).array()
    np.testing.assert_array_equal(nodes[:, :2], sheet.positions())
    assert not nodes[:, 2].any()
    assert len(layer(mesh, hv.Segments)) == 5 * 4 + 6 * 3
    assert "AD = 0 " in drawn(mesh).title.text


def test_mesh_crosses_the_border_of_a_torus_where_that_is_nearest() -> None:
    nodes = layer(plots.map_mesh(state_of([(7, 0)], Sheet(8, 8))), hv.Points).array()
    assert nodes.tolist() == [[-1.0, 0.0, 1.0]]


@pytest.mark.parametrize("plot", OF_STATES.values(), ids=OF_STATES)
def test_without_synapses_it_says_so(plot: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        empty = plot(state_of([]))
        drawn(empty)
    assert layer(empty, hv.Labels)["note"].tolist() == ["no synapses yet"]
    assert len(layer(plot(state_of([(1, 1)])), hv.Labels)) == 0


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        ("receptive_fields", ["target x (grid steps)", "target y (grid steps)"]),
        ("map_mesh", ["preferred x (grid steps)", "preferred y (grid steps)"]),
        ("preferred_x", ["target x (grid steps)", "target y (grid steps)"]),
        ("preferred_y", ["target x (grid steps)", "target y (grid steps)"]),
        ("rate_map", ["target x (grid steps)", "target y (grid steps)"]),
        ("connection_matrix", ["source (index in its sheet)", "target (index in its sheet)"]),
        ("sigma_aff", ["time (s)", "sigma_aff (grid steps)"]),
        ("AD", ["time (s)", "AD (grid steps)"]),
        ("turnover", ["time (s)", "synapses (1/s)"]),
        ("turnover_distance", ["distance (grid steps)", "synapses per grid step (1/s)"]),
    ],
)
def test_live_plot_has_labels_and_follows(session: Session, kind: str, labels: list[str]) -> None:
    view = view_of(kind, session, RecentFrames())
    assert isinstance(view, MapView)
    figure = drawn(view.plot)
    assert [figure.xaxis[0].axis_label, figure.yaxis[0].axis_label] == labels
    assert figure.title.text
    assert not view.refresh()  # nothing new, nothing sent
    before = figure.title.text, figure.x_range.end
    session.run(3000).wait()
    view.sampler.sample(now=True)
    assert view.refresh()
    assert (figure.title.text, figure.x_range.end) != before or kind == "turnover_distance"


def test_every_kind_is_tested_and_unknown_ones_are_refused(session: Session) -> None:
    assert len(MAP_KINDS) == 10
    with pytest.raises(SpecError, match="'receptive_fields'"):
        view_of("receptive_field", session, RecentFrames())


# --- quality ------------------------------------------------------------------------------------


def test_bands_are_ranges_of_shuffled_maps() -> None:
    rng = np.random.default_rng(1)
    sheet = Sheet(8, 8)
    post = np.repeat(np.arange(64), 6)
    weight = rng.random(post.size)
    state = MapState(post.copy(), post, weight, sheet)  # all afferents from the place itself
    moment = measured(state, Controls(state, 1.5).complete())
    assert (moment.sigma_aff, moment.AD) == (0.0, 0.0)
    assert 0.0 < moment.sigma_aff_low < moment.sigma_aff_high < 2.0
    assert (moment.weighted_sigma_aff_low, moment.weighted_sigma_aff_high) == (0.0, 0.0)
    assert np.isnan(measured(state).weighted_sigma_aff_low)
    without_width = measured(state, Controls(state).complete())
    assert np.isnan(without_width.sigma_aff_low)
    assert without_width.weighted_sigma_aff_high == 0.0


def test_shuffled_maps_are_the_same_drawn_at_once_or_one_after_the_other() -> None:
    state = state_of([(k, post) for post in range(16) for k in (0, 10)])
    controls = Controls(state, 1.0, n=3)
    ranges = []
    while not controls.is_complete:
        controls.draw()
        ranges.append(controls.of_synapses("sigma_aff"))
    assert ranges[0].low == ranges[0].high
    assert ranges[-1].low < ranges[-1].high
    assert all(a.low >= b.low and a.high <= b.high for a, b in pairwise(ranges))
    assert ranges[-1] == Controls(state, 1.0, n=3).complete().of_synapses("sigma_aff")


def test_nothing_is_known_of_chance_where_there_are_no_synapses() -> None:
    controls = Controls(state_of([]), 1.0)
    assert controls.is_complete
    assert np.isnan(controls.of_synapses("AD")).all()


def test_quality_without_synapses_says_so() -> None:
    history = MapHistory()
    assert "no synapses yet" in drawn(plots.map_quality(history)).title.text
    history.append(measured(state_of([])))
    assert "no synapses yet" in drawn(plots.map_quality(history, "AD")).title.text
    history.append(measured(state_of([(1, 1)], t=5.0)))
    assert "no synapses yet" not in drawn(plots.map_quality(history)).title.text
    with pytest.raises(SpecError, match="'sigma_aff'"):
        plots.map_quality(history, "sigma")
    with pytest.raises(SpecError, match="MapSampler or a MapHistory"):
        plots.map_quality([1])


def at(t: float) -> Moment:
    return Moment(t, 1.0, *[t] * 12)


def test_history_is_bounded_and_keeps_first_and_last() -> None:
    history = MapHistory(most=50)
    for t in range(5000):
        history.append(at(float(t)))
        assert len(history) <= 50
    times = history.column("t")
    assert (times[0], times[-1]) == (0.0, 4999.0)
    assert len(times) > 20
    assert np.diff(times)[:-1].max() <= 3 * np.diff(times)[:-1].min()
    assert history.table().shape == (len(times), 14)


def test_history_goes_back_with_the_run() -> None:
    history = MapHistory()
    for t in (1.0, 2.0, 3.0, 2.5):
        history.append(at(t))
    assert history.column("t").tolist() == [1.0, 2.0, 2.5]


# --- what comes and goes ------------------------------------------------------------------------


def events(steps: range) -> StructuralEvents:
    n = len(steps)
    one = np.ones(n, np.int64)
    return StructuralEvents(np.array(steps), np.zeros(n, np.int16), np.arange(n) % 2 == 0, one, one)


def test_events_follow_each_other_and_go_back() -> None:
    known = RecentEvents()
    for start in range(0, 1000, 10):
        known.append(events(range(start, start + 10)), start, start + 10)
    known.rewind(503)
    assert known.known().events.step.tolist() == list(range(503))
    known.append(events(range(490, 500)), 490, 500)  # a run that went back further
    found, start, stop = known.known()
    assert (found.step.tolist(), start, stop) == (list(range(500)), 0, 500)
    known.append(events(range(600, 610)), 600, 610)  # a gap: nothing is known before it
    assert known.known().t_start == 600
    assert len(known.known().events) == 10


def test_events_are_bounded_and_say_from_where_on_they_are_complete() -> None:
    known = RecentEvents(most=100)
    for start in range(0, 1000, 10):
        known.append(events(range(start, start + 10)), start, start + 10)
        found, first, stop = known.known()
        assert len(found) <= 100
        assert found.step.tolist() == list(range(first, stop))


def test_scales_of_turnover_grow_with_the_data_and_are_apart() -> None:
    def rates(top: float) -> Turnover:
        return Turnover(np.array([0.5, 1.5]), np.array([1.0, top]), np.zeros(2))

    pipe = Pipe(data=1.0)
    live = hv.DynamicMap(lambda data: plots.turnover(rates(data), "distance"), streams=[pipe])
    figure = drawn(live)
    pipe.send(100.0)
    assert figure.y_range.end == pytest.approx(105.0)
    both = drawn(plots.turnover(rates(1.0), "time") + plots.turnover(rates(100.0), "distance"))
    ends = [figure.y_range.end for figure, *_ in both.children]
    assert ends == pytest.approx([1.05, 105.0])


def test_turnover_is_drawn_from_arrays() -> None:
    rates = turnover_over_time(
        np.array([10.0, 20.0, 150.0]), [True, True, False],
        t_start=0.0, t_stop=200.0, bin_width=100.0,
    )  # fmt: skip
    formed, eliminated, _mark = plots.turnover(rates)
    assert formed.dimension_values(1).tolist() == [20.0, 0.0]
    assert eliminated.dimension_values(1).tolist() == [0.0, 10.0]
    nothing = turnover_over_time([], [], t_start=0.0, t_stop=0.0)
    assert "none so far" in drawn(plots.turnover(nothing)).title.text


# --- a running session --------------------------------------------------------------------------


def test_sampling_leaves_the_run_as_it_is(session: Session) -> None:
    watch = MapSampler(session, every="100 ms")
    session.run(2000)
    while session.state.value == "running":
        watch.sample()
    session.wait()
    with open_map("unwatched") as other:
        other.run(2000).wait()
        for seen, unseen in zip(session.spikes(), other.spikes(), strict=True):
            np.testing.assert_array_equal(seen, unseen)
        ours, theirs = session.structural_events(), other.structural_events()
        assert all(map(np.array_equal, ours.columns, theirs.columns))


def test_regular_readings_are_where_they_should_be(session: Session) -> None:
    watch = MapSampler(session).run("1 s", every="200 ms")
    assert watch.history.column("t").tolist() == [0.0, 200.0, 400.0, 600.0, 800.0, 1000.0]
    assert watch.state.t == 1000.0


def test_readings_keep_their_distance_in_both_times(session: Session) -> None:
    watch = MapSampler(session, every="500 ms")
    session.run(100).wait()
    assert not watch.sample()
    assert watch.sample(now=True)
    assert not watch.sample(now=True)  # the run has not gone on
    session.run(600).wait()
    watch._read_at = float("inf")  # too soon on the clock
    assert not watch.sample()
    watch._read_at = float("-inf")
    assert watch.sample()


def test_a_moment_that_a_page_has_read_is_compared_when_asked_for(session: Session) -> None:
    watch = MapSampler(session)
    session.run(100).wait()
    watch._read_at, watch._controls_due = float("-inf"), float("inf")
    assert watch.sample()  # as a page does
    assert np.isnan(watch.history.column("sigma_aff_low")[-1])
    assert watch.sample(now=True)
    assert np.isfinite(watch.history.column("sigma_aff_low")[-1])
    assert watch.history.column("t").tolist() == [0.0, 100.0]
    assert not watch.sample(now=True)


def test_a_page_that_follows_a_map_shuffles_it_once_at_a_time(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_drawn = []
    draw = Controls.draw
    monkeypatch.setattr(Controls, "draw", lambda self: n_drawn.append(self.state.t) or draw(self))
    watch = MapSampler(session)
    n_drawn.clear()
    session.run()
    while len(n_drawn) < 7:
        watch._read_at = watch._controls_due = float("-inf")
        watch.sample()
    session.pause()
    for _ in range(3):  # what was begun, then the last moment
        watch._controls_due = float("-inf")
        watch.sample()
    t, low = (watch.history.column(name) for name in ("t", "sigma_aff_low"))
    first, second, *_, last = dict.fromkeys(n_drawn)
    assert [n_drawn.count(each) for each in (first, second, last)] == [5, 5, 5]
    assert last == t[-1] == session.t
    assert t[np.isfinite(low)].tolist() == [0.0, first, second, last]
    width = formation_width(session.network, session.network.projection("feed-forward"))
    exact = Controls(watch.state, width).complete()
    assert low[-1] == exact.of_synapses("sigma_aff").low


@pytest.mark.parametrize("projection", ["feed-forward", "lateral"])
def test_all_events_of_the_projection_are_counted(session: Session, projection: str) -> None:
    session.run(1500).wait()  # before anybody looks
    watch = MapSampler(session, projection)
    session.run(1500).wait()
    found = session.structural_events(f"rewiring of {projection}")
    total = watch.turnover_over_distance()
    assert len(found) > 0
    assert (total.formed + total.eliminated).sum() * 3.0 == pytest.approx(len(found))
    over_time = watch.turnover_over_time()
    width = np.diff(over_time.centre)[0] / 1000.0
    assert over_time.formed.sum() * width == pytest.approx(found.is_formed.sum(), abs=2)


def test_sampler_goes_back_with_the_run(session: Session) -> None:
    watch = MapSampler(session).run("2 s", every="500 ms")
    first = watch.history.table()
    counted = watch.turnover_over_distance()
    session.rewind("1 s")
    watch.sample(now=True)
    assert watch.history.column("t").tolist() == [0.0, 500.0, 1000.0]
    watch.run("1 s", every="500 ms")
    np.testing.assert_array_equal(watch.history.table(), first)
    np.testing.assert_array_equal(watch.turnover_over_distance().formed, counted.formed)


def test_views_of_a_map_share_a_sampler(session: Session) -> None:
    views = [MapView(kind, session) for kind in ("AD", "map_mesh")]
    assert views[0].sampler is views[1].sampler is sampler_of(session)
    assert MapView("AD", session, "lateral").sampler is not views[0].sampler


def test_a_closed_session_is_left_alone(session: Session) -> None:
    watch = MapSampler(session)
    session.run(100).wait()
    session.close()
    assert not watch.sample(now=True)


# --- movie --------------------------------------------------------------------------------------


def test_movie_has_a_picture_for_each_state(tmp_path: Path) -> None:
    states = [state_of([(k, 5)]) for k in (5, 6, 9)]
    path = plots.save_movie(states, tmp_path / "map.gif", fps=5, zoom=3)
    with Image.open(path) as movie:
        assert (movie.n_frames, movie.info["duration"]) == (3, 200)
        width, height = Tiles(Sheet(4, 4)).shape
        assert movie.size == (3 * width, 3 * height + CAPTION)
    with pytest.raises(FormatError, match=r"must end in \.gif or \.mp4"):
        plots.save_movie(states, tmp_path / "map.avi")
    with pytest.raises(SpecError, match="at least one"):
        plots.save_movie([], tmp_path / "map.gif")


def test_movie_is_a_video_with_a_picture_for_each_state(tmp_path: Path) -> None:
    states = [state_of([(k, 5)], t=1000.0 * k) for k in range(7)]
    told: list[tuple[int, int]] = []
    path = plots.save_movie(
        states, tmp_path / "map.mp4", fps=5, zoom=3, on_frame=lambda k, n: told.append((k, n))
    )
    with av.open(str(path)) as video:
        (stream,) = video.streams.video
        pictures = [frame.to_ndarray(format="rgb24") for frame in video.decode(stream)]
        assert float(stream.average_rate) == 5.0
    assert told == [(k, 7) for k in range(1, 8)]
    assert len(pictures) == 7
    width, height = Tiles(Sheet(4, 4)).shape
    sides = [3 * height + CAPTION, 3 * width]
    assert list(pictures[0].shape) == [n + n % 2 for n in sides] + [3]
    # Source 5 is the target's own place, the middle of its tile; source 0 is one to the left, down.
    at = [(Tiles(Sheet(4, 4)).pitch[0] + d) * 3 + 1 for d in (0, 1)]
    dark = [[int(p[3 * height - 1 - y, y].sum()) < 250 for y in at] for p in pictures]
    assert dark[0] == [True, False]
    assert dark[5] == [False, True]


def test_movie_takes_the_place_of_the_old_one_only_when_it_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "map.gif"
    target.write_text("old")

    def stop(k: int, _n: int) -> None:
        if k == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        plots.save_movie([state_of([(k, 5)]) for k in range(3)], target, on_frame=stop)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_movie_without_the_package_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(StateError, match=r"pip install av.*\.gif"):
        plots.save_movie([state_of([(1, 5)])], tmp_path / "map.mp4")
    assert list(tmp_path.iterdir()) == []
    plots.save_movie([state_of([(1, 5)])], tmp_path / "map.gif")


# --- looking back -------------------------------------------------------------------------------


def test_film_keeps_first_and_last_and_is_even_between() -> None:
    film = MapFilm(most=20)
    for t in range(500):
        film.append(state_of([(1, 2)], t=float(t)))
    assert len(film) == 20
    assert (film.times[0], film.times[-1]) == (0.0, 499.0)
    gaps = np.diff(film.times)
    assert gaps.max() <= 4 * gaps[:-1].min()
    with pytest.raises(SpecError, match="must be >= 3"):
        MapFilm(most=2)


def test_film_is_bounded_in_memory() -> None:
    one = MapFilm()
    one.append(state_of([(1, 2)] * 100))
    film = MapFilm(most_bytes=10 * one.n_bytes)
    for t in range(100):
        film.append(state_of([(1, 2)] * 100, t=float(t)))
    assert len(film) == 10
    assert film.n_bytes == 10 * one.n_bytes
    film.rewind(-1.0)
    assert (len(film), film.n_bytes) == (0, 0)


def test_film_gives_back_what_was_there() -> None:
    film = MapFilm()
    given = [state_of([(k, 15 - k)], t=10.0 * k) for k in range(5)]
    for state in given:
        film.append(state)
    for t, k in ((-5.0, 0), (0.0, 0), (19.9, 1), (20.0, 2), (1e9, 4)):
        found = film.at(t)
        assert (found.pre.dtype, found.pre.tolist()) == (np.int64, given[k].pre.tolist())
        assert (found.post.tolist(), found.t) == (given[k].post.tolist(), given[k].t)
    assert [state.t for state in film.states(3)] == [0.0, 20.0, 40.0]
    film.append(state_of([(3, 3)], t=15.0))  # a run that went back
    assert film.times.tolist() == [0.0, 10.0, 15.0]


@pytest.fixture(scope="module")
def ten_seconds() -> Iterator[MapSampler]:
    """A run that was read every second, with a viewpoint at hand."""
    with open_map("ten seconds") as session:
        yield MapSampler(session).run("10 s", every="1 s")


def test_looking_back_shows_what_was_there(ten_seconds: MapSampler) -> None:
    view = plots.Viewpoint(ten_seconds)
    live, version = view.state, view.state_version
    then = view.look(4300.0)
    assert (then.t, view.mark, view.is_live) == (4000.0, 4000.0, False)
    assert view.state_version != version
    with open_map("again") as other:
        other.run(4000).wait()
        first = plots.map_of(other)
    for name in ("pre", "post", "weight"):
        np.testing.assert_array_equal(getattr(then, name), getattr(first, name))
    assert view.look(None) is live
    assert view.look("100 s") is live
    assert view.look("2 s").t == 2000.0
    view.look(None)
    assert view.is_live


def test_times_that_are_looked_at_do_not_disturb_each_other(ten_seconds: MapSampler) -> None:
    one, other = plots.Viewpoint(ten_seconds), plots.Viewpoint(ten_seconds)
    one.look(2000.0)
    assert (one.state.t, other.state.t) == (2000.0, 10_000.0)


@pytest.mark.parametrize("kind", MAP_KINDS)
def test_every_plot_shows_the_time_that_is_looked_at(ten_seconds: MapSampler, kind: str) -> None:
    view = plots.Viewpoint(ten_seconds)
    shown = MapView(kind, ten_seconds.session, viewpoint=view)
    figure = drawn(shown.plot)

    def seen() -> tuple[str, list[float]]:
        marks = [r for r in figure.renderers if type(r.glyph).__name__ == "VSpan"]
        return figure.title.text, [t for r in marks for t in r.data_source.data["time"]]

    live = seen()
    view.look(5000.0)
    assert shown.refresh()
    title, marks = seen()
    if MAP_KINDS[kind].is_of_state:
        assert "t = 5 s" in title
    elif kind == "turnover_distance":
        assert "t = 0 to 5 s" in title
    else:
        assert marks == [5.0]
    view.look(None)
    assert shown.refresh()
    assert seen() == live


def test_turnover_over_distance_is_of_the_seconds_before(ten_seconds: MapSampler) -> None:
    view = plots.Viewpoint(ten_seconds)
    events = ten_seconds.session.structural_events("rewiring of feed-forward")
    for t in (3000.0, 8000.0):
        view.look(t)
        start = max(0.0, t - WINDOW_MS)
        is_in = (events.step * 0.1 >= start - 1e-6) & (events.step * 0.1 < t - 1e-6)
        rates = view.turnover_over_distance()
        n = (rates.formed + rates.eliminated).sum() * (t - start) / 1000.0
        assert n == pytest.approx(is_in.sum())


def test_a_run_that_went_back_and_on_is_not_shown_as_it_was(session: Session) -> None:
    watch = MapSampler(session).run("3 s", every="500 ms")
    view = plots.Viewpoint(watch)
    view.look(2500.0)
    session.rewind("1 s")
    session.set("p_elim_pot", 0.1).result(20)
    session.run("4 s").wait()  # past what was known before anybody reads
    assert watch.film.times.tolist() == [0.0, 500.0]
    watch.sample(now=True)
    assert watch.film.times.tolist() == [0.0, 500.0, 5000.0]
    assert watch.history.column("t").tolist() == [0.0, 500.0, 5000.0]


def test_who_looks_at_what_no_longer_happened_looks_at_the_run(session: Session) -> None:
    watch = MapSampler(session).run("2 s", every="500 ms")
    view = plots.Viewpoint(watch)
    view.look(1500.0)
    assert not view.follow()
    session.rewind("1 s")
    watch.sample(now=True)
    assert view.follow()
    assert (view.is_live, view.state.t) == (True, 1000.0)


def test_controls_on_the_way_are_seldom_and_lines_go_on(session: Session) -> None:
    watch = MapSampler(session)

    def sample(is_due: bool) -> list[bool]:
        """Which moments are compared then."""
        watch._controls_due = float("-inf" if is_due else "inf")
        watch._read_at = float("-inf")
        watch.sample()
        return np.isfinite(watch.history.column("sigma_aff_low")).tolist()

    for is_due in (False, False, True):
        session.run(100).wait()
        is_compared = sample(is_due)
    assert is_compared == [True, False, False, True]
    assert sample(is_due=True) == is_compared  # no reading is new
    band, line = list(plots.map_quality(watch))[:2]
    assert (len(band), len(line)) == (2, 4)


# --- rates --------------------------------------------------------------------------------------


def test_rate_map_counts_the_spikes_of_the_last_second(ten_seconds: MapSampler) -> None:
    network = ten_seconds.session.network
    step, neuron = ten_seconds.session.spikes()
    first = network.first_id("target")
    for t in (2000.0, 10_000.0):
        is_in = (step >= round(t / 0.1) - 10_000) & (step < round(t / 0.1)) & (neuron >= first)
        counts = np.bincount(neuron[is_in] - first, minlength=64)
        rate = ten_seconds.film.at(t).rate
        assert counts.sum() > 0
        np.testing.assert_allclose(rate, counts)
        image = layer(plots.rate_map(ten_seconds.film.at(t)), hv.Image)
        np.testing.assert_allclose(image.dimension_values("rate", flat=False).ravel(), counts)


def test_rate_map_without_spikes_says_so() -> None:
    assert layer(plots.rate_map(state_of([])), hv.Labels)["note"].tolist() == [
        "no spikes counted yet"
    ]


# --- all times in one object --------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["receptive_fields", "map_mesh", "sigma_aff", "turnover_distance"])
def test_holomap_has_the_times_as_keys(ten_seconds: MapSampler, kind: str) -> None:
    movie = plots.holomap(ten_seconds, kind, most=6)
    assert [dimension.name for dimension in movie.kdims] == ["time"]
    assert movie.kdims[0].unit == "s"
    assert movie.keys() == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    drawn(movie)


def test_holomap_of_states() -> None:
    states = [state_of([(k, k)], t=500.0 * k) for k in range(4)]
    movie = plots.holomap(states, "connection_matrix")
    assert movie.keys() == [0.0, 0.5, 1.0, 1.5]
    image = layer(movie[1.0], hv.Image)
    assert [tuple(row[:2]) for row in image.array() if row[2]] == [(2.5, 2.5)]
    assert len(plots.holomap(states, "map_mesh", most=2)) == 2
    for wrong, words in (
        (lambda: plots.holomap(states, "AD"), "must be a MapSampler"),
        (lambda: plots.holomap([], "map_mesh"), "at least one state"),
        (lambda: plots.holomap(states, "mesh"), "'map_mesh'"),
        (lambda: plots.holomap(states, most=1), "must be >= 2"),
    ):
        with pytest.raises(SpecError, match=words):
            wrong()


# --- branches -----------------------------------------------------------------------------------


def test_maps_of_branches_lie_over_one_another(session: Session) -> None:
    trunk = MapSampler(session).run("200 ms", every="100 ms")
    with session.branch(name="lesioned") as branch:
        branch.apply(snnlab.Lesion("target", (0, 1, 8, 9))).result(60)
        other = MapSampler(branch).run("200 ms", every="100 ms")
        trunk.run("200 ms", every="100 ms")
        lapse = plots.branch_maps(trunk, other)
        assert lapse.keys() == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])
        assert [len(overlay) for overlay in lapse] == [1, 1, 2, 2, 2]
        ours, theirs = lapse.last
        assert [ours.label, theirs.label] == ["map", "lesioned"]
        assert len(theirs) < len(ours)
        edges = layer(plots.map_mesh(trunk.state), hv.Segments)
        np.testing.assert_array_equal(ours.array(), edges.array())
        curves = plots.branch_quality(trunk, other, measure="AD")
        assert [c.label for c in curves] == ["map", "lesioned"]
        assert curves.get(0).data["time"].max() == pytest.approx(0.4)
        assert drawn(lapse.last)
        with pytest.raises(SpecError, match="sigma_aff"):
            plots.branch_quality(trunk, other, measure="sigma")
        with pytest.raises(SpecError, match="two or more"):
            plots.branch_maps(trunk)
    with (
        snnlab.open("topographic_map", scale=0.25, name="tiny", threads=1) as small,
        pytest.raises(SpecError, match="one size"),
    ):
        plots.branch_maps(trunk, MapSampler(small))
