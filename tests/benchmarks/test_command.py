"""``python -m benchmarks``: what it understands, and one real run of snnlab."""

import subprocess
import sys

import pytest

from benchmarks.__main__ import main, parse
from benchmarks.models import MODELS
from benchmarks.records import Records, read
from tests.architecture.source import ROOT
from tests.benchmarks.recorded import record


def test_defaults_are_everything():
    args = parse([])
    assert args.models == list(MODELS)
    assert args.peers == ["nest", "brian2"]
    assert (args.rounds, args.threads, args.busy) == (5, 2, [])
    assert args.nest_python == sys.executable


def test_lists_have_commas():
    args = parse(["--models", "coba4k, brunel4k", "--peers", "none", "--busy"])
    assert (args.models, args.peers, args.busy) == (["coba4k", "brunel4k"], [], ["snnlab"])
    assert parse(["--peers", "nest", "--busy", "snnlab,nest"]).busy == ["snnlab", "nest"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--models", "brunel5k"], "unknown brunel5k; there are brunel4k"),
        (["--peers", "neuron"], "unknown neuron; there are nest, brian2, ranks"),
        (["--peers", "none", "--busy", "nest"], "unknown nest; there are snnlab"),
        (["--rounds", "0"], "--rounds must be > 0, got 0"),
        (["--timeout", "-1"], "--timeout must be > 0, got -1"),
        (["--threads", "100000"], "cores"),
    ],
)
def test_what_cannot_be_meant_is_refused(words, complaint, capsys):
    with pytest.raises(SystemExit):
        parse(words)
    assert complaint in capsys.readouterr().err


def test_stored_records_become_a_table_again(tmp_path, capsys):
    stored, table = Records(tmp_path / "r.jsonl"), tmp_path / "table.md"
    stored.append(record(0.125))
    assert main(["--from", str(stored.path), "--table", str(table)]) == 0
    assert "| 0.125 |" in capsys.readouterr().out
    assert "| 0.125 |" in table.read_text()


def test_failures_are_told_by_the_exit_code(tmp_path):
    stored = Records(tmp_path / "r.jsonl")
    stored.append(record(simulator="nest", status="skipped", why="not here"))
    assert main(["--from", str(stored.path)]) == 0
    stored.append(record(simulator="nest", status="failed", why="it died"))
    assert main(["--from", str(stored.path)]) == 1


def test_a_real_run_beside_a_missing_peer(tmp_path):
    command = [
        sys.executable, "-m", "benchmarks", "--models", "coba4k", "--rounds", "1",
        "--peers", "nest", "--nest-python", "/nowhere/python", "--threads", "1",
        "--records", str(tmp_path),
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, done.stderr
    (path,) = tmp_path.glob("*.jsonl")
    ours, theirs = sorted(read([path]), key=lambda r: r["simulator"], reverse=True)
    assert (ours["simulator"], ours["status"]) == ("snnlab", "ok")
    assert sum(ours["figures"]["timings"].values()) == pytest.approx(
        ours["figures"]["simulate_s"], rel=0.2
    )
    assert ours["figures"]["bytes_per_synapse"] < 4.0
    assert theirs["status"] == "skipped"
    assert "| coba4k | nest | 1 | skipped | /nowhere/python" in done.stdout


def test_kept_records_are_sound():
    paths = sorted((ROOT / "benchmarks" / "records").glob("*.jsonl"))
    assert all(kept["status"] for kept in read(paths))
