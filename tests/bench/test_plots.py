"""Plots of benchmarks show what was measured, with quantity and unit, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import holoviews as hv
import numpy as np
import pytest
import xarray as xr

from snnlab.bench.combine import combine
from snnlab.bench.confounders import MATTERS, confounders
from snnlab.bench.derived import derive
from snnlab.bench.history import EventKind, Series, history
from snnlab.bench.importers.files import import_results
from snnlab.bench.record import make_record
from snnlab.errors import SpecError
from snnlab.plots.bench.energy import energy_use
from snnlab.plots.bench.lines import lines
from snnlab.plots.bench.machines import beside, confounder_table
from snnlab.plots.bench.memory import memory_use
from snnlab.plots.bench.past import EVENT_LOOK, past
from snnlab.plots.bench.phases import OTHER, phase_medians, phase_stack
from snnlab.plots.bench.scaling import TIME, real_time_factor, scaling
from tests.bench.records import record

BENNCH = Path(__file__).parent / "files/bennch.csv"


@pytest.fixture(scope="module")
def published() -> xr.Dataset:
    stated = {"machine_label": "JUSUF", "simulator": "nest"}
    return derive(combine([one.dataset for one in import_results(BENNCH, stated=stated)]))


def figure(plot: Any) -> Any:
    return hv.render(plot, backend="bokeh")


def labels(plot: Any) -> tuple[str, str]:
    drawn = figure(plot)
    return drawn.xaxis[0].axis_label, drawn.yaxis[0].axis_label


def curves(plot: Any) -> Iterator[hv.Curve]:
    return iter(plot.traverse(lambda element: element, [hv.Curve]))


def text_of(plot: Any) -> str:
    return " ".join(str(t.data[2]) for t in plot.traverse(lambda element: element, [hv.Text]))


def test_axes_have_quantity_and_unit(published: xr.Dataset) -> None:
    assert labels(scaling(published)) == ("threads of all ranks", "wall time (s)")
    assert labels(scaling(published, x="n_nodes"))[0] == "nodes"
    assert labels(real_time_factor(published))[1] == "real-time factor (lower is faster)"
    assert labels(memory_use(published))[1] == "memory (GiB)"
    assert labels(phase_stack(published))[1] == "wall time (s)"
    assert labels(phase_stack(published, is_share=True))[1] == "share of the phase (%)"
    assert labels(energy_use(published))[1] == "energy (J)"


def test_scaling_is_medians_repeats_and_ideal(published: xr.Dataset) -> None:
    plot = scaling(published)
    measured, ideal = curves(plot)
    np.testing.assert_allclose(measured["wall_time"], [17.366278, 2.3867815])
    np.testing.assert_allclose(ideal["wall_time"], [17.366278, 17.366278 / 16])
    dots = plot.traverse(lambda element: element, [hv.Scatter])[0]
    assert len(dots) == 6
    weak = list(curves(scaling(published, kind="weak")))[1]
    np.testing.assert_allclose(weak["wall_time"], [17.366278, 17.366278])


def test_weak_scaling_puts_growing_networks_on_one_line() -> None:
    grown = combine(
        [record(coordinates={"threads": n, "p_scale": float(n)}).dataset for n in (1, 2, 4)]
    )
    assert len(list(curves(scaling(grown, kind="weak")))) == 2
    assert len(list(curves(scaling(grown, kind="strong")))) == 6


def test_speed_against_size_is_a_line_over_what_was_swept() -> None:
    """As of `benchmarks/specs/map.yaml`: the same threads, other networks."""
    sizes = [
        record(
            simulate=seconds, coordinates={"threads": 1, "p_scale": scale},
            phases=("simulate", "simulate/rewire"),
        ).dataset for scale, seconds in ((1.0, 2.0), (2.0, 5.0), (7.0, 40.0))
    ]  # fmt: skip
    data = derive(combine(sizes))
    (line, *_) = curves(real_time_factor(data, x="p_scale"))
    assert line["p_scale"].tolist() == [1.0, 2.0, 7.0]
    np.testing.assert_allclose(line["real_time_factor"], [1.01, 2.51, 20.01])
    assert labels(real_time_factor(data, x="p_scale"))[0] == "scale"
    parts = phase_stack(data, x="p_scale")
    assert sorted(parts.dimension_values("p_scale", expanded=False)) == ["1", "2", "7"]
    assert "rewire" in parts.dimension_values("part")


def test_other_band_is_what_no_timer_explains(published: xr.Dataset) -> None:
    found = phase_medians(published, "simulate", "workers")
    whole = published["wall_time"].sel(phase="simulate").median("repeat").values
    share = found[128.0][OTHER] / whole[int(np.argmin(whole))]
    assert share == pytest.approx(0.225, abs=0.002)
    names = [str(name) for name in phase_stack(published).dimension_values("part", expanded=False)]
    assert names[-1] == OTHER
    shares = phase_stack(published, is_share=True)
    for where in ("8", "128"):
        assert shares.select(workers=where)["share"].sum() == pytest.approx(100.0)


def test_overlapping_timers_are_told() -> None:
    data = record(phases=("simulate", "simulate/a", "simulate/b"), repeats=1).dataset
    data["wall_time"].values[0, 0] = [1.0, 0.8, 0.7]
    assert "add up to more than the whole" in figure(phase_stack(data)).title.text


def test_energy_says_unavailable_unless_it_was_read(published: xr.Dataset) -> None:
    assert "energy: unavailable" in text_of(energy_use(published))
    energy = np.arange(1.0, 10.0).reshape(3, 3)[..., np.newaxis] * np.ones(2)
    one = make_record(
        {"wall_time": np.ones((3, 1)), "energy": energy[:, :1], "n_syn_events": [1e6] * 3},
        {"series_id": "ab", "threads": 4},
        labels={"phase": ("simulate",), "device": ("package-0", "package-1")},
        attributes={"energy": {"method": "RAPL"}},
    )
    read = derive(one.dataset)
    (total,) = curves(energy_use(read))
    assert total["energy"].tolist() == [8.0]
    (each,) = curves(energy_use(read, is_each=True))
    assert each["energy_per_syn_event"].tolist() == [8e-6]
    both = derive(combine([one.dataset, record(coordinates={"threads": 8}).dataset]))
    assert "unavailable in 1 of 2 records" in figure(energy_use(both)).title.text


def test_every_event_has_a_look_of_its_own() -> None:
    assert len({colour for colour, _ in EVENT_LOOK.values()}) == len(EVENT_LOOK)
    assert {str(kind) for kind in EventKind} - {"change"} <= set(EVENT_LOOK)


def test_failed_repeats_are_not_drawn() -> None:
    data = record(status=["ok", "failed", "ok"]).dataset
    (line,) = lines(data, data["wall_time"].sel(phase="simulate"), "threads")
    assert len(line.repeats[0]) == 2
    assert "unavailable" in text_of(scaling(record(status=["failed"] * 3).dataset))


def test_what_differs_tells_lines_apart() -> None:
    data = combine(
        [record(coordinates={"commit": c, "threads": n}).dataset
         for c in ("a" * 40, "b" * 40) for n in (1, 2)]
    )  # fmt: skip
    found = lines(data, data["wall_time"].sel(phase="simulate"), "threads")
    assert [line.label for line in found] == ["a" * 10, "b" * 10]
    assert [line.x.tolist() for line in found] == [[1.0, 2.0]] * 2
    with pytest.raises(SpecError, match="Did you mean 'threads'"):
        scaling(data, x="thread")
    with pytest.raises(SpecError, match="no n_nodes"):
        scaling(data, x="n_nodes")
    with pytest.raises(SpecError, match="strong, weak"):
        scaling(data, kind="string")


def test_history_shows_levels_changes_and_borders() -> None:
    values = np.tile([1.0, 1.001, 0.999], 14)[:40]
    values[20:] *= 1.1
    noisy = np.zeros(40, bool)
    noisy[5] = True
    series = Series(
        name="brunel", values=values, batches=tuple(range(40)), noisy=noisy,
        versions=tuple(f"v{k}" for k in range(40)), anchor=np.ones(40),
        borders={"stack_id": ("a",) * 33 + ("b",) * 7},
    )  # fmt: skip
    found = history(series)
    plot = past(found, record_ids=[f"r{k}" for k in range(40)])
    assert labels(plot) == ("batch, in the order of versions", "wall time of simulate (s)")
    assert text_of(plot) == "worse border"
    lines_at = [line.data for line in plot.traverse(lambda element: element, [hv.VLine])]
    assert lines_at == [19.5, 32.5]
    (segments,) = plot.traverse(lambda element: element, [hv.Segments])
    assert len(segments) == len(found.levels) == 3
    points = plot.traverse(lambda element: element, [hv.Scatter])
    assert [len(p) for p in points] == [39, 1, 40]
    assert points[0]["record"][7] == "r8"
    figure(plot)


def test_comparison_shows_first_what_differs(published: xr.Dataset) -> None:
    a = {"machine_label": "JUSUF", "p_scale": 8.0, "simulator_version": "3.8"}
    b = {"machine_label": "JURECA", "p_scale": 10.0, "simulator_version": "3.9"}
    values = published["wall_time"].sel(phase="simulate")
    layout = beside(published, values, confounders(a, b), ["JUSUF", "JURECA"], TIME)
    table = layout.traverse(lambda element: element, [hv.Table])[0]
    assert isinstance(next(iter(layout)), hv.Table)
    assert ("parameters", "scale", "8", "10") in list(zip(*table.columns().values(), strict=True))
    assert "not comparable as versions" in table.opts.get("plot").kwargs["title"]
    known = dict.fromkeys(MATTERS.values(), "1") | {"dirty": 0.0}
    same = confounder_table(confounders(known | {"commit": "a"}, known | {"commit": "b"}))
    assert same.opts.get("plot").kwargs["title"] == "what differs"
    figure(layout)
    with pytest.raises(SpecError, match="different texts"):
        beside(published, values, confounders(a, b), ["JUSUF", "JUSUF"], TIME)
