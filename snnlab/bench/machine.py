"""What a machine is, found out by looking, and without a word on whose it is."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from snnlab.bench.ids import machine_class_id
from snnlab.bench.keys import checked
from snnlab.bench.slurm.options import options_of
from snnlab.bench.spec_file import read_yaml
from snnlab.errors import SpecError

__all__ = ["MachineProfile", "available_cores", "cores_for", "discover", "keep_to"]

_LEVELS = (
    ("x86-64-v4", {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}),
    ("x86-64-v3", {"avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"}),
    ("x86-64-v2", {"popcnt", "sse4_1", "sse4_2", "ssse3"}),
)
"""Levels of x86-64, and the flags that make each."""

_SYSTEM = Path("sys/devices/system")


@dataclass(frozen=True)
class MachineProfile:
    """A class of machines, and the state in which this one is.

    Parameters
    ----------
    facts : mapping
        As JSON has it. Those in `ids.MACHINE_CLASS` make the class; governor, kernel and the like
        tell the state.
    label : str
        What people call it; never a host name.
    settings : mapping
        Keys of a specification that hold on this machine, see `keys.KEYS`.
    slurm : str
        Options of its batch jobs, see `slurm.options`.
    """

    facts: Mapping[str, Any]
    label: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    slurm: str = ""

    @property
    def class_id(self) -> str:
        """Id of the class: a reboot, another clock or another host name do not change it."""
        return machine_class_id(self.facts)

    @property
    def gpu_model(self) -> str:
        """Names of the GPUs; empty without one."""
        return ", ".join(self.facts["gpus"])


def discover(profile: Path | None = None, *, root: Path = Path("/")) -> MachineProfile:
    """Look at this machine.

    Parameters
    ----------
    profile : Path, optional
        A YAML file with `label`, `settings` and `slurm` of this machine.
    root : Path
        Where ``/sys`` and ``/proc`` are found.

    Raises
    ------
    FormatError, SpecError
        A profile that cannot be read, or says what it cannot.
    """
    facts = _class_facts(root) | _state_facts(root)
    label = f"{facts['cpu_model']}, {facts['cores']} cores, {facts['memory_gib']} GiB"
    settings: dict[str, Any] = {}
    slurm = ""
    if profile is not None:
        values, lines = read_yaml(profile)
        if strange := sorted(set(values) - {"label", "settings", "slurm"}):
            raise SpecError(
                f"{profile.name}:{lines[strange[0]]}", "must be label, settings or slurm",
                got=strange[0],
            )  # fmt: skip
        label = checked("name", values.get("label", label), f"{profile.name}, label")
        settings = {
            key: checked(key, value, f"{profile.name}, settings.{key}")
            for key, value in values.get("settings", {}).items()
        }
        slurm = checked("name", values.get("slurm", ""), f"{profile.name}, slurm")
        options_of(slurm, f"{profile.name}, slurm", is_shared=True)
    return MachineProfile(facts, label, settings, slurm)


# --- cores ----------------------------------------------------------------------------------------


def available_cores() -> list[int]:
    """Return the numbers of the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def keep_to(cores: Sequence[int]) -> None:
    """Keep this thread, and all that it starts, to some cores, where the system can do that."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)


def cores_for(n: int, *, root: Path = Path("/")) -> list[int] | None:
    """Return the cores that `n` threads are held to; None where there are too few.

    Parameters
    ----------
    n : int
    root : Path
        Where ``/sys`` is found.

    Notes
    -----
    One of the threads of each core first, and the last cores first: the first ones serve
    interrupts. The choice is the same every time.
    """
    available = available_cores()
    if n > len(available):
        return None
    first: list[int] = []
    other: list[int] = []
    seen: set[tuple[str, str | int]] = set()
    for number in reversed(available):
        topology = root / _SYSTEM / f"cpu/cpu{number}/topology"
        core = (_read(topology / "physical_package_id"), _read(topology / "core_id") or number)
        (other if core in seen else first).append(number)
        seen.add(core)
    return sorted([*first, *other][:n])


# --- facts ----------------------------------------------------------------------------------------


def _class_facts(root: Path) -> dict[str, Any]:
    info = _cpuinfo(root)
    logical = psutil.cpu_count() or 1
    cores = psutil.cpu_count(logical=False) or logical
    packages = {
        _read(path) for path in (root / _SYSTEM).glob("cpu/cpu*/topology/physical_package_id")
    }
    return {
        "cpu_model": info.get("model name") or platform.processor() or platform.machine(),
        "microarchitecture": _microarchitecture(info),
        "sockets": max(len(packages), 1),
        "cores": cores,
        "smt": max(logical // cores, 1),
        "memory_gib": _rounded_gib(psutil.virtual_memory().total),
        "gpus": [gpu.name for gpu in _gpus().gpus],
    }  # fmt: skip


def _state_facts(root: Path) -> dict[str, Any]:
    cpu = root / _SYSTEM / "cpu"
    gpus = _gpus()
    return {
        "os": platform.system(),
        "kernel": platform.release(),
        "libc": " ".join(platform.libc_ver()).strip(),
        "architecture": platform.machine(),
        "caches": _caches(cpu / "cpu0/cache"),
        "numa_nodes": len(list((root / _SYSTEM / "node").glob("node[0-9]*"))) or 1,
        "numa_balancing": _read(root / "proc/sys/kernel/numa_balancing") or "unknown",
        "governor": _read(cpu / "cpu0/cpufreq/scaling_governor") or "unknown",
        "turbo": _turbo(cpu),
        "smt_control": _read(cpu / "smt/control") or "unknown",
        "clock_source": _read(root / _SYSTEM / "clocksource/clocksource0/current_clocksource")
        or "unknown",
        "is_virtual": "hypervisor" in _cpuinfo(root).get("flags", "").split(),
        "usable_cores": len(available_cores()),
        "driver": gpus.driver,
        "driver_cuda": list(gpus.driver_cuda),
    }


def _gpus() -> Any:
    from snnlab.cuda.probe import look

    return look()


def _cpuinfo(root: Path) -> dict[str, str]:
    """What the first processor tells of itself."""
    first = _read(root / "proc/cpuinfo").partition("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _microarchitecture(info: Mapping[str, str]) -> str:
    """Family and model as the maker counts them, and the level of the instruction set."""
    flags = set(info.get("flags", "").split())
    level = next((name for name, needed in _LEVELS if needed <= flags), platform.machine())
    if "cpu family" not in info:
        return level
    maker = info.get("vendor_id", "")
    return f"{maker} {info['cpu family']}-{info.get('model', '')} {level}"


def _rounded_gib(n_bytes: float) -> int:
    """Memory as it is sold: what firmware and kernel keep for themselves differs by version."""
    sizes = [size << k for k in range(22) for size in (2, 3)]
    return min(sizes, key=lambda size: abs(n_bytes / 2**30 / size - 1.0))


def _caches(folder: Path) -> dict[str, str]:
    found = {}
    for index in sorted(folder.glob("index*")):
        kind = {"Data": "d", "Instruction": "i"}.get(_read(index / "type"), "")
        found[f"L{_read(index / 'level')}{kind}"] = _read(index / "size")
    return found


def _turbo(cpu: Path) -> str:
    """Whether the clock may exceed its base: yes, no, unknown."""
    words = {"0": "no", "1": "yes"}
    if boost := _read(cpu / "cpufreq/boost"):
        return words.get(boost, "unknown")
    inverse = {"0": "yes", "1": "no"}
    return inverse.get(_read(cpu / "intel_pstate/no_turbo"), "unknown")


def _read(path: Path) -> str:
    """The text of a file; empty where there is none, or it may not be read."""
    try:
        return re.sub(r"\s+$", "", path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""
