"""A specification is inherited, swept, explained, belongs to nobody, and runs nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from snnlab.bench.spec import load_spec, spec_from
from snnlab.cli import main
from snnlab.errors import FormatError, SpecError
from tests.architecture.source import ROOT

BASE = """
warmup: 50
threads: 1
checks: {rate: [5, 12], cv: [0.5, 1]}
parameters: {K_scaling: 0.1}
"""
CHILD = """
extends: base.yaml
name: hpc
model: hpc
threads: 2
parameters: {scale: 0.1}
checks:
  cv: null
"""


@pytest.fixture
def child(tmp_path: Path) -> Path:
    (tmp_path / "base.yaml").write_text(BASE)
    (tmp_path / "hpc.yaml").write_text(CHILD)
    return tmp_path / "hpc.yaml"


def written(folder: Path, text: str) -> Path:
    path = folder / "spec.yaml"
    path.write_text("name: a\nmodel: brunel\n" + text)
    return path


def test_children_inherit_override_and_take_away(child: Path) -> None:
    spec = load_spec(child)
    (cell,) = spec.cells()
    assert (cell["warmup"], cell["threads"], cell["time"]) == (50.0, 2, 1000.0)
    assert cell["parameters"] == {"K_scaling": 0.1, "scale": 0.1}
    assert cell["checks"] == {"rate": (5.0, 12.0)}


def test_explain_tells_every_layer_that_set_a_value(child: Path) -> None:
    spec = load_spec(child).override({"threads": 4, "parameters.scale": 0.2}, by="machine")
    assert spec.explain("threads").splitlines() == [
        "threads = 4    (of each rank)",
        "  package defaults: 1",
        "  base.yaml:3: 1",
        "  hpc.yaml:5: 2",
        "  machine: 4   <- in force",
    ]
    assert spec.origin("parameters.scale") == "machine"
    assert spec.origin("parameters.K_scaling") == "base.yaml:5"
    assert spec.origin("time_limit") == "package defaults"
    assert "parameters.scale = 0.2    machine" in spec.explain()


def test_axes_give_all_combinations() -> None:
    spec = spec_from("a", model="brunel", axes={"N": [1000, 2000], "threads": [1, 2]})
    cells = spec.cells()
    assert [c.label for c in cells] == [
        "a N=1000 threads=1", "a N=1000 threads=2", "a N=2000 threads=1", "a N=2000 threads=2",
    ]  # fmt: skip
    assert cells[2]["parameters"] == {"N": 2000}
    # Threads are placement, not science.
    assert len({c.spec_id for c in cells}) == len({c.layout_id for c in cells}) == 2
    assert cells[0].origins["threads"] == "axis, Python"


def test_variants_run_beside_each_other_with_each_combination() -> None:
    variants = [{"simulator": "snnlab"}, {"simulator": "nest", "threads": 2}]
    spec = spec_from("a", model="brunel", axes={"N": [1000, 2000]}, variants=variants)
    cells = spec.cells()
    assert [c.label for c in cells] == [
        "a N=1000 simulator=snnlab", "a N=1000 simulator=nest threads=2",
        "a N=2000 simulator=snnlab", "a N=2000 simulator=nest threads=2",
    ]  # fmt: skip
    assert (cells[1]["simulator"], cells[1]["threads"], cells[0]["threads"]) == ("nest", 2, 1)
    assert cells[1].origins["threads"] == "variant, Python"
    changed = spec_from("a", model="brunel", parameters={"g": 4}, variants=[{"g": 5}, {}]).cells()
    assert [c["parameters"] for c in changed] == [{"g": 5}, {"g": 4}]


def test_late_keys_change_ids_only_where_they_are_used() -> None:
    """Records from before they were there stay in their history lines."""
    (plain,) = (
        load_spec(ROOT / "benchmarks/specs/hpc.yaml").override({"axes.threads": None}).cells()
    )
    assert plain.spec_id == "de5f4ab089cec47a"  # of a record in benchmarks/store
    (same,) = spec_from("a", model="brunel").cells()
    (other,) = spec_from("a", model="brunel", beside=1, touch=2, exchange="collective").cells()
    assert (same.layout_id == other.layout_id, same.spec_id == other.spec_id) == (False, False)
    assert not {"beside", "exchange"} & set(same.layout)
    assert other.layout["beside"] == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"time": 500}, {"time": 500.0}, True),
        ({"parameters": {"g": 5}}, {"parameters": {"g": 5.0}}, True),
        ({"repeats": 3}, {"repeats": 30, "seed": 7, "time_limit": 9}, True),
        ({"name": "b"}, {"description": "of another"}, True),
        ({"parameters": {"g": 5}}, {"parameters": {"g": 6}}, False),
        ({"warmup": 1}, {"warmup": 2}, False),
        ({"simulator": "nest"}, {"simulator": "snnlab"}, False),
    ],
)
def test_id_is_of_what_is_measured(
    one: dict[str, object], other: dict[str, object], same: bool
) -> None:
    ids = [spec_from(**{"name": "a", "model": "brunel"} | v).cells()[0].spec_id  # type: ignore[arg-type]
           for v in (one, other)]  # fmt: skip
    assert (ids[0] == ids[1]) is same


def test_network_file_counts_by_what_it_holds(tmp_path: Path) -> None:
    path = written(tmp_path, "")
    path.write_text("name: a\nmodel: network.json\n")
    (tmp_path / "network.json").write_text("{}")
    first = load_spec(path).cells()[0].spec_id
    (tmp_path / "network.json").write_text("{} ")
    assert load_spec(path).cells()[0].spec_id != first


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("thraeds: 2", ("spec.yaml:3", "'threads'")),
        ("threads: 0", ("spec.yaml:3, threads", ">= 1", "got 0")),
        ("threads: two", ("whole number", "'two'")),
        ("threads: true", ("whole number", "True")),
        ("time: 1e3", ("point and a sign",)),
        ("time: -1", (">= 0",)),
        ("device: tpu", ("cpu, cuda",)),
        ("simulator: neuron", ("snnlab, nest, brian2, command",)),
        ("checks: {rate: 5}", ("[lowest, highest]",)),
        ("checks: {rate: [12, 5]}", ("lower one",)),
        ("axes: {threads: 2}", ("list of values",)),
        ("axes: {threads: [2, 2]}", ("different values",)),
        ("axes: {repeats: [2, 3]}", ("can be swept", "repeats")),
        ("variants: {threads: 2}", ("list of settings",)),
        ("variants: [{threads: 2}, {threads: 2}]", ("different settings",)),
        ("variants: [{repeats: 2}]", ("can be swept", "repeats")),
        ("variants: [{threads: 0}]", ("variants, threads", ">= 1")),
        ("variants: [{threads: 2}]\naxes: {threads: [1]}", ("what an axis sweeps", "threads")),
        ("variants: [{simulator: command}]", ("must have a command",)),
        ("beside: -1", (">= 0",)),
        ("bars: {speed: 1}", ("'speed'",)),
        ("bars: {construct: fast}", ("finite number",)),
        ("parameters: {seed: 3}", ("key of its own", "seed")),
        ("parameters: {N: 10}\naxes: {N: [1, 2]}", ("what is a parameter as well", "N: null")),
        ("parameters: {file: /data/x}", ("absolute path", "/data/x")),
        ("parameters: {file: ~/x}", ("absolute path",)),
        ("simulator: command", ("must have a command",)),
        ("simulator: command\ncommand: python x.py", ("list of words", "without a shell")),
        ("model: !!python/name:os.system x", ("spec.yaml:3", "must be text", "python")),
        ("extends: spec.yaml", ("extend itself",)),
        ("extends: /etc/base.yaml", ("absolute path",)),
        ("extends: missing.yaml", ("must be a file",)),
        ("time: 1\ntime: 2", ("'time' twice",)),
        ("axes: &a {N: [1]}\nparameters: *a", ("without aliases",)),
        ("date: 2026-01-01", ("timestamp",)),
        ("[", ("must be YAML",)),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    path = written(tmp_path, text)
    if "model:" in text:
        path.write_text("name: a\n\n" + text)
    with pytest.raises((SpecError, FormatError)) as caught:
        load_spec(path)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_secrets_and_people_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MY_API_KEY", "correct-horse")
    monkeypatch.setenv("USER", "wilhelmine")
    for text in ("x-correct-horse", "of wilhelmine", "ghp_" + "a" * 36):
        with pytest.raises(SpecError, match="must not name a user") as caught:
            load_spec(written(tmp_path, f'description: "{text}"'))
        assert text not in str(caught.value)


def test_command_explains(child: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "explain", str(child), "--key", "threads", "--set", "threads=3"]) == 0
    assert "command line: 3   <- in force" in capsys.readouterr().out
    assert main(["bench", "explain", str(child), "--set", "threads"]) == 2
    assert "KEY=VALUE" in capsys.readouterr().err
