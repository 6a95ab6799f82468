"""Rules that compare synapses: which go and come, whoever computes it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from snnlab.arrays.selection import tie_word
from snnlab.cpu.engine import CpuEngine
from snnlab.cuda.engine import CudaEngine
from snnlab.engine import Checkpoint
from snnlab.frames.frame import Frame
from snnlab.frames.health import Kind
from snnlab.interop.checkpoint_file import load_checkpoint, save_checkpoint
from snnlab.model.connectivity import AllToAll, FixedIndegree, FixedOutdegree, PairwiseBernoulli
from snnlab.model.edits import Lesion, SetParameter
from snnlab.model.network import Network, Population, Projection
from snnlab.model.rewiring import Rewiring, RewiringRule
from snnlab.model.rewirings import SET, RigL
from snnlab.model.space import Grid
from snnlab.rules.philox import stream_id
from tests.host_device.host_device import HostDevice
from tests.rewired_networks import ranked, ranking
from tests.rewiring_rules import Crowded
from tests.twins import Twins, assert_same_frame, assert_same_state

N = 100
SHEET = Grid((10.0, 10.0), True, (10, 10))
FALSE_ALARMS = 1e-4
"""How often a correct engine would fail a test of randomness, over seeds."""


class Signed(RewiringRule):
    """Scores of both signs, far from sorted."""

    ranks = "projection"
    signs_apart = True

    @staticmethod
    def score(syn, pair, p):
        return pair.distance - 3.0

    @staticmethod
    def n_going(group, p):
        return 0.25 * group.n


CHOPS = (1, 9, 1, 14, 25, 30)


@pytest.fixture(scope="module")
def expected() -> tuple[list[Frame], Checkpoint]:
    """The run that all others must equal."""
    engine = CpuEngine(ranked(), threads=1)
    frames = [engine.advance(n) for n in CHOPS]
    for k in range(5):
        assert sum(len(frame.structure.of(k)) for frame in frames) > 20
    return frames, engine.checkpoint()


def assert_as_expected(engine, expected) -> None:
    for n, frame in zip(CHOPS, expected[0], strict=True):
        assert_same_frame(engine.advance(n), frame)
    assert_same_state(engine.checkpoint(), expected[1])


# --- who computes it, and when --------------------------------------------------------------------


def test_threads_and_partitions_change_nothing(expected, monkeypatch) -> None:
    assert_as_expected(CpuEngine(ranked(), threads=3), expected)
    monkeypatch.setattr("snnlab.build.layout.MAX_PARTITION", 128)
    engine = CpuEngine(ranked(), threads=2)
    assert engine._arrays.partitions.n >= 2
    assert_as_expected(engine, expected)


def test_a_device_ranks_alike(expected) -> None:
    assert_as_expected(CudaEngine(ranked(), HostDevice(seed=1)), expected)


def test_cuts_change_nothing(expected) -> None:
    whole = CpuEngine(ranked(), threads=2)
    frame = whole.advance(sum(CHOPS))
    assert frame.n_spikes == sum(f.n_spikes for f in expected[0])
    for k, column in enumerate(frame.structure.columns):
        parts = np.concatenate([f.structure.columns[k] for f in expected[0]])
        np.testing.assert_array_equal(column, parts)
    assert_same_state(whole.checkpoint(), expected[1])


@pytest.mark.parametrize("step", [10, 20, 50])
def test_a_run_goes_on_from_a_step_at_which_rules_are_due(expected, step: int, tmp_path) -> None:
    engine = CpuEngine(ranked(), threads=2)
    engine.advance(step)
    save_checkpoint(engine.checkpoint(), tmp_path / "a.checkpoint")
    engine.advance(3)
    engine.restore(load_checkpoint(tmp_path / "a.checkpoint"))
    engine.advance(sum(CHOPS) - step)
    assert_same_state(engine.checkpoint(), expected[1])


# --- which synapses go and come -------------------------------------------------------------------


def ends(engine: CpuEngine) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The forward synapses: source, target, weight; neurons within their populations."""
    found = engine.synapses("forward")
    return found.pre, found.post - N, found.weight


