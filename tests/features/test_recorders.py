"""Any state variable, at any interval, of any neurons: what is sampled is what one asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snnlab.cpu.engine import CpuEngine
from snnlab.errors import SpecError
from snnlab.frames.decimate import merged
from snnlab.frames.frame import Samples
from snnlab.interop import native_json
from snnlab.model.network import Network
from snnlab.model.neuron import models
from snnlab.model.recorders import StateRecorder
from tests.networks import layered

pytestmark = pytest.mark.usefixtures("both_engines")


def sampled(network: Network, chops: list[int]) -> dict[str, Samples]:
    """Run in pieces of these steps; return all samples."""
    engine = CpuEngine(network, threads=1)
    return dict(merged([engine.advance(n) for n in chops]).samples)


@pytest.fixture(scope="module")
def everything() -> dict[str, Samples]:
    """Every state of every neuron at every step."""
    network = layered()
    recorders = [
        StateRecorder(p.name, p.name, list(models()[p.neuron].states), range(p.size))
        for p in network.populations
    ]
    return sampled(network.replace(recorders=recorders), [120])


@pytest.mark.parametrize("population", ["a", "b", "c"])
@pytest.mark.parametrize("interval", [0, "0.1 ms", "0.3 ms", "1.7 ms"])
@pytest.mark.parametrize(
    "neurons", [5, [3, 1, 64], range(0, 70, 10), np.arange(66, 69), slice(None)], ids=str
)
def test_any_part_is_that_part_of_all(
    everything: dict[str, Samples], population: str, interval: Any, neurons: Any
) -> None:
    network = layered()
    group = network.population(population)
    names = list(group.model.states)
    chosen = range(group.size) if isinstance(neurons, slice) else neurons
    recorder = StateRecorder("part", population, names[::-1], chosen, interval)
    found = sampled(network.replace(recorders=[recorder]), [1, 50, 13, 56])["part"]
    every = max(1, round(network.number(interval, "ms", where="interval") / network.dt))
    rows = everything[population].steps % every == 0
    expected = everything[population].values[rows][:, ::-1][:, :, np.atleast_1d(list(
        [chosen] if isinstance(chosen, int) else chosen
    ))]  # fmt: skip
    np.testing.assert_array_equal(found.steps, everything[population].steps[rows])
    np.testing.assert_array_equal(found.values, expected)


def test_recorders_are_values_however_they_are_written() -> None:
    written = [
        StateRecorder("r", "b", ("V_m",), neurons)
        for neurons in ((0, 2), [0, 2], range(0, 3, 2), np.array([0, 2], np.int32))
    ]
    assert len({*written, StateRecorder("r", "b", "V_m", [0, 2])}) == 1
    network = layered().replace(recorders=written[-1:])
    assert native_json.loads(native_json.dumps(network)) == network


@pytest.mark.parametrize("neurons", [1.5, [0, 1.0], [True], "abc", np.array([0.5])])
def test_what_is_no_index_is_refused(neurons: Any) -> None:
    with pytest.raises(SpecError, match=r"Recorder 'r'.neurons: must be whole numbers \(got "):
        StateRecorder("r", "b", ("V_m",), neurons)
