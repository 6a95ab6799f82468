"""The parts of the loop that a network needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numba import from_dtype, int64, types

from snnlab.arrays.rewiring import REWIRING_FIELDS
from snnlab.cpu.deliver import deliver
from snnlab.cpu.exchange import NONE
from snnlab.cpu.exchange_spikes import begin_exchange, finish_exchange
from snnlab.cpu.groups import add_far_input, deliver_all, deliver_groups
from snnlab.cpu.plastic import plasticity
from snnlab.cpu.program import Parts
from snnlab.cpu.replace import replace
from snnlab.cpu.rewire import rewire
from snnlab.cpu.update import update
from snnlab.cpu.warm import announced

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snnlab.cpu.built import CpuBuilt
    from snnlab.cpu.part import Part

__all__ = ["compile_parts"]

_REPLACES = REWIRING_FIELDS.index("replaces")


def compile_parts(built: CpuBuilt, kinds: Mapping[str, Any]) -> Parts:
    """Compile the parts that a network needs, or take them from the cache.

    Parameters
    ----------
    built : CpuBuilt
    kinds : mapping
        Numba types of what is lent, by name.
    """
    real = from_dtype(built.dtype)
    pointers = {"samples": types.CPointer(real), "barrier": types.CPointer(int64)}  # type: ignore[no-untyped-call]

    def address(part: Part, is_needed: bool) -> int:
        return part.address({**kinds, **pointers}) if is_needed else 0

    rules = built.rewirings.table
    has_others = built.exchange.mode != NONE
    has_groups = built.program.group_steps > 0
    with announced():
        return Parts(
            update=address(update, True),
            deliver=address(deliver, not has_groups),
            deliver_groups=address(deliver_groups, has_groups),
            add_far_input=address(add_far_input, has_groups),
            deliver_all=address(deliver_all, has_groups),
            plasticity=address(plasticity, len(built.plastic.table) > 0),
            rewire=address(rewire, len(rules) > 0),
            replace=address(replace, bool(rules[:, _REPLACES].any())),
            begin_exchange=address(begin_exchange, has_others),
            finish_exchange=address(finish_exchange, has_others),
        )
