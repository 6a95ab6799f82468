"""Two versions take turns: only one computes at a time, and what disturbs one block is left out."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from snnlab.bench.adapters.choice import adapter_for
from snnlab.bench.block_ratio import ratio_of_blocks
from snnlab.bench.campaign import Campaign, run_campaign
from snnlab.bench.compare import compare
from snnlab.bench.machine import cores_for, discover
from snnlab.bench.one_run import Arm, Run, takes_turns
from snnlab.bench.process import Outcome
from snnlab.bench.record import Record, make_record
from snnlab.bench.spec import Cell, spec_from
from snnlab.bench.store import Store
from snnlab.bench.tree import own_tree
from snnlab.bench.turn_process import Command, run_in_turns
from snnlab.bench.verdict import Rule, verdict

PROGRAM = """
import sys, time
name, n, trace = sys.argv[1], int(sys.argv[2]), sys.argv[3]
def tell(word):
    with open(trace, "a") as file:
        file.write(f"{name} {word}\\n")
for k in range(n):
    print("turn", flush=True)
    sys.stdin.readline()
    tell("begin")
    time.sleep(0.01)
    if name == "dies" and k == 1:
        sys.exit("no more")
    if name == "hangs" and k == 1:
        time.sleep(60)
    tell("end")
print('{"wall_time": 1.0}')
"""


def played(
    folder: Path, *players: tuple[str, int], limit: float = 60.0
) -> tuple[list[str], list[Outcome]]:
    trace = folder / "trace.txt"
    commands = [
        Command([sys.executable, "-c", PROGRAM, name, str(n), str(trace)], {})
        for name, n in players
    ]
    found = run_in_turns(commands, timeout_s=limit, cores=cores_for(1), seed=3)
    return trace.read_text().split("\n")[:-1], found


def test_only_one_computes_at_a_time_and_both_are_done(tmp_path: Path) -> None:
    lines, found = played(tmp_path, ("a", 8), ("b", 8))
    assert [outcome.status for outcome in found] == ["ok", "ok"]
    assert [line.split()[1] for line in lines] == ["begin", "end"] * 16
    names = [line.split()[0] for line in lines[::2]]
    rounds = [names[k : k + 2] for k in range(0, 16, 2)]
    assert all(sorted(each) == ["a", "b"] for each in rounds)
    assert len({tuple(each) for each in rounds}) == 2  # chance decides who is first
    assert all(outcome.usage.wall > 0.08 for outcome in found)


def test_one_that_dies_or_ends_early_does_not_stop_the_other(tmp_path: Path) -> None:
    lines, (died, alone, short) = played(tmp_path, ("dies", 5), ("alone", 6), ("short", 1))
    assert (died.status, alone.status, short.status) == ("failed", "ok", "ok")
    assert "no more" in died.why
    assert lines.count("alone end") == 6


def test_one_that_hangs_is_ended_with_the_other(tmp_path: Path) -> None:
    _, found = played(tmp_path, ("hangs", 5), ("b", 5), limit=1.5)
    assert [outcome.status for outcome in found] == ["timeout", "timeout"]


def run_of(seconds: np.ndarray, *, turns: bool = True) -> Run:
    """A run of several constructions with some blocks each."""
    blocks = [{"wall": list(each), "cpu": list(0.9 * each)} for each in seconds]
    command = ["run", "--turns", "10"] if turns else ["run"]
    return Run("ok", "", 1, "", phases={"simulate": 1.0}, raw={"blocks": blocks}, command=command)


def test_hiccups_of_blocks_and_places_of_constructions_do_not_hide_a_loss_of_5_percent() -> None:
    """As measured: blocks 5 % apart, every tenth twice as long, constructions 6 % apart."""
    rng = np.random.default_rng(20261128)

    def measured(factor: float) -> np.ndarray:
        place = rng.normal(1.0, 0.06, (41, 1))
        hiccup = np.where(rng.random((41, 10)) < 0.1, 2.0, 1.0)
        return 3e-3 * factor * place * rng.normal(1.0, 0.05, (41, 10)) * hiccup

    found = {
        factor: [
            str(verdict(np.array([
                ratio_of_blocks(run_of(measured(1.0)), run_of(measured(factor)))
                for _ in range(10)
            ]), rule=Rule(looks=(10,))).status)
            for _ in range(20)
        ]
        for factor in (1.0, 1.05)
    }  # fmt: skip
    assert found[1.05].count("slower") >= 18
    assert set(found[1.0]) <= {"same", "inconclusive"}


def test_runs_that_took_no_turns_have_no_ratio() -> None:
    alone, turned = run_of(np.ones((1, 3)), turns=False), run_of(np.ones((1, 3)))
    assert np.isnan(ratio_of_blocks(alone, turned))
    assert ratio_of_blocks(turned, run_of(1.1 * np.ones((1, 3)))) == pytest.approx(np.log(1.1))
    assert ratio_of_blocks(turned, turned, "cpu") == 0.0


def cell_of(**values: object) -> Cell:
    own = {"model": "brunel", "parameters": {"N": 500}, "warmup": 10, "time": 300, "discard": 0}
    (cell,) = spec_from("small", **(own | values)).cells()
    return cell


@pytest.mark.parametrize(
    "values", [{"threads": 2}, {"ranks": 2}, {"device": "cuda"}, {"time": 0}, {"simulator": "nest"}]
)
def test_only_one_thread_of_snnlab_takes_turns(values: dict[str, object]) -> None:
    assert takes_turns(cell_of())
    assert not takes_turns(cell_of(**values))


def test_the_real_engine_takes_turns_and_its_record_keeps_the_ratios(tmp_path: Path) -> None:
    cell = cell_of(checks={"rate": [10, 200], "n_synapses": [25_000, 25_000]})
    arm = Arm(cell, adapter_for("snnlab"), own_tree())
    store = Store(tmp_path)
    finished = run_campaign(Campaign((arm, arm), 1, discover(), discard=0, in_turns=True), store)
    a, b = (runs[0] for runs in finished.runs)
    assert a.counts, a.why
    assert b.counts, b.why
    assert a.numbers["n_spikes"] == b.numbers["n_spikes"]
    assert len(a.raw["blocks"]) == len(b.raw["blocks"]) > 5
    assert len(a.raw["blocks"][0]["wall"]) == 100
    records = {record.record_id: record for record in store.records()}
    first, second = (records[name] for name in finished.record_ids)
    kept = second.provenance["pairs"]
    assert kept["with"] == first.record_id
    assert kept["log_ratio"]["0"]["wall"] == pytest.approx(ratio_of_blocks(a, b))
    assert "blocks" not in str(second.provenance["raw"])


def record_of_pairs(pairs: dict[str, object]) -> Record:
    values = {
        "wall_time": np.ones((10, 1)), "status": ["ok"] * 10, "seed": range(10),
        "block": range(10),
    }  # fmt: skip
    return make_record(
        values, {"series_id": "ab", "campaign": "one"}, labels={"phase": ["simulate"]},
        provenance={"pairs": pairs} if pairs else {},
    )  # fmt: skip


def test_records_of_turns_are_compared_by_their_blocks_whichever_comes_first() -> None:
    first = record_of_pairs({})
    ratios = {str(k): {"wall": 0.1 + 0.001 * k, "cpu": 0.0} for k in range(10)}
    second = record_of_pairs({"with": first.record_id, "log_ratio": ratios})
    assert compare(first, second).verdict.status == "slower"
    assert compare(second, first).verdict.status == "faster"
    cpu = compare(first, second).others["simulate, processor's time"]
    assert cpu.status == "same"
    assert compare(first, record_of_pairs({})).verdict.status == "same"
