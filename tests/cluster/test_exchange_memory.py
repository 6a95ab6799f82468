"""What ranks on CPUs are said to take for the exchange of spikes is what they take."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snnlab import presets
from snnlab.build.layout import Layout
from snnlab.build.tables import plan_tables, port_exponents
from snnlab.cluster import Ranks
from snnlab.cpu.elsewhere import wanted
from snnlab.cpu.exchange_bytes import expected_exchange, words_for
from snnlab.cpu.held import held_bytes
from snnlab.cpu.peak import link_bytes, peak_bytes
from snnlab.cpu.shares import partitions_of
from snnlab.cuda.built import predicted_bytes
from tests.cluster import on_ranks

NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "balanced": ("hpc", {"scale": 0.2, "K_scaling": 0.05}),
    "sparse": ("hpc", {"scale": 2.0, "K_scaling": 0.04}),
    "areas": ("multi_area", {"areas": 3, "N_scaling": 0.02, "K_scaling": 0.1}),
    "larger areas": ("multi_area", {"areas": 3, "N_scaling": 0.05, "K_scaling": 0.05}),
}
"""Two sizes of each: what is the same for all networks is little beside the larger."""


@pytest.mark.mpi
@pytest.mark.timeout(280)
@pytest.mark.parametrize("exchange", ["auto", "collective"])
@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_told_is_what_is_taken(several: Ranks, name: str, exchange: str) -> None:
    preset, options = NETWORKS[name]
    network, n = presets.load(preset, **options), len(several)
    found = several.call(on_ranks.taken_by_exchange, preset, options, exchange, timeout=250)
    plans, layout = plan_tables(network, port_exponents(network)), Layout.of(network)
    for rank, (taken, whole) in enumerate(found):
        part = partitions_of(network, layout, 1, rank, n)
        told = expected_exchange(network, layout, part, n, exchange)
        assert told.keys() == taken.keys()
        for name_of_part, n_bytes in taken.items():
            assert told[name_of_part] == pytest.approx(n_bytes, rel=0.1), name_of_part
        if exchange == "auto":
            held = held_bytes(network, plans, layout, part, np.dtype(np.float32), n)
            assert held.n_bytes == pytest.approx(whole, rel=0.1)


@pytest.mark.mpi
@pytest.mark.timeout(280)
@pytest.mark.parametrize(
    ("size", "exchange"), [(1_200_000, "auto"), (3_000_000, "auto"), (1_200_000, "collective")]
)
def test_the_peak_that_is_told_is_that_of_building_and_of_learning_who_wants_what(
    several: Ranks, size: int, exchange: str
) -> None:
    options, n = {"size": size, "indegree": 10}, len(several)
    peaks = several.call(
        on_ranks.building_peak, "thin", {"size": 256}, options, exchange, timeout=250
    )
    network = on_ranks.made("thin", options)
    plans, layout = plan_tables(network, port_exponents(network)), Layout.of(network)
    for rank, peak in enumerate(peaks):
        part = partitions_of(network, layout, 1, rank, n)
        assert peak.told == peak_bytes(network, plans, layout, part, n, exchange)
        assert peak.told == pytest.approx(peak.building, rel=0.1)
        told = link_bytes(network, plans, layout, part, n, exchange)
        if exchange == "auto":
            assert told == pytest.approx(peak.linking, rel=0.1)
        else:
            assert max(told, peak.linking) < 2**21  # nothing but first messages


def test_what_is_refused_counts_who_wants_what() -> None:
    """1024 ranks: a bit for each neuron of the network, and more while it is found out."""
    network = presets.load("hpc", scale=1024.0)
    plans, layout = plan_tables(network, port_exponents(network)), Layout.of(network)
    part = partitions_of(network, layout, 1, 512, 1024)
    few, all_told, listed = (
        link_bytes(network, plans, layout, part, 1024, way)
        for way in ("collective", "auto", "point_to_point")
    )
    assert few < 2**20 < all_told <= listed
    assert listed > network.n_neurons / 8


@pytest.mark.mpi
def test_messages_have_as_many_words_as_are_told(ranks: Ranks) -> None:
    first, n_fired, n_places, step_bits = ranks.call(on_ranks.words_of_one_burst, timeout=150)[0]
    assert first == words_for(n_fired, n_places, step_bits) > 8


def test_what_is_left_open_is_told_as_it_will_be_found_out() -> None:
    """Collective from 9 ranks on where most are wanted elsewhere, point to point where few are."""

    def is_collective(preset: str, n_ranks: int, **options: Any) -> bool:
        network = presets.load(preset, **options)
        layout = Layout.of(network)
        part = partitions_of(network, layout, 1, n_ranks // 2, n_ranks)
        return bool(wanted(network, layout, part, n_ranks, "auto").is_told.all())

    assert not is_collective("hpc", 8, scale=1.0)
    assert is_collective("hpc", 9, scale=1.0)
    assert is_collective("hpc", 1024, scale=1024.0)
    assert not is_collective("hpc", 1024, scale=1024.0, K_scaling=0.04)


def test_a_gpu_keeps_no_lists_of_what_goes_to_everybody() -> None:
    """A bit for each own neuron and rank where spikes go point to point, and nothing like it."""
    network = presets.load("hpc", scale=256.0)
    told, marked = (
        predicted_bytes(network, n_ranks=256, exchange=way).parts["exchange"]
        for way in ("auto", "point_to_point")
    )
    # Both have messages of 64 bytes for each rank at first.
    assert told < 2 * 64 * 256 + 24 * 256 + 2 * network.n_neurons / 256
    assert marked > network.n_neurons / 8 > told
