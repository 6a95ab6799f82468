"""`CudaBuilt`: a network as arrays, most of which are on a device."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnlab.arrays import assemble
from snnlab.arrays.built import DTYPES, Built
from snnlab.arrays.plastic_arrays import compile_synapses, plastic
from snnlab.arrays.populations import Numbers
from snnlab.arrays.program import Synapses
from snnlab.arrays.rewiring_arrays import compile_rules, rewirings
from snnlab.arrays.scheduled import numbers_at_start, scheduled_populations
from snnlab.arrays.structure_carry import given_pairs, with_growing_rows
from snnlab.arrays.synaptic_elements import synaptic_elements
from snnlab.arrays.world import ALONE, World, first_rank_first
from snnlab.build.connect import Connections
from snnlab.build.growing import Pairs
from snnlab.build.layout import BLOCK, Layout, Partitions, partition, shares
from snnlab.build.tables import TablePlan, plan_tables, port_exponents
from snnlab.cpu.shares import delivery_costs
from snnlab.cuda.codes import Codes, NeuronCode
from snnlab.cuda.connect import connect
from snnlab.cuda.connections import DeviceConnections, taken_up
from snnlab.cuda.device import Device, Module
from snnlab.cuda.engine_source import engine_source
from snnlab.cuda.host_connections import HostConnections
from snnlab.cuda.memory import DeviceBytes, check_fits, estimate_bytes
from snnlab.cuda.program import HostState
from snnlab.cuda.wire_bytes import wire_bytes
from snnlab.engine import BuildReport
from snnlab.model.network import Network, Population

__all__ = ["CudaBuilt", "build", "predicted_bytes", "share_of"]


@dataclass(frozen=True)
class CudaBuilt(Built):
    """A network as arrays; those that change are copies of the device's, see `HostState`.

    Parameters
    ----------
    drawn : DeviceConnections
    module : Module
        The compiled program.
    """

    memory: HostState
    drawn: DeviceConnections
    module: Module

    def _viewed(self, connections: Connections, synapses: Synapses) -> Connections:
        return connections

    def _synapses(self, network: Network, connections: Connections) -> Synapses:
        return self.synapses._replace(table=_table(network, connections, self.drawn))


def build(
    network: Network, *, device: Device, precision: str, shortest_ring: int = 0,
    arrays: Mapping[str, NDArray[Any]] | None = None, world: World = ALONE,
    exchange: str | Mapping[str, str] | None = None,
) -> tuple[CudaBuilt, BuildReport]:  # fmt: skip
    """Turn a network into arrays of a device; states are zero and rings empty.

    Parameters
    ----------
    network : Network
    device : Device
    precision : str
        ``"float32"`` or ``"float64"``.
    shortest_ring : int [steps]
        The ring holds at least this many steps.
    arrays : mapping, optional
        Of a checkpoint: its synapses are taken where they come and go.
    world : World
        The ranks that hold the network together: this one's share is built.
    exchange : str, or mapping of str, optional
        How spikes will be exchanged from device to device, for which there must be room.

    Raises
    ------
    OutOfMemory
        The network does not fit; nothing was allocated.
    """
    began = time.perf_counter()
    exponents = port_exponents(network)
    plans = plan_tables(network, exponents)
    layout = Layout.of(network)
    partitions = share_of(network, layout, world.rank, world.n_ranks)
    planned = time.perf_counter()
    codes = Codes()
    numbers = zip(network.populations, numbers_at_start(network), strict=True)
    kernels = [_code(codes, population, each) for population, each in numbers]
    tables = compile_synapses(plans, codes.synapse)
    rules = compile_rules(network, codes.rewiring)
    with first_rank_first(world):
        source = engine_source(codes, precision, has_ranks=world.n_ranks > 1)
        module = device.compile(source)
    compiled = time.perf_counter()
    sizes, dtype = assemble.shape(plans, network, shortest_ring), DTYPES[precision]
    given = given_pairs(network, plans, arrays or {})
    needed = estimate_bytes(network, plans, layout, partitions, kernels, tables, sizes, dtype)
    if exchange is not None:
        wire = wire_bytes(
            network, layout, partitions, world.n_ranks, exchange, is_merged=bool(tables)
        )
        needed = needed.with_exchange(wire)
    check_fits(needed.peak, network, device)
    drawn, connections = _connected(network, plans, layout, partitions, device, module, given)
    owned = [partitions.owned(layout, k) for k in range(len(network.populations))]
    program = assemble.program(network, layout, partitions, kernels, sizes, dtype)
    plasticity = plastic(
        network, layout, partitions, connections, tables, program, sizes.chunk_steps, dtype
    )
    if tables:  # the numbers of quantiles have become weights
        n_wide = min(int(connections.row_start[t.k][0, 0]) for t in tables)
        drawn = replace(drawn, wide=device.upload(connections.wide[:n_wide]))
    built = CudaBuilt(
        network, precision, layout, partitions, exponents, connections, kernels, sizes, program,
        _synapses(network, connections, drawn, device),
        assemble.drive(network, layout, partitions, exponents, sizes, dtype),
        assemble.sampling(network, layout, program, kernels),
        _host_state(layout, partitions, kernels, sizes, dtype),
        scheduled_populations(network, owned), tables, plasticity,
        rewirings(network, layout, partitions, connections, tables, rules, dtype), rules,
        synaptic_elements(network, owned),
        drawn, module,
        world=world,
    )  # fmt: skip
    weights = plasticity.state.nbytes
    device.synchronize()  # what has been asked of the device belongs to the time of building
    return built, BuildReport(
        network.n_neurons, connections.n_synapses if rules else drawn.n_synapses,
        planned - began + time.perf_counter() - compiled, compiled - planned,
        drawn.nbytes + weights,
        sum(a.nbytes for a in (*built.memory, *plasticity)) - weights,
    )  # fmt: skip


def share_of(network: Network, layout: Layout, rank: int, n_ranks: int) -> Partitions:
    """Cut a rank's share of the network into partitions, or the whole."""
    share = None
    if n_ranks > 1:
        bounds = shares(layout, n_ranks, delivery_costs(network))
        share = int(bounds[rank]), int(bounds[rank + 1])
    return partition(layout, 1, np.zeros(len(network.populations)), share)