def called(engine: CpuEngine) -> tuple[np.ndarray, np.ndarray]:
    """Advance by a step in which rules are due: pairs that went and came, as numbers."""
    events = engine.advance(1).structure
    number = events.pre * N + events.post - N
    return np.sort(number[~events.is_formed]), np.sort(number[events.is_formed])


@pytest.mark.parametrize("synapse", ["STDP", "Static"])
def test_the_weakest_fraction_goes(synapse: str) -> None:
    """With `Static` all weights are equal, and random words decide."""
    network = ranking(Rewiring("forward", SET, 4.0, parameters={"zeta": 0.37}), synapse=synapse)
    engine = CpuEngine(network, threads=2)
    engine.advance(40)
    stream = stream_id("rewiring", network.rewirings[0].name)
    for step in (40, 80, 120):
        assert engine.step == step
        pre, post, weight = ends(engine)
        names = np.array([network.seed, stream, step], np.uint64).astype(np.uint32)
        words = [int(tie_word.py_func(i, j, names)) for i, j in zip(pre, post, strict=True)]
        order = np.lexsort((words, np.abs(weight)))[: round(0.37 * pre.size)]
        gone, came = called(engine)
        np.testing.assert_array_equal(gone, np.sort((pre * N + post)[order]))
        assert gone.size == came.size == order.size
        stayed = np.setdiff1d(pre * N + post, gone)
        assert np.intersect1d(stayed, came).size == 0
        assert np.unique(came).size == came.size
        after = ends(engine)
        np.testing.assert_array_equal(np.sort(after[0] * N + after[1]), np.union1d(stayed, came))
        engine.advance(39)


