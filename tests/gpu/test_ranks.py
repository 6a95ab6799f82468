"""A network on two ranks, which share a GPU if there is one alone, is that of one process."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from snnlab.cluster import Ranks
from snnlab.cluster.engine import ClusterEngine
from snnlab.cuda.cupy_device import CupyDevice
from snnlab.cuda.engine import CudaEngine
from snnlab.model.edits import SetParameter
from snnlab.model.network import Network
from tests.cluster.both import both
from tests.networks import RUNNING, layered, plastic
from tests.twins import assert_same_state


@pytest.fixture(scope="module")
def ranks() -> Iterator[Ranks]:
    """Two ranks, which take the GPUs of this machine in turn."""
    with Ranks.start(2, device="cuda") as started:
        yield started


@pytest.mark.parametrize("exchange", ["collective", "point_to_point"])
@pytest.mark.parametrize("network", RUNNING, ids=lambda make: make.__name__)
def test_ranks_compute_what_one_process_does(
    ranks: Ranks, network: Callable[[], Network], exchange: str
) -> None:
    with both(network(), ranks, exchange=exchange, device="cuda") as pair:
        assert sum(frame.step.size for frame in pair.advance(1, 7, 30, 2, 160)) > 200
        pair.compare()
        assert sum(frame.step.size for frame in pair.advance(400)) > 100
        pair.compare()


@pytest.mark.parametrize("exchange", ["collective", "point_to_point"])
def test_both_transports_compute_the_same(ranks: Ranks, exchange: str) -> None:
    """Through the host; and from GPU to GPU, where the MPI of this machine takes their memory."""
    for transport in ("host", "auto"):
        with both(
            plastic(), ranks, exchange=exchange, device="cuda", transport=transport
        ) as pair:  # fmt: skip
            print(f"{transport}: {pair.together.ranks[0].transport}")
            assert sum(frame.step.size for frame in pair.advance(1, 99)) > 100
            pair.compare()


def test_edits_reach_both(ranks: Ranks) -> None:
    with both(layered(), ranks, device="cuda") as pair:
        pair.advance(60)
        pair.edit(SetParameter("to_a", "rate", 11_000.0))
        pair.advance(60)
        pair.edit(SetParameter("b->a", "delay", 1.1))
        pair.advance(60)
        pair.compare()


def test_a_run_goes_from_one_gpu_to_ranks_and_back(ranks: Ranks, device: CupyDevice) -> None:
    straight, back = CudaEngine(layered(), device), CudaEngine(layered(), device.twin())
    straight.advance(300)
    back.advance(100)
    together = ClusterEngine(layered(), ranks, device="cuda")
    together.restore(back.checkpoint())
    together.advance(100)
    back.restore(together.checkpoint())
    back.advance(100)
    assert_same_state(straight.checkpoint(), back.checkpoint())
    together.close()