def predicted_bytes(
    network: Network, *, rank: int = 0, n_ranks: int = 1, precision: str = "float32",
    exchange: str | Mapping[str, str] | None = None,
) -> DeviceBytes:  # fmt: skip
    """Return what a network, or a rank's share of it, will take on a device; needs none.

    Parameters
    ----------
    network : Network
    rank, n_ranks : int
    precision : str
    exchange : str, or mapping of str, optional
        How spikes will be exchanged from device to device, if they will.
    """
    plans = plan_tables(network, port_exponents(network))
    layout, codes = Layout.of(network), Codes()
    partitions = share_of(network, layout, rank, n_ranks)
    numbers = zip(network.populations, numbers_at_start(network), strict=True)
    kernels = [_code(codes, *each) for each in numbers]
    tables, sizes = compile_synapses(plans, codes.synapse), assemble.shape(plans, network, 0)
    dtype = DTYPES[precision]
    needed = estimate_bytes(network, plans, layout, partitions, kernels, tables, sizes, dtype)
    if exchange is None or n_ranks == 1:
        return needed
    wire = wire_bytes(network, layout, partitions, n_ranks, exchange, is_merged=bool(tables))
    return needed.with_exchange(wire)


def _code(codes: Codes, population: Population, numbers: Numbers) -> NeuronCode:
    return codes.neuron(population.model, frozenset(numbers.varying))


def _connected(
    network: Network,
    plans: tuple[TablePlan, ...],
    layout: Layout,
    partitions: Partitions,
    device: Device,
    module: Module,
    given: Mapping[int, Pairs],
) -> tuple[DeviceConnections, Connections]:
    """Draw the synapses, or take those that are given; what the host has of them."""
    drawn = connect(network, plans, layout, partitions, device, module, given=given)
    if not network.rewirings:
        return drawn, HostConnections(drawn, plans, device)
    on_host = with_growing_rows(network, drawn.host(device), given, layout, partitions)
    del drawn  # its memory is for the rows that may grow
    return taken_up(on_host, assemble.synapses(network, on_host), device), on_host


def _table(
    network: Network, connections: Connections, drawn: DeviceConnections
) -> NDArray[np.int64]:
    """The table of tables."""
    growing = tuple(connections.row_stop)
    return assemble.synapse_table(
        network, connections.plans, drawn.n_pre, drawn.n_partitions, growing, drawn.short
    )


def _synapses(
    network: Network, connections: Connections, drawn: DeviceConnections, device: Device
) -> Synapses:
    """The table of tables; the pools are those of the device, where all rows are long."""
    pools: Any = drawn
    no_rows: Any = device.empty(1, np.int64), device.empty(1, np.uint16)
    return Synapses(
        table=_table(network, connections, drawn),
        row_start=pools.row_start,
        segment_ends=pools.segment_ends,
        targets=pools.targets,
        packed=pools.packed,
        wide=pools.wide,
        short_first=no_rows[0],
        short_offset=no_rows[1],
    )


def _host_state(
    layout: Layout,
    partitions: Partitions,
    kernels: Sequence[NeuronCode],
    sizes: assemble.Shape,
    dtype: np.dtype[np.floating],
) -> HostState:
    """Allocate the host's copies; memory that is never touched costs nothing."""
    words = np.array([kernel.n_words for kernel in kernels], np.int64)
    owned = slice(*partitions.bounds[[0, -1]])
    n_slots = int(partitions.n_slots.sum())
    n_params = sum(len(kernel.parameter_names) for kernel in kernels)
    return HostState(
        state=np.zeros(int((words[layout.block_population[owned]] * BLOCK).sum()), dtype),
        params=np.zeros(max(n_params, 1), dtype),
        ring=np.zeros(n_slots * sizes.max_ports * sizes.ring_slots, np.int32),
        event_next=np.zeros(partitions.n, np.int64),
    )
