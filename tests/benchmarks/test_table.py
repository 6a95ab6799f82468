"""The table: medians, ratios, ranges, what limits, and nothing swept under it."""

import pytest

from benchmarks.limits import limit
from benchmarks.table import counted, page, seconds
from tests.benchmarks.recorded import record


def section(text, title):
    """Rows of a section as lists of cells, the head first."""
    _, _, rest = text.partition(f"## {title}\n\n")
    lines = rest.partition("\n\n")[0].strip().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [rows[0], *rows[2:]] if rows and rows[0] != [""] else []


def cell(rows, simulator, title):
    return next(row[rows[0].index(title)] for row in rows if row[1].startswith(simulator))


def rounds(simulator, *times, **changes):
    return [record(t, simulator=simulator, seed=k, **changes) for k, t in enumerate(times, start=1)]


def test_medians_ranges_and_ratios():
    records = [*rounds("snnlab", 0.1, 0.4, 0.2), *rounds("nest", 2.0, 2.0, 6.0)]
    rows = section(page(records), "Speed")
    assert cell(rows, "snnlab", "simulate s") == "0.200"
    assert cell(rows, "snnlab", "min ... max") == "0.100 ... 0.400"
    assert cell(rows, "nest", "simulate s") == "2.000"
    assert cell(rows, "nest", "ratio") == "**10.0** (5.0 ... 30.0)"
    assert cell(rows, "snnlab", "ratio") == ""
    assert cell(rows, "nest", "runs") == "3"


def test_only_what_is_ok_counts_and_the_rest_is_told():
    silent = record(0.01, seed=3, status="regime", why="rate 0 Hz, expected 24 ... 29 Hz")
    dead = record(seed=2, simulator="nest", status="failed", why="exit code 1: a|b", figures={})
    hung = record(
        seed=2, simulator="brian2", status="timeout", why="not done after 3 s", figures={}
    )
    text = page([*rounds("snnlab", 0.2, 0.2), silent, dead, dead, hung])
    assert cell(section(text, "Speed"), "snnlab", "min ... max") == "0.200 ... 0.200"
    told = {tuple(row[1:]) for row in section(text, "Not counted")[1:]}
    assert told == {
        ("snnlab", "1", "regime", silent["why"]),
        ("nest", "2", "failed", "exit code 1: a/b"),
        ("brian2", "1", "timeout", "not done after 3 s"),
    }
    assert "Not counted" not in page(rounds("snnlab", 0.2))


def test_fastest_setting_counts():
    slow, quick = (rounds("brian2", *times, setting=name) for name, times in (
        ("--threads 1 --precision float64", (3.0, 3.0)),
        ("--threads 2 --precision float32", (2.0, 1.0)),
    ))  # fmt: skip
    lucky = rounds("brian2", 0.5, setting="--threads 1 --precision float32")
    records = [*slow, *lucky, *quick]
    chosen = counted(records, busy=False)["brunel4k", "brian2"]
    assert [seconds(r) for r in chosen] == [2.0, 1.0]
    assert cell(section(page(records), "Speed"), "brian2", "simulator") == (
        "brian2 (threads=2 float32)"
    )


def test_slowdown_beside_a_busy_process():
    records = [*rounds("snnlab", 0.2, 0.2), *rounds("snnlab", 0.3, 0.5, 0.4, busy=True)]
    rows = section(page(records), "Beside a busy process")
    assert cell(rows, "snnlab", "slowdown") == "**2.00**"
    assert cell(rows, "snnlab", "worst") == "2.50"
    assert cell(section(page(records), "Speed"), "snnlab", "simulate s") == "0.200"


def test_construction_is_compared_by_its_time():
    build = record(None)
    peer = record(None, simulator="nest")
    peer["figures"] = peer["figures"] | {"build_s": 5.0}
    rows = section(page([build, peer]), "Speed")
    assert cell(rows, "nest", "ratio") == "**10.0**"
    assert cell(rows, "nest", "simulate s") == ""
    assert limit(build) == "2 M synapses/s drawn and placed, 0.00 GB/s written"


PHASES = ("update", "deliver", "plasticity", "record", "rewire", "other")


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        ("update", "120.00 ns a neuron and step"),  # 0.6 s * 2 threads / (1000 * 10_000)
        ("deliver", "60.00 ns a synaptic event on one thread; 0.1 GB/s"),
        ("plasticity", "60.00 ns a synaptic event"),
        ("record", "30000 ns a spike"),
        ("rewire", "600.0 us a call of all rules"),
        ("other", "60.00 us a step"),
    ],
)
def test_longest_phase_limits(phase, words):
    run = record(1.0)
    timings = dict.fromkeys(PHASES, 0.08) | {phase: 0.6}
    run["figures"]["timings"] = timings
    assert limit(run).startswith(f"{phase} 60%: ")
    assert words in limit(run)
    rows = section(page([run]), "Where snnlab's time goes")
    assert dict(zip(rows[0], rows[1], strict=True))[f"{phase} %"] == "60"


def test_nothing_is_made_up_without_timers():
    assert limit(record(1.0)) == ""
    assert "seeds" not in page([])


def test_head_says_under_which_conditions():
    text = page([record(seed=1, load=[0.1, 0, 0]), record(seed=5, load=[2.5, 0, 0])])
    for words in ("AMD EPYC, cores in use: 2", "snnlab 1.0", "seeds 1 ... 5", "0.1 ... 2.5", "abc"):
        assert words in text
