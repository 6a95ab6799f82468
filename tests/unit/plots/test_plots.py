"""Plots are ordinary HoloViews objects with quantity and unit on every axis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import holoviews as hv
import numpy as np
import pytest

import snnlab
from snnlab import plots
from snnlab.errors import SpecError, StateError
from snnlab.frames.decimate import merged, until
from snnlab.model.recorders import SynapseRecorder
from snnlab.plots.activity import Activity, Group
from snnlab.plots.live import KINDS, LiveView
from snnlab.plots.recent import RecentFrames
from snnlab.plots.samples import MOST_LINES
from snnlab.session import Session
from tests.activity import frame_of, regular, two_populations
from tests.networks import plastic

GROUPS = (Group("exc", 0, 80), Group("inh", 80, 20))


def activity(n_frames: int = 5) -> Activity:
    """All neurons fire every 10 ms."""
    frames = [regular(k * 200, (k + 1) * 200) for k in range(n_frames)]
    return Activity.of_frames(frames, two_populations())


def drawn(element: Any) -> Any:
    """The Bokeh figure of an element."""
    return hv.renderer("bokeh").get_plot(element).state


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """A session that has run for 100 ms."""
    with snnlab.open(two_populations(), threads=1, name="plots") as session:
        session.set("exc", "I_e", 1000.0).result(20)
        session.run(100).wait(20)
        yield session


# --- raster -------------------------------------------------------------------------------------


def test_every_spike_is_a_point_in_the_colour_of_its_population() -> None:
    points = plots.raster(activity())
    exc, inh = points
    assert (exc.label, inh.label) == ("exc", "inh")
    assert (len(exc), len(inh)) == (10 * 80, 10 * 20)
    assert drawn(points).title.text == "100 neurons, every spike drawn"
    assert exc.opts.get("style").kwargs["color"] == "#0072B2"


def test_many_spikes_become_an_image_that_says_so() -> None:
    image = plots.raster(activity(), most_points=100, pixels=(100, 25))
    assert isinstance(image, hv.Image)
    title = "100 neurons, image: 1 px = 4 neurons \N{MULTIPLICATION SIGN} 1 ms"
    assert drawn(image).title.text == title
    counts = image.dimension_values(2, flat=False)
    assert counts.sum() == 1000
    assert counts[:, 0].tolist() == [4] * 25  # a spike at 0.1 ms lies in the first column


def test_image_has_the_lowest_id_below() -> None:
    image = plots.raster(
        Activity(frame_of([(50, 2)], 0, 100), GROUPS), most_points=0, pixels=(100, 100)
    )
    (spike,) = [row for row in image.array() if row[2]]
    assert spike[1] == pytest.approx(2.5)


def test_window_is_cut_at_steps() -> None:
    points = plots.raster(activity(), t_start=10.0, t_stop=20.1)
    times = np.unique(np.concatenate([layer.dimension_values(0) for layer in points]))
    assert times == pytest.approx([10.1, 20.1])


# --- rates --------------------------------------------------------------------------------------


def test_rates_are_per_neuron_and_second() -> None:
    curves = plots.rates(activity(), bin_ms=10.0)
    for curve in curves:
        assert curve.dimension_values(1) == pytest.approx([100.0] * 10)


def test_rest_that_fills_no_bin_is_left_out() -> None:
    (curve, _) = plots.rates(activity(), t_stop=95.0, bin_ms=10.0)
    assert len(curve) == 9


@pytest.mark.parametrize("bin_ms", [0.0, -1.0])
def test_bin_must_be_positive(bin_ms: float) -> None:
    with pytest.raises(SpecError, match="must be > 0 ms"):
        plots.rates(activity(), bin_ms=bin_ms)


# --- trace --------------------------------------------------------------------------------------


def test_trace_has_a_line_for_each_neuron(session: Session) -> None:
    curves = plots.trace(session)
    assert [curve.label for curve in curves] == ["neuron 0", "neuron 3"]
    assert len(next(iter(curves))) == 200


def test_trace_of_a_dataset_is_that_of_the_session(session: Session) -> None:
    for ours, theirs in zip(plots.trace(session), plots.trace(session.dataset()), strict=True):
        assert ours.array() == pytest.approx(theirs.array())


def test_unknown_recorder_and_variable_offer_the_nearest(session: Session) -> None:
    with pytest.raises(SpecError, match="'electrode'"):
        plots.trace(session, "electrod")
    with pytest.raises(SpecError, match="'V_m'"):
        plots.trace(session, variable="V_n")
    with pytest.raises(SpecError, match="'electrode'"):
        plots.trace(session.dataset(), "electrod")


# --- synapses -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def learning() -> Iterator[Session]:
    """A session that records weights: of two sources, and of all synapses."""
    few = SynapseRecorder("few", "source->a", sources=(0, 1), targets=range(50), interval=5)
    network = plastic().replace(recorders=[few, SynapseRecorder("all", "source->a", interval=5)])
    with snnlab.open(network, threads=1, name="learning") as session:
        session.run(50).wait(20)
        yield session


def test_trace_has_a_line_for_each_synapse(learning: Session) -> None:
    curves = plots.trace(learning)
    dataset = learning.dataset()
    pairs = zip(dataset.few_source.values, dataset.few_target.values, strict=True)
    assert [curve.label for curve in curves] == [f"{pre} -> {post}" for pre, post in pairs]
    assert curves.opts.get("plot").kwargs["title"] == "weight of source->a"
    np.testing.assert_array_equal(curves.values()[3]["weight"], dataset.few_weight[:, 3])


def test_of_many_synapses_a_few_are_drawn(learning: Session) -> None:
    for source in (learning, learning.dataset()):
        curves = plots.trace(source, "all")
        assert len(curves) == MOST_LINES
        title = curves.opts.get("plot").kwargs["title"]
        assert title.startswith("weight of")
        assert title.endswith("(50 of 15000)")


def test_a_legend_names_no_more_lines_than_fit_beside_the_plot(
    session: Session, learning: Session
) -> None:
    drawn = [plots.trace(session), plots.trace(learning, "all")]
    shown = [curves.opts.get("plot").kwargs["show_legend"] for curves in drawn]
    assert shown == [True, False]


def test_trace_of_synapses_in_a_dataset_is_that_of_the_session(learning: Session) -> None:
    ours, theirs = plots.trace(learning, "all"), plots.trace(learning.dataset(), "all")
    for a, b in zip(ours, theirs, strict=True):
        assert a.array() == pytest.approx(b.array())
        assert a.label == b.label


def test_live_trace_of_synapses_begins_before_they_are_known(learning: Session) -> None:
    recent, network = RecentFrames(), learning.network
    view = LiveView("trace", lambda: network, recent)
    plot = hv.renderer("bokeh").get_plot(view.plot)
    for frame in learning.recording.frames:
        recent.append(frame)
    assert view.refresh()
    assert plot.state.x_range.end == pytest.approx(50.0, abs=1.0)
    assert plot.state.y_range.end > 0.1


# --- sources ------------------------------------------------------------------------------------


def test_dataset_and_session_give_the_same_raster(session: Session) -> None:
    assert len(next(iter(plots.raster(session)))) > 0
    for ours, theirs in zip(plots.raster(session), plots.raster(session.dataset()), strict=True):
        assert ours.array() == pytest.approx(theirs.array())


def test_something_else_is_refused() -> None:
    with pytest.raises(SpecError, match=r"must be a Session or its dataset\(\) \(got list\)"):
        plots.raster([1, 2, 3])


def test_session_without_recording_says_how_to_get_one() -> None:
    with (
        snnlab.open(two_populations(), threads=1, name="blind", record=False) as session,
        pytest.raises(StateError, match="record=True"),
    ):
        plots.raster(session)


# --- labels -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plot", "labels"),
    [
        (plots.raster, ["time (ms)", "neuron (global id)"]),
        (plots.rates, ["time (ms)", "rate (spikes/s)"]),
        (plots.trace, ["time (ms)", "V_m (mV)"]),
    ],
)
def test_axes_have_quantity_and_unit(session: Session, plot: Any, labels: list[str]) -> None:
    figure = drawn(plot(session))
    assert [figure.xaxis[0].axis_label, figure.yaxis[0].axis_label] == labels


def test_plots_can_be_composed(session: Session) -> None:
    layout = (plots.raster(session) + plots.rates(session) + plots.trace(session)).cols(1)
    assert len(hv.renderer("bokeh").get_plot(layout).subplots) == 3


# --- live ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_live_plot_moves_along(kind: str) -> None:
    recent, network = RecentFrames(), two_populations()
    view = LiveView(kind, lambda: network, recent)
    plot = hv.renderer("bokeh").get_plot(view.plot)
    for k in range(60):
        recent.append(regular(k * 200, (k + 1) * 200))
    assert view.refresh()
    assert plot.state.x_range.end == pytest.approx(1200.0, abs=1.0)
    assert plot.state.x_range.start == pytest.approx(1200.0 - view.kind.window_ms, abs=20.0)
    assert not view.refresh()  # nothing new, nothing sent


def test_unknown_live_plot_offers_the_nearest() -> None:
    with pytest.raises(SpecError, match="Did you mean 'raster'"):
        LiveView("rster", two_populations, RecentFrames())


# --- recent frames ------------------------------------------------------------------------------


def test_recent_frames_are_bounded_in_time_and_spikes() -> None:
    by_time, by_spikes = RecentFrames(max_ms=100.0), RecentFrames(max_spikes=1000)
    for k in range(50):
        by_time.append(regular(k * 200, (k + 1) * 200))
        by_spikes.append(regular(k * 200, (k + 1) * 200))
    assert sum(frame.duration for frame in by_time.last(1e9)) <= 120.0
    assert sum(frame.n_spikes for frame in by_spikes.last(1e9)) <= 1000
    assert by_time.stop == by_spikes.stop == 10_000


def test_recent_frames_are_bounded_in_samples(learning: Session) -> None:
    part = until(merged(learning.recording.frames), 250, [200, 250, 130])
    recent = RecentFrames(max_sampled=3 * part.sampled_bytes)
    for k in range(20):
        recent.append(replace(part, t_start=k * 250, t_stop=(k + 1) * 250))
    assert 1 <= len(recent.since(0)) <= 3


def test_recent_frames_go_back_with_the_run() -> None:
    recent = RecentFrames()
    for start in range(0, 3000, 1000):
        recent.append(regular(start, start + 1000))
    recent.rewind(1500, [80, 20])
    assert (recent.epoch, recent.stop) == (1, 1500)
    assert [f.n_spikes for f in recent.since(0)] == [1000, 500]
    recent.append(regular(1500, 2000))
    assert (recent.epoch, recent.stop) == (1, 2000)
    recent.rewind(1000, [80, 20, 5])
    assert recent.since(0) == ()


def test_frame_after_a_reset_begins_a_new_epoch() -> None:
    recent = RecentFrames()
    recent.append(regular(0, 200))
    recent.append(regular(200, 400))
    assert recent.epoch == 0
    recent.append(regular(0, 200))
    assert (recent.epoch, recent.stop, len(recent.since(0))) == (1, 200, 1)
