"""What ``--set`` reaches of a network file."""

from pathlib import Path

import pytest

from snnlab.batch.settings import network_of
from snnlab.errors import SpecError
from snnlab.interop import native_json
from snnlab.model.connectivity import PairwiseBernoulli
from snnlab.model.network import Network, Population, Projection
from snnlab.model.rewiring import Rewiring


@pytest.fixture
def path(tmp_path: Path) -> str:
    network = Network(
        [Population("exc", 10)],
        [Projection("exc", "exc", PairwiseBernoulli(0.1), 30.0)],
        rewirings=[Rewiring("exc->exc", "Magnitude", name="growth")],
    )
    native_json.save(network, tmp_path / "network.json")
    return str(tmp_path / "network.json")


def test_numbers_of_a_rewiring_are_set(path: str) -> None:
    settings = ["growth.every=2ms", "growth.attempts=25", "growth.p_form=0.5"]
    network = network_of(path, settings)
    growth = network.rewiring("growth")
    assert network.rewiring_steps_of(growth) == 20
    assert network.rewiring_attempts_of(growth) == 25
    assert network.rewiring_parameters_of(growth)["p_form"] == 0.5


def test_unknown_numbers_of_a_rewiring_are_refused(path: str) -> None:
    with pytest.raises(SpecError, match=r"'growth\.p_from'[\s\S]*'growth\.p_form'"):
        network_of(path, ["growth.p_from=0.5"])


def test_whole_numbers_of_a_preset_stay_whole() -> None:
    network = network_of("multi_area", ["areas=2", "N_scaling=0.01", "K_scaling=0.1"])
    assert len(network.populations) == 16
    with pytest.raises(SpecError, match=r"multi_area\.areas: must be a whole number \(got 2\.5\)"):
        network_of("multi_area", ["areas=2.5"])
