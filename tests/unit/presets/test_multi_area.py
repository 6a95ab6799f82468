"""A network of areas: who lies where, how projections fall with distance, a user's own numbers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from snnlab import presets
from snnlab.cpu.engine import CpuEngine
from snnlab.errors import FormatError, SpecError
from snnlab.model.network import Network, Projection
from snnlab.presets.area_model import load_areas, synthetic_areas
from snnlab.presets.microcircuit import K_EXT, POPULATIONS, RATE_WITH, SIZE, n_synapses
from snnlab.presets.multi_area import multi_area


def ends(projection: Projection) -> tuple[str, str]:
    """Areas of source and target."""
    return projection.pre.partition(".")[0], projection.post.partition(".")[0]


def between(network: Network, pre: str, post: str) -> list[Projection]:
    return [p for p in network.projections if ends(p) == (pre, post)]


def test_populations_of_an_area_follow_one_another() -> None:
    network = multi_area(areas=3)
    names = [p.name for p in network.populations]
    assert names == [f"A{a:03d}.{p}" for a in (1, 2, 3) for p in POPULATIONS]
    assert [p.size for p in network.populations][8:16] == [round(0.1 * n) for n in SIZE]


def test_within_an_area_it_is_the_microcircuit() -> None:
    network = multi_area(areas=2, scale=0.1)
    column = presets.load("microcircuit", scale=0.1)
    ours = {p.name.replace("A002.", ""): p for p in between(network, "A002", "A002")}
    assert set(ours) == {p.name for p in column.projections}
    for theirs in column.projections:
        assert ours[theirs.name].rule == theirs.rule
        assert network.delay_of(ours[theirs.name]) == column.delay_of(theirs)
        given, wanted = network.weight_of(ours[theirs.name]), column.weight_of(theirs)
        assert (given.mean, given.std) == pytest.approx((wanted.mean, wanted.std))


def test_one_area_alone_is_the_microcircuit() -> None:
    network, column = multi_area(areas=1), presets.load("microcircuit", scale=0.1)
    for ours, theirs in zip(network.populations, column.populations, strict=True):
        given, wanted = network.parameters_of(ours), column.parameters_of(theirs)
        assert given.pop("I_e") == pytest.approx(wanted.pop("I_e"))
        assert given == wanted
        assert network.initial_of(ours) == column.initial_of(theirs)


def test_neighbours_in_the_list_are_neighbours_on_the_grid() -> None:
    delay = synthetic_areas(32).delay
    assert np.diag(delay, 1) == pytest.approx(2.0)  # 7 mm at 3.5 mm/ms
    np.testing.assert_array_equal(delay, delay.T)
    assert delay.max() < 20.0


def test_delays_grow_and_densities_fall_with_distance() -> None:
    model = synthetic_areas(9)
    n = len(POPULATIONS)
    density = [model.K[:n, n * a : n * (a + 1)].sum() for a in range(1, 9)]
    distance = 3.5 * model.delay[0, 1:]
    slope = np.polyfit(distance, np.log(density), 1)[0]
    assert slope == pytest.approx(-0.1)
    network = multi_area(areas=9)
    means = [network.delay_of(between(network, f"A{a:03d}", "A001")[0]).mean for a in (2, 3)]
    assert means == pytest.approx([2.0, 4.0])


def test_delays_between_areas_stay_within_two_standard_deviations() -> None:
    network = multi_area(areas=2)
    delay = network.delay_of(between(network, "A001", "A002")[0])
    assert (delay.low, delay.mean, delay.std, delay.high) == pytest.approx((1.0, 2.0, 0.5, 3.0))
    single = multi_area(areas=2, delay_sd=0.0)
    assert single.delay_of(between(single, "A001", "A002")[0]).value == pytest.approx(2.0)


def test_only_excitatory_neurons_project_to_other_areas_and_every_layer_gets_input() -> None:
    network = multi_area(areas=2)
    projections = between(network, "A001", "A002")
    assert {p.pre for p in projections} == {"A001.L23E", "A001.L5E", "A001.L6E"}
    assert {p.post for p in projections} == {f"A002.{p}" for p in POPULATIONS}


def test_input_from_other_areas_replaces_as_much_from_outside() -> None:
    rate = np.array(RATE_WITH["dc"])
    for n_areas in (1, 2, 9):
        model = synthetic_areas(n_areas)
        local = np.array([[n_synapses(i, j) for j in POPULATIONS] for i in POPULATIONS])
        remote = model.K[:8] @ model.rate - (local / np.array(SIZE)[:, None]) @ rate
        assert 8.0 * model.K_ext[:8] + remote == pytest.approx(8.0 * np.array(K_EXT))
        assert (model.K_ext > 0).all()


def test_chi_turns_the_weights_between_areas_alone() -> None:
    plain, strong = presets.load("multi_area", areas=2), presets.load("multi_area", areas=2, chi=2)
    for p in plain.projections:
        factor = 1.0 if len(set(ends(p))) == 1 else 2.0
        assert strong.weight_of(p).mean == pytest.approx(factor * plain.weight_of(p).mean)


def test_every_population_is_active_and_none_runs_away() -> None:
    """Of four areas; the eight populations are about as active as those of one microcircuit."""
    network = multi_area(areas=4, N_scaling=0.05, K_scaling=0.1)
    engine = CpuEngine(network, threads=2)
    engine.advance(3000)
    frame = engine.advance(7000)
    engine.close()
    sizes = np.array([p.size for p in network.populations])
    rates = np.asarray(frame.counts) / sizes / 0.7
    assert rates.min() > 0.1
    assert rates.max() < 30.0
    mean = rates.reshape(4, 8).mean(axis=0)
    assert mean == pytest.approx(RATE_WITH["dc"], rel=0.65)


def test_the_same_spikes_for_any_number_of_threads() -> None:
    network = multi_area(areas=2, N_scaling=0.02, K_scaling=0.1)
    frames = []
    for threads in (1, 2, 3):
        engine = CpuEngine(network, threads=threads)
        frames.append(engine.advance(1000))
        engine.close()
    for other in frames[1:]:
        np.testing.assert_array_equal(frames[0].step, other.step)
        np.testing.assert_array_equal(frames[0].neuron, other.neuron)
    assert frames[0].step.size > 100


OWN = {
    "populations": ["V1.L4E", "V1.L4I", "V2.L4E", "V2.L4I"],
    "N": [400, 100, 200, 50],
    "K": [[40, 10, 5, 0], [40, 10, 0, 0], [8, 0, 40, 10], [0, 0, 40, 10]],
    "K_ext": [1500, 1400, 1500, 1400],
    "delay": [[0, 3.0], [2.5, 0]],
}


def write(path: Path, **changes: object) -> Path:
    entries = {k: v for k, v in (OWN | changes).items() if v is not None}
    if path.suffix == ".json":
        path.write_text(json.dumps(entries), encoding="utf-8")
    else:
        np.savez(path, **{k: np.array(v) for k, v in entries.items()})
    return path


@pytest.mark.parametrize("name", ["own.json", "own.npz"])
def test_a_users_own_areas_are_read(tmp_path: Path, name: str) -> None:
    data = str(write(tmp_path / name))
    network = presets.load("multi_area", data=data, scale=1.0, delay_sd=0.0)
    assert [p.size for p in network.populations] == OWN["N"]
    totals = {p.name: p.rule.n for p in network.projections}
    assert totals["V1.L4E->V2.L4E"] == 8 * 200
    assert totals["V2.L4E->V1.L4E"] == 5 * 400
    assert "V2.L4I->V1.L4E" not in totals
    delays = {p.name: network.delay_of(p) for p in network.projections}
    assert delays["V1.L4E->V2.L4E"].value == 2.5  # row: target, column: source
    assert delays["V2.L4E->V1.L4E"].value == 3.0
    engine = CpuEngine(network, threads=1)
    assert engine.advance(500).step.size > 0
    engine.close()


def test_factors_of_weights_and_rates_are_read(tmp_path: Path) -> None:
    weight = np.ones((4, 4))
    weight[2, 0] = 1.9
    data = str(write(tmp_path / "own.json", weight=weight.tolist(), rate=[2.0, 5.0, 2.0, 5.0]))
    network = multi_area(data=data, scale=0.5)
    one, other = (
        network.weight_of(network.projection(n)).mean for n in ("V1.L4E->V2.L4E", "V1.L4E->V1.L4E")
    )
    assert one == pytest.approx(1.9 * other)
    assert network.parameters_of(network.population("V1.L4E"))["I_e"] > 0


def test_smaller_indegrees_need_rates(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        multi_area(data=str(write(tmp_path / "own.json")), scale=0.5)
    assert "'rate'" in caught.value.remedy


@pytest.mark.parametrize(
    ("changes", "where", "got"),
    [
        ({"K": [[1, 2], [3, 4]]}, "areas.K", "(2, 2)"),
        ({"K": [[1, 2], [3]]}, "areas.K", "list"),
        ({"N": [400, -1, 200, 50]}, "areas.N", "-1 at [1]"),
        ({"N": [400, 0, 200, 50]}, "areas.N", "0"),
        ({"delay": [[0, 0], [1, 0]]}, "areas.delay", "0"),
        (
            {"populations": ["V1.L4E", "V2.L4E", "V1.L4I", "V2.L4I"]},
            "areas.populations",
            "'V1.L4I'",
        ),
        (
            {"populations": ["V1.L4E", "V1.L4E", "V2.L4E", "V2.L4I"]},
            "areas.populations",
            "'V1.L4E'",
        ),
        ({"populations": ["L4E", "V1.L4I", "V2.L4E", "V2.L4I"]}, "areas.populations", "'L4E'"),
        ({"K_ext": None}, "own.json", "no K_ext"),
        ({"rates": [1, 2, 3, 4]}, "own.json", "rates"),
    ],
)
def test_files_that_do_not_hold_areas_are_refused(
    tmp_path: Path, changes: dict, where: str, got: str
) -> None:
    path = write(tmp_path / "own.json", **changes)
    with pytest.raises(FormatError) as caught:
        load_areas(path)
    assert caught.value.where.endswith(where)
    assert caught.value.got.startswith(got)
    assert "own.json" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "got"), [(None, "No such file"), ("[1]", "list"), ("{", "Expect")]
)
def test_what_is_no_file_of_areas_is_refused(tmp_path: Path, text: str | None, got: str) -> None:
    path = tmp_path / "own.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(FormatError) as caught:
        load_areas(path)
    assert caught.value.got.startswith(got)


@pytest.mark.parametrize(
    ("settings", "got"),
    [({"areas": 0}, "0"), ({"K_scaling": -1.0}, "-1"), ({"delay_sd": 0.6}, "0.6")],
)
def test_settings_that_cannot_be_meant_are_refused(settings: dict, got: str) -> None:
    with pytest.raises(SpecError) as caught:
        multi_area(**settings)
    assert caught.value.got == got
