"""The device draws the network of the CPU: every row, synapse by synapse, in the same order."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab import presets
from snnlab.build.layout import Layout, Partitions
from snnlab.build.storage import PACKED, PLASTIC, SHARED, WIDE
from snnlab.build.tables import plan_tables, port_exponents
from snnlab.cuda import connect, drawing, finishing, row_bits
from snnlab.cuda.construction_bytes import construction_bytes
from snnlab.cuda.row_counters import Cursors, short_cursors
from snnlab.model.connectivity import (
    AllToAll,
    DistanceDependent,
    FixedIndegree,
    FixedOutdegree,
    FixedTotalNumber,
    OneToOne,
    PairwiseBernoulli,
)
from snnlab.model.network import Network, Population, Projection
from snnlab.model.space import RandomPositions
from tests.construction_cases import (
    BROAD,
    NARROW,
    RULES,
    STORAGE,
    network_of,
    population,
    several_projections,
)
from tests.device_rows import (
    assert_same_rows,
    check,
    check_shares,
    drawn_by_cpu,
    drawn_on,
    partitions_of,
    source,
)
from tests.host_device.host_device import HostArray, HostDevice
from tests.host_device.nvrtc import compile_ptx


@pytest.mark.parametrize("storage", STORAGE)
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_recurrent_rows_are_those_of_the_cpu(rule, storage):
    network = network_of(rule, storage)
    drawn = check(network)
    assert drawn.plans[0].kind == STORAGE[storage][0]
    assert (drawn.plans[0].n_delays > 1) == (storage.endswith("delays"))
    assert drawn.n_synapses > 100
    check(network, 2, seed=3, resident=2)


@pytest.mark.parametrize("storage", ["shared", "packed, drawn delays"])
@pytest.mark.parametrize("rule", [r for r in RULES if not isinstance(r, OneToOne)], ids=str)
@pytest.mark.parametrize("sizes", [(40, 300), (300, 40)], ids=str)
def test_rows_between_populations_are_those_of_the_cpu(rule, storage, sizes):
    """Other sizes of sources and targets; several partitions, one of which has no targets."""
    check(network_of(rule, storage, *sizes), 3, seed=1)


@pytest.mark.parametrize("storage", ["shared", "packed, drawn delays", "plastic"])
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_share_is_that_of_the_whole(rule, storage):
    """What ranks draw: some of the targets each; one has no neurons, one none of `b`."""
    check_shares(HostDevice(seed=2), network_of(rule, storage, 500), 5, [0, 1, 3, 5])
    if not isinstance(rule, OneToOne):
        check_shares(HostDevice(), network_of(rule, storage, 300, 270), 6, [0, 2, 4, 6])


@pytest.mark.parametrize("storage", ["shared", "packed, drawn delays", "wide"])
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_rows_in_bits_are_those_of_the_cpu(rule, storage, monkeypatch):
    """Whatever their length: rows without synapses, and of more than a word of bits."""
    network = network_of(rule, storage, 300)
    for is_short in (True, False):
        monkeypatch.setattr(connect, "are_short", lambda *_, is_short=is_short: is_short)
        drawn = check(network, 2, seed=4)
        assert all((bits is not None) == is_short for bits in drawn.row_bits)


def test_rows_are_in_bits_where_these_are_fewer():
    """5 synapses a source in 6 bits, and 8 bytes for every 64th; 40 of them in 8 bytes."""
    few, many = (check(network_of(FixedIndegree(k), "shared", 2000)) for k in (5, 40))
    assert few.row_start.nbytes == 0
    assert few.nbytes - few.targets.nbytes == pytest.approx(2000 * (6 + 1) / 8, rel=0.02)
    assert many.row_bits == (None,)
    assert many.nbytes - many.targets.nbytes == 8 * 2001


class Counted:
    """Notes in how many bits the rows of tables are counted, and then placed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bits: list[int] = []
        monkeypatch.setattr(connect, "short_cursors", self)

    def __call__(self, n_rows: int, bits: int, device: HostDevice) -> Cursors:
        self.bits.append(bits)
        return short_cursors(n_rows, bits, device)


