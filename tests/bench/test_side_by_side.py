"""Simulators side by side: medians, ratios within rounds, ranges, what limits, bars, failures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from snnlab.bench.limits import PHASES, limit, shares
from snnlab.bench.record import Record, make_record
from snnlab.bench.side_by_side import fastest, groups_of, newest
from snnlab.bench.store import Store
from snnlab.bench.table import page, promised
from snnlab.cli import main

PARTS = ("update", "deliver", "plasticity", "record", "rewire", "communicate")


def ran(
    simulator: str, times: Sequence[float], *, statuses: Sequence[str] = (), why: str = "",
    campaign: str = "c", time: float = 1000.0, parts: Sequence[float] = (), bars: object = None,
    **coordinates: object,
) -> Record:  # fmt: skip
    """A record of a network of 1000 neurons and a million synapses, in rounds 0, 1, ..."""
    n = len(times)
    phases = ["construct", "simulate", *(f"simulate/{p}" for p in PARTS[: len(parts)])]
    wall = [[0.5, t, *parts] if time else [t, 0.0] for t in times]
    values: dict[str, object] = {
        "wall_time": wall, "status": list(statuses) or ["ok"] * n, "seed": range(1, n + 1),
        "block": range(n), "model_time": [time] * n, "dt": [0.1] * n, "n_neurons": [1000.0] * n,
        "n_synapses": [1e6] * n, "memory": [[[2.0**28, 2e6]]] * n, "load": [0.5] * n,
        "started_at": [f"2026-01-01T00:00:0{k}" for k in range(n)],
        "check_value": [[20.0]] * n, "check_low": [[10.0]] * n, "check_high": [[30.0]] * n,
        "check_ok": [[1.0]] * n,
    }  # fmt: skip
    if time:
        values |= {"n_spikes": [20_000.0] * n, "n_syn_events": [2e7] * n}
    own = {
        "benchmark": "brunel4k", "simulator": simulator, "campaign": campaign, "threads": 2,
        "ranks": 1, "series_id": f"{simulator}{len(times)}{sorted(coordinates.items())}",
        "machine_label": "AMD EPYC", "p_time": time, "commit": "abc",
    }  # fmt: skip
    return make_record(
        values, own | coordinates,
        labels={"phase": phases, "checkpoint": ["total"], "check": ["rate"],
                "kind": ["peak/sum", "connectivity/sum"]},
        provenance={
            "notes": {f"{k}": why for k, s in enumerate(statuses) if s != "ok"},
            "spec": {"values": {"bars": bars or {}}}, "stack": {"packages": {simulator: "1.0"}},
        },
    )  # fmt: skip


def section(text: str, title: str) -> list[dict[str, str]]:
    """Rows of a section, by the head of their columns."""
    _, _, rest = text.partition(f"## {title}\n\n")
    lines = rest.partition("\n\n")[0].strip().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(rows[0], row, strict=True)) for row in rows[2:]]


def of(text: str, title: str, simulator: str) -> dict[str, str]:
    return next(row for row in section(text, title) if row["simulator"].startswith(simulator))


def test_medians_ranges_and_ratios_within_rounds() -> None:
    text = page([ran("snnlab", [0.1, 0.4, 0.2]), ran("nest", [2.0, 2.0, 6.0])])
    assert of(text, "Speed", "snnlab")["simulate s"] == "0.200"
    assert of(text, "Speed", "snnlab")["min ... max"] == "0.100 ... 0.400"
    assert of(text, "Speed", "snnlab")["ratio"] == ""
    # Ratios of rounds: 20, 5, 30; that of the medians would be 10.
    assert of(text, "Speed", "nest")["ratio"] == "**20.0** (5.0 ... 30.0)"
    assert of(text, "Speed", "nest")["real-time factor"] == "2.000"
    assert of(text, "Speed", "nest")["ns/event"] == "100.00"
    assert of(text, "Speed", "nest")["bytes/synapse"] == "2.0"
    (row,) = section(text, "Side by side")
    assert list(row) == ["network", "snnlab s", "busy s", "nest s", "nest / snnlab"]
    assert list(row.values()) == ["brunel4k", "0.2", "", "2", "20"]


def test_runs_of_other_campaigns_are_no_round() -> None:
    text = page([ran("snnlab", [0.1, 0.1]), ran("nest", [1.0, 1.0], campaign="another day")])
    assert of(text, "Speed", "nest")["ratio"] == ""
    assert of(text, "Speed", "nest")["simulate s"] == "1.000"


def test_the_last_campaign_counts_and_machines_do_not_mix() -> None:
    old = ran("snnlab", [0.1], recorded_at="2026-01-01")
    new = ran("snnlab", [0.3], recorded_at="2026-02-01", campaign="d", commit="def")
    peer = ran("nest", [1.0], recorded_at="2026-01-01")
    assert newest([new, old, peer]) == [peer, new] or newest([new, old, peer]) == [new, peer]
    anchor = ran("snnlab", [0.9], recorded_at="2026-02-01", campaign="d", anchor=1.0)
    assert newest([new, anchor]) == [new]
    other = ran("snnlab", [0.2], recorded_at="2026-01-15", machine_label="Ampere")
    networks = {g.network: g.seconds for g in groups_of(newest([old, new, other]))}
    assert networks == {
        "brunel4k machine_label=AMD EPYC": 0.3, "brunel4k machine_label=Ampere": 0.2,
    }  # fmt: skip


def test_only_what_counts_is_in_the_times_and_the_rest_is_told() -> None:
    text = page([
        ran("snnlab", [0.2, 0.01, 0.2], statuses=["ok", "invalid_science", "noisy"], why="rate 0"),
        ran("nest", [9.0, 9.0], statuses=["failed", "failed"], why="exit code 1: a|b"),
    ])  # fmt: skip
    assert of(text, "Speed", "snnlab")["min ... max"] == "0.200 ... 0.200"
    assert [tuple(row.values()) for row in section(text, "Not counted")] == [
        ("brunel4k", "snnlab", "1", "invalid_science", "rate 0"),
        ("brunel4k", "nest", "2", "failed", "exit code 1: a/b"),
    ]
    assert "Not counted" not in page([ran("snnlab", [0.2])])


def test_the_fastest_setting_of_those_that_ran_often_counts() -> None:
    slow = ran("brian2", [3.0, 3.0], threads=1, p_precision="float64")
    quick = ran("brian2", [2.0, 1.0], p_precision="float32")
    lucky = ran("brian2", [0.5], threads=1, p_precision="float32")
    (best,) = fastest(groups_of([slow, quick, lucky]))
    assert (best.setting, best.seconds) == ("threads=2 precision=float32", 1.5)
    text = page([slow, quick, lucky, ran("snnlab", [0.1, 0.1])])
    assert [row["simulator"] for row in section(text, "Speed")] == [
        "snnlab", "brian2 (threads=2 precision=float32)",
    ]  # fmt: skip


def test_all_settings_of_snnlab_are_told_and_compared_with_the_fastest() -> None:
    ranks = ran("snnlab", [0.3, 0.3], threads=1, ranks=2, p_exchange="collective")
    text = page([ran("snnlab", [0.2, 0.2]), ranks])
    rows = {row["simulator"]: row["ratio"] for row in section(text, "Speed")}
    assert rows == {
        "snnlab (threads=2 ranks=1)": "",
        "snnlab (threads=1 ranks=2 exchange=collective)": "**1.5** (1.5 ... 1.5)",
    }


def test_parameters_that_differ_make_networks() -> None:
    maps = [ran("snnlab", [0.1 * k], p_scale=k, benchmark="map") for k in (10, 1, 2)]
    networks = [group.network for group in groups_of(maps)]
    assert networks == ["map scale=1", "map scale=2", "map scale=10"]


def test_slowdown_beside_busy_processes() -> None:
    text = page([ran("snnlab", [0.2, 0.2, 0.4]), ran("snnlab", [0.3, 0.5, 0.4], p_beside=1)])
    row = of(text, "Beside busy processes", "snnlab")
    assert (row["slowdown"], row["worst"], row["processes"]) == ("**1.50**", "2.50", "1")
    assert of(text, "Speed", "snnlab")["simulate s"] == "0.200"
    assert len(section(text, "Speed")) == 1


def test_construction_is_compared_by_its_time() -> None:
    text = page([ran("snnlab", [0.5], time=0.0), ran("nest", [5.0], time=0.0)])
    assert of(text, "Speed", "nest")["ratio"] == "**10.0**"
    assert of(text, "Speed", "nest")["simulate s"] == ""
    (row,) = section(text, "Where the time goes")
    assert row["limited by"] == "2 M synapses/s drawn and placed, 0.00 GB/s written"


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        ("update", "120.00 ns a neuron and step"),  # 0.6 s * 2 threads / (1000 * 10_000)
        ("deliver", "60.00 ns a synaptic event on one thread; 0.1 GB/s"),
        ("plasticity", "60.00 ns a synaptic event"),
        ("record", "30000 ns a spike"),
        ("rewire", "600.0 us for each ms of model time"),
        ("communicate", "60.00 us a step"),
        ("other", "60.00 us a step"),
    ],
)
def test_the_longest_phase_limits(phase: str, words: str) -> None:
    parts = [0.6 if part == phase else 0.4 / 6 for part in PARTS]
    record = ran("snnlab", [1.0], parts=parts)
    (group,) = groups_of([record])
    told = limit(group.typical.figures, group.threads)
    assert told.startswith(f"{phase} 60%: ")
    assert words in told
    (row,) = section(page([record]), "Where the time goes")
    assert row[f"{phase} %"] == "60"


def test_nothing_is_made_up_without_timers() -> None:
    (group,) = groups_of([ran("snnlab", [1.0])])
    assert limit(group.typical.figures, 2) == ""
    assert shares({}) == {}
    assert page([]) == "# Benchmark\n"


def test_science_stands_beside_its_band() -> None:
    (row,) = section(page([ran("snnlab", [1.0])]), "Science")
    assert (row["check"], row["median"], row["band"]) == ("rate", "20", "10 ... 30")


def test_bars_are_checked_on_snnlab_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bars = {"real_time_factor": 0.3, "construct": 0.1}
    records = [ran("snnlab", [0.2] * 2, bars=bars), ran("nest", [2.0] * 2, bars=bars)]
    rows = {row["figure"]: row["reached"] for row in section(page(records), "Bars")}
    assert rows == {"real_time_factor": "yes", "construct": "**no**"}
    assert [str(p) for p in promised(records)] == [
        "brunel4k: construct 0.5, bar <= 0.1", "brunel4k: real_time_factor 0.2, bar <= 0.3",
    ]  # fmt: skip
    store = Store(tmp_path / "store")
    for record in records:
        store.add(record)
    words = ["bench", "table", "--store", str(store.root)]
    assert main([*words, "--file", str(tmp_path / "page.md")]) == 12
    told = capsys.readouterr()
    assert "bar missed: brunel4k: construct 0.5" in told.err
    assert (tmp_path / "page.md").read_text() == told.out
    assert main([*words, "no-such-benchmark"]) == 14
    capsys.readouterr()
    # The bars of a specification hold in place of those that records have.
    (tmp_path / "spec.yaml").write_text(
        "name: brunel4k\nmodel: brunel\nbars: {nest.simulate: 8, brian2.simulate: 2}\n"
    )
    assert main([*words, "--bars", str(tmp_path / "spec.yaml")]) == 0
    told = capsys.readouterr()
    assert "| brunel4k | nest.simulate | 10 | >= 8 | yes |" in told.out
    assert told.err == "bar not measured: brunel4k: brian2.simulate unknown, bar >= 2\n"


@pytest.mark.parametrize(
    ("times", "bar", "kept"),
    [
        ([0.2, 0.2, 0.2], 0.3, "yes"),
        ([0.4, 0.41, 0.4], 0.3, "no"),
        ([0.31, 0.5, 0.29], 0.3, "unclear"),  # the interval holds the bar
        ([0.2, 0.2, 9.0], 0.3, "yes"),  # one bad run
        ([9.0], 0.3, "unclear"),  # nobody knows how far it scatters
        ([0.4, 0.41, 0.4, 0.4, 9.0], 0.3, "no"),
        ([0.1, 0.9, 0.2, 0.8, 0.9], 0.3, "unclear"),
    ],
)
def test_a_bar_is_missed_only_where_noise_cannot_have_done_it(
    times: list[float], bar: float, kept: str
) -> None:
    (found,) = promised([ran("snnlab", times, bars={"simulate": bar})])
    assert found.kept == kept
    # Disturbed runs prove no slowness; they may show that it is fast enough.
    noisy = ran("snnlab", times, bars={"simulate": bar}, statuses=["noisy"] * len(times))
    assert promised([noisy])[0].kept == ("yes" if kept == "yes" else "unclear")


@pytest.mark.parametrize(
    ("peer", "kept"),
    [([2.0, 2.1, 2.0], "yes"), ([1.0, 1.05, 1.0], "no"), ([1.5, 2.0, 0.9], "unclear")],
)
def test_bars_of_peers_are_reached_by_ratios_within_rounds(peer: list[float], kept: str) -> None:
    bars = {"nest.simulate": 8.0, "nest.peak_bytes": 1.0, "brian2.simulate": 2.0}
    slow = [1.0, 1.5, 1.0]  # rounds differ, ratios hardly do
    records = [
        ran("snnlab", [0.2 * k for k in slow], bars=bars),
        ran("nest", [t * k for t, k in zip(peer, slow, strict=True)]),
    ]
    found = {p.figure: str(p.kept) for p in promised(records)}
    assert found == {
        "nest.simulate": kept, "nest.peak_bytes": "yes", "brian2.simulate": "not measured",
    }  # fmt: skip


def test_memory_is_not_disturbed_by_other_processes_and_its_bound_is_no_figure() -> None:
    one = ran("snnlab", [0.2] * 2, statuses=["noisy"] * 2, bars={"bytes_per_synapse": 1.9})
    assert [p.kept for p in promised([one])] == ["no"]
    peak = one.dataset.isel(kind=[0])
    record = make_record(
        {n: v.values[0] for n, v in peak.data_vars.items()}, {"benchmark": "brunel4k"},
        labels={d: list(peak[d].values) for d in ("phase", "checkpoint", "check", "kind")},
        provenance=one.provenance,
    )  # fmt: skip
    assert [p.kept for p in promised([record])] == ["not measured"]


def test_the_head_says_under_which_conditions() -> None:
    text = page([ran("snnlab", [0.1, 0.2])])
    for words in ("AMD EPYC", "snnlab 1.0", "seeds 1 ... 2", "0.5 ... 0.5", "commit abc"):
        assert words in text
    assert "noisy" not in text
    assert "1 of 2 runs noisy" in page([ran("snnlab", [0.1, 0.2], statuses=["ok", "noisy"])])
    assert len(PHASES) == 7
