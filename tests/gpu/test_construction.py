"""A GPU draws the network of the CPU: every row, synapse by synapse, in the same order."""

from __future__ import annotations

import pytest

from snnlab import presets
from snnlab.cuda import drawing, finishing
from snnlab.cuda.cupy_device import CupyDevice
from snnlab.model.connectivity import (
    Connectivity,
    FixedIndegree,
    FixedOutdegree,
    OneToOne,
    PairwiseBernoulli,
)
from tests.construction_cases import RULES, STORAGE, network_of, several_projections
from tests.device_rows import check_on
from tests.narrow_device import Narrow


@pytest.mark.parametrize("storage", STORAGE)
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_recurrent_rows_are_those_of_the_cpu(
    device: CupyDevice, rule: Connectivity, storage: str
) -> None:
    drawn = check_on(device, network_of(rule, storage))
    assert drawn.plans[0].kind == STORAGE[storage][0]
    assert drawn.n_synapses > 100
    check_on(device, network_of(rule, storage), 2)


@pytest.mark.parametrize("storage", ["shared", "packed, drawn delays"])
@pytest.mark.parametrize("rule", [r for r in RULES if not isinstance(r, OneToOne)], ids=str)
def test_rows_between_populations_are_those_of_the_cpu(
    device: CupyDevice, rule: Connectivity, storage: str
) -> None:
    for sizes in ((40, 3000), (3000, 40)):
        check_on(device, network_of(rule, storage, *sizes), 3)


@pytest.mark.parametrize("most", [1, 5, 10_000])
@pytest.mark.parametrize("n_partitions", [1, 3])
def test_projections_share_tables_in_any_grid(
    device: CupyDevice, n_partitions: int, most: int
) -> None:
    drawn = check_on(Narrow(device, most), several_projections(), n_partitions)
    assert max(len(plan.projections) for plan in drawn.plans) == 12


@pytest.mark.parametrize("n", [31, 33, 1500, 5000, 20_000])
@pytest.mark.parametrize("storage", ["packed", "wide, drawn delays"])
def test_rows_may_be_of_any_length(device: CupyDevice, n: int, storage: str) -> None:
    check_on(device, network_of(FixedOutdegree(n), storage, 2, 300))


def test_rows_may_have_more_synapses_than_16_bits_number(device: CupyDevice) -> None:
    check_on(device, network_of(FixedOutdegree(70_000), "packed, drawn delays", 1, 200))


@pytest.mark.parametrize("p", [1e-5, 0.001, 0.02, 0.999])
def test_gaps_may_be_of_any_length(device: CupyDevice, p: float) -> None:
    check_on(device, network_of(PairwiseBernoulli(p), n_pre=5, n_post=30_000), 4)


def test_memory_for_one_block_is_enough(
    device: CupyDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (drawing, finishing):
        monkeypatch.setattr(module, "SCRATCH_BYTES", 1)
    rule = FixedOutdegree(250, multapses=False)
    check_on(device, network_of(rule, "packed, drawn delays", 5, 300))
    check_on(device, network_of(FixedOutdegree(7000), "packed, drawn delays", 3, 300))


@pytest.mark.parametrize(
    ("name", "scale"), [("microcircuit", 0.1), ("brunel", 0.5), ("coba", 1.0), ("stdp", 0.4)]
)
def test_presets_are_those_of_the_cpu(device: CupyDevice, name: str, scale: float) -> None:
    assert check_on(device, presets.load(name, scale=scale), 3).n_synapses > 100_000


def test_many_synapses_drawn_at_once_are_those_of_the_cpu(device: CupyDevice) -> None:
    """More rows than there are threads, and more synapses of one target than a block has."""
    drawn = check_on(device, network_of(FixedIndegree(1000), "shared", 5000), 2)
    assert drawn.n_synapses == 5_000_000