@pytest.mark.parametrize("at_first", [4, 8, 16])
def test_a_counter_that_is_too_small_by_one_is_noticed(at_first, monkeypatch):
    counted = Counted(monkeypatch)
    monkeypatch.setattr(connect, "are_short", lambda *_: True)
    monkeypatch.setattr(connect, "first_counter_bits", lambda *_: at_first)
    for n, bits in ((2**at_first - 1, at_first), (2**at_first, 2 * at_first)):
        counted.bits.clear()
        check(network_of(FixedOutdegree(n), "packed", 3, 300), seed=1)
        passes = [at_first] if bits == at_first else [at_first, bits]
        assert counted.bits == [*passes, bits]


@pytest.mark.parametrize(
    "rule", [AllToAll(), PairwiseBernoulli(0.95), FixedIndegree(600), FixedOutdegree(290)], ids=str
)
def test_rows_are_counted_again_in_more_bits(rule, monkeypatch):
    """Every kind of kernel notices, also where all rows of a word run over."""
    counted = Counted(monkeypatch)
    monkeypatch.setattr(connect, "are_short", lambda *_: True)
    check(network_of(rule, "shared", 290), seed=2)
    assert counted.bits == [8, 16, 16]


def test_few_rows_of_a_short_table_may_be_long(monkeypatch):
    """A network that needs it: sources all over a sheet, targets in its middle."""
    counted = Counted(monkeypatch)
    wide, narrow = RandomPositions((1000.0, 1000.0)), RandomPositions((5.0, 5.0))
    a, b = (Population(k, n, "LIFDelta", space=s)
            for k, n, s in (("a", 2000, wide), ("b", 300, narrow)))  # fmt: skip
    near = Projection("a", "b", DistanceDependent(1.0, 40.0, "disc"), 1.0, 1.5)
    drawn = check(Network([a, b], [near], seed=3))
    assert counted.bits == [8, 16, 16]
    (bits,) = drawn.row_bits
    assert bits is not None
    assert drawn.longest_rows == (300,)
    assert drawn.n_synapses < 16 * 2000


@pytest.mark.parametrize("at_once", [1, 2, 1000])
def test_the_host_reads_bits_piece_by_piece(at_once, monkeypatch):
    monkeypatch.setattr(row_bits, "_WORDS_AT_ONCE", at_once)
    check(network_of(FixedIndegree(5), "shared", 700), 3)
    check(network_of(FixedOutdegree(7, multapses=False), "shared", 5, 90), 2)


@pytest.mark.parametrize("rules", [(3, 4), (30, 0, 2)], ids=str)
@pytest.mark.parametrize("storage", ["shared, drawn delays", "packed", "wide"])
def test_short_rows_of_several_projections(rules, storage, monkeypatch):
    """Onto the same targets, and onto targets that tell which projection it is."""
    counted = Counted(monkeypatch)
    _, weight, delay, _ = STORAGE[storage]
    populations = [population("a", 900), population("b", 170), population("c", 140)]
    for posts in (("b", "b", "b"), ("c", "b", "a")):
        projections = [
            Projection("a", post, FixedIndegree(n), weight, delay, name=f"{post}{k}")
            for k, (n, post) in enumerate(zip(rules, posts, strict=False))
        ]
        drawn = check(Network(populations, projections, seed=5), 3, seed=5)
        assert len(drawn.plans) == 1
        assert all(drawn.row_bits)
    assert set(counted.bits) == {4 if rules == (3, 4) else 8}


@pytest.mark.parametrize("n_partitions", [1, 2, 5, 12])
def test_partitions_may_begin_anywhere(n_partitions):
    network = network_of(PairwiseBernoulli(0.3, autapses=False), "packed, drawn delays", 700)
    check(network, n_partitions)


@pytest.mark.parametrize("n_partitions", [1, 3])
@pytest.mark.parametrize(("last", "kind"), [(NARROW, PACKED), (BROAD, WIDE)])
def test_projections_share_tables(last, kind, n_partitions):
    drawn = check(several_projections(last), n_partitions, seed=2)
    assert max(len(plan.projections) for plan in drawn.plans) == 12
    assert {plan.kind for plan in drawn.plans} == {SHARED, kind, PLASTIC}


