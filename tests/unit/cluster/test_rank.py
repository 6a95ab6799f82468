"""Engines become ranks by what they tell of themselves, whatever their order."""

from __future__ import annotations

import dataclasses

import pytest

from snnlab import __version__
from snnlab.cluster.rank import Identity, in_rank_order
from snnlab.errors import ClusterError, DeviceUnavailable


def told(rank: int, host: str = "a", *, size: int = 3, cores: int = 8) -> Identity:
    return Identity(rank, size, host, 1000 + rank, cores, ("cuda:0", "cuda:1"), __version__)


def test_order_of_engines_is_not_that_of_ranks() -> None:
    ranks = in_rank_order([told(2), told(0), told(1)], [5, 6, 7], "cpu")
    assert [(rank.number, rank.engine, rank.pid) for rank in ranks] == [
        (0, 6, 1000), (1, 7, 1001), (2, 5, 1002),
    ]  # fmt: skip


def test_devices_and_threads_are_divided_on_each_host() -> None:
    ranks = in_rank_order([told(0), told(1, "b"), told(2)], [0, 1, 2], "auto")
    assert [rank.device for rank in ranks] == ["cuda:0", "cuda:0", "cuda:1"]
    assert [rank.threads for rank in ranks] == [4, 8, 4]


@pytest.mark.parametrize(
    "identities",
    [
        [told(0), told(0), told(1)],
        [told(0, size=1), told(0, size=1), told(0, size=1)],
        [told(0), told(1)],
        [told(0), told(1), told(3)],
    ],
)
def test_engines_that_are_not_one_world(identities: list[Identity]) -> None:
    with pytest.raises(ClusterError, match="of one MPI world"):
        in_rank_order(identities, list(range(len(identities))), "cpu")


def test_another_version_is_named_with_its_host() -> None:
    other = dataclasses.replace(told(1, "b"), version="0.0.1")
    with pytest.raises(ClusterError, match=r"0\.0\.1 on b"):
        in_rank_order([told(0), other, told(2)], [0, 1, 2], "cpu")


def test_host_without_a_gpu_is_an_error_where_one_must_be() -> None:
    bare = dataclasses.replace(told(1, "b"), gpus=())
    with pytest.raises(DeviceUnavailable):
        in_rank_order([told(0), bare, told(2)], [0, 1, 2], "cuda")
