"""Devices and threads of ranks, without a GPU and without MPI."""

from __future__ import annotations

import pytest

from snnlab.cluster.devices import device_for, local_ranks, own_local_rank, threads_for
from snnlab.errors import DeviceUnavailable

GPUS = ("cuda:0", "cuda:1")


def test_ranks_are_counted_on_each_host() -> None:
    assert local_ranks(["a", "a", "b", "a"]) == [(0, 3), (1, 3), (0, 1), (2, 3)]
    assert local_ranks([]) == []


def test_gpus_are_taken_in_turn() -> None:
    taken = [device_for("cuda", local, GPUS) for local in range(3)]
    assert taken == ["cuda:0", "cuda:1", "cuda:0"]


@pytest.mark.parametrize(
    ("wanted", "gpus", "device"),
    [("auto", GPUS, "cuda:1"), ("auto", (), "cpu"), ("cpu", GPUS, "cpu")],
)
def test_device_as_wanted(wanted: str, gpus: tuple[str, ...], device: str) -> None:
    assert device_for(wanted, 1, gpus) == device


def test_gpu_that_must_be_there() -> None:
    with pytest.raises(DeviceUnavailable, match="every host"):
        device_for("cuda", 0, ())


def test_unknown_device() -> None:
    with pytest.raises(DeviceUnavailable, match="auto, cpu or cuda"):
        device_for("cuda:1", 0, GPUS)


@pytest.mark.parametrize(("cores", "n_local", "threads"), [(8, 2, 4), (7, 2, 3), (2, 4, 1)])
def test_cores_are_divided(cores: int, n_local: int, threads: int) -> None:
    assert threads_for(cores, n_local) == threads


@pytest.mark.parametrize(
    "environ",
    [
        {"OMPI_COMM_WORLD_LOCAL_RANK": "1", "OMPI_COMM_WORLD_LOCAL_SIZE": "4"},
        {"MPI_LOCALRANKID": "1", "MPI_LOCALNRANKS": "4"},
    ],
)
def test_environment_tells_the_place_on_the_host(environ: dict[str, str]) -> None:
    assert own_local_rank(environ, None) == (1, 4)
