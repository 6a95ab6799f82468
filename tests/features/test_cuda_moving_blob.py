"""A device whose sources have rates that move is the CPU's twin."""

from __future__ import annotations

import pytest

from snnlab.cuda.network import DeviceNetwork
from snnlab.model.edits import SetParameter
from tests.blobs import driven
from tests.host_device.host_device import HostDevice
from tests.twins import Twins

FIELDS = {
    "usual": {},
    "narrow, fast": {"peak": 8e3, "sigma": 0.3, "interval": 0.7},
    "flat": {"is_correlated": False},
}


@pytest.mark.parametrize(
    ("name", "precision"), [("usual", "float32"), ("narrow, fast", "float64"), ("flat", "float32")]
)
def test_a_device_is_the_cpus_twin(name: str, precision: str) -> None:
    twins = Twins(driven(**FIELDS[name]), HostDevice(seed=1), precision=precision)
    assert twins.n_spikes(1, 22, 1, 100, 40) > 20
    twins.compare()
    assert twins.edit(SetParameter("blob", "base", 50.0))
    assert twins.n_spikes(3, 60) > 50
    assert twins.edit(SetParameter("source", "rate", 9.0), SetParameter("blob", "sigma", 1.0))
    assert twins.n_spikes(7, 60) > 50
    twins.compare()


def test_no_state_is_copied_when_rates_change(monkeypatch: pytest.MonkeyPatch) -> None:
    twins = Twins(driven(), HostDevice())
    for name in ("read_state", "write_state"):
        monkeypatch.delattr(DeviceNetwork, name)
    twins.advance(24, 1, 30)
