"""A machine is what it is made of, not whose it is nor how fast its clock runs today."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from snnlab.bench.guards import Guards, guards_now, noise
from snnlab.bench.machine import available_cores, cores_for, discover, keep_to
from snnlab.bench.process import Usage
from snnlab.bench.sentinel import sentinel
from snnlab.errors import SpecError

CPUINFO = """processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 25
model\t\t: 17
model name\t: AMD EPYC 9654
cpu MHz\t\t: {mhz}
flags\t\t: sse4_1 sse4_2 ssse3 popcnt avx2 bmi1 bmi2 f16c fma movbe hypervisor

processor\t: 1
model name\t: something else
"""


@pytest.fixture
def root(tmp_path: Path) -> Callable[..., Path]:
    def made(mhz: float = 2400.0, governor: str = "performance") -> Path:
        folder = tmp_path / f"{mhz}{governor}"
        files = {
            "proc/cpuinfo": CPUINFO.format(mhz=mhz),
            "proc/sys/kernel/numa_balancing": "1\n",
            "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": f"{governor}\n",
            "sys/devices/system/cpu/cpufreq/boost": "1\n",
            "sys/devices/system/cpu/cpu0/topology/physical_package_id": "0\n",
            "sys/devices/system/cpu/cpu1/topology/physical_package_id": "1\n",
            "sys/devices/system/cpu/cpu0/cache/index0/level": "1\n",
            "sys/devices/system/cpu/cpu0/cache/index0/type": "Data\n",
            "sys/devices/system/cpu/cpu0/cache/index0/size": "32K\n",
            "sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
            "sys/devices/system/node/node0/x": "",
            "sys/devices/system/node/node1/x": "",
        }
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        return folder

    return made


def test_facts_are_read(root: Callable[..., Path]) -> None:
    facts = discover(root=root()).facts
    assert facts["cpu_model"] == "AMD EPYC 9654"
    assert facts["microarchitecture"] == "AuthenticAMD 25-17 x86-64-v3"
    assert (facts["sockets"], facts["numa_nodes"], facts["numa_balancing"]) == (2, 2, "1")
    assert (facts["governor"], facts["turbo"], facts["clock_source"]) == (
        "performance", "yes", "tsc",
    )  # fmt: skip
    assert facts["caches"] == {"L1d": "32K"}
    assert facts["is_virtual"] is True


def test_class_knows_neither_clock_nor_governor(root: Callable[..., Path]) -> None:
    fast, slow = discover(root=root()), discover(root=root(mhz=800.0, governor="powersave"))
    assert fast.facts["governor"] != slow.facts["governor"]
    assert fast.class_id == slow.class_id
    assert fast.class_id != discover().class_id


@pytest.mark.parametrize(
    ("total", "gib"),
    [(15.4, 16), (15.9, 16), (23.5, 24), (31.1, 32), (62.7, 64), (125.0, 128), (376.4, 384)],
)
def test_memory_is_told_as_it_is_sold(
    monkeypatch: pytest.MonkeyPatch, total: float, gib: int
) -> None:
    memory = psutil.virtual_memory()._replace(total=int(total * 2**30))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    assert discover().facts["memory_gib"] == gib


def test_nobody_is_named() -> None:
    profile = discover()
    told = f"{profile.facts} {profile.label}"
    for word in (os.uname().nodename, str(Path.home()), os.environ.get("USER", "")):
        assert len(word) < 4 or word not in told or word == "root"


def test_a_profile_gives_a_label_and_settings(tmp_path: Path) -> None:
    path = tmp_path / "profile.yaml"
    path.write_text("label: a node of a cluster\nsettings: {threads: 64}\n")
    found = discover(path)
    assert (found.label, found.settings) == ("a node of a cluster", {"threads": 64})
    path.write_text("label: x\nhost: y\n")
    with pytest.raises(SpecError, match=r"profile\.yaml:2"):
        discover(path)


def test_cores_are_the_same_every_time_and_not_more_than_there_are(tmp_path: Path) -> None:
    topology = "sys/devices/system/cpu/cpu{}/topology/core_id"
    available = available_cores()
    for number in available:
        path = tmp_path / topology.format(number)
        path.parent.mkdir(parents=True)
        path.write_text("0")  # threads of one core
    assert cores_for(1) == cores_for(1) == [available[-1]]
    assert cores_for(len(available)) == available
    assert cores_for(1, root=tmp_path) == [available[-1]]
    assert cores_for(len(available) + 1) is None


def test_sentinel_leaves_the_cores_as_they_were() -> None:
    before = available_cores()
    assert 1e-5 < sentinel(before[:1], pieces=3) < 0.1
    assert available_cores() == before
    keep_to(before)


def test_what_others_take_is_told_from_what_the_run_took() -> None:
    before = Guards(busy=100.0, steal=1.0, throttle=0.0, load=0.5, freq=2000.0)
    after = Guards(busy=112.0, steal=1.5, throttle=2.0, load=2.0, freq=2400.0)
    found = before.during(after, Usage(wall=10.0, cpu=9.0, switches=7.0), 2)
    assert found == {
        "load": 0.5, "ctx_switch": 7.0, "steal": 0.5, "foreign": pytest.approx(0.15),
        "freq": 2400.0, "throttle": 2.0,
    }  # fmt: skip
    assert noise(found, (1.0, 1.01), foreign=0.2, change=0.03) == "the processor was throttled"
    assert noise(found, (), foreign=0.1, change=0.03).startswith("others took 15% of the cores")
    assert "changed by 5.0%" in noise({}, (1.0, 1.05), foreign=0.1, change=0.03)
    assert noise({}, (1.0, 1.02), foreign=0.1, change=0.03) == ""


def test_counters_of_this_machine_go_up() -> None:
    cores = available_cores()
    first = guards_now(cores)
    assert sum(range(3_000_000)) > 0
    assert guards_now(cores).busy >= first.busy > 0