@pytest.mark.parametrize(
    ("name", "scale"), [("microcircuit", 0.01), ("brunel", 0.05), ("coba", 0.1), ("stdp", 0.05)]
)
def test_presets_are_those_of_the_cpu(name, scale):
    check(presets.load(name, scale=scale), 2, seed=4)


def test_grid_and_order_of_threads_change_nothing():
    network = several_projections()
    partitions = partitions_of(Layout.of(network), 2)
    pools = []
    for of_device in ({"resident": 1}, {"resident": 2, "seed": 1}, {"resident": 9, "seed": 2}):
        device = HostDevice(**of_device)
        drawn = drawn_on(device, network, partitions)
        arrays = drawn.targets, drawn.packed, drawn.wide, drawn.row_start, drawn.segment_ends
        pools.append([device.download(array).tobytes() for array in arrays])
    assert pools[0] == pools[1] == pools[2]


@pytest.mark.parametrize(
    "rule",
    [
        PairwiseBernoulli(0.0),
        FixedIndegree(0),
        FixedOutdegree(0, multapses=False),
        FixedTotalNumber(0),
        FixedTotalNumber(0, autapses=False),
        DistanceDependent(0.0, 100.0),
        DistanceDependent(1.0, 1e-6, "disc", autapses=False),
    ],
    ids=str,
)
@pytest.mark.parametrize("storage", ["shared", "wide, drawn delays"])
def test_rows_may_be_empty(rule, storage):
    drawn = check(network_of(rule, storage), 2)
    assert drawn.n_synapses == 0


def test_a_single_neuron_may_be_all_there_is():
    for rule in (OneToOne(), AllToAll(autapses=False), FixedIndegree(300), PairwiseBernoulli(0.5)):
        check(network_of(rule, "packed, drawn delays", 1))


def test_there_may_be_no_projections():
    drawn = check(Network([population("a", 10)], []))
    assert (drawn.n_synapses, drawn.nbytes) == (0, 0)


def test_partitions_may_be_empty():
    network = network_of(FixedIndegree(20), "packed, drawn delays", 300)
    partitions = Partitions(np.array([0, 0, 2, 2, 3], np.int64))
    device = HostDevice()
    drawn = drawn_on(device, network, partitions)
    assert_same_rows(drawn.host(device), drawn_by_cpu(network, partitions))


@pytest.mark.parametrize("p", [1e-5, 1e-4, 0.001, 0.02, 0.5, 0.999])
def test_gaps_may_be_of_any_length(p):
    """Rows cross segments; below 1e-3 many gaps are longer than the longest that is told."""
    drawn = check(network_of(PairwiseBernoulli(p), n_pre=5, n_post=30_000), 4, seed=0)
    assert drawn.n_synapses == pytest.approx(150_000 * p, abs=5 * np.sqrt(150_000 * p))


def test_many_repeats_are_numbered():
    """Hundreds of synapses between the same two neurons, in both kinds of draws."""
    for rule in (FixedIndegree(1500), FixedOutdegree(1500)):
        check(network_of(rule, "packed, drawn delays", 3, 4), seed=5)


FEW, MANY = finishing.FEW_KEYS, finishing.MANY_KEYS


@pytest.mark.parametrize("n", [31, 32, 33, FEW - 1, FEW, FEW + 1, MANY - 1, MANY, MANY + 1, 20_000])
def test_rows_of_one_delay_may_be_of_any_length(n):
    check(network_of(FixedOutdegree(n), "packed", 2, 300), seed=6)


