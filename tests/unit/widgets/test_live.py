"""Live plots of a map keep its history whether or not somebody looks."""

from __future__ import annotations

import snnlab
from snnlab.plots.maps.sampler import sampler_of
from snnlab_widgets import Live
from tests.features.session_bench import eventually


def test_history_grows_unseen_and_ends_with_the_plot() -> None:
    with snnlab.open("topographic_map", scale=0.5, name="unseen", threads=1) as session:
        live = Live(session, "sigma_aff")
        history = live.view.sampler.history
        assert live.view.sampler is sampler_of(session)
        session.run(2000).wait()
        eventually(lambda: history.t == 2000.0)
        live.close()
        session.run(1000).wait()
        assert history.t == 2000.0
        assert session.state.value == "paused"


def test_a_plot_takes_the_place_of_the_same_one_of_the_same_map() -> None:
    with snnlab.open("topographic_map", scale=0.5, name="places", threads=1) as session:
        first, other = Live(session, "AD"), Live(session, "AD", "lateral")
        again = Live(session, "AD")
        assert first.children == ()
        assert other.children
        assert again.children
        assert other.view.sampler.projection == "lateral"
        other.close()
        again.close()
