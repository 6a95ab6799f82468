"""What ranks take on GPUs was told before, room for the spikes of others included.

The GPUs are the host's, which count what is allocated; MPI is real.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from snnlab import cli, presets
from snnlab.cluster import Ranks
from snnlab.cuda.built import predicted_bytes
from snnlab.dry_run.on_gpu import gpu_dry_run
from snnlab.errors import SpecError
from tests.cluster import on_ranks, watched_mpi

NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "balanced": ("hpc", {"scale": 0.5, "K_scaling": 0.05}),
    "plastic": ("hpc", {"scale": 0.5, "K_scaling": 0.05, "variant": "stdp"}),
    "sparse": ("hpc", {"scale": 1.0, "K_scaling": 0.035}),
    "areas": ("multi_area", {"areas": 3, "N_scaling": 0.03, "K_scaling": 0.1}),
}


@pytest.fixture
def gpus(several: Ranks) -> Iterator[Ranks]:
    """Ranks whose MPI takes memory of GPUs, and whose records are as long as they must be."""
    several.call(watched_mpi.take_gpus)
    before = several.call(on_ranks.keep_short_records, 1)
    yield several
    several.call(on_ranks.keep_short_records, before[0])
    several.call(watched_mpi.be_as_usual)


@pytest.mark.mpi
@pytest.mark.timeout(280)
@pytest.mark.parametrize("transport", ["host", "device"])
@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_told_is_what_is_taken(
    gpus: Ranks, name: str, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snnlab.cuda.work._RECORD_ENTRIES", 1)
    preset, options = NETWORKS[name]
    network, n = presets.load(preset, **options), len(gpus)
    found = gpus.call(watched_mpi.taken, preset, options, transport, timeout=250)
    for rank, taken in enumerate(found):
        exchange = "auto" if transport == "device" else None
        told = predicted_bytes(network, rank=rank, n_ranks=n, exchange=exchange)
        assert taken.told == told.peak
        assert taken.told == pytest.approx(taken.peak, rel=0.1)
        assert not taken.has_grown
        assert taken.reported == pytest.approx(taken.held, rel=0.1)
        dry = gpu_dry_run(network, ranks=n, rank=rank)
        parts = dict(dry.bytes)
        parts["synapses"] += parts.pop("plasticity")
        for part, n_bytes in taken.parts.items():
            assert parts[part] == pytest.approx(n_bytes, rel=0.1), part
        assert parts.keys() - taken.parts.keys() <= {"exchange"}


def test_there_is_room_for_the_spikes_of_others() -> None:
    """Large enough that neurons elsewhere are what the record is long for: 50 spikes/s of them in
    1.5 ms; a fourth of them where a chunk is longer.
    """
    network = presets.load("hpc", scale=400.0)
    alone, shared = (predicted_bytes(network, n_ranks=n).parts for n in (1, 64))
    n_away = network.n_neurons * 63 // 64
    n_own = network.n_neurons // 64 + 128
    assert shared["record of spikes"] == pytest.approx(40 * (0.075 * n_away + n_own), rel=0.03)
    slow = replace(network, projections=[replace(p, delay=6.0) for p in network.projections])
    found = predicted_bytes(slow, n_ranks=64).parts["record of spikes"]
    assert found == pytest.approx(40 * (0.25 * n_away + n_own), rel=0.03)
    assert alone["record of spikes"] == pytest.approx(80 * network.n_neurons, rel=0.01)


def test_a_dry_run_of_gpus_prints_a_table_and_writes_json(tmp_path, capsys) -> None:  # type: ignore[no-untyped-def]
    """Of thousands of ranks, which nobody could build here."""
    path = tmp_path / "dry.json"
    words = ["dry-run", "hpc", "--device", "cuda", "--ranks", "1,1024", "--rank", "3", "--scale",
             "20", "--weak", "--json", str(path)]  # fmt: skip
    assert cli.main(words) == 0
    table = capsys.readouterr().out
    assert "Worked out, nothing was built" in table
    assert "record MB" in table
    one, many = json.loads(path.read_text())
    assert (one["rank"], many["rank"], many["ranks"]) == (0, 3, 1024)
    assert many["own_neurons"] == pytest.approx(one["own_neurons"], rel=0.01)
    assert many["own_synapses"] == pytest.approx(one["own_synapses"], rel=0.01)
    assert many["images"] == pytest.approx(many["n_neurons"] - many["own_neurons"], rel=0.01)
    for row in (one, many):
        assert row["held_bytes"] == sum(row["bytes"].values())
        assert row["peak_bytes"] == max(row["held_bytes"], row["construction_bytes"])
    assert "exchange" not in one["bytes"]
    # Spikes go to everybody, and nothing learns.
    assert many["own_neurons"] <= many["bytes"]["exchange"] < 2 * many["own_neurons"]
    # Four rows a source, a bit for each, for each synapse, and one for the groups.
    rows = 4 * many["n_neurons"]
    in_bits = (rows + many["own_synapses"]) / 8 + rows / 8
    assert many["bytes"]["row starts"] == pytest.approx(in_bits, rel=0.01)


def test_neurons_elsewhere_take_more_where_synapses_learn() -> None:
    """Collectively, the steps in which each neuron of the network has fired."""
    learning, fixed = (
        predicted_bytes(network, n_ranks=64, exchange="collective").parts["exchange"]
        for network in (presets.load("hpc", scale=64.0, variant=v) for v in ("stdp", "static"))
    )
    assert learning - fixed == pytest.approx(8 * 64 * 11_250, rel=0.01)


def test_a_rank_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SpecError, match=r"--rank: must be one of 0 \.\.\. 1"):
        gpu_dry_run(presets.load("hpc", scale=0.1, K_scaling=0.05), ranks=2, rank=2)