@pytest.mark.parametrize("n", [FEW // 2, FEW // 2 + 1, MANY // 2, MANY // 2 + 1, 20_000])
def test_rows_of_drawn_delays_may_be_of_any_length(n):
    check(network_of(FixedOutdegree(n), "wide, drawn delays", 2, 300), seed=6)


def test_rows_may_have_more_synapses_than_16_bits_number():
    drawn = check(network_of(FixedOutdegree(70_000), "packed, drawn delays", 1, 200))
    assert drawn.n_synapses == 70_000


def test_memory_for_one_block_is_enough(monkeypatch):
    """Rows too long, and sets of partners too large, for more than one block at a time."""
    for module in (drawing, finishing):
        monkeypatch.setattr(module, "SCRATCH_BYTES", 1)
    rule = FixedOutdegree(250, multapses=False)
    check(network_of(rule, "packed, drawn delays", 5, 300))
    check(network_of(FixedOutdegree(7000), "packed, drawn delays", 3, 300))


class Watched(HostDevice):
    """Keeps the most bytes that were in use."""

    peak = 0

    def empty(self, shape: int | tuple[int, ...], dtype: object) -> HostArray:
        array = super().empty(shape, dtype)
        self.peak = max(self.peak, self.memory_limit - self.free_bytes())
        return array


@pytest.mark.parametrize("share", [slice(0, 3), slice(1, 3)], ids=["whole", "share"])
@pytest.mark.parametrize(
    "network",
    [
        several_projections(),
        network_of(FixedIndegree(300), "shared", 900),
        network_of(FixedIndegree(300, multapses=False), "packed, drawn delays", 600),
        network_of(FixedOutdegree(7000), "packed, drawn delays", 20, 300),
        presets.load("microcircuit", scale=0.02),
        network_of(FixedIndegree(50), "shared", 50_000, 450),
        network_of(FixedIndegree(60), "packed", 30_000, 900),
    ],
    ids=["several", "shared", "distinct", "long", "microcircuit", "few bits", "short"],
)
def test_the_peak_of_memory_is_foretold(network, share):
    layout = Layout.of(network)
    partitions = Partitions(partitions_of(layout, 2).bounds[share])
    plans = plan_tables(network, port_exponents(network))
    device = Watched(resident=500)
    drawn = drawn_on(device, network, partitions)
    told = construction_bytes(plans, layout, partitions, network)
    assert drawn.nbytes < device.peak <= told
    assert told < device.peak + 5e6


@pytest.mark.parametrize(("n_pre", "degree", "bits"), [(1_200_000, 70, 4), (600_000, 1100, 8)])
def test_the_peak_of_short_rows_is_that_of_their_counters(n_pre, degree, bits):
    """Half a byte or a byte a row on top of what is held, and nothing else that grows with rows."""
    network = network_of(FixedIndegree(degree), "shared", n_pre, 300)
    layout, device = Layout.of(network), Watched(resident=500)
    partitions = Partitions(np.array([layout.first_blocks[1], layout.n_blocks], np.int64))
    drawn = drawn_on(device, network, partitions)
    on_top = device.peak - drawn.nbytes
    assert on_top == pytest.approx(n_pre * bits / 8, abs=75_000)
    plans = plan_tables(network, port_exponents(network))
    told = construction_bytes(plans, layout, partitions, network)
    assert told == pytest.approx(device.peak, rel=0.03)


def test_little_more_than_the_synapses_is_needed_at_full_size():
    network = presets.load("microcircuit")
    plans = plan_tables(network, port_exponents(network))
    n_bytes = 4 * network.expected_synapses()
    layout = Layout.of(network)
    told = construction_bytes(plans, layout, partitions_of(layout, 2), network)
    assert 1.1e9 < n_bytes < told < 1.2 * n_bytes


def test_nothing_is_allocated_between_rows():
    network = several_projections()
    drawn = check(network, 3)
    n = drawn.targets.shape[0] + drawn.packed.shape[0]
    connections = drawn.host(HostDevice())
    assert connections.n_synapses == n == drawn.n_synapses
    assert connections.nbytes == drawn.nbytes


@pytest.mark.parametrize("architecture", ["compute_70", "compute_80", "compute_90"])
def test_nvidias_compiler_takes_the_kernels(architecture):
    ptx = compile_ptx(source(), architecture)
    for name in ("connect_freely", "connect_distinct", "connect_by_gaps", "finish_long_rows"):
        assert f".entry {name}(" in ptx
    assert "fma.rn.f64" not in ptx
