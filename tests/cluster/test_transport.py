"""What MPI gets of GPUs' spikes, copies on the host or memory of the device, changes no spike.

The GPUs are the host's, whose memory any MPI takes; MPI is real.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from snnlab.cluster import Ranks
from snnlab.cluster.engine import ClusterEngine
from snnlab.errors import DeviceUnavailable, SpecError
from snnlab.model.edits import Lesion, RemoveProjection, SetParameter
from snnlab.model.network import Network
from tests.cluster import on_ranks, watched_mpi
from tests.cluster.both import both, events_of
from tests.cluster.test_gpu_ranks import MIXED, n_spikes, with_gpus
from tests.cluster.test_structure import by_rank, sparse, wide
from tests.networks import balanced, distant, layered, loud, plastic
from tests.rewired_networks import signed

pytestmark = [pytest.mark.mpi, pytest.mark.timeout(280)]

WAYS = {"collective": "collective", "point to point": "point_to_point", "mixed": MIXED}


@pytest.fixture
def gpus(several: Ranks) -> Iterator[Ranks]:
    """Two ranks, then three, with a GPU each, and an MPI that takes its memory."""
    with with_gpus(several) as found:
        several.call(watched_mpi.take_gpus)
        yield found
        several.call(watched_mpi.be_as_usual)


@pytest.fixture
def three_gpus(three: Ranks) -> Iterator[Ranks]:
    """Three of them."""
    with with_gpus(three) as found:
        three.call(watched_mpi.take_gpus)
        yield found
        three.call(watched_mpi.be_as_usual)


@pytest.mark.parametrize("transport", ["host", "device"])
@pytest.mark.parametrize("way", WAYS)
def test_both_compute_what_one_process_does(gpus: Ranks, way: str, transport: str) -> None:
    """Every kind of STDP, and modulators that all ranks hear."""
    network = wide(plastic(), "b")
    with both(network, gpus, exchange=WAYS[way], device="cuda", transport=transport) as pair:
        assert {share.transport for share in pair.together.shares} == {transport}
        assert {rank.transport for rank in pair.together.ranks} == {transport}
        assert n_spikes(pair.advance(1, 7, 30, 2, 110)) > 200
        pair.compare()


@pytest.mark.parametrize("way", ["collective", "point_to_point"])
def test_bursts_find_room_on_the_device(three_gpus: Ranks, way: str) -> None:
    """All fire in every step: words and the record become longer, and shorter again."""
    before = three_gpus.call(on_ranks.keep_short_records, 1)
    try:
        network = wide(loud(1.2), "loud")
        with both(network, three_gpus, exchange=way, device="cuda", transport="device") as pair:
            assert n_spikes(pair.advance(30, 5)) == 35 * 400
            pair.compare()
            own, all_of_them = three_gpus.call(on_ranks.room_of_records)[0]
            assert all_of_them > own
    finally:
        three_gpus.call(on_ranks.keep_short_records, before[0])


def learning() -> Network:
    """Two networks that learn, of which few neurons are wanted on the other."""
    network = distant()
    return network.replace(
        projections=[
            replace(p, synapse="STDP") if p.pre.startswith("exc") else p
            for p in network.projections
        ]
    )


NETWORKS: dict[str, tuple[Callable[[], Network], str]] = {
    "few that are wanted elsewhere": (distant, "point_to_point"),
    "few from which synapses learn": (learning, "point_to_point"),
    "delays and conductances": (layered, "collective"),
    "sources that not all hear": (sparse, "point_to_point"),
    "a rank without neurons": (loud, "auto"),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_from_device_to_device(three_gpus: Ranks, name: str) -> None:
    make, way = NETWORKS[name]
    with both(make(), three_gpus, exchange=way, device="cuda", transport="device") as pair:
        assert n_spikes(pair.advance(1, 99)) > 50
        pair.compare()


def test_edits_and_rules_from_device_to_device(three_gpus: Ranks) -> None:
    with both(layered(), three_gpus, device="cuda", transport="device") as pair:
        pair.advance(40)
        pair.edit(SetParameter("b->a", "delay", 1.1), RemoveProjection("c->a"))
        pair.edit(Lesion("a", range(100, 200)))
        assert n_spikes(pair.advance(60)) > 20
        pair.compare()
    for network in (by_rank(), wide(signed())):
        with both(network, three_gpus, device="cuda", transport="device") as pair:
            assert len(events_of(pair.advance(1, 59))) > 50
            pair.compare()


# --- what MPI gets --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def spy(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The library that stands between compiled code and MPI."""
    path = tmp_path_factory.mktemp("spy") / "spy.so"
    source = Path(__file__).with_name("spy.c")
    command = [os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", str(source), "-o", str(path)]
    subprocess.run(command, check=True)
    return str(path)


N_LISTS = {"collective": 3, "point_to_point": 4}
"""Lists that come and go between three ranks: one of each; one for and from each of two others."""


@pytest.mark.parametrize("way", N_LISTS)
def test_mpi_gets_memory_of_the_device_and_nothing_is_staged(
    three_gpus: Ranks, spy: str, way: str
) -> None:
    """From device to device only numbers pass the host: as many bytes, however many spikes."""
    three_gpus.call(watched_mpi.watch, spy)
    found = {}
    for transport in ("host", "device"):
        before = three_gpus.call(watched_mpi.n_calls, spy)
        engine = ClusterEngine(
            balanced(600), three_gpus, device="cuda", exchange=way, transport=transport
        )
        three_gpus.call(watched_mpi.seen, spy)  # forgets what others have exchanged
        engine.advance(300)
        found[transport] = three_gpus.call_each(watched_mpi.seen, [(spy, n) for n in before])
        engine.close()
    for host, device in zip(found["host"], found["device"], strict=True):
        assert (host.on_device, device.elsewhere) == (0, 0)
        assert min(host.elsewhere, device.on_device) > 40
        assert host.arrived == device.arrived
        assert sum(host.arrived) > 100
        # Slot, first step and bits of each entry are copied to the device; own spikes were fetched.
        assert host.moved == [20 * n for n in host.arrived]
        assert len(set(device.arrived)) > 5
        # Numbers of spikes and entries, which the host is told twice, and six that it asks with.
        usual = sorted(device.moved)[len(device.moved) // 2]
        assert usual == 8 * (2 * (1 + N_LISTS[way]) + 6)
        assert sum(n != usual for n in device.moved) <= 4  # somebody's spikes did not fit


# --- who decides ----------------------------------------------------------------------------------


def test_auto_takes_the_device_where_mpi_does_on_all_ranks(ranks: Ranks) -> None:
    with with_gpus(ranks) as gpus:
        for refusing, transport in ((-1, "device"), (1, "host")):
            gpus.call(watched_mpi.take_gpus, refusing)
            engine = ClusterEngine(balanced(), gpus, device="cuda")
            assert [share.transport for share in engine.shares] == [transport] * 2
            engine.close()
        with pytest.raises(DeviceUnavailable, match=r"not on another rank|it is this one"):
            ClusterEngine(balanced(), gpus, device="cuda", transport="device")
        gpus.call(watched_mpi.be_as_usual)


def test_what_mpi_cannot_take_is_refused_with_a_remedy(ranks: Ranks) -> None:
    """The library here has been built without CUDA, and says so itself."""
    with with_gpus(ranks) as gpus, pytest.raises(DeviceUnavailable) as caught:
        ClusterEngine(balanced(), gpus, device="cuda", transport="device")
    assert caught.value.where == "transport"
    assert "says no (MPIX_" in caught.value.got
    assert "built with CUDA" in caught.value.remedy
    assert "snnlab doctor" in caught.value.remedy


def test_what_cannot_be_meant_is_refused_before_ranks_are_asked(ranks: Ranks) -> None:
    with pytest.raises(SpecError, match="one of auto, host, device"):
        ClusterEngine(balanced(), ranks, transport="nccl")
    with pytest.raises(SpecError, match="compute on CPUs"):
        ClusterEngine(balanced(), ranks, device="cpu", transport="device")
    engine = ClusterEngine(balanced(), ranks, device="cpu", transport="host")
    assert {share.transport for share in engine.shares} == {""}
    engine.close()
