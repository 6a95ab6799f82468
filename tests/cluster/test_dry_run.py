"""A dry run tells what a rank of a real run holds: the same bytes, images and neighbours."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from snnlab import cli, presets
from snnlab.cluster import Ranks
from snnlab.dry_run.rank import dry_run, predicted_bytes
from snnlab.errors import BuildError, SpecError
from snnlab.model.network import Network, Population
from tests.cluster import on_ranks

NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "balanced": ("hpc", {"scale": 0.2, "K_scaling": 0.05}),
    "plastic": ("hpc", {"scale": 0.2, "K_scaling": 0.05, "variant": "stdp"}),
    "sparse": ("hpc", {"scale": 2.0, "K_scaling": 0.04}),
    "areas": ("multi_area", {"areas": 3, "N_scaling": 0.02, "K_scaling": 0.1}),
}
LARGE: dict[str, tuple[str, dict[str, Any]]] = {
    "hpc": ("hpc", {"scale": 1.0}),
    "multi_area": ("multi_area", {"areas": 4, "N_scaling": 0.2, "K_scaling": 0.3}),
}
"""90 and 127 million synapses: the memory of the interpreter is little beside them."""


@pytest.fixture(params=["ranks", "four"])
def two_or_four(request: pytest.FixtureRequest) -> Ranks:
    """Two ranks, then four."""
    found: Ranks = request.getfixturevalue(request.param)
    return found


@pytest.mark.mpi
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", NETWORKS)
def test_it_tells_what_real_ranks_hold(name: str, two_or_four: Ranks) -> None:
    preset, options = NETWORKS[name]
    network, n = presets.load(preset, **options), len(two_or_four)
    told = two_or_four.call(on_ranks.held, preset, options, timeout=250)
    dry = [dry_run(network, ranks=n, rank=rank, rate=0.0) for rank in range(n)]
    for each, (n_bytes, images, senders) in zip(dry, told, strict=True):
        assert (each.images, each.senders) == (images, senders)
        # Who wants the spikes of a rank is drawn on others, and told on average.
        lists = n_bytes.pop("exchange lists")
        assert each.bytes["exchange lists"] == pytest.approx(lists, rel=0.1)
        assert {k: v for k, v in each.bytes.items() if k in n_bytes} == n_bytes
        assert each.bytes.keys() - n_bytes.keys() == {"exchange lists", "messages"}
    assert min(each.images for each in dry) > 0
    synapses = sum(each.own_synapses for each in dry)
    assert synapses == dry_run(network, ranks=1).own_synapses


@pytest.mark.mpi
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", LARGE)
def test_the_estimate_is_within_a_tenth_of_what_real_ranks_take(
    name: str, two_or_four: Ranks
) -> None:
    preset, options = LARGE[name]
    network, n = presets.load(preset, **options), len(two_or_four)
    small = options | {"K_scaling": 0.05}
    peaks = two_or_four.call(on_ranks.building_peak, preset, small, options, timeout=250)
    predicted = [predicted_bytes(network, n, rank) for rank in range(n)]
    assert predicted == [peak.told for peak in peaks]
    assert predicted == pytest.approx([peak.building for peak in peaks], rel=0.1)


def test_many_ranks_hold_less_of_the_same_network() -> None:
    network = presets.load("hpc", scale=2.0, K_scaling=0.04)
    runs = [dry_run(network, ranks=ranks, rank=ranks - 1) for ranks in (1, 8, 64)]
    for few, many in pairwise(runs):
        assert many.own_synapses == pytest.approx(few.own_synapses / 8, rel=0.2)
        assert many.bytes["synapses"] < few.bytes["synapses"] / 4
        assert many.senders == many.ranks - 1
    assert runs[0].images == runs[0].senders == 0
    assert runs[0].construction_bytes["collective"] == runs[2].construction_bytes["collective"] == 0
    # Most are wanted, so that a bit for each neuron of others is told, and padding.
    told = 8 * (runs[2].construction_bytes["point_to_point"] - 8 * 64)
    others = network.n_neurons - runs[2].own_neurons
    assert others <= told < others + 2 * 128
    assert runs[2].images > others / 32


@pytest.mark.parametrize(("ranks", "rank"), [(0, 0), (2, 2), (2, -1)])
def test_a_rank_that_does_not_exist_is_refused(ranks: int, rank: int) -> None:
    with pytest.raises(SpecError, match=r"--rank: must be one of 0 \.\.\. "):
        dry_run(presets.load("hpc", scale=0.1, K_scaling=0.05), ranks=ranks, rank=rank)


def test_more_neurons_than_have_numbers_are_refused_before_anything_is_made(capsys) -> None:  # type: ignore[no-untyped-def]
    words = ["dry-run", "hpc", "--ranks", "16384", "--scale", "20", "--weak"]
    assert cli.main(words) == 2
    told = capsys.readouterr().err
    assert "must hold at most 2147483647 neurons (got 3686400000)" in told
    assert "smaller scale" in told
    # Padded to whole blocks they are more than there are numbers for.
    halves = [Population("one", 2**30 + 1, "LIFDelta"), Population("other", 2**30 - 2, "LIFDelta")]
    with pytest.raises(BuildError, match=r"at most 2147483648 .*\(got 2147483776\)") as error:
        dry_run(Network(halves, []), ranks=16_384, rank=3)
    assert "smaller scale" in error.value.remedy


def test_the_command_prints_a_table_and_writes_json(tmp_path, capsys) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "dry.json"
    words = ["dry-run", "hpc", "--ranks", "1,4", "--rank", "2", "--scale", "0.1", "--weak",
             "--set", "K_scaling=0.05", "--json", str(path)]  # fmt: skip
    assert cli.main(words) == 0
    table = capsys.readouterr().out
    rows = json.loads(path.read_text())
    assert [(row["ranks"], row["rank"], row["n_neurons"]) for row in rows] == [
        (1, 0, 1125),
        (4, 2, 4500),
    ]
    assert "hpc: 1125 neurons" in table
    assert "estimate" in table
    assert rows[1]["own_neurons"] == pytest.approx(1125, rel=0.1)


def test_the_command_refuses_what_cannot_be_meant(capsys) -> None:  # type: ignore[no-untyped-def]
    assert cli.main(["dry-run", "hpc", "--ranks", "4,x"]) == 2
    assert "--ranks: must be numbers >= 1" in capsys.readouterr().err
    assert cli.main(["dry-run", "hpc", "--ranks", "4", "--weak"]) == 2
    assert "--weak: must be used with --scale" in capsys.readouterr().err
