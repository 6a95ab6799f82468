"""Plots of maps are drawn from arrays, follow a run, and leave it as it is."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import holoviews as hv
import numpy as np
import pytest
from PIL import Image

import snnlab
from snnlab import plots
from snnlab.analysis.sheet import Sheet
from snnlab.analysis.turnover import turnover_over_time
from snnlab.errors import FormatError, SpecError
from snnlab.frames.structure import StructuralEvents
from snnlab.plots.live import view_of
from snnlab.plots.maps.events import RecentEvents
from snnlab.plots.maps.history import MapHistory, Moment, measured
from snnlab.plots.maps.live import MAP_KINDS, MapView
from snnlab.plots.maps.sampler import MapSampler, sampler_of
from snnlab.plots.maps.state import MapState, formation_width, sheet_of
from snnlab.plots.maps.tiles import Tiles
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
        ("connection_matrix", ["source (index in its sheet)", "target (index in its sheet)"]),
        ("sigma_aff", ["time (s)", "sigma_aff (grid steps)"]),
        ("AD", ["time (s)", "AD (grid steps)"]),
        ("turnover", ["time (s)", "synapses (1/s)"]),
        ("turnover_distance", ["distance (grid steps)", "synapses (1/s)"]),
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
    assert len(MAP_KINDS) == 9
    with pytest.raises(SpecError, match="'receptive_fields'"):
        view_of("receptive_field", session, RecentFrames())


# --- quality ------------------------------------------------------------------------------------


def test_bands_are_ranges_of_shuffled_maps() -> None:
    rng = np.random.default_rng(1)
    sheet = Sheet(8, 8)
    post = np.repeat(np.arange(64), 6)
    weight = rng.random(post.size)
    state = MapState(post.copy(), post, weight, sheet)  # all afferents from the place itself
    moment = measured(state, 1.5)
    assert (moment.sigma_aff, moment.AD) == (0.0, 0.0)
    assert 0.0 < moment.sigma_aff_low < moment.sigma_aff_high < 2.0
    assert (moment.weighted_sigma_aff_low, moment.weighted_sigma_aff_high) == (0.0, 0.0)
    assert np.isnan(measured(state, None).sigma_aff_low)


def test_quality_without_synapses_says_so() -> None:
    history = MapHistory()
    assert "no synapses yet" in drawn(plots.map_quality(history)).title.text
    history.append(measured(state_of([]), 1.0))
    assert "no synapses yet" in drawn(plots.map_quality(history, "AD")).title.text
    history.append(measured(state_of([(1, 1)], t=5.0), 1.0))
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


def test_turnover_is_drawn_from_arrays() -> None:
    rates = turnover_over_time(
        np.array([10.0, 20.0, 150.0]), [True, True, False],
        t_start=0.0, t_stop=200.0, bin_width=100.0,
    )  # fmt: skip
    formed, eliminated = plots.turnover(rates)
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
        assert movie.size == (3 * width, 3 * height)
    with pytest.raises(FormatError, match=r"must end in \.gif"):
        plots.save_movie(states, tmp_path / "map.mp4")
    with pytest.raises(SpecError, match="at least one"):
        plots.save_movie([], tmp_path / "map.gif")
