"""Reading the synapses that recorders chose, at a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from snnlab.arrays.assemble import SynapseProbes
from snnlab.arrays.plastic import PLASTIC_FIELDS
from snnlab.cpu.built import CpuBuilt
from snnlab.cpu.plastic import visit
from snnlab.cpu.team import Team

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["read_synapses"]

_CATCH_UP = PLASTIC_FIELDS.index("catch_up")


def read_synapses(
    built: CpuBuilt, probes: SynapseProbes, values: NDArray[np.floating], team: Team, threads: int
) -> None:
    """Write the state variables of a recorder's synapses as they are now.

    All spikes must have been delivered. Only the rows that hold these synapses are brought up to
    date, which changes no result of what follows.

    Parameters
    ----------
    built : CpuBuilt
    probes : SynapseProbes
    values : (n_variables, n_synapses) real
        Where they go.
    team : Team
    threads : int
        How many of the team's threads share the partitions.
    """
    lent, partitions, rows = built.lent, probes.partitions, probes.rows
    team.run(
        threads,
        lambda member: _bring_rows_up_to_date(
            lent.synapses, lent.plastic, lent.memory, probes.m, partitions, rows, member, threads
        ),
    )
    for row, start in zip(values, probes.variables, strict=True):
        np.take(built.plastic.state[start:], probes.at, out=row, mode="clip")


@njit(nogil=True, error_model="numpy", cache=True)
def _bring_rows_up_to_date(synapses, plastic, memory, m, partitions, rows, member, n_members):  # type: ignore[no-untyped-def]
    """Let some rows of a projection catch up; they come partition by partition."""
    address = plastic.table[m, _CATCH_UP]
    for p in range(member, plastic.clock.size, n_members):
        for r in range(np.searchsorted(partitions, p), np.searchsorted(partitions, p + 1)):
            visit(synapses, plastic, memory.ring, m, p, rows[r], plastic.clock[p] - 1, address)
