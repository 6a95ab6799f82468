"""Speed against size: which runs are drawn, and what the bars add up to."""

import holoviews as hv
import pytest

from benchmarks.__main__ import main
from benchmarks.records import Records
from benchmarks.size_figure import factors, size_figure, stacked
from benchmarks.table import counted
from tests.benchmarks.recorded import record

PARTS = {"update": 0.5, "plasticity": 0.25, "rewire": 0.25}


def run(neurons, factor, simulator="snnlab", **changes):
    """A minute of a map in so much time a second."""
    found = record(60.0 * factor, simulator=simulator, model=f"map{neurons}", **changes)
    found["time_ms"] = 60_000.0
    found["figures"] |= {
        "n_neurons": 2 * neurons, "real_time_factor": factor,
        "timings": {phase: 60.0 * factor * part for phase, part in PARTS.items()},
    }  # fmt: skip
    return found


RUNS = [run(256, 0.02), run(1024, 0.04, seed=1), run(1024, 0.06, seed=2), run(1024, 0.05, seed=3),
        run(1024, 2.0, "pygenn"), record(1.0)]  # fmt: skip


def test_medians_over_the_size_of_a_layer():
    runs = {key: mine for key, mine in counted(RUNS, busy=False).items() if key[0] != "brunel4k"}
    assert factors(runs) == {"snnlab": [(256, 0.02), (1024, 0.05)], "pygenn": [(1024, 2.0)]}


def test_bars_are_the_phases_of_the_median_run():
    bars = stacked(counted(RUNS, busy=False))
    found = {(size, phase): factor for size, phase, factor in bars}
    assert found["1,024", "rewire"] == pytest.approx(0.0125)
    assert found["256", "deliver"] == 0.0
    assert sum(part for size, _, part in bars if size == "256") == pytest.approx(0.02)


def test_other_networks_are_not_in_the_figure():
    curves, bars = size_figure(RUNS)
    assert [line.label for line in curves.traverse(lambda x: x, [hv.Curve])] == ["snnlab", "pygenn"]
    assert set(bars.dimension_values(0)) == {"256", "1,024"}


def test_page_is_written_from_stored_records(tmp_path):
    stored, page = Records(tmp_path / "r.jsonl"), tmp_path / "map.html"
    for found in RUNS:
        stored.append(found)
    assert main(["--from", str(stored.path), "--figure", str(page)]) == 0
    assert "neurons in each layer" in page.read_text()


def test_nothing_to_draw_is_said():
    with pytest.raises(SystemExit, match=r"No run of map256, .* counts"):
        size_figure([record(1.0)])