def distance(pre: np.ndarray, post: np.ndarray) -> np.ndarray:
    """Distances of pairs on the torus."""
    ways = [abs(pre % 10 - post % 10), abs(pre // 10 - post // 10)]
    return np.hypot(*(np.minimum(way, 10 - way) for way in ways))


def test_signs_are_compared_apart() -> None:
    engine = CpuEngine(ranking(Rewiring("forward", Signed, 1.0)), threads=2)
    engine.advance(10)
    pre, post, _ = ends(engine)
    steps = [
        np.minimum(d, 10 - d) for d in (abs(pre % 10 - post % 10), abs(pre // 10 - post // 10))
    ]
    score = np.hypot(*steps) - 3.0
    gone = np.isin(pre * N + post, called(engine)[0])
    for mine in (score < 0.0, score >= 0.0):
        size = np.abs(score)
        assert gone[mine].sum() == math.floor(0.25 * mine.sum() + 0.5)
        assert size[mine & gone].max() <= size[mine & ~gone].min() + 1e-6


def trace(frames: list[Frame], first: int, step: int, tau: float) -> np.ndarray:
    """What the spikes of a population have left at a step, by the sum over all of them."""
    found = np.zeros(N)
    for frame in frames:
        mine = (frame.neuron >= first) & (frame.neuron < first + N)
        left = np.exp(-(step - frame.step[mine]) * 0.1 / tau)
        np.add.at(found, frame.neuron[mine] - first, left)
    return found


def test_growth_by_gradient_takes_the_largest_of_the_dense_matrix() -> None:
    network = ranking(Rewiring("forward", RigL, 20.0, parameters={"t_stop": 90.0}, weight=0.0))
    engine = CpuEngine(network, threads=2)
    frames = []
    for step, fraction in ((200, 0.3 * 0.5 * (1 + math.cos(math.pi * 20 / 90))),
                           (400, 0.3 * 0.5 * (1 + math.cos(math.pi * 40 / 90)))):  # fmt: skip
        while engine.step < step:
            frames.append(engine.advance(step - engine.step))
        pre, post, weight = ends(engine)
        gradient = np.outer(trace(frames, 0, step, 20.0), trace(frames, N, step, 20.0)).ravel()
        frames.append(engine.advance(1))
        events = frames[-1].structure
        number = events.pre * N + events.post - N
        gone, came = number[~events.is_formed], number[events.is_formed]
        n = math.floor(fraction * pre.size + 0.5)
        assert gone.size == came.size == n
        went = np.isin(pre * N + post, gone)
        assert np.abs(weight[went]).max() <= np.abs(weight[~went]).min()
        absent = np.setdiff1d(np.arange(N * N), (pre * N + post)[~went])
        limit = np.partition(gradient[absent], -n)[-n]
        assert limit > 0.0
        assert gradient[came].min() >= limit * (1 - 1e-5)
        others = np.setdiff1d(absent, came)
        assert gradient[others].max() <= limit * (1 + 1e-5)
    assert len(engine.advance(600).structure.of(0).at(slice(None))) > 0
    assert engine.step * 0.1 > 90.0
    assert not len(engine.advance(400).structure)


def test_magnitude_pruning_follows_the_published_schedule() -> None:
    parameters = {"s_initial": 0.0, "s_final": 0.8, "t_start": 2.0, "t_stop": 10.0}
    rewiring = Rewiring("forward", "MagnitudePruning", 1.0, parameters=parameters)
    network = ranking(rewiring)
    full = Projection("source", "target", AllToAll(), 2.5, 0.3, name="forward", synapse="STDP",
                      parameters={"W_max": 6.0, "learning_rate": 0.05})  # fmt: skip
    network = network.replace(projections=[full, *network.projections[1:]])
    engine = CpuEngine(network, threads=2)
    for call in range(1, 14):
        engine.advance(10 * call - engine.step)
        weight = np.abs(ends(engine)[2])
        gone, came = called(engine)
        kept = np.abs(ends(engine)[2])
        t0, n_dt, s_i, s_f = 2.0, 8.0, 0.0, 0.8
        t = min(max(float(call), t0), t0 + n_dt)
        sparsity = s_f + (s_i - s_f) * (1 - (t - t0) / n_dt) ** 3
        assert kept.size == round((1 - sparsity) * N * N)
        assert came.size == 0
        assert gone.size == weight.size - kept.size
    assert kept.size == N * N // 5


def test_every_target_drops_its_own_weakest() -> None:
    class Fifth(RewiringRule):
        """The weakest fifth of each target."""

        ranks = "target"

        @staticmethod
        def score(syn, pair, p):
            return syn.weight

        @staticmethod
        def n_going(group, p):
            assert group.n_pairs == N
            return group.n / 5

    engine = CpuEngine(ranking(Rewiring("forward", Fifth, 3.0)), threads=2)
    engine.advance(30)
    pre, post, weight = ends(engine)
    gone, came = called(engine)
    went = np.isin(pre * N + post, gone)
    before = np.bincount(post, minlength=N)
    np.testing.assert_array_equal(np.bincount(gone % N, minlength=N), np.floor(before / 5 + 0.5))
    np.testing.assert_array_equal(np.bincount(came % N, minlength=N), np.floor(before / 5 + 0.5))
    for j in range(N):
        mine = post == j
        if went[mine].any() and not went[mine].all():
            assert weight[mine & went].max() <= weight[mine & ~went].min()


@pytest.mark.parametrize("ranks", ["projection", "target", "source"])
def test_any_pair_is_as_likely(ranks: str) -> None:
    rule = type("Any" + ranks.title(), (Shuffled,), {"ranks": ranks})
    a = Population("a", 20, "LIFDelta")
    degree = FixedOutdegree if ranks == "source" else FixedIndegree
    rule_of_start = degree(4, autapses=False, multapses=False)
    projection = Projection("a", "a", rule_of_start, 1.0, 1.0, name="p")
    engine = CpuEngine(Network([a], [projection], rewirings=[Rewiring("p", rule, 0.1)], seed=5))
    calls = 60
    counts = np.zeros((20, 20))
    events = engine.advance(calls + 1).structure
    formed = events.at(events.is_formed)
    np.add.at(counts, (formed.pre, formed.post), 1)
    assert np.diag(counts).sum() == 0
    assert counts.sum() == calls * 80
    found = counts[~np.eye(20, dtype=bool)]
    chi2 = ((found - found.mean()) ** 2 / found.mean()).sum() * 19 / 15
    assert FALSE_ALARMS < stats.chi2.sf(chi2, found.size - 1) < 1 - FALSE_ALARMS


class Shuffled(RewiringRule):
    """All synapses go, any pair of the group gets one."""

    ranks = "projection"

    @staticmethod
    def n_going(group, p):
        return group.n


def test_candidates_are_drawn_before_they_are_ranked() -> None:
    """With as many candidates as come all of them come; with more, the better ones."""
    found = {}
    for candidates in (0, 1, 4):
        rule = type(f"Nearest{candidates}", (Nearest,), {"candidates": candidates})
        engine = CpuEngine(ranking(Rewiring("forward", rule, 1.0)), threads=2)
        engine.advance(10)
        came = called(engine)[1]
        found[candidates] = distance(*np.divmod(came, N))
    assert found[0].max() <= 1.5
    assert found[0].mean() < found[4].mean() < found[1].mean() - 1.0


class Nearest(RewiringRule):
    """Half of the synapses go, the nearest pairs come."""

    ranks = "projection"

    @staticmethod
    def gain(pre, post, pair, p):
        return -pair.distance

    @staticmethod
    def n_going(group, p):
        return group.n / 5


# --- bounds ---------------------------------------------------------------------------------------


def test_lesioned_neurons_get_no_synapse() -> None:
    network = ranking(Rewiring("forward", SET, 1.0), Rewiring("forward", Crowded, 1.0, name="c"))
    engine = CpuEngine(network, threads=2)
    engine.advance(15)
    for edit in (Lesion("source", range(30)), Lesion("target", [0, 50, 99])):
        engine.apply(edit.apply(engine.network))
    events = engine.advance(60).structure
    came = events.at(events.is_formed)
    assert len(came) > 500
    assert (came.pre >= 30).all()
    assert not np.isin(came.post - N, [0, 50, 99]).any()


def test_a_full_projection_says_that_pairs_are_missing() -> None:
    class Greedy(RewiringRule):
        """Wants more than there are."""

        ranks = "projection"

        @staticmethod
        def n_coming(group, p):
            return 50.0

    a, b = Population("a", 20, "LIFDelta"), Population("b", 30, "LIFDelta")
    projection = Projection("a", "b", PairwiseBernoulli(0.9), 1.0, 1.0, name="p")
    rewiring = Rewiring("p", Greedy, 1.0, name="greedy")
    engine = CpuEngine(Network([a, b], [projection], rewirings=[rewiring]), threads=2)
    before = engine.synapses("p").pre.size
    frame = engine.advance(31)
    assert engine.synapses("p").pre.size == 600
    assert frame.structure.is_formed.sum() == 600 - before
    (trouble,) = frame.health
    assert trouble.kind is Kind.SHORTAGE
    assert trouble.value == 150 - (600 - before)


def test_a_rule_without_attempts_rests() -> None:
    engine = CpuEngine(ranking(Rewiring("forward", SET, 1.0, 0, name="set")), threads=2)
    assert not len(engine.advance(25).structure)
    engine.apply(SetParameter("set", "attempts", 1).apply(engine.network))
    assert len(engine.advance(10).structure)
    engine.apply(SetParameter("set", "zeta", 0.0).apply(engine.network))
    assert not len(engine.advance(25).structure)


def test_weights_of_new_synapses_are_the_rewirings() -> None:
    twins = Twins(ranking(Rewiring("forward", SET, 1.0, weight=0.7)), HostDevice())
    twins.advance(10)
    twins.advance(1)
    after = twins.cuda.synapses("forward")
    assert (np.abs(after.weight - 0.7) < 1e-6).sum() > 100
    twins.compare()
