"""`CpuBuilt`: a network as the arrays of the compiled loop."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from snnlab.arrays import assemble
from snnlab.arrays.built import DTYPES, Built
from snnlab.arrays.plastic_arrays import compile_synapses, plastic
from snnlab.arrays.rewiring_arrays import compile_rules, rewirings
from snnlab.arrays.scheduled import numbers_at_start, scheduled_populations
from snnlab.arrays.structure_carry import given_pairs, with_growing_rows
from snnlab.arrays.synaptic_elements import synaptic_elements
from snnlab.arrays.world import ALONE, World, first_rank_first
from snnlab.build.connect import connect
from snnlab.build.layout import Layout
from snnlab.build.memory import check_fits
from snnlab.build.tables import plan_tables, port_exponents
from snnlab.cpu.exchange import Exchange, no_exchange
from snnlab.cpu.group_size import group_steps
from snnlab.cpu.memory import memory, record
from snnlab.cpu.parts import compile_parts
from snnlab.cpu.peak import peak_bytes
from snnlab.cpu.program import Lendings, Memory, Record
from snnlab.cpu.shares import partitions_of
from snnlab.cpu.threads import available_threads
from snnlab.engine import BuildReport
from snnlab.model.network import Network
from snnlab.rules.kernel import BlockKernel, compile_block_kernel
from snnlab.rules.lend import lend
from snnlab.rules.rewiring_kernel import compile_rewiring_kernels
from snnlab.rules.synapse_kernel import compile_synapse_kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CpuBuilt", "build"]


@dataclass(frozen=True)
class CpuBuilt(Built):
    """A network, or a rank's share of it, as the arrays of the compiled loop."""

    memory: Memory
    record: Record
    exchange: Exchange

    @cached_property
    def lent(self) -> Lendings:
        """The same arrays for compiled code, and the code."""
        parts = {
            "program": self.program,
            "synapses": self.synapses,
            "plastic": self.plastic,
            "rewirings": self.rewirings,
            "drive": self.drive,
            "memory": self.memory,
            "record": self.record,
            "exchange": self.exchange,
        }
        lent = {name: lend(arrays) for name, arrays in parts.items()}
        kinds = {name: each.kind for name, each in lent.items()}
        probes = lend(self.sampling.probes).kind
        return Lendings(**lent, parts=lend(compile_parts(self, {**kinds, "probes": probes})))


def build(
    network: Network,
    *,
    threads: int,
    precision: str,
    shortest_ring: int = 0,
    arrays: Mapping[str, NDArray[Any]] | None = None,
    world: World = ALONE,
    exchange: str | Mapping[str, str] = "auto",
) -> tuple[CpuBuilt, BuildReport]:
    """Turn a network into arrays; states are zero and rings empty.

    Parameters
    ----------
    network : Network
    threads : int
    precision : str
        ``"float32"`` or ``"float64"``.
    shortest_ring : int [steps]
        The ring holds at least this many steps.
    arrays : mapping, optional
        Of a checkpoint: its synapses are taken where they come and go.
    world : World
        The ranks that hold the network together: this one's share is built; its exchange with the
        others is still to be set up.
    exchange : str, or mapping of str
        How it will be, whose memory is counted; see `snnlab.cpu.ways.ways_of`.

    Raises
    ------
    OutOfMemory
        The network does not fit; nothing was allocated.
    """
    began = time.perf_counter()
    exponents = port_exponents(network)
    plans = plan_tables(network, exponents)
    planned = time.perf_counter()
    with first_rank_first(world):
        kernels = _compile_populations(network, precision)
        tables = compile_synapses(plans, partial(compile_synapse_kernels, precision=precision))
        rules = compile_rules(network, partial(compile_rewiring_kernels, precision=precision))
    compiled = time.perf_counter()
    layout = Layout.of(network)
    partitions = partitions_of(network, layout, threads, world.rank, world.n_ranks)
    given = given_pairs(network, plans, arrays or {})  # all ranks ask, whatever fails on one
    dtype = DTYPES[precision]
    needed = peak_bytes(network, plans, layout, partitions, world.n_ranks, exchange, dtype=dtype)
    check_fits(needed, network)
    n_threads = min(threads, available_threads())
    connections = connect(network, plans, layout, partitions, threads=n_threads, given=given.keys())
    connections = with_growing_rows(network, connections, given, layout, partitions)
    sizes = assemble.shape(plans, network, shortest_ring)
    sizes = replace(sizes, group_steps=group_steps(connections, partitions, sizes))
    owned = [partitions.owned(layout, k) for k in range(len(network.populations))]
    program = assemble.program(network, layout, partitions, kernels, sizes, dtype)
    held = memory(program, layout, partitions, kernels, sizes, dtype, world.n_ranks)
    plasticity = plastic(
        network, layout, partitions, connections, tables, program, sizes.chunk_steps, dtype
    )
    if tables:  # the numbers of quantiles have become weights
        n_wide = min(int(connections.row_start[t.k][0, 0]) for t in tables)
        connections = replace(connections, wide=connections.wide[:n_wide].copy())
    synapses = assemble.synapses(network, connections)
    connections = assemble.viewed(connections, synapses)
    built = CpuBuilt(
        network, precision, layout, partitions, exponents, connections, kernels, sizes, program,
        synapses,
        assemble.drive(network, layout, partitions, exponents, sizes, dtype),
        assemble.sampling(network, layout, program, kernels),
        held,
        scheduled_populations(network, owned),
        tables,
        plasticity,
        rewirings(network, layout, partitions, connections, tables, rules, dtype, world.n_ranks),
        rules,
        synaptic_elements(network, owned),
        record(partitions, sizes),
        no_exchange(),
        world=world,
    )  # fmt: skip
    weights = plasticity.state.nbytes
    report = BuildReport(
        network.n_neurons, connections.n_synapses,
        planned - began + time.perf_counter() - compiled, compiled - planned,
        connections.nbytes + weights,
        sum(a.nbytes for a in (*held, *plasticity)) - weights,
    )  # fmt: skip
    return built, report


def _compile_populations(network: Network, precision: str) -> list[BlockKernel]:
    """The compiled step of each population's model; hundreds of populations may share one."""
    compiled: dict[tuple[Any, frozenset[str]], BlockKernel] = {}
    kernels = []
    for population, numbers in zip(network.populations, numbers_at_start(network), strict=True):
        # Any: mypy does not match a class with a protocol of its members.
        model: Any = population.model
        key = model, frozenset(numbers.varying)
        if key not in compiled:
            compiled[key] = compile_block_kernel(model, varying=key[1], precision=precision)
        kernels.append(compiled[key])
    return kernels
