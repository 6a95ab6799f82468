"""Names that follow from content: equal things have equal ids, whoever measured them, and where."""

from __future__ import annotations

import hashlib
import json
import os
import time
import uuid
from collections.abc import Mapping
from typing import Any

from snnlab.errors import SpecError

__all__ = [
    "MACHINE_CLASS",
    "canonical",
    "content_id",
    "layout_id",
    "machine_class_id",
    "new_record_id",
    "series_id",
    "spec_id",
    "stack_id",
]

NOT_SCIENCE = ("seed", "seeds", "versions", "version", "machine", "campaign", "submitter")
"""Keys of a resolved spec that do not change what is measured."""

MACHINE_CLASS = (
    "cpu_model", "sockets", "cores", "smt", "microarchitecture", "memory_gib", "gpus",
    "interconnect",
)  # fmt: skip
"""What makes a class of machines: facts that a reboot does not change, and no host name."""

STACK = (
    "packages", "compiler", "compiler_flags", "mpi", "blas", "os", "kernel_major", "driver",
    "container", "build_flags", "timer_flags",
)  # fmt: skip
"""What makes a stack. The version of the simulator is no part of it."""

LAYOUT = ("nodes", "ranks_per_node", "threads_per_rank", "binding", "numa_policy", "device_map",
          "exchange", "beside")  # fmt: skip
"""What makes a placement."""

LENGTH = 16


def canonical(value: Any) -> str:
    """Return JSON that is the same for equal values: sorted keys, no spaces, no NaN."""
    try:
        return json.dumps(
            value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
    except (TypeError, ValueError) as error:
        raise SpecError(
            "Content of an id", "must be finite numbers, text, lists and mappings", got=str(error)
        ) from error


def content_id(value: Any) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of `canonical` of a value."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:LENGTH]


def spec_id(resolved: Mapping[str, Any]) -> str:
    """Return the id of a resolved spec, without its seeds, versions and machine."""
    return content_id({key: v for key, v in resolved.items() if key not in NOT_SCIENCE})


def machine_class_id(facts: Mapping[str, Any]) -> str:
    """Return the id of a hardware class; facts beyond `MACHINE_CLASS` do not matter."""
    return content_id({key: facts[key] for key in MACHINE_CLASS if key in facts})


def stack_id(facts: Mapping[str, Any], *, simulator: str) -> str:
    """Return the id of an environment.

    Parameters
    ----------
    facts : mapping
        ``packages`` maps names to versions.
    simulator : str
        The package whose own version is left out: that is what a history line varies.
    """
    kept = {key: facts[key] for key in STACK if key in facts}
    if "packages" in kept:
        kept["packages"] = {k: v for k, v in kept["packages"].items() if k != simulator}
    return content_id(kept)


def layout_id(facts: Mapping[str, Any]) -> str:
    """Return the id of a placement; facts beyond `LAYOUT` do not matter."""
    return content_id({key: facts[key] for key in LAYOUT if key in facts})


def series_id(spec: str, machine_class: str, stack_variant: str, layout: str) -> str:
    """Return the id of a history line."""
    return content_id([spec, machine_class, stack_variant, layout])


def new_record_id() -> str:
    """Return a UUIDv7: the time in ms, then 74 random bits, so that names sort by time."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))
