"""``mpiexec -n 3 snnlab run``: ranks without a notebook give the data of one process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from snnlab.cluster.mpi import launch_environment, mpiexec

pytestmark = [pytest.mark.mpi, pytest.mark.timeout(200)]

RUN = [sys.executable, "-m", "snnlab", "run"]
RUN_ON_GPUS = [sys.executable, "-m", "tests.cluster.run_on_gpus", "run"]
OPTIONS = ["--time", "200", "--threads", "1", "--quiet"]

NETWORKS = [["topographic_map_slots"], ["homeostatic", "--set", "speed=200"]]
"""Attempts at pairs with STDP; synaptic elements, which grow fast."""


def _run(
    folder: Path, network: list[str], ranks: int, run: list[str] = RUN
) -> tuple[xr.Dataset, dict[str, object]]:
    before = [str(mpiexec()), "-n", str(ranks)] if ranks > 1 else []
    out, figures = folder / f"{ranks}.nc", folder / f"{ranks}.json"
    command = [*before, *run, *network, *OPTIONS, "--out", str(out), "--json", str(figures)]
    done = subprocess.run(
        command, env={**os.environ, **launch_environment()}, capture_output=True, text=True,
        timeout=150, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return xr.load_dataset(out, engine="h5netcdf"), json.loads(figures.read_text())


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network[0])
def test_ranks_write_what_one_process_does(
    tmp_path: Path, mpi_library: str, network: list[str]
) -> None:
    alone, one = _run(tmp_path, network, 1)
    together, three = _run(tmp_path, network, 3)
    assert isinstance(one["n_formed"], int)
    assert one["n_formed"] > 0
    assert alone.sizes == together.sizes
    for name in alone.variables:
        np.testing.assert_array_equal(together[name].values, alone[name].values, err_msg=str(name))
    counted = ("n_synapses", "n_spikes", "n_synaptic_events", "n_formed", "n_removed")
    for figure in (*counted, "rates", "cv", "spike_sha256"):
        assert three[figure] == one[figure]
    assert three["exchange"] == together.attrs["exchange"] == "point to point"
    assert not {"exchange", "transport"} & {*one, *alone.attrs}
    assert "transport" not in {*three, *together.attrs}  # there are no GPUs
    assert (alone.attrs["device"], together.attrs["device"]) == ("cpu", "3 ranks")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.json", "1.nc", "3.json", "3.nc"]


@pytest.mark.parametrize("asked", ["host", "auto"])
def test_gpus_write_what_one_process_does(tmp_path: Path, mpi_library: str, asked: str) -> None:
    network = ["stdp", "--scale", "0.1"]
    alone, one = _run(tmp_path, network, 1)
    on_gpus = [*network, "--device", "cuda", "--transport", asked]
    together, two = _run(tmp_path, on_gpus, 2, RUN_ON_GPUS)
    for name in alone.variables:
        np.testing.assert_array_equal(together[name].values, alone[name].values, err_msg=str(name))
    for figure in ("n_synapses", "n_spikes", "n_synaptic_events", "spike_sha256"):
        assert two[figure] == one[figure]
    assert together.attrs["device"] == "2 ranks on cuda"
    used = {"host": "host", "auto": "device"}[asked]
    assert two["transport"] == together.attrs["transport"] == used


def test_ranks_on_cpus_have_no_memory_of_gpus_to_hand_over(mpi_library: str) -> None:
    done = subprocess.run(
        [str(mpiexec()), "-n", "2", *RUN, "stdp", "--time", "10", "--transport", "device"],
        env={**os.environ, **launch_environment()},
        capture_output=True, text=True, timeout=150, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "transport: must be auto or host where ranks compute on CPUs" in done.stderr


def test_ranks_without_a_gpu_say_so(mpi_library: str) -> None:
    done = subprocess.run(
        [str(mpiexec()), "-n", "2", *RUN, "stdp", "--time", "10", "--device", "cuda"],
        env={**os.environ, **launch_environment(), "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True, text=True, timeout=150, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "no GPU that can be used" in done.stderr
